"""Wires the mailboxes: their counters and reads, the door for mail servers, the sweep of what is due."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

import msgspec

from numbank.clock import Chance
from numbank.db.counter import Counter
from numbank.db.queries import Queries
from numbank.errors import BadDomain, BadSite, Refusal
from numbank.mailbox import rules
from numbank.mailbox.advance import ChangeDesk
from numbank.mailbox.deliver import DeliverDesk, MailDoor, Taken, accepting
from numbank.mailbox.desk import BuyDesk
from numbank.mailbox.ending import After
from numbank.mailbox.model import ChangeRequest, IncomingMail, Mailbox, MailRequest, ReorderRequest
from numbank.mailbox.reorder import ReorderDesk
from numbank.mailbox.site import name_of, site_of
from numbank.mailbox.states import Event
from numbank.mailbox.views import Views
from numbank.mailbox.writing import Times
from numbank.server.periodic import Periodic
from numbank.server.sweeping import sweep
from numbank.wire.desks import MailDesks

if TYPE_CHECKING:
    from asyncpg import Record

    from numbank.server.bank import Bank

Q = Queries("numbank.mailbox")

# A renewed certificate is in use after so long at most.
CERTIFICATE_EVERY_S = 30.0


class Mailboxes(msgspec.Struct):
    """Their counters; each opens its connection when the first request comes. `door`: where mail servers deliver."""

    buying: Counter[MailRequest, list[Mailbox]]
    reordering: Counter[ReorderRequest, Mailbox]
    changing: Counter[ChangeRequest, Mailbox]
    delivering: Counter[IncomingMail, Taken]
    accepting: Counter[tuple[str, str], bool]
    views: Views
    door: MailDoor

    @property
    def counters(self) -> tuple[Counter[Any, Any], ...]:
        """All of them, to start and to stop."""
        return self.buying, self.reordering, self.changing, self.delivering, self.accepting

    @property
    def desks(self) -> MailDesks:
        """What the wire and the REST API ask."""
        views = self.views
        return MailDesks(self.buy, self.reordering.ask, self.changing.ask, views.one, views.history, views.domains)

    async def buy(self, request: MailRequest) -> list[Mailbox] | Refusal:
        """Lease addresses. BadSite, BadDomain and BadRequest (how many) are said before anybody waits."""
        site, name = site_of(request.site), name_of(request.domain)
        refused = rules.many(request.count)
        if isinstance(site, BadSite) or name is None or refused is not None:
            return site if isinstance(site, BadSite) else BadDomain() if name is None else refused or BadDomain()
        return await self.buying.ask(msgspec.structs.replace(request, site=site, domain=name))


def mailboxes(bank: Bank, open_one: Any, common: dict[str, Any]) -> Mailboxes:
    """The counters of a bank."""
    settings = bank.settings
    times = Times(settings.mailbox_life_s, settings.mailbox_early_cancel_s)
    common = common | {"batch_limit": settings.batch_mail}
    buyers = common | {"party": lambda request: request.account_id}
    after = After(settings.mailbox_rest_s, settings.cashback_bp)
    delivering = Counter("mail", DeliverDesk().serve, open_one, party=lambda one: one.recipient, **common)
    asking = Counter("mail_recipient", accepting, open_one, writes=False, **common)
    return Mailboxes(
        Counter("mailbox", BuyDesk(times, Chance()).serve, open_one, **buyers),
        Counter("mailbox_reorder", ReorderDesk(times, after).serve, open_one, key=lambda one: one.mailbox_id, **buyers),
        Counter(
            "mailbox_change",
            ChangeDesk(after).serve,
            open_one,
            key=lambda one: one.mailbox_id,
            party=lambda one: one.account_id or -one.mailbox_id,
            **common,
        ),
        delivering,
        asking,
        Views(bank.pool),
        MailDoor(
            delivering.ask, asking.ask, settings.mail_chars, deliver_uncertain=settings.uncertain_codes == "deliver"
        ),
    )


def mailbox_workers(bank: Bank) -> list[Periodic]:
    """What is due: leases whose time is over, addresses that have rested."""
    settings = bank.settings
    batch = settings.batch_sweep

    def expire(row: Record) -> Awaitable[object]:
        return bank.mailboxes.changing.ask(ChangeRequest(row["id"], Event.EXPIRE))

    async def wake() -> int:
        now = await bank.now()  # not within the transaction: it needs a connection of its own
        async with bank.pool.acquire() as connection, connection.transaction():
            return int(await connection.fetchval(Q.wake_addresses, now, batch))

    return [
        *sweep(bank, "mailbox-expire", Q.due_mailboxes, expire),
        Periodic("mail-rest", wake, settings.sweep_every_s, full=batch),
        Periodic("mail-certificate", bank.mail.renew, CERTIFICATE_EVERY_S),
    ]
