"""Memory under an hour of load: leases, polls, messages, cancels and mails at a bounded rate, the worker's RSS meanwhile."""

from __future__ import annotations

import asyncio
import smtplib
import time
from collections import Counter
from itertools import count, cycle
from pathlib import Path
from random import Random
from statistics import mean

import psutil

from bench import mail
from bench.agents import SUCCESS, key_of, push_of
from bench.bank import COUNTRY, Bank
from bench.client import WIRE, Lines
from bench.harness import BenchError, Figure, Say
from bench.machine import HOST, Server, free_port, serving

BAR_PERCENT = 5.0
LIVES_PER_S = 25
SAMPLE_S = 5.0
CANCELLED = 0.3
MAIL_EVERY_S = 1.0
POLLS_BEFORE = 2
LATE_S = 30.0
MB = 1_000_000
SETTINGS = {"early_cancel_s": "0", "unused_rest_s": "60", "cool_down_s": "60"}


class Load:
    """One life after the other begins, whatever became of those before; every answer is checked."""

    def __init__(self, bank: Bank, port: int, key: str) -> None:
        self.counted: Counter[str] = Counter()
        self._lines = Lines(port)
        self._key = key
        self._turns = count(100_000)
        self._accounts = cycle(bank.accounts.values())
        self._services = cycle([shelf.code for shelf in bank.shelves])
        self._chance = Random(1)

    async def run(self, until: float) -> None:
        """Begin lives at a steady rate; wait for the last."""
        begun: set[asyncio.Task[None]] = set()
        due = time.monotonic()
        while due < until:
            await asyncio.sleep(due - time.monotonic())
            begun = {task for task in begun if not task.done() or task.result()}
            begun.add(asyncio.create_task(self._life()))
            if len(begun) > LIVES_PER_S * LATE_S:
                raise BenchError(f"{len(begun)} lives are open: the bank does not keep up")
            due += 1 / LIVES_PER_S
        await asyncio.gather(*begun)
        await self._lines.close()

    async def _life(self) -> None:
        """Lease, poll, then cancel, or get a message, read its code and finish."""
        key = next(self._accounts)
        answer = await self._wire(
            "getNumber", key, f"&service={next(self._services)}&country={COUNTRY}", b"ACCESS_NUMBER:"
        )
        lease_id, e164 = answer.split(b":")[1:]
        named = f"&id={int(lease_id)}"
        for _ in range(POLLS_BEFORE):
            await self._wire("getStatus", key, named, b"STATUS_WAIT_CODE")
            await asyncio.sleep(0.5)
        if self._chance.random() < CANCELLED:
            await self._wire("setStatus", key, f"{named}&status=8", b"ACCESS_CANCEL")
            return
        turn = next(self._turns)
        code = 100_000 + turn % 900_000
        pushed = await self._lines.push(push_of(self._key, turn, int(e164), code))
        if pushed != SUCCESS:
            raise BenchError(f"a push was answered {pushed!r}")
        self.counted["PUSH_SMS"] += 1
        await self._wire("getStatus", key, named, b"STATUS_OK:%d" % code)
        await self._wire("setStatus", key, f"{named}&status=6", b"ACCESS_ACTIVATION")

    async def _wire(self, action: str, key: str, more: str, wanted: bytes) -> bytes:
        answer = await self._lines.get(WIRE.format(action=action, key=key) + more)
        if not answer.startswith(wanted):
            raise BenchError(f"{action} was answered {answer!r}, not {wanted!r}")
        self.counted[action] += 1
        return answer


async def _mails(port: int, emails: list[str], until: float) -> int:
    """One mail a second over one connection."""

    def send(client: smtplib.SMTP, to: str, turn: int) -> None:
        client.sendmail("no-reply@shop.example", [to], (mail.plain if turn % 2 else mail.both)(to))

    client = await asyncio.to_thread(smtplib.SMTP, HOST, port)
    sent = 0
    while time.monotonic() < until:
        await asyncio.to_thread(send, client, emails[sent % len(emails)], sent)
        sent += 1
        await asyncio.sleep(MAIL_EVERY_S)
    await asyncio.to_thread(client.quit)
    return sent


async def _samples(server: Server, began: float, until: float, load: Load, say: Say) -> list[tuple[float, float]]:
    """(minute, RSS in MB) of the worker every few seconds."""
    worker: psutil.Process = server.worker()
    found: list[tuple[float, float]] = []
    while (now := time.monotonic()) < until:
        found.append(((now - began) / 60, worker.memory_info().rss / MB))
        if len(found) % int(60 / SAMPLE_S) == 1:
            say(f"  minute {found[-1][0]:.0f}: {found[-1][1]:.1f} MB, {sum(load.counted.values()):,} requests")
        await asyncio.sleep(SAMPLE_S)
    return found


async def _measure(
    bank: Bank, server: Server, smtp: int, emails: list[str], minutes: float, say: Say
) -> tuple[list[tuple[float, float]], Counter[str]]:
    load = Load(bank, server.port, await key_of(bank))
    began = time.monotonic()
    until = began + minutes * 60
    async with asyncio.TaskGroup() as group:
        samples = group.create_task(_samples(server, began, until, load, say))
        mails = group.create_task(_mails(smtp, emails, until))
        group.create_task(load.run(until))
    load.counted["mails"] = mails.result()
    return samples.result(), load.counted


def run(bank: Bank, folder: Path, minutes: float, say: Say) -> list[Figure]:
    """The mean of early minutes against that of late ones: of an hour those from 5 to 15, and the last 10."""
    say(f"memory over {minutes:g} minutes at {LIVES_PER_S} leases a second")
    emails = asyncio.run(mail.lease(bank))
    smtp = free_port()
    with serving(
        "bank",
        folder,
        "/readyz",
        database_url=bank.dsn,
        smtp_listen=f"{HOST}:{smtp}",
        mailbox_life_s=mail.LIFE_S,
        **SETTINGS,
    ) as server:
        samples, counted = asyncio.run(_measure(bank, server, smtp, emails, minutes, say))
    early = [rss for minute, rss in samples if minutes / 12 <= minute < minutes / 4]
    late = [rss for minute, rss in samples if minute >= minutes * 5 / 6]
    spread = [rss for minute, rss in samples if minute >= minutes / 12]
    drift = (mean(late) / mean(early) - 1) * 100
    asked = ", ".join(f"{name} {number:,}" for name, number in sorted(counted.items()))
    kept = ", ".join(f"{rss:.1f}" for _, rss in samples[:: max(1, len(samples) // 24)])
    detail = f"{mean(early):.1f} MB, later {mean(late):.1f} MB; {asked}; RSS in MB: {kept}"
    low, high = ((bound / mean(early) - 1) * 100 for bound in (min(spread), max(spread)))
    return [Figure(f"memory, drift over {minutes:g} minutes", BAR_PERCENT, False, "%", drift, low, high, detail)]
