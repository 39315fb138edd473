"""Wires the mail server to the bank of one worker."""

from __future__ import annotations

import asyncio
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from numbank.errors import OperatorError, Refusal
from numbank.mailbox import domains
from numbank.mailbox.deliver import Taken
from numbank.server.mail_ports import doors, limits
from numbank.server.metrics import BUGS, MAIL_CONNECTIONS, MAIL_REFUSALS, MAILS
from numbank.suppliers.smtp.certificate import Certificate
from numbank.suppliers.smtp.letters import LetterBox
from numbank.suppliers.smtp.server import MailHouse, MailWatch

if TYPE_CHECKING:
    from numbank.server.bank import Bank

log = structlog.get_logger("numbank")

# Mails that are being sent get this part of the time that a stop may take.
STOP_SHARE = 0.5


class MailMetrics(MailWatch):
    """Counts for Prometheus; a log line for a bug, without a word of a mail."""

    def __init__(self) -> None:
        self._bugs = BUGS.labels("mail")

    def connected(self, open_now: int) -> None:
        """Set the gauge."""
        MAIL_CONNECTIONS.set(open_now)

    def refused(self, reason: str) -> None:
        """Count a refusal by its reason."""
        MAIL_REFUSALS.labels(reason).inc()

    def answered(self, answer: Taken | Refusal) -> None:
        """Count a copy by what became of it."""
        MAILS.labels(answer.name.lower() if isinstance(answer, Taken) else type(answer).__name__).inc()

    def crashed(self, error: Exception) -> None:
        """Count a bug, and log where it is; what an error says may quote the mail."""
        self._bugs.inc()
        last = traceback.extract_tb(error.__traceback__)[-1:]
        where = f"{Path(last[0].filename).name}:{last[0].lineno}" if last else "?"
        log.error("mail_bug", error=type(error).__name__, where=where)


class MailServer:
    """The mail server of one bank; nothing at all without a setting that turns it on."""

    def __init__(self, bank: Bank) -> None:
        watch = MailMetrics()
        self.letters = LetterBox(bank.mail_door, watch.crashed)
        self._bank = bank
        self._domains: frozenset[str] = frozenset()
        settings = bank.settings
        allowed = limits(settings)
        self.certificate = Certificate(allowed.tls, settings.smtp_cert_file, settings.smtp_key_file)
        self.house = MailHouse(self.letters, allowed, lambda: self._domains, watch)
        bank.versions.subscribe("mail", self._changed)

    async def start(self) -> None:
        """Listen where the settings say."""
        await self.house.start(doors(self._bank.settings))

    async def stop(self) -> None:
        """End every connection; before the counters stop, for mails that are being sent need them."""
        await self.house.stop(self._bank.settings.stop_timeout_s * STOP_SHARE)

    async def renew(self) -> int:
        """Take a renewed certificate into use, for the connections to come; gives 1 when it did."""
        try:
            return int(await asyncio.to_thread(self.certificate.renew))
        except OperatorError as error:
            log.error("mail_certificate_not_renewed", reason=str(error))  # noqa: TRY400  one line; the old one stays in use
            return 0

    def serves(self, recipient: str) -> bool:
        """Whether the domain of a recipient is known here as one of ours."""
        return self.house.serves(recipient)

    async def _changed(self) -> None:
        self._domains = frozenset(one.name for one in await domains.listed(self._bank.pool))
