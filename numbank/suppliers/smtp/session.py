"""One connection of a mail client: the commands of SMTP or LMTP and what is said to them.

On aiosmtpd, of which DATA, QUIT, VRFY, EXPN, HELP and AUTH are replaced: it answers DATA once, also in LMTP (its issue 517),
takes a bare CR or LF for text, reads a mail that is too large to whatever end it has, goes on with pipelined commands after
it closed a connection, and tells clients and logs about addresses, mails and exceptions.
"""

from __future__ import annotations

import asyncio
import logging
import time
from asyncio import sleep
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from email.errors import HeaderParseError
from ipaddress import IPv6Address, IPv6Network
from typing import TYPE_CHECKING, AnyStr

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session, TLSSetupException

from numbank.errors import Refusal
from numbank.suppliers.smtp.letters import Letter
from numbank.suppliers.smtp.receive import CRLF, Fault, Received, receive
from numbank.suppliers.smtp.replies import Reply, one_reply, reply_for

if TYPE_CHECKING:
    from numbank.suppliers.smtp.server import MailHouse

# aiosmtpd logs addresses, and at DEBUG every line of a mail. Nothing of that may be written anywhere. A filter, because
# `disabled` is undone by everybody who configures logging, the HTTP server too.
logging.getLogger("mail.log").addFilter(lambda _record: False)

NULL_SENDER = "<>"
# Bytes of an unread buffer, and of a line that is read in one piece.
BUFFER = 32_768
# A connection that is being closed is read on for so long: an answer must not be lost to a reset.
LINGER_S = 5.0
# Characters of MAIL with its options SIZE, BODY and SMTPUTF8.
MAIL_LIMIT = 564
MOST_DIGITS = 20
# Refusals of one connection, after which it is closed.
MOST_REFUSALS = 500


class Hooks:
    """What aiosmtpd asks about a command; one for all connections."""

    async def handle_EHLO(  # noqa: N802  aiosmtpd finds hooks by name
        self, server: MailSession, session: Session, _envelope: Envelope, hostname: str, said: list[str]
    ) -> list[str]:
        """The extensions that there are: no AUTH, no HELP."""
        session.host_name = hostname
        server.command_size_limits["MAIL"] = MAIL_LIMIT  # aiosmtpd adds to it with every greeting
        kept = [line[4:] for line in said if not line[4:].startswith(("AUTH", "HELP"))]
        lines = [*kept, "PIPELINING", "ENHANCEDSTATUSCODES"]
        return [f"250-{line}" for line in lines[:-1]] + [f"250 {lines[-1]}"]

    async def handle_MAIL(  # noqa: N802
        self, server: MailSession, _session: Session, envelope: Envelope, sender: str, options: list[str]
    ) -> str:
        """Any sender may send, the null sender too, but not too often."""
        if not server.house.gate.may_send(server.address, time.monotonic()):
            return server.refused(Reply.LIMITED)
        envelope.mail_from = sender
        envelope.mail_options.extend(options)
        return Reply.SENDER.value

    async def handle_RCPT(  # noqa: N802
        self, server: MailSession, _session: Session, envelope: Envelope, recipient: str, _options: list[str]
    ) -> str:
        """Only addresses under a live or resting lease."""
        if len(envelope.rcpt_tos) >= server.house.limits.recipients:
            return server.refused(Reply.CROWDED)
        accepted = await server.house.letters.accepts(recipient)
        if isinstance(accepted, Refusal):
            return server.refused(Reply.LATER)
        if not accepted:
            return server.refused(Reply.UNKNOWN if server.house.serves(recipient) else Reply.RELAY)
        envelope.rcpt_tos.append(recipient)
        return Reply.KNOWN.value


HOOKS = Hooks()


class MailSession(SMTP):
    """A connection by SMTP."""

    # Of the stream; commands have their own limit, and a mail's lines may be longer.
    line_length_limit = BUFFER

    def __init__(self, house: MailHouse, *, require_tls: bool = False) -> None:
        limits = house.limits
        super().__init__(
            HOOKS,
            data_size_limit=limits.most_bytes,
            enable_SMTPUTF8=True,
            hostname=limits.hostname,
            ident="numbank",
            tls_context=limits.tls,
            require_starttls=require_tls,
            timeout=limits.idle_s,
            loop=asyncio.get_running_loop(),
        )
        # aiosmtpd keeps these in the class: every new connection would clear those of the others.
        self.command_size_limits = defaultdict(lambda: MailSession.command_size_limit)
        self.house = house
        self.address = ""
        self._entered = False
        self._in_data = False
        self._delivering = False
        self._stopping = False
        self._turning = False
        self._refusals = 0
        self._heard_at = self.loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there; called a second time when it speaks TLS."""
        if self._original_transport is None:
            self.address = client_address(transport.get_extra_info("peername"))
            self._entered = self.house.enter(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """The client is gone; what it did not finish is forgotten."""
        if self._entered:
            self._entered = False
            self.house.leave(self)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Bytes came; within a mail that is a sign of life, of a command only its end is."""
        if self._in_data:
            self._heard()
        super().data_received(data)

    async def push(self, status: AnyStr) -> None:
        """Say something, then let others work: a client may have sent ten thousand commands at once."""
        await super().push(status)
        if not self._turning:
            await sleep(0)

    def _cb_client_connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Commands are as strict as mails: what ends with a bare LF, or holds a bare CR or NUL, is bad syntax."""
        super()._cb_client_connected(reader, writer)
        any_line = reader.readuntil

        async def command() -> bytes:
            line = await any_line(b"\n")
            return line if line.endswith(CRLF) and line.count(b"\r") == 1 and b"\0" not in line else CRLF

        # Mails are read by blocks, so this is for commands alone.
        reader.readuntil = command  # type: ignore[assignment,method-assign]

    async def _handle_client(self) -> None:
        if not self._entered:
            self._goodbye(self.refused(Reply.BUSY))
            return
        # A reset while a reply was written: there is nobody left to tell.
        with suppress(ConnectionError):
            await super()._handle_client()

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """An address and what stands behind it; (None, None) is answered with 553. The standard library raises IndexError
        and more on what strangers make up."""
        try:
            return super()._getaddr(arg)
        except (HeaderParseError, LookupError, AttributeError, ValueError, UnboundLocalError, RecursionError):
            return None, None

    def _getparams(self, params: Sequence[str]) -> dict[str, str | bool] | None:
        """The options of a command; None is answered with 501. Python takes other signs than 0 to 9 for digits, too."""
        found: dict[str, str | bool] | None = super()._getparams(params)
        size = (found or {}).get("SIZE", "0")
        is_number = isinstance(size, str) and size.isascii() and size.isdigit() and len(size) <= MOST_DIGITS
        return found if is_number else None

    async def handle_exception(self, error: Exception) -> str:
        """A client learns nothing about what went wrong here, and a log nothing about the mail."""
        if isinstance(error, TLSSetupException):
            self.house.watch.refused("handshake")
        else:
            self.house.watch.crashed(error)
        return Reply.FAULT.value

    def refused(self, reply: Reply) -> str:
        """Count a refusal. Who only collects refusals is looking for addresses."""
        self.house.watch.refused(reply.name.lower())
        self._refusals += 1
        if self._refusals == MOST_REFUSALS and self.transport is not None:
            self.loop.call_soon(self._goodbye, Reply.BUSY.value)
        return reply.value

    def stop(self) -> None:
        """The server stops: say goodbye now, or after the mail that is being sent."""
        self._stopping = True
        if not self._in_data:
            self._goodbye(Reply.STOPPING.value)

    def abort(self) -> None:
        """The server has waited long enough."""
        self._goodbye(Reply.STOPPING.value)

    def _goodbye(self, reply: str) -> None:
        """The last line of this connection; whatever the client sent beyond is not looked at."""
        if self.transport is not None and not self.transport.is_closing():
            self._writer.write(reply.encode() + CRLF)
            self.transport.close()
            # A client that reads nothing would keep what was written, and the connection, for ever.
            self.loop.call_later(LINGER_S, self._writer.transport.abort)
        if self._handler_coroutine is not None and self._handler_coroutine is not asyncio.current_task():
            self._handler_coroutine.cancel()

    def _timeout_cb(self) -> None:
        left_s = self._heard_at + self.house.limits.idle_s - self.loop.time()
        if self._delivering or left_s > 0:
            self._reset_timeout(max(left_s, 1.0))
        else:
            self._goodbye(Reply.SILENT.value)

    def _heard(self) -> None:
        self._heard_at = self.loop.time()

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        """Take a mail, and answer when it is committed."""
        if await self.check_helo_needed():
            return
        envelope = self.envelope
        assert envelope is not None  # noqa: S101  set since the connection was made
        if not envelope.rcpt_tos:
            await self.push("503 5.5.1 need RCPT first")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        if self.transport is None or self.transport.is_closing():
            raise asyncio.CancelledError
        self._in_data = True
        received = Received()
        try:
            await self._receive(received)
            if received.fault is None:
                replies = await self._deliver(envelope, received.content)
            else:
                self.refused_mail(received.fault)
                replies = [received.fault.value] * len(envelope.rcpt_tos)
        finally:
            self._in_data = False
            self.house.gate.let_go(received.held)
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push("\r\n".join(self._lines(replies)))
        if received.fault is not None and received.fault.final:
            await self._linger()
        if self._stopping:
            self._goodbye(Reply.STOPPING.value)
            raise asyncio.CancelledError

    def refused_mail(self, fault: Fault) -> None:
        """Count a mail that was refused for what it is."""
        self.house.watch.refused(fault.name.lower())

    async def _receive(self, received: Received) -> None:
        limits = self.house.limits
        await self.push("354 end the mail with <CR><LF>.<CR><LF>")
        try:
            async with asyncio.timeout(limits.data_s):
                await receive(self._reader, limits.most_bytes, self.house.gate, received)
        except TimeoutError:
            self._goodbye(self.refused(Reply.SLOW))
            raise asyncio.CancelledError from None

    async def _deliver(self, envelope: Envelope, content: bytes) -> list[str]:
        sender = envelope.mail_from if envelope.mail_from not in (None, NULL_SENDER) else ""
        self._delivering = True
        try:
            answers = await self.house.letters.take(Letter(sender or "", envelope.rcpt_tos, content))
        except Exception as error:
            return [await self.handle_exception(error)] * len(envelope.rcpt_tos)
        finally:
            self._delivering = False
            self._heard()
        for answer in answers.values():
            self.house.watch.answered(answer)
        replies = [reply_for(answers[recipient]) for recipient in envelope.rcpt_tos]
        return [reply.value for reply in self._told(replies)]

    def _told(self, replies: list[Reply]) -> list[Reply]:
        """What is said about the copies."""
        return [one_reply(replies)]

    def _lines(self, replies: list[str]) -> list[str]:
        """The lines of an answer to DATA."""
        return replies[:1]

    async def _linger(self) -> None:
        """Let the client read the answer before the connection ends: bytes that nobody read would reset it."""
        if self._writer.can_write_eof():
            self._writer.write_eof()
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while await self._reader.read(BUFFER):
                    pass
        if self.transport is not None:
            self.transport.close()
        raise asyncio.CancelledError

    async def smtp_QUIT(self, arg: str | None) -> None:  # noqa: N802
        """Goodbye; what was pipelined after it is not looked at."""
        if arg:
            await self.push("501 5.5.4 Syntax: QUIT")
            return
        self._goodbye("221 2.0.0 goodbye")
        raise asyncio.CancelledError

    async def smtp_STARTTLS(self, arg: str | None) -> None:  # noqa: N802
        """Go on under TLS, once; what was sent before the handshake is dropped by aiosmtpd (CVE-2024-34083)."""
        if self._tls_protocol is not None:
            await self.push("503 5.5.1 TLS is on")
            return
        self._turning = (
            True  # the handshake may begin at once, so nothing is read between the reply and the turn to TLS
        )
        try:
            await super().smtp_STARTTLS(arg or "")
        finally:
            self._turning = False

    async def smtp_VRFY(self, _arg: str | None) -> None:  # noqa: N802
        """The same for every address."""
        await self.push(Reply.VERIFY.value)

    async def smtp_HELP(self, _arg: str | None) -> None:  # noqa: N802
        """Where help is."""
        await self.push(Reply.HELP.value)

    async def smtp_EXPN(self, _arg: str | None) -> None:  # noqa: N802
        """There are no lists."""
        await self.push(Reply.NO_COMMAND.value)

    async def smtp_AUTH(self, _arg: str | None) -> None:  # noqa: N802
        """Nobody logs in here."""
        await self.push(Reply.NO_COMMAND.value)


class LmtpSession(MailSession, LMTP):
    """A connection by LMTP: an answer for every recipient, in their order (RFC 2033)."""

    def _told(self, replies: list[Reply]) -> list[Reply]:
        return replies

    def _lines(self, replies: list[str]) -> list[str]:
        return replies


def client_address(peer: object) -> str:
    """What connections are counted by: an IPv4 address, the /64 of an IPv6 one, empty for a unix socket."""
    if not isinstance(peer, tuple) or not peer:
        return ""
    address = str(peer[0]).partition("%")[0]
    if ":" not in address:
        return address
    mapped = IPv6Address(address).ipv4_mapped
    return str(mapped) if mapped is not None else str(IPv6Network((address, 64), strict=False))
