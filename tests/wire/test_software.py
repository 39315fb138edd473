"""buyPartnerProduct as customers see it, in both dialects."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from numbank.customers import bans
from numbank.server.app import App
from numbank.software import stock
from numbank.wire.dialects import DIALECTS, Dialect
from tests.software.world import MANUAL, PRICE, key_file, key_in, product, reseller, right, shop_open, stocked
from tests.support import Caller, Shop

Bank = tuple[App, Shop, Path]


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[Bank]:
    async with shop_open(dsn) as (app, shop):
        yield app, shop, key_file(dsn)
        await right(shop)


async def seller(bank: Bank, balance: int = 1_000_000) -> tuple[Caller, int]:
    """A verified reseller."""
    app, shop, _ = bank
    customer_id, [caller] = await reseller((app,), shop, balance)
    return caller, customer_id


async def test_a_key_is_bought_under_both_names_of_the_parameter(bank: Bank) -> None:
    _, shop, path = bank
    product_id = await stocked(shop, path, "names", ["NAME-1", "NAME-2"])
    caller, customer_id = await seller(bank)
    answer = await caller.raw("buyPartnerProduct", productId=product_id)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"status": "success", "key": "NAME-1", "manual": MANUAL}
    assert await caller.json("buyPartnerProduct", id=f" {product_id} ") == {
        "status": "success", "key": "NAME-2", "manual": MANUAL,
    }  # fmt: skip
    assert await caller.get("buyPartnerProduct", productId=product_id) == "NO_NUMBERS"
    assert await shop.cash(customer_id) == 1_000_000 - 2 * PRICE


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.name)
async def test_every_refusal_has_its_plain_word(bank: Bank, dialect: Dialect) -> None:
    app, shop, path = bank
    product_id = await stocked(shop, path, f"words {dialect.name}", [f"WORD-{dialect.name}"])
    empty = await product(shop, f"empty {dialect.name}")
    off = await stocked(shop, path, f"off {dialect.name}", [f"OFF-{dialect.name}"])
    async with shop.connection.transaction():
        await stock.change(shop.connection, off, active=False)
    rich, _ = await seller(bank)
    poor, _ = await seller(bank, PRICE - 1)
    _, plain = await shop.customer()

    async def word(caller: Caller, **params: Any) -> str:
        fields = {"api_key": caller.key, "action": "buyPartnerProduct"} | {
            name: str(one) for name, one in params.items()
        }
        return (await caller.post(dialect.paths[0], params=fields)).text

    for nonsense in ("", "abc", "-1", "1.0", "9" * 40, 2**31, 2**63, 0, "1\0", "null"):
        assert await word(rich, productId=nonsense) == "BAD_DATA", nonsense
    assert await word(rich) == "BAD_DATA"
    assert await word(rich, productId=off) == "BAD_DATA"
    assert await word(rich, productId=empty) == "NO_NUMBERS"
    assert await word(poor, productId=product_id) == "NO_BALANCE"
    for wanted in (product_id, "abc", ""):
        assert await word(Caller(app, plain), productId=wanted) == "BAD_ACTION"
    assert key_in(await word(rich, productId=product_id)) == f"WORD-{dialect.name}"


@pytest.mark.parametrize(
    ("column", "word"), [("active = false", "ACCOUNT_INACTIVE"), ("blocked = true", "CHANNELS_LIMIT"), ("", "BANNED:'")]
)
async def test_the_state_of_the_account_comes_first(bank: Bank, column: str, word: str) -> None:
    app, shop, _ = bank
    customer_id, key = await shop.customer()
    if column:
        await shop.connection.execute(f"update customer set {column} where id = $1", customer_id)
    else:
        async with shop.connection.transaction():
            await bans.add(shop.connection, customer_id, until=None, for_=timedelta(days=1), reason="test")
    assert (await Caller(app, key).get("buyPartnerProduct", productId="abc")).startswith(word)


async def test_a_purchase_counts_for_no_limit_of_leases(bank: Bank) -> None:
    _, shop, path = bank
    product_id = await stocked(shop, path, "limits", [f"LIMIT-{turn}" for turn in range(4)])
    caller, customer_id = await seller(bank)
    await shop.connection.execute("update customer set max_live = 1, leases_per_min = 1 where id = $1", customer_id)
    for turn in range(4):
        assert key_in(await caller.get("buyPartnerProduct", productId=product_id)) == f"LIMIT-{turn}"


async def test_keys_and_manuals_of_any_kind_come_through_as_they_are(bank: Bank) -> None:
    _, shop, path = bank
    keys = ['"quoted"\\', "ключ-ü-\N{GRINNING FACE}", "a b:c;d,e", "<b>&amp;", "x" * 1_000]
    product_id = await stocked(shop, path, "kinds", keys)
    caller, _ = await seller(bank)
    for key in keys:
        bought = msgspec.json.decode(await caller.get("buyPartnerProduct", productId=product_id))
        assert bought["key"] == key


async def test_nobody_tops_up_by_qiwi(bank: Bank) -> None:
    app, shop, _ = bank
    _, key = await shop.customer()
    assert await Caller(app, key).json("getQiwiRequisites") == {"status": "FALSE"}
