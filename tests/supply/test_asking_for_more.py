"""Suppliers that have to be asked, for more than an SMS: calls, forwarding, prefixes, and tiers with a count."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from numbank.supply.asking import NoStock, Outcome
from numbank.supply.numbers import CALL, FORWARD, SMS
from tests.supply.asked import Market, Played, held, number, open_market
from tests.support import PRICE


@pytest.fixture
async def market(dsn: str) -> AsyncIterator[Market]:
    async with open_market(dsn) as opened:
        opened.country = number() % 150 + 1
        yield opened


async def name_of(market: Market, supplier_id: int) -> str:
    name: str = await market.shop.connection.fetchval("select name from supplier where id = $1", supplier_id)
    return name


async def test_a_supplier_is_asked_only_for_what_it_says_that_it_can(market: Market) -> None:
    caller = await market.customer()
    played = Played(held(), held(), held())
    supplier_id = await market.supplier(played, service="av")
    name = await name_of(market, supplier_id)
    for kind in (1, 2):
        await market.shop.tier("av", PRICE, country=market.country, kind=kind, supplier=name)
    wanted: list[dict[str, object]] = [
        {"activationType": 1}, {"activationType": 2, "language": "pt-br"}, {"forward": 1},
    ]  # fmt: skip
    for params in wanted:
        assert await caller.get("getNumber", service="av", country=market.country, **params) == "NO_NUMBERS"
    assert played.asked == []
    assert (
        await market.shop.connection.fetchval("select count(*) from hold where account_id = $1", market.customer_id)
        == 0
    )
    market.app.bank.asked.register(supplier_id, played, SMS | CALL | FORWARD)
    for params in wanted:
        await caller.lease("av", country=market.country, **params)
    assert [(one.kind, one.forward, one.language) for one in played.asked] == [
        (1, False, None), (2, False, "pt-BR"), (0, True, None),
    ]  # fmt: skip
    rows = await market.shop.connection.fetch(
        "select kind, forward, language from activation where account_id = $1 order by id", market.customer_id
    )
    assert [tuple(row) for row in rows] == [(1, False, None), (2, False, "pt-BR"), (0, True, None)]


async def test_a_number_with_an_excluded_prefix_is_given_back(market: Market) -> None:
    caller = await market.customer()
    bad = number()
    played = Played(held(bad), held(bad))
    supplier_id = await market.supplier(played)
    prefix = str(bad)[:6]
    answer = await caller.get("getNumber", service="tg", country=market.country, phoneException=f"1111,{prefix}")
    assert answer == "NO_NUMBERS"
    assert played.asked[0].excluded == ("1111", prefix)
    await market.becomes(supplier_id, 5)
    assert played.told == [(f"ref-{bad}", Outcome.CANCELLED)]
    assert await market.shop.cash(market.customer_id) == 1_000_000
    assert (await caller.lease("tg", country=market.country, phoneException="1111"))[1] == bad


async def test_a_tier_of_an_asked_supplier_is_counted_down_and_given_back_with_the_order(market: Market) -> None:
    caller = await market.customer()
    played = Played(NoStock(), held(), held())
    supplier_id = await market.supplier(played, price=2 * PRICE)
    await market.shop.tier("tg", PRICE, country=market.country, count=1, supplier=await name_of(market, supplier_id))
    left = "select remaining from offer where supplier_id = $1 and remaining is not null"
    assert await caller.get("getNumber", service="tg", country=market.country, maxPrice="0.1") == "NO_NUMBERS"
    assert await market.shop.connection.fetchval(left, supplier_id) == 1
    await caller.lease("tg", country=market.country, maxPrice="0.1")
    assert await market.shop.connection.fetchval(left, supplier_id) == 0
    await caller.lease("tg", country=market.country, maxPrice="0.2")
    assert await market.shop.cash(market.customer_id) == 1_000_000 - 3 * PRICE


async def test_a_lease_is_counted_once_however_many_suppliers_are_asked_for_it(market: Market) -> None:
    caller = await market.customer()
    await market.shop.connection.execute(
        "update customer set leases_per_min = 3, max_live = 1 where id = $1", market.customer_id
    )
    empty, full = Played(), Played(held())
    await market.supplier(empty)
    await market.supplier(Played())
    await market.supplier(full, price=2 * PRICE)
    await caller.lease("tg", country=market.country, maxPrice="1")
    assert await caller.get("getNumber", service="tg", country=market.country, maxPrice="1") == "CHANNELS_LIMIT"


async def test_orders_that_brought_no_number_do_not_use_up_the_minute(market: Market) -> None:
    caller = await market.customer()
    await market.shop.connection.execute("update customer set leases_per_min = 3 where id = $1", market.customer_id)
    await market.supplier(Played())
    await market.supplier(Played(held(), held(), held(), held()), price=2 * PRICE)
    for _ in range(3):
        await caller.lease("tg", country=market.country, maxPrice="1")
    assert await caller.get("getNumber", service="tg", country=market.country, maxPrice="1") == "TOO_MANY_REQUESTS"
