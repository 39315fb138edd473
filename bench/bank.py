"""A bank filled for the benchmarks, by SQL, with rows that `numbank verify` finds in order."""

from __future__ import annotations

import asyncpg
import msgspec

from bench.harness import ACCOUNTS, BenchError
from numbank.catalogue import offers
from numbank.catalogue.tiers import SMS
from numbank.customers import register
from numbank.db.queries import Queries
from numbank.server.serve import prepare
from numbank.settings import load

Supply = Queries("numbank.supply")

COUNTRY = 0
PRICE = 1_000
BALANCE = 10**12
FIRST_E164 = 79_000_000_000

NUMBERS = """
insert into number (pool_id, seq, e164) select $1, seq, $2::bigint + seq from generate_series(1, $3::int) seq
"""
GROWN = "with grown as (update pool set last_seq = $2 where id = $1) update stock set free = $2 where pool_id = $1"
SHELF = """
with made as (insert into shelf (pool_id, service_id, start, hi) values ($1, $2, $3::int, $3::int + $4::int))
insert into shelf_stock (pool_id, service_id, withheld) values ($1, $2, $4::int)
"""
USED = """
insert into use (number_id, service_id)
select id, $2 from number where pool_id = $1 and seq > $3::int and seq <= $3::int + $4::int
"""


LIFTED = "update denied_service set denied = false"


class Shelf(msgspec.Struct, frozen=True):
    """A service with its bookmark: from `start` on, `used` numbers were used for it and came back."""

    service_id: int
    code: str
    start: int
    used: int = 0


class Bank(msgspec.Struct, frozen=True):
    """What is in a filled database."""

    dsn: str
    pool_id: int
    numbers: int
    accounts: dict[int, str]
    shelves: list[Shelf]


async def connect(dsn: str) -> asyncpg.Connection[asyncpg.Record]:
    """A connection that may take its time, unlike the bank's own."""
    settings = {"statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0"}
    return await asyncpg.connect(dsn, server_settings=settings)


async def fill(dsn: str, numbers: int, starts: list[tuple[int, int]], abilities: int = 1) -> Bank:
    """Migrate, then add a pool of `numbers`, a shelf per (start, used) with its own service, and accounts with money."""
    await prepare(load({}, database_url=dsn), lambda _: None)
    connection = await connect(dsn)
    try:
        async with connection.transaction():
            # The services are drawn by their ids: banks and payment services among them are sold here as all others.
            await connection.execute(LIFTED)
            supplier_id, _ = await offers.existing_supplier(connection, offers.OWN_POOL)
            operator_id = await offers.operator(connection, COUNTRY, "any")
            pool_id = await connection.fetchval(Supply.pool_of, supplier_id, COUNTRY, operator_id, abilities)
            await connection.execute(NUMBERS, pool_id, FIRST_E164, numbers)
            await connection.execute(GROWN, pool_id, numbers)
            services = await connection.fetch("select id, code from service order by id limit $1", len(starts))
            shelves = [Shelf(row[0], row[1], *start) for row, start in zip(services, starts, strict=True)]
            for shelf in shelves:
                await offers.put_tier(
                    connection, offers.Place(COUNTRY, shelf.service_id, SMS, supplier_id, None), PRICE
                )
                await connection.execute(SHELF, pool_id, shelf.service_id, shelf.start, shelf.used)
                await connection.execute(USED, pool_id, shelf.service_id, shelf.start, shelf.used)
            accounts = dict(
                [await register.add(connection, "bench", currency=840, balance=BALANCE) for _ in range(ACCOUNTS)]
            )
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()
    ids = list(accounts)
    if ids != list(range(ids[0], ids[0] + ACCOUNTS)):
        raise BenchError("the accounts' ids have gaps: pgbench could not draw from them")
    return Bank(dsn, pool_id, numbers, accounts, shelves)
