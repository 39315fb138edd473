"""The mail server of one worker: it listens, knows its connections, and ends in good order."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from numbank.errors import Refusal
from numbank.mailbox.address import normalise, split
from numbank.mailbox.deliver import Taken
from numbank.suppliers.smtp.letters import LetterBox
from numbank.suppliers.smtp.rules import Door, Gate, Limits
from numbank.suppliers.smtp.session import LmtpSession, MailSession

BACKLOG = 256


class MailWatch:
    """What may be known about the server's work: counts, never a word of a mail."""

    def connected(self, open_now: int) -> None:
        """Connections came or went."""

    def refused(self, reason: str) -> None:
        """A connection, a sender, a recipient or a mail was refused."""

    def answered(self, answer: Taken | Refusal) -> None:
        """What became of one copy of a mail."""

    def crashed(self, error: Exception) -> None:
        """A bug."""


class MailHouse:
    """The connections of one worker and what they share."""

    def __init__(
        self,
        letters: LetterBox,
        limits: Limits,
        our_domains: Callable[[], frozenset[str]],
        watch: MailWatch | None = None,
    ) -> None:
        self.letters = letters
        self.limits = limits
        self.gate = Gate(limits)
        self.watch = watch or MailWatch()
        self._our_domains = our_domains
        self._sessions: set[MailSession] = set()
        self._servers: list[asyncio.Server] = []
        self._all_gone: asyncio.Event | None = None

    async def start(self, doors: list[Door]) -> None:
        """Listen. Several workers share a TCP port."""
        loop = asyncio.get_running_loop()
        for door in doors:
            make = partial(LmtpSession, self) if door.lmtp else partial(
                MailSession, self, require_tls=self.limits.require_tls
            )  # fmt: skip
            if door.listening is not None:
                shared = socket.socket(fileno=door.listening)
                shared.setblocking(False)
                server = await loop.create_unix_server(make, sock=shared, backlog=BACKLOG)
            elif door.path:
                server = await loop.create_unix_server(make, door.path, backlog=BACKLOG)
            else:
                server = await loop.create_server(make, door.host, door.port, reuse_port=True, backlog=BACKLOG)
            self._servers.append(server)

    async def stop(self, patience_s: float) -> None:
        """Take no connection more, let mails that are being sent come to their end, and say goodbye."""
        for server in self._servers:
            server.close()
        for session in list(self._sessions):
            session.stop()
        if self._sessions:
            self._all_gone = asyncio.Event()
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._all_gone.wait()
        for session in list(self._sessions):
            session.abort()

    def enter(self, session: MailSession) -> bool:
        """A connection comes; False when there are too many."""
        if not self.gate.enter(session.address):
            return False
        self._sessions.add(session)
        self.watch.connected(self.gate.connections)
        return True

    def leave(self, session: MailSession) -> None:
        """One that entered has gone."""
        self._sessions.discard(session)
        if not self._sessions and self._all_gone is not None:
            self._all_gone.set()
        self.gate.leave(session.address)
        self.watch.connected(self.gate.connections)

    def serves(self, recipient: str) -> bool:
        """Whether its domain is one of ours, as far as is known here; it only decides about the words of a refusal."""
        email = normalise(recipient)
        return email is not None and split(email)[1] in self._our_domains()
