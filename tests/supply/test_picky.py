"""Claims that are picky: about prefixes, and about further services on the same number; the stock stays whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import count

import asyncpg
import pytest

from numbank.db import checks
from numbank.supply import claim as claims
from numbank.supply import verify
from numbank.supply.claim import MOST_LOOKED_AT, Claim, Wish
from tests.support import Shop

A, B, C = 1, 2, 3
_countries = count(1)
_blocks = count(44_700_000_000, 100_000)
_leases = count(900_000_000)


class Place:
    """A pool of its own with numbers in a row; claims are saved as leases of nobody."""

    def __init__(self, dsn: str, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self.dsn = dsn
        self.connection = connection
        self.shop = Shop(connection)
        self.first = next(_blocks)
        self.country = next(_countries)
        self.pool_id = 0

    async def stock(self, how_many: int) -> None:
        """Numbers first, first + 1, ..."""
        await self.shop.numbers(how_many, country=self.country, first=self.first)
        self.pool_id = await self.connection.fetchval("select max(id) from pool where country_id = $1", self.country)

    def wish(self, service_id: int, *, excluded: tuple[str, ...] = (), also: tuple[int, ...] = ()) -> Wish:
        """A wish for a number of this pool."""
        return Wish(service_id, (self.pool_id,), excluded, also)

    async def claim(self, *wishes: Wish) -> list[Claim | None]:
        """Claim and save in one transaction."""
        async with self.connection.transaction():
            found = await claims.claim(self.connection, wishes)
            leased = [(one, next(_leases)) for one in found.found if one is not None]
            await claims.save(self.connection, found, leased)
        return found.found

    async def free_again(self) -> None:
        """The leases are over and their numbers rested; what is used stays used."""
        await self.connection.execute(
            "with freed as (update number set state = 0, holder = null where pool_id = $1 and state = 1"
            " returning pool_id, last_service_id) insert into stock_move (pool_id, service_id, free, busy)"
            " select pool_id, null::int, count(*), 0 from freed group by 1"
            " union all select pool_id, last_service_id, 0, -count(*) from freed group by 1, 2",
            self.pool_id,
        )
        await self.connection.execute(
            "with woken as (delete from passed w using number n where n.id = w.number_id and n.pool_id = $1"
            " and n.state = 0 and w.not_before is null returning n.pool_id, w.service_id, n.seq)"
            " insert into pile (pool_id, service_id, seq) select * from woken",
            self.pool_id,
        )

    async def uses(self, number_id: int) -> Sequence[int]:
        """What a number was used for."""
        rows = await self.connection.fetch("select service_id from use where number_id = $1 order by 1", number_id)
        return [row[0] for row in rows]

    async def piled(self, service_id: int) -> int:
        """How many seqs are on a pile."""
        found: int = await self.connection.fetchval(
            "select count(*) from pile where pool_id = $1 and service_id = $2", self.pool_id, service_id
        )
        return found

    async def prove(self) -> None:
        """The stock must be right; leases are nobody's here, so only its own checks count."""

        async def connect() -> asyncpg.Connection[asyncpg.Record]:
            return await asyncpg.connect(self.dsn)

        findings = await checks.run(connect, verify.CHECKS)
        wrong = {finding.check: finding.examples for finding in findings if finding.differences}
        assert not wrong, wrong


@pytest.fixture
async def place(dsn: str) -> AsyncIterator[Place]:
    connection = await asyncpg.connect(dsn)
    yield Place(dsn, connection)
    await connection.close()


def taken(found: Sequence[Claim | None]) -> list[int]:
    return [one.e164 for one in found if one is not None]


async def test_excluded_prefixes_are_passed_over_and_stay_for_others(place: Place) -> None:
    await place.stock(30)
    tens = tuple(str(place.first + 10 * ten)[:-1] for ten in (0, 1))
    found = taken(await place.claim(*[place.wish(A, excluded=tens)] * 10))
    assert sorted(found) == [place.first + 20 + one for one in range(10)]
    await place.prove()
    assert taken(await place.claim(place.wish(A, excluded=tens))) == []
    rest = taken(await place.claim(*[place.wish(A)] * 20))
    assert sorted(rest) == [place.first + one for one in range(20)]
    await place.prove()


async def test_picky_and_plain_wishes_in_one_batch_get_what_suits_them(place: Place) -> None:
    await place.stock(20)
    low = (str(place.first)[:-1],)
    wishes = [place.wish(A, excluded=low), place.wish(A)] * 10
    found = await place.claim(*wishes)
    picky = [one for one in found[::2] if one is not None]
    assert all(one.e164 >= place.first + 10 for one in picky)
    assert len(set(taken(found))) == len(taken(found)) >= 15
    await place.prove()


async def test_a_picky_wish_looks_at_a_bounded_number_and_gets_on_the_next_time(place: Place) -> None:
    await place.stock(2_000)
    good = place.first + 1_999
    everything_else = tuple(
        str(place.first // 1_000 + thousand) + str(hundred) for thousand in (0, 1) for hundred in range(10)
    )
    excluded = tuple(one for one in everything_else if not str(good).startswith(one))
    excluded += tuple(str(good)[:-2] + str(ten) for ten in range(9)) + tuple(
        str(good)[:-1] + str(one) for one in range(9)
    )
    looked = []
    for _ in range(60):
        before = await place.piled(A)
        found = taken(await place.claim(place.wish(A, excluded=excluded)))
        looked.append(await place.piled(A) - before)
        if found:
            break
    assert found == [good]
    assert 0 <= min(looked) <= max(looked) <= MOST_LOOKED_AT
    await place.prove()


async def test_rejected_numbers_on_a_pile_do_not_hide_the_good_ones_behind_them(place: Place) -> None:
    await place.stock(400)
    nobody = tuple(str(place.first // 1_000) + str(hundred) for hundred in range(4))
    assert taken(await place.claim(place.wish(A, excluded=nobody))) == []
    while await place.piled(A) < 400:
        assert taken(await place.claim(place.wish(A, excluded=nobody))) == []
    await place.prove()
    good = nobody[:3]
    found = {one for _ in range(40) for one in taken(await place.claim(place.wish(A, excluded=good)))}
    assert len(found) >= 38  # a claim that begins behind the last good one begins again in front
    assert all(one >= place.first + 300 for one in found)
    await place.prove()


async def test_further_services_are_used_up_with_the_number(place: Place) -> None:
    await place.stock(6)
    found = await place.claim(place.wish(A, also=(B, C)), place.wish(B), place.wish(C, also=(A,)))
    assert len(set(taken(found))) == 3
    both = found[0]
    assert both is not None
    assert await place.uses(both.number_id) == [A, B, C]
    await place.prove()
    await place.free_again()
    numbers = {one.number_id for one in await place.claim(*[place.wish(B)] * 6) if one is not None}
    assert both.number_id not in numbers
    assert len(numbers) == 4
    await place.prove()


async def test_a_number_on_the_piles_of_the_further_services_leaves_them(place: Place) -> None:
    await place.stock(8)
    nobody = (str(place.first)[:-1],)
    assert taken(await place.claim(place.wish(B, excluded=nobody), place.wish(C, excluded=nobody))) == []
    while min(await place.piled(B), await place.piled(C)) < 8:
        await place.claim(place.wish(B, excluded=nobody), place.wish(C, excluded=nobody))
    await place.prove()
    found = await place.claim(*[place.wish(A, also=(B, C))] * 8)
    assert len(set(taken(found))) == 8
    assert (await place.piled(B), await place.piled(C)) == (0, 0)
    await place.prove()


async def test_a_number_that_rests_for_a_further_service_is_not_taken(place: Place) -> None:
    await place.stock(3)
    first = (await place.claim(place.wish(B)))[0]
    assert first is not None
    await place.free_again()
    async with place.connection.transaction():
        await place.connection.execute("delete from use where number_id = $1", first.number_id)
        await place.connection.execute(
            "insert into passed (number_id, service_id, not_before, tries) values ($1, $2, now() + interval '1 h', 1)",
            first.number_id, B,
        )  # fmt: skip
    found = await place.claim(*[place.wish(A, also=(B,))] * 3)
    assert first.e164 not in taken(found)
    assert len(taken(found)) == 2
    await place.prove()


async def test_whatever_two_services_ask_for_in_one_batch_the_stock_stays_whole(place: Place) -> None:
    await place.stock(40)
    low = (str(place.first)[:-1],)
    for turn in range(12):
        kinds = [place.wish(A), place.wish(B, also=(A,)), place.wish(A, also=(B, C)), place.wish(C, excluded=low)]
        found = await place.claim(*(kinds[turn % 4 :] + kinds[: turn % 4]))
        assert len(set(taken(found))) == len(taken(found))
        await place.prove()
        if turn % 3 == 2:
            await place.free_again()
            await place.prove()
