"""Mails by SMTP into one process: plain and HTML, over persistent connections, to leased mailboxes, committed before 250."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import asyncpg

from bench.bank import Bank, connect
from bench.harness import BenchError, Figure, Rounds, Say, interleave, listed
from bench.machine import HOST, free_port, serving
from numbank.mailbox import domains
from numbank.mailbox.model import MailRequest
from numbank.server.app import App
from numbank.settings import load

BAR = 300
CLIENTS = 16
MAILBOXES = 1_000
PER_PURCHASE = 10
DOMAIN = "bench.example"
PRICE = 100
LIFE_S = "36000"

PLAIN = "Hello,\r\n\r\nyour verification code is {code}.\r\n\r\nIt is valid for 10 minutes. Do not share it with anyone.\r\n"
HTML = (
    "<html><head><style>p {{ color: #333 }}</style></head><body><p>Hello,</p>\r\n<p>your verification code is</p>\r\n"
    "<h1>{code}</h1>\r\n<p>It is valid for 10 minutes. Do not share it with anyone.</p>\r\n"
    '<p><a href="https://shop.example/unsubscribe">Unsubscribe</a></p></body></html>\r\n'
)
HEADERS = (
    "Received: from out.shop.example (out.shop.example [192.0.2.7]) by mx.bench.example; Sun, 22 Nov 2026 03:00:00 +0000\r\n"
    "From: Shop <no-reply@shop.example>\r\nTo: {to}\r\nSubject: Your verification code\r\n"
    "Date: Sun, 22 Nov 2026 03:00:00 +0000\r\nMessage-ID: <{turn}@shop.example>\r\nMIME-Version: 1.0\r\n"
)
_turns = count(100_000)


def plain(to: str) -> bytes:
    """What swaks or a cron job sends."""
    turn = next(_turns)
    return (
        (HEADERS + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + PLAIN)
        .format(to=to, turn=turn, code=turn)
        .encode()
    )


def both(to: str) -> bytes:
    """What a site sends: the text, and the same in HTML."""
    turn = next(_turns)
    parts = (
        'Content-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'
        f"{PLAIN}--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{HTML}--b--\r\n"
    )
    return (HEADERS + parts).format(to=to, turn=turn, code=turn).encode()


async def lease(bank: Bank) -> list[str]:
    """Leased mailboxes, bought by the same desk that serves customers."""
    settings = load({}, database_url=bank.dsn, mailbox_life_s=LIFE_S)
    connection = await connect(bank.dsn)
    async with connection.transaction():
        if await domains.add(connection, DOMAIN, zone="example", capacity=MAILBOXES * 100):
            await domains.put_price(connection, ("example", None), "", PRICE, None)
    await connection.close()
    app = App(settings)
    await app.open()
    try:
        account_id = next(iter(bank.accounts))
        emails: list[str] = []
        while len(emails) < MAILBOXES:
            answer = await app.bank.desks.mail.buy(
                MailRequest(account_id, "shop.example", "example", count=PER_PURCHASE)
            )
            if not isinstance(answer, list):
                raise BenchError(f"no mailbox could be leased: {type(answer).__name__}")
            emails += [one.email for one in answer]
    finally:
        await app.close()
    return emails


async def _talk(port: int, emails: list[str], make: Callable[[str], bytes], until: float) -> int:
    """One persistent connection; gives how many mails were acknowledged."""
    reader, writer = await asyncio.open_connection(HOST, port)

    async def ask(data: bytes, word: bytes) -> None:
        writer.write(data)
        line = await reader.readline()
        while line[3:4] == b"-":
            line = await reader.readline()
        if not line.startswith(word):
            raise BenchError(f"the server answered {line.decode().strip()!r}")

    await ask(b"", b"220")
    await ask(b"EHLO bench.example\r\n", b"250")
    sent = 0
    while time.monotonic() < until:
        to = emails[sent % len(emails)]
        await ask(b"MAIL FROM:<no-reply@shop.example>\r\n", b"250")
        await ask(b"RCPT TO:<%s>\r\n" % to.encode(), b"250")
        await ask(b"DATA\r\n", b"354")
        await ask(make(to) + b".\r\n", b"250")
        sent += 1
    await ask(b"QUIT\r\n", b"221")
    writer.close()
    return sent


async def _load(dsn: str, port: int, emails: list[str], make: Callable[[str], bytes], seconds: int) -> float:
    """Mails per second; each that was acknowledged must be in the database, with its code."""
    connection = await asyncpg.connect(dsn)
    counted = "select count(*) from mail where mailbox_id is not null and code is not null"
    before = await connection.fetchval(counted)
    began = time.monotonic()
    each = len(emails) // CLIENTS
    talks = [_talk(port, emails[turn * each : (turn + 1) * each], make, began + seconds) for turn in range(CLIENTS)]
    sent = sum(await asyncio.gather(*talks))
    took = time.monotonic() - began
    kept = await connection.fetchval(counted) - before
    await connection.close()
    if kept != sent:
        raise BenchError(f"{sent} mails were acknowledged, {kept} are there with their codes")
    return sent / took


def run(bank: Bank, folder: Path, rounds: Rounds, say: Say) -> list[Figure]:
    """Both kinds of mail in turns."""
    say("mails by SMTP")
    emails = asyncio.run(lease(bank))
    port = free_port()
    with serving("bank", folder, "/readyz", database_url=bank.dsn, smtp_listen=f"{HOST}:{port}", mailbox_life_s=LIFE_S):

        def load_of(make: Callable[[str], bytes], seconds: int) -> float:
            return asyncio.run(_load(bank.dsn, port, emails, make, seconds))

        load_of(plain, rounds.warm_up_s)
        kinds = {"plain": plain, "both": both}
        measures = {name: lambda make=make: load_of(make, rounds.seconds) for name, make in kinds.items()}
        rates = interleave(rounds, say, measures)
    return [_figure("mails by SMTP, plain", rates["plain"]), _figure("mails by SMTP, text and HTML", rates["both"])]


def _figure(name: str, rates: list[float]) -> Figure:
    middle = sorted(rates)[len(rates) // 2]
    return Figure(name, BAR, True, "/s", middle, min(rates), max(rates), f"{listed(rates)} /s")
