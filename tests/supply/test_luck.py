"""How far claims look: just as far as they need while numbers are free, further as soon as one is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import asyncpg
import pytest

from numbank.supply import claim as claims
from numbank.supply.claim import SPARE, Claim, Luck, Wish
from tests.support import Shop

SERVICE = 1
COUNTRY = 77
FIRST = 44_600_000_000
_leases = count(800_000_000)


@pytest.fixture
async def stock(own_dsn: str) -> AsyncIterator[tuple[asyncpg.Connection[asyncpg.Record], Wish]]:
    connection = await asyncpg.connect(own_dsn)
    await Shop(connection).numbers(40, country=COUNTRY, first=FIRST)
    pool_id = await connection.fetchval("select max(id) from pool where country_id = $1", COUNTRY)
    # From the first number on, so that what comes next is known.
    await connection.execute(
        "insert into shelf (pool_id, service_id, start, hi) values ($1, $2, 0, 0)", pool_id, SERVICE
    )
    await connection.execute("insert into shelf_stock (pool_id, service_id) values ($1, $2)", pool_id, SERVICE)
    yield connection, Wish(SERVICE, (pool_id,))
    await connection.close()


async def claim(tx: asyncpg.Connection[asyncpg.Record], wish: Wish, luck: Luck) -> Claim | None:
    async with tx.transaction():
        found = await claims.claim(tx, [wish], luck)
        leased = [(one, next(_leases)) for one in found.found if one is not None]
        await claims.save(tx, found, leased)
    return found.found[0]


async def locked(tx: asyncpg.Connection[asyncpg.Record], wish: Wish, luck: Luck) -> int:
    """How many numbers a claim holds back from everybody else."""
    async with tx.transaction():
        await claims.claim(tx, [wish], luck)
        asked = "select count(*) from number where pool_id = $1 and xmax = pg_current_xact_id()::xid"
        held: int = await tx.fetchval(asked, wish.pool_ids[0])
    return held


async def test_a_claim_that_had_enough_looks_less_far_next_time(
    stock: tuple[asyncpg.Connection[asyncpg.Record], Wish],
) -> None:
    tx, wish = stock
    luck = Luck()
    assert await locked(tx, wish, luck) == 1 + SPARE
    for _ in range(SPARE):
        await claim(tx, wish, luck)
    assert luck.spare == 0
    assert await locked(tx, wish, luck) == 1


async def test_a_number_that_is_not_free_costs_another_round_and_makes_claims_look_far_again(
    stock: tuple[asyncpg.Connection[asyncpg.Record], Wish],
) -> None:
    tx, wish = stock
    luck = Luck(spare=0)
    await tx.execute(
        "update number set state = 3, offline = true where pool_id = $1 and seq in (1, 2)", wish.pool_ids[0]
    )
    found = await claim(tx, wish, luck)
    assert found is not None
    assert found.e164 == FIRST + 2
    assert luck.spare == SPARE
    # Those that it went by are not lost: they wait until they are free again.
    passed = await tx.fetch("select n.seq from passed d join number n on n.id = d.number_id order by 1")
    assert [row[0] for row in passed] == [1, 2]


async def test_what_came_back_to_the_pile_is_taken_before_the_bookmark_moves_on(
    stock: tuple[asyncpg.Connection[asyncpg.Record], Wish],
) -> None:
    tx, wish = stock
    await tx.execute("update shelf set hi = 10 where pool_id = $1", wish.pool_ids[0])
    await tx.executemany(
        "insert into pile values ($1, $2, $3, $4)", [(wish.pool_ids[0], SERVICE, seq, seq) for seq in (4, 7)]
    )
    taken = [await claim(tx, wish, Luck(spare=0)) for _ in range(3)]
    assert [(one.e164 - FIRST, one.tries) for one in taken if one is not None] == [(3, 4), (6, 7), (10, 0)]
    assert await tx.fetchval("select count(*) from pile") == 0


@pytest.mark.parametrize("piled", [1, 30])
async def test_a_number_in_other_hands_hides_none_of_those_behind_it(
    stock: tuple[asyncpg.Connection[asyncpg.Record], Wish], own_dsn: str, piled: int
) -> None:
    tx, wish = stock
    (pool_id,) = wish.pool_ids
    await tx.execute("update shelf set hi = $2 where pool_id = $1", pool_id, piled)
    await tx.execute(
        "insert into pile select $1, $2, seq, 0 from generate_series(1, $3::int) seq", pool_id, SERVICE, piled
    )
    other = await asyncpg.connect(own_dsn)
    await other.execute(f"begin; select from number where pool_id = {pool_id} and seq = 1 for no key update")
    taken = [await claim(tx, wish, luck) for luck in (Luck(spare=0), Luck(spare=0))]
    await other.close()
    assert [one.e164 - FIRST for one in taken if one is not None] == [1, 2]
    assert await tx.fetchval("select count(*) from pile where seq = 1") == 1
