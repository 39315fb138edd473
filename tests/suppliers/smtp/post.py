"""Mail clients for the tests: leased mailboxes, raw sockets, and what the bank has kept."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import policy
from email.message import EmailMessage
from itertools import count
from typing import Any, TypeVar

import asyncpg

from numbank.mailbox import domains
from numbank.mailbox.model import Mailbox, MailRequest, MailType
from numbank.server.app import App
from tests.server.live import free_port
from tests.support import Shop, open_bank, until

T = TypeVar("T")
DOMAIN = "box.test"
SITE = "example.com"
HOST = "127.0.0.1"
_turns = count(1)


class Post:
    """A bank in this process that takes mail, with a customer who leases mailboxes."""

    def __init__(self, app: App, shop: Shop, port: int, lmtp_port: int, customer_id: int) -> None:
        self.app = app
        self.shop = shop
        self.port = port
        self.lmtp_port = lmtp_port
        self.customer_id = customer_id

    async def lease(self, count: int = 1) -> list[Mailbox]:
        """Leased mailboxes."""
        answer = await self.app.bank.desks.mail.buy(
            MailRequest(self.customer_id, SITE, DOMAIN, MailType.POPULAR, count=count)
        )
        assert isinstance(answer, list), answer
        return answer

    async def seen(self, mailbox: Mailbox) -> Mailbox:
        """A lease as its customer sees it now."""
        answer = await self.app.bank.desks.mail.one(self.customer_id, mailbox.id)
        assert isinstance(answer, Mailbox), answer
        return answer

    async def kept(self, email: str) -> list[asyncpg.Record]:
        """The mails that came for an address."""
        return await self.shop.connection.fetch("select * from mail where recipient = $1 order by id", email)

    async def everything(self) -> int:
        """How many mails the bank has."""
        found: int = await self.shop.connection.fetchval("select count(*) from mail")
        return found

    async def send(self, content: bytes, *recipients: str, sender: str = "a@sender.example", **more: Any) -> Any:
        """Send by smtplib; gives the recipients that were refused."""

        def deliver() -> Any:
            with smtplib.SMTP(HOST, self.port, timeout=30) as client:
                return client.sendmail(sender, recipients, content, **more)

        return await asyncio.to_thread(deliver)

    def raw(self, *, lmtp: bool = False) -> Line:
        """A raw connection, greeting read."""
        line = Line(socket.create_connection((HOST, self.lmtp_port if lmtp else self.port), timeout=20))
        assert line.reply().startswith("220 ")
        return line


class Line:
    """A raw connection; blocking, so for threads."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._file = connection.makefile("rb")

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def reply(self) -> str:
        """The next reply, its last line; empty at the end of the connection."""
        while True:
            line = self._file.readline().decode()
            if len(line) < 4 or line[3] != "-":
                return line.rstrip("\r\n")

    def ask(self, command: str) -> str:
        """A command and its reply."""
        self.send(command.encode() + b"\r\n")
        return self.reply()

    def begin(self, *recipients: str, hello: str = "EHLO") -> None:
        """Up to the mail's first byte."""
        assert self.ask(f"{hello} client.example").startswith("250 ")
        assert self.ask("MAIL FROM:<a@sender.example>").startswith("250 ")
        for recipient in recipients:
            assert self.ask(f"RCPT TO:<{recipient}>").startswith("250 ")
        assert self.ask("DATA").startswith("354 ")

    def rest(self) -> list[str]:
        """Everything until the server closes the connection."""
        lines = []
        try:
            while line := self.reply():
                lines.append(line)
        except ConnectionError:
            lines.append("reset")
        return lines

    def close(self) -> None:
        """Go away."""
        self._file.close()
        self.socket.close()


@asynccontextmanager
async def open_post(dsn: str, **changes: Any) -> AsyncIterator[Post]:
    """A bank in this process that takes mail on two ports."""
    port, lmtp_port = free_port(), free_port()
    given = {"smtp_listen": f"{HOST}:{port}", "lmtp_listen": f"{HOST}:{lmtp_port}", "smtp_hostname": "mx.box.test"}
    async with open_bank(dsn, **(given | changes)) as (app, shop):
        async with shop.connection.transaction():
            await domains.add(shop.connection, DOMAIN, popular=True, capacity=1_000_000)
            where = await domains.place(shop.connection, DOMAIN)
            await domains.put_price(shop.connection, where, "", 1_000, None)
        customer_id, _ = await shop.customer(10**9)

        async def known() -> bool:
            return app.bank.mail.serves(f"a@{DOMAIN}")

        await until(known)
        yield Post(app, shop, port, lmtp_port, customer_id)


async def apart(blocking: Callable[[], T]) -> T:
    """Run a blocking client beside the bank's loop."""
    return await asyncio.to_thread(blocking)


def mail(text: str = "Your code is 246810", *, html: str | None = None, subject: str = "Hello") -> bytes:
    """An honest mail with its own Message-ID."""
    message = EmailMessage()
    message["From"] = "Service <no-reply@sender.example>"
    message["To"] = "you@box.test"
    message["Subject"] = subject
    message["Message-ID"] = f"<{next(_turns)}@sender.example>"
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message.as_bytes(policy=policy.SMTP)


def by_hand(*lines: str | bytes) -> bytes:
    """A mail of these lines, CR LF after each."""
    return b"".join((line if isinstance(line, bytes) else line.encode()) + b"\r\n" for line in lines)
