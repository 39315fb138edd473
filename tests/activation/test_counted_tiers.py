"""A count that the operator gives to a tier is of what is leased on it: not one lease more, not one less, whoever waited for
whom. Two connections, in forced order.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import pytest

from numbank.server.app import App
from tests.support import Caller, Shop, open_bank, until

LEFT = "select remaining from offer where country_id = $1 and price = 1000"
WAITS = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"
_countries = count(100)


class Market:
    """A country of its own with one tier, sold by one node; `shop` and `other` are connections beside its own."""

    def __init__(self, app: App, shop: Shop, other: Shop, country: int) -> None:
        self.app, self.shop, self.other, self.country = app, shop, other, country
        self.customer_id, self.caller = 0, Caller(app, "")

    async def set_count(self, shop: Shop, left: int | None) -> None:
        """What the operator does; within the transaction of that connection, if it has one."""
        await shop.tier("tg", 1_000, country=self.country, count=left)

    async def lease(self) -> int:
        """Buy one."""
        return (await self.caller.lease("tg", country=self.country))[0]

    async def cancel(self, lease_id: int) -> None:
        """Cancel it, which is allowed."""
        assert await self.caller.get("setStatus", id=lease_id, status=8) == "ACCESS_CANCEL"

    async def left(self) -> int | None:
        """How many the tier has left."""
        left: int | None = await self.other.connection.fetchval(LEFT, self.country)
        return left

    async def somebody_waits(self, watching: Shop) -> None:
        """Until a transaction waits for a lock."""

        async def waits() -> bool:
            return bool(await watching.connection.fetchval(WAITS))

        await until(waits)


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop, Shop]]:
    async with (
        open_bank(dsn, early_cancel_s=0, cool_down_s=0) as (app, shop),
        open_bank(dsn, early_cancel_s=0, cool_down_s=0) as (_, other),
    ):
        yield app, shop, other


@pytest.fixture
async def market(bank: tuple[App, Shop, Shop]) -> Market:
    app, shop, other = bank
    country = next(one for one in _countries if one in app.bank.catalogue.countries)
    made = Market(app, shop, other, country)
    made.customer_id, key = await shop.customer()
    made.caller = Caller(app, key)
    await shop.numbers(20, country=country)
    await shop.offer("tg", country=country, price=1_000)
    return made


async def test_a_lease_from_before_a_count_gives_nothing_back_though_it_began_later(market: Market) -> None:
    """The time of a transaction is that of its beginning: it does not tell on which count a lease was taken."""
    async with market.shop.connection.transaction():
        await market.shop.connection.fetchval("select bank_now()")
        unlimited = await market.lease()
        await market.set_count(market.shop, 5)
    await market.cancel(unlimited)
    assert await market.left() == 5


async def test_a_lease_that_did_not_see_the_count_yet_gives_nothing_back_to_it(market: Market) -> None:
    """It waits for nobody, for no tier without a limit is locked; and its id is drawn after the count was written."""
    async with market.shop.connection.transaction():
        await market.set_count(market.shop, 5)
        unlimited = await market.lease()
    await market.cancel(unlimited)
    assert await market.left() == 5
    for _ in range(2):
        counted = await market.lease()
        assert await market.left() == 4
        await market.cancel(counted)
        assert await market.left() == 5


async def test_a_lease_that_began_before_a_count_and_is_of_it_is_given_back(market: Market) -> None:
    await market.set_count(market.shop, 3)
    async with market.shop.connection.transaction():
        await market.shop.connection.execute("select from account where id = $1 for no key update", market.customer_id)
        leasing = asyncio.ensure_future(market.lease())
        await market.somebody_waits(market.other)
        await market.set_count(market.other, 8)
    counted = await leasing
    assert await market.left() == 7
    await market.cancel(counted)
    assert await market.left() == 8


async def test_a_count_that_is_set_while_a_cancel_waits_for_it_gets_nothing_back(market: Market) -> None:
    await market.set_count(market.shop, 3)
    of_the_old_count = await market.lease()
    async with market.shop.connection.transaction():
        await market.set_count(market.shop, 5)
        cancelling = asyncio.ensure_future(market.cancel(of_the_old_count))
        await market.somebody_waits(market.other)
    await cancelling
    assert await market.left() == 5


async def test_a_limit_that_was_lifted_in_between_counts_anew(market: Market) -> None:
    await market.set_count(market.shop, 3)
    of_the_old_count = await market.lease()
    await market.set_count(market.shop, None)
    unlimited = await market.lease()
    await market.cancel(of_the_old_count)
    assert await market.left() is None
    await market.set_count(market.shop, 1)
    await market.cancel(unlimited)
    assert await market.left() == 1


async def test_leases_of_which_it_is_not_known_whether_they_were_counted_go_by_time(market: Market) -> None:
    """Those from before 0013_counted_after.sql."""
    forget = "update activation set counted = null where id = any($1)"
    before = await market.lease()
    await market.set_count(market.shop, 5)
    after = await market.lease()
    # The count of old code, which knew the time only.
    await market.shop.connection.execute("update offer set limited_after = null where country_id = $1", market.country)
    await market.shop.connection.execute(forget, [before, after])
    await market.cancel(before)
    assert await market.left() == 4
    await market.cancel(after)
    assert await market.left() == 5
    late = await market.lease()
    await market.shop.connection.execute(forget, [late])
    await market.set_count(market.shop, 2)
    await market.cancel(late)
    assert await market.left() == 2
