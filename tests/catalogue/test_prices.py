"""What an offer covers: price lists and leases tell the same story."""

from __future__ import annotations

from typing import cast

import pytest

from numbank.catalogue.prices import PriceLists
from numbank.catalogue.sales import Sales
from numbank.db.pool import Pool
from tests.support import Caller, open_bank, until


async def test_an_operators_own_price_beats_that_of_any_operator(dsn: str) -> None:
    async with open_bank(dsn, operator_fallback=False) as (app, shop):
        _, key = await shop.customer(balance=10_000_000)
        caller = Caller(app, key)
        await shop.numbers(4, operator="mts")
        await shop.numbers(6, operator="beeline")
        await shop.offer("tg", price=1_000)
        await shop.offer("tg", price=50_000, operator="beeline")
        await shop.counted()
        assert await caller.get("getPrices", country=0) == '{"0":{"tg":{"cost":0.1,"count":4,"physicalCount":4}}}'
        assert await caller.get("getNumbersStatus", country=0, operator="beeline") == '{"tg_0":6}'
        assert await caller.get("getNumbersStatus", country=0, operator="mts") == '{"tg_0":4}'
        dear = await caller.json("getNumberV2", service="tg", operator="beeline")
        assert (dear["activationCost"], dear["activationOperator"]) == (5, "beeline")
        cheap = [await caller.json("getNumberV2", service="tg") for _ in range(4)]
        assert {(one["activationCost"], one["activationOperator"]) for one in cheap} == {(0.1, "mts")}
        # The regular price is sold out; a dearer number is only sold to who allows for it.
        assert await caller.get("getNumber", service="tg") == "NO_NUMBERS"
        assert await caller.get("getNumber", service="tg", maxPrice="1") == "WRONG_MAX_PRICE:5.00"
        assert (await caller.get("getNumber", service="tg", maxPrice="5")).startswith("ACCESS_NUMBER:")


async def test_a_supplier_that_is_switched_off_sells_nothing(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        _, key = await shop.customer()
        caller = Caller(app, key)
        await shop.numbers(3, country=1)
        await shop.offer("wa", country=1)
        await shop.connection.execute("update supplier set active = false")
        assert await caller.get("getNumber", service="wa", country=1) == "NO_NUMBERS"
        assert await caller.get("getPrices", country=1) == "{}"
        await shop.connection.execute("update supplier set active = true")
        assert (await caller.get("getNumber", service="wa", country=1)).startswith("ACCESS_NUMBER:")


@pytest.mark.parametrize("unused_rest_s", [0.05, 0.6])
async def test_counts_never_say_more_than_can_be_leased(dsn: str, unused_rest_s: float) -> None:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0.3, unused_rest_s=unused_rest_s) as (app, shop):
        _, key = await shop.customer()
        caller = Caller(app, key)
        country = 3 if unused_rest_s < 0.3 else 4
        await shop.numbers(5, country=country)
        await shop.offer("tg", country=country)
        for _ in range(3):
            lease_id, _ = await caller.lease(country=country)
            await caller.get("setStatus", id=lease_id, status=8)

        seen = set()

        async def all_are_back() -> bool:
            await shop.counted()
            shown = await caller.json("getNumbersStatus", country=country)
            seen.add(int(shown["tg_0"]))
            return 5 in seen

        await until(all_are_back)
        assert min(seen) >= 2
        assert max(seen) == 5


def test_all_sales_are_forgotten_when_they_are_too_old_to_be_shown() -> None:
    """Some hundred thousand rows of a big bank, for a list that somebody asked for once."""
    now = [0.0]
    prices = PriceLists(cast(Pool, None), 0.05, lambda: now[0])  # nobody asks the database
    sold = prices._all_sales = (0.0, {(0, 1): Sales(1, 1)})
    for now[0], kept in ((29.0, sold), (59.0, sold), (61.0, None)):
        prices.forget()
        assert prices._all_sales == kept
    slow = PriceLists(None, 0.25, lambda: now[0])  # type: ignore[arg-type]
    slow._all_sales = sold
    now[0] = 149.0
    slow.forget()
    assert slow._all_sales == sold
