"""The history of an account reads what it shows: not everybody's leases, nor all of the account's."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import asyncpg
import pytest

from numbank.db.pool import HOT
from numbank.db.queries import Queries

LEASES, FIRST = 6_000, 100_000_000
BIG, SMALL = 1, 2
PAST = """
  insert into activation (id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164, hold_id, price,
    currency, state, created_at, cancel_from, due_at, ended_at, ended_by)
  select $1::bigint + g, $3::bigint + (g % 10 = 0)::int, 0, 1, 1, 1, g, 79100000000 + g, 10000000 + g, 1000, 840, 8,
    now(), now(), now(), now(), 6
  from generate_series(1, $2::int) g
"""
SPAN = "now() - interval '30 days', now()"


@pytest.fixture(scope="module")
async def past(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A bank with some thousand leases, most of one account, seen through a connection like those that serve."""
    connection = await asyncpg.connect(dsn, server_settings=HOT, statement_cache_size=0)
    await connection.execute(PAST, FIRST, LEASES, BIG)
    await connection.execute(
        "insert into hold (id, account_id, cash, cashback, state)"
        " select 10000000 + g, 1, 1000, 0, 1 from generate_series(1, $1::int) g",
        LEASES,
    )
    yield connection
    await connection.execute("truncate activation, hold")
    await connection.close()


async def touched(connection: asyncpg.Connection[asyncpg.Record], sql: str, arguments: str) -> int:
    """How many blocks a statement touches."""
    await connection.execute(f"prepare looked_at as {sql}")
    rows = await connection.fetch(f"explain (analyze, buffers) execute looked_at ({arguments})")
    await connection.execute("deallocate looked_at")
    found = re.search(r"shared hit=(\d+)", "\n".join(row[0] for row in rows))
    return int(found.group(1)) if found else 0


@pytest.mark.parametrize("analyzed", [False, True])
@pytest.mark.parametrize("account", [BIG, SMALL])
async def test_a_page_of_history_costs_what_it_shows(
    past: asyncpg.Connection[asyncpg.Record], account: int, analyzed: bool
) -> None:
    if analyzed:
        await past.execute("analyze activation, hold, message")
    history = Queries("numbank.activation", "history.sql").history
    for upto in (FIRST + LEASES, 2**63 - 1):
        page = await touched(past, history, f"{account}, {FIRST}, {upto}, {SPAN}, 0, 20")
        assert page < 500
        # A page far behind reads what it skips in the index, but neither their holds nor their messages.
        assert await touched(past, history, f"{account}, {FIRST}, {upto}, {SPAN}, 500, 20") < page + 150
