"""Sales are counted where leases begin and get their first message, once each, and folded by one node."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from numbank.catalogue import sales
from numbank.catalogue.sales import Sales
from numbank.server.app import App
from tests.support import Caller, Shop, open_bank, push, until


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0, statistics_fold_s=3600) as (app, shop):
        await shop.numbers(100)
        await shop.numbers(50, country=2)
        await shop.offer("tg", "wa")
        await shop.offer("tg", country=2)
        yield app, shop


async def test_leases_and_first_messages_count(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    caller = Caller(app, (await shop.customer())[1])
    for country, service, messages in (
        (0, "tg", 2),
        (0, "tg", 0),
        (0, "wa", 1),
        (2, "tg", 1),
        (2, "tg", 0),
        (2, "tg", 0),
    ):
        lease_id, e164 = await caller.lease(service, country=country)
        for number in range(messages):
            await push(app, e164, f"Your code is 1000{number}")
            await caller.get("setStatus", id=lease_id, status=3)
    telegram, whatsapp = (app.bank.catalogue.by_code[code].id for code in ("tg", "wa"))
    assert await sales.of_service(app.bank.pool, telegram) == {}

    async def fold() -> int:
        async with app.bank.pool.acquire() as connection, connection.transaction():
            return await sales.fold(connection, most=3)

    async def folded() -> bool:
        await asyncio.gather(fold(), fold())
        return not await shop.connection.fetchval("select exists (select from tally_move)")

    await until(folded)
    assert await sales.of_service(app.bank.pool, telegram) == {0: Sales(2, 1), 2: Sales(3, 1)}
    assert await sales.of_everything(app.bank.pool) == {
        (0, telegram): Sales(2, 1), (2, telegram): Sales(3, 1), (0, whatsapp): Sales(1, 1),
    }  # fmt: skip


async def test_only_the_last_days_count(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    wanted = app.bank.catalogue.by_code["vk"].id
    for days in (0, 29, 30):
        await shop.connection.execute(
            "insert into tally (service_id, day, country_id, supplier_id, leased, delivered)"
            " values ($1, (now() at time zone 'utc')::date - $2::int, 1, 1, 10, 5)",
            wanted,
            days,
        )
    assert await sales.of_service(app.bank.pool, wanted) == {1: Sales(20, 10)}
    assert (await sales.of_service(app.bank.pool, wanted))[1].rate == 0.5
    assert Sales(0, 0).rate == 0.0
