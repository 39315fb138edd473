"""Numbers that others have locked for a moment: nobody is told "none left" while they may come back free."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from numbank.db import counter
from numbank.db.checks import Session, prove_all
from numbank.errors import NoNumbers
from numbank.rent.model import Rental
from numbank.server.app import App
from tests.rent.support import RENTABLE, Renter, terms
from tests.support import Caller, Shop, open_bank, until
from tests.verify.used_bank import ALL_CHECKS, broken

COUNTRY = 0


@pytest.fixture
async def bank(own_dsn: str) -> AsyncIterator[tuple[App, Shop, str]]:
    async with open_bank(own_dsn, sweep_every_s=3600.0, early_cancel_s=0) as (app, shop):
        await terms(shop, "full", country=COUNTRY)
        await shop.offer("wa", "av", country=COUNTRY)
        await shop.numbers(3, country=COUNTRY, abilities=RENTABLE)
        await shop.counted()
        yield app, shop, own_dsn


class Holder:
    """Another transaction that holds numbers."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self.connection = connection

    async def met(self) -> None:
        """Wait until somebody passed all of them by: their bookmark is at its end."""

        async def passed_by() -> bool:
            return bool(await self.connection.fetchval("select count(*) >= 3 from pile"))

        await until(passed_by)


@asynccontextmanager
async def holding(dsn: str) -> AsyncIterator[Holder]:
    connection = await asyncpg.connect(dsn)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("select from number for no key update")
        yield Holder(connection)
        await transaction.rollback()
    finally:
        await connection.close()


Ask = Callable[[App, Shop], Awaitable[object]]


async def lease(app: App, shop: Shop) -> object:
    return await Caller(app, (await shop.customer())[1]).get("getNumber", service="wa", country=COUNTRY)


async def several(app: App, shop: Shop) -> object:
    caller = Caller(app, (await shop.customer())[1])
    return await caller.get("getMultiServiceNumber", multiService="av,wa", country=COUNTRY)


async def rent(app: App, shop: Shop) -> object:
    return await (await Renter.new(app, shop)).try_rent("full", country=COUNTRY)


def won(answer: object) -> bool:
    return isinstance(answer, Rental) or (isinstance(answer, str) and answer.startswith(("ACCESS_NUMBER", '[{"phone"')))


@pytest.mark.parametrize("ask", [lease, several, rent])
async def test_who_meets_numbers_in_other_hands_gets_one_when_they_are_let_go(
    bank: tuple[App, Shop, str], ask: Ask
) -> None:
    app, shop, dsn = bank
    async with holding(dsn) as holder:
        asked = asyncio.ensure_future(ask(app, shop))
        await holder.met()
        assert not asked.done()
    assert won(await asked)


@pytest.mark.parametrize("ask", [lease, several, rent])
async def test_what_stays_in_other_hands_is_refused_after_a_while(
    bank: tuple[App, Shop, str], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counter, "MOST_PAUSES", 3)
    app, shop, dsn = bank
    async with holding(dsn):
        answer = await ask(app, shop)
    assert answer == "NO_NUMBERS" or isinstance(answer, NoNumbers)
    assert won(await ask(app, shop))


async def test_what_another_pool_has_is_given_when_the_cheapest_stays_in_other_hands(
    bank: tuple[App, Shop, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counter, "MOST_PAUSES", 3)
    app, shop, dsn = bank
    async with holding(dsn):
        (number,) = await shop.numbers(1, country=COUNTRY, operator="beeline")
        await shop.offer("wa", country=COUNTRY, operator="beeline", price=2_000)
        await shop.counted()
        answer = await Caller(app, (await shop.customer())[1]).get(
            "getNumber", service="wa", country=COUNTRY, maxPrice="0.5"
        )
    assert answer.split(":")[2] == str(number)


async def test_what_is_taken_by_those_who_held_it_is_refused(bank: tuple[App, Shop, str]) -> None:
    app, shop, dsn = bank
    async with holding(dsn) as holder:
        asked = asyncio.ensure_future(lease(app, shop))
        await holder.met()
        await holder.connection.execute("update number set state = 1, holder = 1")
        await holder.connection.execute("commit; begin")
        assert await asked == "NO_NUMBERS"


async def test_a_bank_that_closes_still_answers_who_waits_for_them(own_dsn: str) -> None:
    async with open_bank(own_dsn, sweep_every_s=3600.0) as (app, shop):
        await shop.offer("wa", country=COUNTRY)
        await shop.numbers(3, country=COUNTRY)
        connection = await asyncpg.connect(own_dsn)
        await connection.execute("begin; select from number for no key update")
        asked = asyncio.ensure_future(lease(app, shop))
        await Holder(connection).met()
        closing = asyncio.ensure_future(app.bank.lease.stop())
        await connection.execute("rollback")
        await closing
        assert won(await asked)
        await connection.close()


@pytest.mark.parametrize("service", ["wa", "av"])
async def test_a_number_in_other_hands_that_was_used_ahead_of_a_bookmark_is_on_no_pile(
    bank: tuple[App, Shop, str], service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counter, "MOST_PAUSES", 3)
    app, shop, dsn = bank
    assert won(await several(app, shop))
    caller = Caller(app, (await shop.customer())[1])
    async with holding(dsn):
        assert await caller.get("getNumber", service=service, country=COUNTRY) == "NO_NUMBERS"
    assert broken(await prove_all(Session(shop.connection, 1000), ALL_CHECKS)) == {}
