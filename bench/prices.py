"""Price lists at size: every country with every service, some 400,000 prices, 40 MB of rows and 21 MB of JSON.

Over HTTP: one country at a time, from wrk, while nothing changes. In this process, so that the loop's pauses can be seen:
the list of everything put together from kept fragments after one country changed, and after all changed at once.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import product
from pathlib import Path
from statistics import median

import msgspec
import uvloop

from bench.bank import LIFTED, connect
from bench.harness import BenchError, Figure, Rounds, Say, interleave, listed, plain, until
from bench.load import wrk
from bench.machine import Server, get
from numbank.catalogue import offers
from numbank.catalogue.catalogue import Catalogue
from numbank.catalogue.prices import PriceLists
from numbank.compression import PREFERRED
from numbank.customers import register
from numbank.db.pool import create_pool
from numbank.server.app import GC_THRESHOLD
from numbank.server.serve import prepare
from numbank.settings import load
from numbank.wire.board import Board
from numbank.wire.page import Page, send_page
from numbank.wire.prices import FREE as FREE_PRICES
from numbank.wire.prices import PLAIN

PATH = "/stubs/handler_api.php?action=getPrices&api_key={key}&country={country}"
ACCOUNTS = 5
FREE = 1_000
# So many services of each country have seen some of its numbers.
SEEN_SERVICES = 200
FILL = (
    "insert into operator (country_id, name) select id, 'any' from country on conflict do nothing",
    "insert into supplier (id, name, kind) values (1000, 'second', 'pool')",
    "insert into pool (supplier_id, country_id, operator_id) select s.id, o.country_id, o.id from operator o, supplier s"
    " where o.name = 'any' and s.id in (1, 1000) on conflict do nothing",
    f"insert into stock (pool_id, free) select id, {FREE} from pool on conflict (pool_id) do update set free = {FREE}",
    "insert into offer (country_id, service_id, supplier_id, price)"
    " select c.id, s.id, 1, 100 * (5 + (c.id * 31 + s.id * 17) % 300)"
    " from country c cross join service s where s.code <> 'full' on conflict do nothing",
    # Every fourth service has dearer tiers too: one that is limited, and one of another supplier.
    "insert into offer (country_id, service_id, supplier_id, price, remaining)"
    " select country_id, service_id, 1, 40000, 5 from offer where service_id % 4 = 0",
    "insert into offer (country_id, service_id, supplier_id, price)"
    " select country_id, service_id, 1000, 50000 from offer where service_id % 4 = 0 and remaining is null",
    "insert into shelf_stock (pool_id, service_id, withheld, busy) select p.id, s.id, s.id % 50 + 1, 0 from pool p"
    f" cross join (select id from service order by id limit {SEEN_SERVICES}) s on conflict do nothing",
    LIFTED,
    "vacuum analyze",
)
CHANGE = """
with changed as (
  update stock s set free = free - 1 from pool p
  where p.id = s.pool_id and p.supplier_id = 1 and p.country_id = any($1::int[])
  returning p.country_id
)
insert into stock_version (country_id) select distinct country_id from changed
on conflict (country_id) do update set value = stock_version.value + 1
"""
MOVE = "insert into stock_move (pool_id, free) select id, -1 from pool where country_id = $1 and supplier_id = 1"
FREE_NUMBERS = "select p.country_id, s.free from stock s join pool p on p.id = s.pool_id and p.supplier_id = 1"
AGES = 3
AGE_LIMIT_S = 10
MEGABYTE = 1024 * 1024


class Shop(msgspec.Struct, frozen=True):
    """A filled database: its countries and the keys of its customers."""

    dsn: str
    countries: list[int]
    keys: list[str]


async def fill(dsn: str) -> Shop:
    """Every country sells every service."""
    await prepare(load({}, database_url=dsn), lambda _: None)
    connection = await connect(dsn)
    try:
        await offers.existing_supplier(connection, offers.OWN_POOL)
        for statement in FILL:
            await connection.execute(statement)
        countries = [row[0] for row in await connection.fetch("select id from country order by id")]
        async with connection.transaction():
            made = [await register.add(connection, "bench", currency=840, balance=1) for _ in range(ACCOUNTS)]
    finally:
        await connection.close()
    return Shop(dsn, countries, [key for _, key in made])


def run(shop: Shop, server: Server, folder: Path, rounds: Rounds, say: Say) -> list[Figure]:
    """Both halves."""
    say("price lists over HTTP")
    figures = _over_http(shop, server, folder, rounds, say)
    say("price lists in this process")
    return figures + uvloop.run(_in_process(shop, rounds, say))


def _over_http(shop: Shop, server: Server, folder: Path, rounds: Rounds, say: Say) -> list[Figure]:
    lines = [PATH.format(key=key, country=country) for country, key in product(shop.countries, shop.keys)]
    paths = folder / "prices.txt"
    paths.write_text("\n".join(lines) + "\n")
    sizes = set()
    for line in lines[:: len(lines) // 20]:
        status, body = get(server.port, line)
        (services,) = msgspec.json.decode(body).values()
        if status != 200 or len(services) < 2_000:
            raise BenchError(f"{line} was answered {status} with {len(services)} services")
        sizes.add(len(body))
    rates: dict[str, Callable[[], float]] = {
        "plain": lambda: wrk(server.port, paths, rounds.seconds).rate,
        "gzip": lambda: wrk(server.port, paths, rounds.seconds, "Accept-Encoding: gzip").rate,
    }
    wrk(server.port, paths, rounds.warm_up_s, "Accept-Encoding: gzip")
    found = interleave(rounds, say, rates)
    weight = server.worker().memory_info().rss / MEGABYTE
    ages = [asyncio.run(_age_ms(shop, server)) for _ in range(rounds.count * AGES)]
    return [
        plain("a movement shows in the list after", 1_000, "ms", ages),
        *(Figure(
            f"getPrices of one country, {name}", 1_000, True, "/s", median(found[name]), min(found[name]), max(found[name]),
            f"{listed(found[name])} /s, {min(sizes):,} to {max(sizes):,} bytes each; the worker weighs {weight:.0f} MB",
        ) for name in rates),
    ]  # fmt: skip


async def _age_ms(shop: Shop, server: Server) -> float:
    """From the commit of a movement to the first answer that knows of it."""
    path = PATH.format(key=shop.keys[0], country=shop.countries[0])
    _, before = get(server.port, path)
    connection = await connect(shop.dsn)
    try:
        await connection.execute(MOVE, shop.countries[0])
    finally:
        await connection.close()
    began = time.perf_counter()
    until("a movement in the list", lambda: get(server.port, path)[1] != before, AGE_LIMIT_S)
    return (time.perf_counter() - began) * 1000


class Pulse:
    """Notes the most work of the loop's thread between two turns of the loop: its pause on a machine of its own.

    It is called in every turn, so the loop never sleeps meanwhile; a pulse that rests would miss what happens then.
    """

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._loop = asyncio.get_running_loop()
        self._before_s = time.thread_time()
        self._next = self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        now_s = time.thread_time()
        self.longest_s = max(self.longest_s, now_s - self._before_s)
        self._before_s = now_s
        self._next = self._loop.call_soon(self._turn)

    def stop(self) -> None:
        """It ends at once."""
        self._next.cancel()


async def _timed(work: Awaitable[object]) -> float:
    began = time.perf_counter()
    await work
    return (time.perf_counter() - began) * 1000


async def _in_process(shop: Shop, rounds: Rounds, say: Say) -> list[Figure]:
    pool = await create_pool(shop.dsn, size=4, command_timeout_s=10, hot=True)
    catalogue = Catalogue()
    await catalogue.load(pool)
    board = Board(PriceLists(pool, 0.0), catalogue)
    changes = await connect(shop.dsn)
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)  # as the server does
    pulse = Pulse()
    first = await _timed(board.whole(PLAIN))
    first_pause = pulse.longest_s * 1000
    kept, everything, tiers, packing, pauses = [], [], [], [], []
    for number in range(rounds.count):
        pulse.longest_s = 0.0
        await changes.execute(CHANGE, shop.countries)
        everything.append(await _timed(board.whole(PLAIN)))
        await changes.execute(CHANGE, shop.countries[:1])
        kept.append(await _timed(board.whole(PLAIN)))
        tiers.append(await _timed(board.whole(FREE_PRICES)))
        page = await board.whole(PLAIN)
        packing.append([await _timed(page.packed(coding)) for coding in PREFERRED])
        await send_page(_nowhere, page, b"application/json", [])
        pauses.append(pulse.longest_s * 1000)
        say(f"  round {number + 1} of {rounds.count}")
    pulse.stop()
    frees = await changes.fetch(FREE_NUMBERS)
    _check(page, dict(map(tuple, frees)))
    await asyncio.gather(changes.close(), pool.close())
    codings = ", ".join(f"{coding} {_middle(packing, at):.0f}" for at, coding in enumerate(PREFERRED))
    return [
        plain(
            "full list, from kept fragments", 300, "ms", kept,
            f"{page.length:,} bytes; one country had changed; compression apart: {codings} ms",
        ),
        plain("full list with price maps, all changed", 2_000, "ms", tiers),
        plain("full list, all countries changed", 1_000, "ms", everything, f"first reading of all {first:,.0f} ms"),
        plain(
            "longest pause of the loop meanwhile", 20, "ms", [first_pause, *pauses],
            f"at the first reading {first_pause:.1f}, then {', '.join(f'{pause:.1f}' for pause in pauses)} ms",
        ),
    ]  # fmt: skip


def _middle(rows: Sequence[Sequence[float]], at: int) -> float:
    return median(row[at] for row in rows)


async def _nowhere(_message: object) -> None:
    """As if it were sent."""
    await asyncio.sleep(0)


def _check(page: Page, free: dict[int, int]) -> None:
    """The last list tells what the changes left."""
    shown = msgspec.json.decode(bytes(page))
    if len(shown) != len(free):
        raise BenchError(f"{len(shown)} of {len(free)} countries are in the list")
    for country, left in free.items():
        if {row["count"] for row in shown[str(country)].values()} != {left, *(left - seen for seen in range(1, 51))}:
            raise BenchError(f"country {country} does not show {left}")
