"""PUSH_SMS to a readable code: an agent's pushes over HTTP against the same work row by row in pgbench, and the latency at a
steady rate, from when a push is due until getStatus has answered with its code.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import msgspec

from bench import lease
from bench.agents import SUCCESS, body_of, key_of
from bench.bank import PRICE, Bank, Shelf, connect
from bench.client import WIRE, Lines
from bench.harness import CONNECTIONS, BenchError, Figure, Rounds, Say, interleave, listed, plain, ratio
from bench.load import pgbench, wrk
from bench.machine import Server
from bench.texts import Texts

SETTLE_S = 0.3
STEADY_PER_S = 500
# How many messages one second may take; leases are made beforehand, for each message is the first of its lease.
MOST_PER_S = {"wire": 16_000, "rows": 8_000}
LEASE_S = 2
# Where the shelves of the three loads begin among a million numbers: the first may take the most.
STARTS = [(0, 0), (560_000, 0), (860_000, 0)]
COUNTS = """
select (select count(*) from message where fate = 0 and code is not null and lease_id is not null) as message,
  (select count(*) from message_key) as key,
  (select count(*) from activation where state = 3 and code is not null and message_id is not null) as readable,
  (select count(*) from hold where state = 1) as posted,
  (select count(*) from entry where kind = 3) as entry,
  (
    select coalesce(sum(n), 0)::bigint from (
      select sum(delivered) n from tally union all select sum(delivered) from tally_move
    ) t
  ) as tallied,
  ((select sum(turnover) from customer) + (select coalesce(sum(amount), 0) from turnover_move))::bigint as turnover
"""
PER_MESSAGE = {"message": 1, "key": 1, "readable": 1, "posted": 1, "entry": 1, "tallied": 1, "turnover": PRICE}
LEASED = """
select a.id, a.account_id, a.e164 from activation a
where a.service_id = $1 and a.state = 1 and a.e164 >= $2 order by a.e164
"""


class Target(msgspec.Struct, frozen=True):
    """A live lease that waits for its first message."""

    lease_id: int
    account_id: int
    e164: int


class Stock:
    """Leases of one service; the shelf hands its numbers out in order, so that theirs follow each other."""

    def __init__(self, bank: Bank, server: Server, folder: Path, shelf: Shelf) -> None:
        self._bank = bank
        self._server = server
        self._service_id = shelf.service_id
        self._paths = lease.write_paths(folder / f"stock-{shelf.code}.txt", list(bank.accounts.values()), [shelf.code])
        self._next = 0

    def take(self, wanted: int) -> list[Target]:
        """At least so many leases, in the order of their numbers, none of them twice."""
        while len(found := asyncio.run(self._read())) < wanted:
            wrk(self._server.port, self._paths, LEASE_S)
        first = found[0].e164
        for index, one in enumerate(found):
            if one.e164 != first + index:
                raise BenchError(
                    f"after {first + index - 1} the numbers of the leases have a gap: pgbench could not count through"
                )
        self._next = found[-1].e164 + 1
        return found

    async def _read(self) -> list[Target]:
        connection = await connect(self._bank.dsn)
        try:
            return [Target(*row) for row in await connection.fetch(LEASED, self._service_id, self._next)]
        finally:
            await connection.close()


class Books:
    """Counts what is there, and proves that every message did all of its work, whoever took it in."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._before = asyncio.run(self._counts())

    def check(self, who: str, messages: int, in_flight: int = 0) -> None:
        """BenchError unless so many more can be read, and everything else follows."""
        time.sleep(SETTLE_S)
        now = asyncio.run(self._counts())
        done = now["readable"] - self._before["readable"]
        if not messages <= done <= messages + in_flight:
            raise BenchError(f"{who} reports {messages} messages, {done} codes are readable")
        for name, each in PER_MESSAGE.items():
            changed = now[name] - self._before[name]
            if changed != each * done:
                raise BenchError(f"{who} took {done} messages in, but changed {name} by {changed}, not {each * done}")
        self._before = now

    async def _counts(self) -> dict[str, int]:
        connection = await connect(self._bank.dsn)
        try:
            row = await connection.fetchrow(COUNTS)
            await connection.execute("create sequence if not exists bench_push minvalue 0 cache 64")
        finally:
            await connection.close()
        if row is None:
            raise BenchError("the database does not count")
        return dict(row)


class Loads:
    """The three loads; each takes fresh leases before it begins."""

    def __init__(self, bank: Bank, server: Server, folder: Path, key: str) -> None:
        self._bank = bank
        self._server = server
        self._file = folder / "pushes.txt"
        self._key = key
        self._turns = count(1_000_000)
        self._stocks = {
            name: Stock(bank, server, folder, shelf)
            for name, shelf in zip(("wire", "rows", "steady"), bank.shelves, strict=False)
        }
        self._texts = {
            name: Texts(number, bank.shelves[number].code) for number, name in enumerate(self._stocks) if name != "rows"
        }
        self._books = Books(bank)

    @property
    def remembered(self) -> float:
        """The share of the messages over HTTP whose shape had come before."""
        return self._texts["wire"].remembered

    def wire(self, seconds: int) -> float:
        """Messages per second over HTTP at 64 connections."""
        targets = self._stocks["wire"].take(MOST_PER_S["wire"] * seconds)
        drawn = (self._texts["wire"].draw() for _ in targets)
        pushes = (
            body_of(self._key, turn, one.e164, sender, text)
            for turn, one, (sender, text, _) in zip(self._turns, targets, drawn, strict=False)
        )
        self._file.write_bytes(b"\n".join(pushes) + b"\n")
        self._books = Books(self._bank)
        load = wrk(self._server.port, self._file, seconds)
        if load.requests + CONNECTIONS > len(targets):
            raise BenchError(f"{len(targets)} leases were too few for {load.requests} messages")
        self._books.check("numbank", load.requests, CONNECTIONS)
        return load.rate

    def rows(self, seconds: int) -> float:
        """Messages per second by pgbench."""
        targets = self._stocks["rows"].take(MOST_PER_S["rows"] * seconds)
        asyncio.run(self._restart())
        self._books = Books(self._bank)
        load = pgbench(self._bank.dsn, seconds, script="pushsms.sql", first=targets[0].e164)
        self._books.check("pgbench", load.requests)
        return load.rate

    def steady(self, seconds: int) -> list[float]:
        """The milliseconds of each message at a steady rate, until its code was read."""
        targets = self._stocks["steady"].take(STEADY_PER_S * seconds)[: STEADY_PER_S * seconds]
        self._books = Books(self._bank)
        gc.collect()
        gc.freeze()
        took = asyncio.run(self._pace(targets))
        self._books.check("numbank", len(targets))
        return took

    async def _restart(self) -> None:
        connection = await connect(self._bank.dsn)
        try:
            await connection.execute("alter sequence bench_push restart with 0 minvalue 0 cache 1")
        finally:
            await connection.close()

    async def _pace(self, targets: list[Target]) -> list[float]:
        lines = Lines(self._server.port)
        began = time.perf_counter() + 0.1
        tasks = []
        for index, target in enumerate(targets):
            due = began + index / STEADY_PER_S
            if (ahead := due - time.perf_counter()) > 0:
                await asyncio.sleep(ahead)
            tasks.append(asyncio.create_task(self._one(lines, target, due)))
        took = await asyncio.gather(*tasks)
        await lines.close()
        return took

    async def _one(self, lines: Lines, target: Target, due: float) -> float:
        """From when the push was due until the code is in the customer's hands."""
        sender, text, code = self._texts["steady"].draw()
        body = body_of(self._key, next(self._turns), target.e164, sender, text)
        if (answer := await lines.push(body)) != SUCCESS:
            raise BenchError(f"a push was answered {answer!r}")
        poll = WIRE.format(action="getStatus", key=self._bank.accounts[target.account_id]) + f"&id={target.lease_id}"
        if (status := await lines.get(poll)) != f"STATUS_OK:{code}".encode():
            raise BenchError(f"after its push a lease was answered {status!r}, not {code}")
        return (time.perf_counter() - due) * 1000


def percentile(values: list[float], percent: float) -> float:
    """The value that so many percent do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


def run(bank: Bank, server: Server, folder: Path, rounds: Rounds, say: Say) -> list[Figure]:
    """Two loads in turns, then the latency at a steady rate."""
    say("PUSH_SMS against pgbench")
    loads = Loads(bank, server, folder, asyncio.run(key_of(bank)))
    loads.wire(rounds.warm_up_s)
    loads.rows(rounds.warm_up_s)
    measures: dict[str, Callable[[], float]] = {
        "wire": lambda: loads.wire(rounds.seconds), "rows": lambda: loads.rows(rounds.seconds),
    }  # fmt: skip
    rates = interleave(rounds, say, measures)
    say(f"PUSH_SMS at {STEADY_PER_S}/s")
    steady = [loads.steady(rounds.seconds) for _ in range(rounds.count)]
    detail = (
        f"{listed(rates['wire'])} against {listed(rates['rows'])} /s; of the texts {loads.remembered:.0%} remembered"
    )
    middle = ", ".join(f"{percentile(took, 50):.1f}" for took in steady)
    p99 = [percentile(took, 99) for took in steady]
    return [
        ratio("PUSH_SMS / pgbench", 2.0, rates["wire"], rates["rows"], at_least=True, detail=detail),
        plain(f"PUSH_SMS to read code, p99 at {STEADY_PER_S}/s", 50, "ms", p99, f"p50 {middle} ms"),
    ]
