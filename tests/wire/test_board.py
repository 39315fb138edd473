"""The full price list: made once for everybody who asks at the same time."""

from __future__ import annotations

import asyncio

from tests.support import Caller, open_bank


async def test_those_who_ask_together_get_one_list_that_was_made_once(dsn: str) -> None:
    async with open_bank(dsn, price_list_age_s=0.3) as (app, shop):
        _, key = await shop.customer()
        caller = Caller(app, key)
        await shop.numbers(2)
        await shop.offer("tg")
        await shop.counted()
        prices = app.bank.prices
        read: list[int] = []
        real = prices.of

        async def counted(country_id: int, operators: frozenset[int] = frozenset()) -> object:
            read.append(country_id)
            return await real(country_id, operators)

        prices.of = counted  # type: ignore[assignment]
        answers = await asyncio.gather(*(caller.get("getPrices") for _ in range(5)))
        assert set(answers) == {'{"0":{"tg":{"cost":0.1,"count":2,"physicalCount":2}}}'}
        assert len(read) == len(app.bank.catalogue.countries)
        await caller.lease()
        await shop.counted()

        async def is_new() -> bool:
            return await caller.get("getPrices") == '{"0":{"tg":{"cost":0.1,"count":1,"physicalCount":1}}}'

        for _ in range(100):
            if await is_new():
                break
            await asyncio.sleep(0.02)
        assert await is_new()
