"""A bank with 20,000,000 leases behind it against a young one on the same server: what a lease and what follows it costs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from statistics import median

import asyncpg

from bench import lease, status
from bench.bank import Bank, connect
from bench.books import SETTLE_S
from bench.grown_fill import NOTE, Grown, fill_both, note, noted
from bench.harness import CONNECTIONS, BenchError, Figure, Rounds, Say, interleave, listed, ratio
from bench.load import wrk
from bench.machine import Server, cluster, serving
from numbank.db.embedded import EmbeddedServer
from numbank.db.pool import HOT
from numbank.db.queries import Queries
from numbank.intake.deliver import Intake
from numbank.intake.door import Arrival
from numbank.server.app import App
from numbank.settings import load

LEASES = 20_000_000
PARTITION_ROWS = 20_000_000
BAR = 1.3
# A year of a million leases a day, in partitions of 20,000,000 ids.
YEAR = {
    "activation": 19, "hold": 19, "entry": 38, "message": 10, "delivery": 10, "attempt": 10, "acquisition": 19,
}  # fmt: skip
OVERDUE = 5_000
SWEEP_LIMIT_S = 120
LOOKS = 30
HISTORY = "/stubs/handler_api.php?action=getHistory&api_key={key}&limit=50"
OLD = """
select id, account_id from activation where id = any(array(
  select low + (random() * (high - low) / 2)::bigint
  from (select min(id) as low, max(id) as high from activation) ids, generate_series(1, 5000)
))
"""
LIVE = "select e164 from activation where state in (1, 3) order by random() limit 5000"
DUE = """
update activation set due_at = now() - interval '1 s'
where id = any(array(select id from activation where state = 1 order by id limit $1))
"""
LAST = "select coalesce(max(id), 0) from activation"
MADE = "select count(*) from activation where id > $1"
LEFT = "select count(*) from activation where state < 8 and due_at < now()"
SIZES = """
select coalesce(i.inhparent::regclass::text, c.relname) as name, sum(pg_relation_size(c.oid))::bigint as heap,
  sum(pg_indexes_size(c.oid))::bigint as indexes, sum(c.reltuples)::bigint as rows
from pg_class c left join pg_inherits i on i.inhrelid = c.oid
where c.relkind = 'r' and i.inhparent is not null group by 1 having sum(c.reltuples) > 0 order by 2 desc
"""
_texts = count(1)


def fill(folder: Path, leases: int, say: Say) -> Grown:
    """The two banks of a folder; made when there are none. No commit is durable while they are made, all is afterwards."""
    if not (folder / NOTE).is_file():
        with EmbeddedServer.start(folder / "data", lambda _: None, durable=False, shared_buffers="1GB") as server:
            note(folder, asyncio.run(fill_both(server.dsn, leases, PARTITION_ROWS, say)))
    return noted(folder)


def run(folder: Path, leases: int, rounds: Rounds, say: Say, *, year: bool = False) -> list[Figure]:
    """Fill if need be, then measure both banks in turns; `year`: with as many partitions as a year of a million a day."""
    grown = fill(folder, leases, say)
    with cluster(folder) as server:
        if server.dsn != grown.bank.dsn:
            raise BenchError(f"{folder} was filled under another name; move it back")
        if year:
            asyncio.run(_as_in_a_year(grown.bank))
        for line in asyncio.run(_sizes(grown.bank)):
            say(line)
        asyncio.run(_warm(grown))
        with (
            serving("bank", folder, "/readyz", database_url=grown.bank.dsn) as old,
            serving("bank", folder, "/readyz", database_url=grown.young.dsn) as young,
        ):
            figures = _figures({"grown": (grown.bank, old), "young": (grown.young, young)}, folder, rounds, say)
            for name, bank in (("grown", grown.bank), ("young", grown.young)):
                say(f"  {name}: {asyncio.run(_expired(bank)):,.0f} leases a second run out")
        for line in asyncio.run(_looks(grown)):
            say(line)
    return figures


def _figures(banks: dict[str, tuple[Bank, Server]], folder: Path, rounds: Rounds, say: Say) -> list[Figure]:
    say("a grown bank and a young one in turns")
    measures: dict[str, Callable[[], float]] = {}
    for name, (bank, server) in banks.items():
        own = folder / f"paths-{name}"
        own.mkdir(exist_ok=True)
        measures |= {f"{what} {name}": measure for what, measure in _measures(bank, server, own, rounds).items()}
        for measure in list(measures.values())[-len(measures) // len(banks) :]:
            measure()
    old = _polls_of(banks["grown"][0], banks["grown"][1], folder / "paths-grown" / "old.txt", rounds, OLD)
    measures["old status grown"] = old
    rates = interleave(rounds, say, measures)
    rates["old status young"] = rates["status young"]
    return [
        _cost(what, rates[f"{what} young"], rates[f"{what} grown"])
        for what in ("lease", "status", "old status", "message in", "history")
    ]


def _cost(what: str, young: Sequence[float], grown: Sequence[float]) -> Figure:
    detail = f"{listed(grown)} grown against {listed(young)} young /s"
    return ratio(f"{what}: cost in a grown bank / a young one", BAR, young, grown, at_least=False, detail=detail)


def _measures(bank: Bank, server: Server, folder: Path, rounds: Rounds) -> dict[str, Callable[[], float]]:
    """The loads of one bank, each gives a rate."""
    keys = list(bank.accounts.values())
    paths = lease.write_paths(folder / "lease.txt", keys, [shelf.code for shelf in bank.shelves])
    past = folder / "history.txt"
    past.write_text("\n".join(HISTORY.format(key=key) for key in keys) + "\n")

    def leases() -> float:
        last = asyncio.run(_number(bank, LAST))
        load = wrk(server.port, paths, rounds.seconds)
        time.sleep(SETTLE_S)
        made = asyncio.run(_number(bank, MADE, last))
        if not load.requests <= made <= load.requests + CONNECTIONS:
            raise BenchError(f"numbank reports {load.requests} leases, {made} are in the database")
        return load.rate

    leases()
    polls = status.write_paths(bank, server, folder)
    return {
        "lease": leases,
        "status": lambda: wrk(server.port, polls, rounds.seconds).rate,
        "message in": lambda: asyncio.run(_messages(bank, rounds.seconds)),
        "history": lambda: wrk(server.port, past, rounds.seconds).rate,
    }


def _polls_of(bank: Bank, server: Server, file: Path, rounds: Rounds, query: str) -> Callable[[], float]:
    async def found() -> list[asyncpg.Record]:
        connection = await connect(bank.dsn)
        try:
            return list(await connection.fetch(query))
        finally:
            await connection.close()

    lines = [status.PATH.format(key=bank.accounts[row[1]], id=row[0]) for row in asyncio.run(found())]
    file.write_text("\n".join(lines) + "\n")
    return lambda: wrk(server.port, file, rounds.seconds).rate


async def _number(bank: Bank, sql: str, *values: object) -> int:
    connection = await connect(bank.dsn)
    try:
        return int(await connection.fetchval(sql, *values))
    finally:
        await connection.close()


async def _messages(bank: Bank, seconds: int) -> float:
    """Messages per second through the door of the bank, each committed, to live leases; sweeps and folds run beside it."""
    app = App(load({}, database_url=bank.dsn))
    await app.open()
    connection = await connect(bank.dsn)
    try:
        supplier = await connection.fetchval("select supplier_id from pool where id = $1", bank.pool_id)
        numbers = [row[0] for row in await connection.fetch(LIVE)]
        before = await connection.fetchval("select coalesce(max(id), 0) from message")
        until = time.monotonic() + seconds
        sent = 0

        async def push() -> None:
            nonlocal sent
            while time.monotonic() < until:
                turn = next(_texts)
                text = f"Your verification code is {100_000 + turn % 900_000}"
                result = await app.bank.door.take(Arrival(supplier, "", numbers[turn % len(numbers)], "Service", text))
                if not isinstance(result, Intake):
                    raise BenchError(f"a message was refused: {result}")
                sent += 1

        began = time.monotonic()
        await asyncio.gather(*(push() for _ in range(CONNECTIONS)))
        took = time.monotonic() - began
        kept = await connection.fetchval("select count(*) from message where id > $1", before)
        if kept != sent:
            raise BenchError(f"{sent} messages were taken in, {kept} are kept")
        return sent / took
    finally:
        await connection.close()
        await app.close()


async def _expired(bank: Bank) -> float:
    """Leases whose time is over are ended by the node that serves: how many a second."""
    connection = await connect(bank.dsn)
    try:
        await connection.execute(DUE, OVERDUE)
        many = await connection.fetchval(LEFT)
        began = time.monotonic()
        while left := await connection.fetchval(LEFT):
            if time.monotonic() - began > SWEEP_LIMIT_S:
                raise BenchError(f"{left} of {many} leases did not run out")
            await asyncio.sleep(0.01)
        return float(many / (time.monotonic() - began))
    finally:
        await connection.close()


LOOKED_AT = {
    "what ran out": (Queries("numbank.activation").due_activations, "bank_now() - interval '1 day', 256, '{}'"),
    "what webhooks are due": (Queries("numbank.hooks").take, "60, '{}', '{}', 10, 100, 100"),
    "what rested": (Queries("numbank.supply").lock_rested, "bank_now() - interval '1 day', 256"),
    "what is erased next": (Queries("numbank.retention").erase_activation, "0, bank_now() - interval '30 days', 1000"),
    "messages of a lease": (Queries("numbank.activation", "history.sql").messages_of, "100000001, 10, 0"),
}


async def _looks(grown: Grown) -> list[str]:
    """What the sweeps of a node that has nothing to do cost at each look, in both banks, in ms."""
    lines = []
    for name, (sql, values) in LOOKED_AT.items():
        times = []
        for bank in (grown.bank, grown.young):
            connection = await asyncpg.connect(bank.dsn, server_settings=HOT)
            try:
                # Typed by the statement itself, planned as the bank plans it.
                await connection.execute(f"prepare look as {sql}")
                taken = []
                for _ in range(LOOKS):
                    began = time.perf_counter()
                    async with connection.transaction():
                        await connection.execute(f"execute look ({values})")
                    taken.append(time.perf_counter() - began)
                times.append(median(taken) * 1000)
            finally:
                await connection.close()
        lines.append(f"  {name}: {times[0]:.2f} ms grown, {times[1]:.2f} ms young")
    return lines


async def _as_in_a_year(bank: Bank) -> None:
    """More partitions, empty ones: what every statement has to plan, lock and leave out."""
    connection = await connect(bank.dsn)
    try:
        for parent, wanted in YEAR.items():
            have = await connection.fetchval("select count(*) from pg_inherits where inhparent = $1::regclass", parent)
            for _ in range(have, wanted):
                await connection.execute("select add_partition($1, $2)", parent, PARTITION_ROWS)
    finally:
        await connection.close()


async def _warm(grown: Grown) -> None:
    """Bring both banks to the same start: statistics, and the checkpoint of what was written before."""
    for bank in (grown.bank, grown.young):
        connection = await connect(bank.dsn)
        try:
            await connection.execute("analyze activation, hold, number, shelf, shelf_stock, account")
        finally:
            await connection.close()


async def _sizes(bank: Bank) -> list[str]:
    """Bytes per table, and per lease."""
    connection = await connect(bank.dsn)
    try:
        rows = await connection.fetch(SIZES)
        leases = max((row["rows"] for row in rows if row["name"] == "activation"), default=0)
    finally:
        await connection.close()
    lines = [
        f"  {row['name']:<12} {row['rows']:>12,} rows {row['heap'] / 1e6:>7,.0f} MB, indexes {row['indexes'] / 1e6:>5,.0f}"
        f" = {(row['heap'] + row['indexes']) / max(leases, 1):>6.0f} bytes a lease"
        for row in rows
    ]
    whole = sum(row["heap"] + row["indexes"] for row in rows) / max(leases, 1)
    return [
        *lines,
        f"  in all {whole:,.0f} bytes a lease, {whole * 365e6 / 1e9:,.0f} GB a year of a million leases a day",
    ]
