"""What a purchase does to money, keys and cashback, and what is refused without a trace."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from numbank import secrets
from numbank.db.seals import Seals
from numbank.errors import NoBalance, NoKeysLeft, NoProduct, Unavailable
from numbank.hooks import book
from numbank.secrets import KeyFile
from numbank.server.app import App
from numbank.software import stock
from numbank.software.model import Bought, BuyRequest
from tests.software.world import MANUAL, PRICE, key_file, load, product, right, shop_open, stocked
from tests.support import Shop

Open = tuple[App, Shop, Path]
MILLION = 10_000_000


@pytest.fixture(scope="module")
async def opened(dsn: str) -> AsyncIterator[Open]:
    async with shop_open(dsn, cashback_bp=500) as (app, shop):
        yield app, shop, key_file(dsn)


async def buy(app: App, account_id: int, product_id: int) -> Bought:
    bought = await app.bank.software.counter.ask(BuyRequest(account_id, product_id))
    assert isinstance(bought, Bought), bought
    return bought


async def test_a_shop_that_never_had_a_key_has_none_left(opened: Open) -> None:
    app, shop, path = opened
    assert not path.exists(), "the first test of this bank"
    product_id = await product(shop, "never")
    customer_id, _ = await shop.customer(MILLION)
    assert isinstance(await app.bank.software.counter.ask(BuyRequest(customer_id, product_id)), NoKeysLeft)


async def test_a_purchase_takes_the_price_and_gives_the_oldest_key_and_the_manual(opened: Open) -> None:
    app, shop, path = opened
    product_id = await stocked(shop, path, "first", ["FIRST-1", "FIRST-2"])
    customer_id, _ = await shop.customer(MILLION)
    keys = []
    for _ in range(2):
        bought = await buy(app, customer_id, product_id)
        assert bought.manual == MANUAL
        keys.append(app.bank.desks.software.open_key(bought.sealed_key))
    assert keys == ["FIRST-1", "FIRST-2"]
    assert await shop.cash(customer_id) == MILLION - 2 * PRICE
    assert isinstance(await app.bank.software.counter.ask(BuyRequest(customer_id, product_id)), NoKeysLeft)
    assert await shop.cash(customer_id) == MILLION - 2 * PRICE
    await right(shop)


async def test_a_purchase_earns_cashback_and_spends_it_where_the_account_does(opened: Open) -> None:
    app, shop, path = opened
    product_id = await stocked(shop, path, "cashback", ["CASH-1", "CASH-2"])
    customer_id, _ = await shop.customer(PRICE)
    await shop.connection.execute("update customer set cashback_bp = 10000 where id = $1", customer_id)
    await buy(app, customer_id, product_id)
    earned = "select cash, cashback from account where id = $1"
    assert tuple(await shop.connection.fetchrow(earned, customer_id) or ()) == (0, PRICE)
    refused = await app.bank.software.counter.ask(BuyRequest(customer_id, product_id))
    assert isinstance(refused, NoBalance), "the switch is off"
    await shop.connection.execute(
        "update customer set spend_cashback = true, cashback_bp = 1000 where id = $1", customer_id
    )
    await buy(app, customer_id, product_id)
    assert tuple(await shop.connection.fetchrow(earned, customer_id) or ()) == (0, PRICE // 10)
    await right(shop)


async def test_the_rate_of_the_settings_counts_for_the_others(opened: Open) -> None:
    app, shop, path = opened
    product_id = await stocked(shop, path, "rate", ["RATE-1"])
    customer_id, _ = await shop.customer(PRICE)
    await buy(app, customer_id, product_id)
    cashback = await shop.connection.fetchval("select cashback from account where id = $1", customer_id)
    assert cashback == PRICE * 500 // 10_000


async def test_what_is_refused_leaves_nothing_behind(opened: Open) -> None:
    app, shop, path = opened
    product_id = await stocked(shop, path, "refused", ["REF-1"])
    off = await stocked(shop, path, "off", ["OFF-1"])
    empty = await product(shop, "empty")
    async with shop.connection.transaction():
        await stock.change(shop.connection, off, active=False)
    rich, _ = await shop.customer(MILLION)
    poor, _ = await shop.customer(PRICE - 1)
    ask = app.bank.software.counter.ask
    before = await shop.connection.fetchval("select count(*) from entry")
    assert isinstance(await ask(BuyRequest(rich, 2**31 - 1)), NoProduct)
    assert isinstance(await ask(BuyRequest(rich, off)), NoProduct)
    assert isinstance(await ask(BuyRequest(rich, empty)), NoKeysLeft)
    assert isinstance(await ask(BuyRequest(poor, product_id)), NoBalance)
    assert await shop.connection.fetchval("select count(*) from entry") == before
    assert (await stock.counts(shop.connection, product_id)).stock == 1
    assert (await stock.counts(shop.connection, off)).stock == 1


async def test_money_that_bought_nothing_buys_what_is_asked_for_next(opened: Open) -> None:
    """Both stand in one batch: what the first set aside is free again when it gets no key."""
    app, shop, path = opened
    empty = await product(shop, "empty beside")
    product_id = await stocked(shop, path, "beside empty", ["NEXT-1"])
    customer_id, _ = await shop.customer(PRICE)
    ask = app.bank.software.counter.ask
    nothing, bought = await asyncio.gather(*(ask(BuyRequest(customer_id, one)) for one in (empty, product_id)))
    assert isinstance(nothing, NoKeysLeft)
    assert isinstance(bought, Bought)
    assert await shop.cash(customer_id) == 0


async def test_a_free_product_is_sold_without_money(opened: Open) -> None:
    app, shop, path = opened
    product_id = await stocked(shop, path, "free", ["FREE-1"], price=0)
    customer_id, _ = await shop.customer(0)
    assert app.bank.desks.software.open_key((await buy(app, customer_id, product_id)).sealed_key) == "FREE-1"
    await right(shop)


async def test_nobody_pays_for_a_key_that_cannot_be_opened(opened: Open) -> None:
    app, shop, path = opened
    product_id = await stocked(shop, path, "broken", ["BROKEN-1"])
    await shop.connection.execute("update licence_key set sealed = 'nonsense' where product_id = $1", product_id)
    customer_id, _ = await shop.customer(MILLION)
    assert isinstance(await app.bank.software.counter.ask(BuyRequest(customer_id, product_id)), NoKeysLeft)
    hidden = path.with_suffix(".hidden")
    other = await stocked(shop, path, "hidden", ["HIDDEN-1"])
    path.rename(hidden)
    try:
        app.bank.seals._file = None  # as a node that was started without the file
        assert isinstance(await app.bank.software.counter.ask(BuyRequest(customer_id, other)), Unavailable)
    finally:
        hidden.rename(path)
    assert await shop.cash(customer_id) == MILLION
    await buy(app, customer_id, other)
    await shop.connection.execute("delete from licence_key where product_id = $1", product_id)


async def test_a_key_that_cannot_be_opened_does_not_stop_the_others(opened: Open) -> None:
    app, shop, path = opened
    product_id = await stocked(shop, path, "damaged", [f"DAMAGED-{turn}" for turn in range(6)])
    customer_id, _ = await shop.customer(MILLION)
    await shop.connection.execute("create table spare as select id, sealed from licence_key")
    await shop.connection.execute(
        "update licence_key set sealed = 'nonsense' where id in"
        " (select id from licence_key where product_id = $1 order by id limit 3)",
        product_id,
    )
    ask = app.bank.software.counter.ask
    found = await asyncio.gather(*(ask(BuyRequest(customer_id, product_id)) for _ in range(4)))
    sold = [app.bank.desks.software.open_key(one.sealed_key) for one in found if isinstance(one, Bought)]
    assert sorted(sold) == ["DAMAGED-3", "DAMAGED-4", "DAMAGED-5"]
    assert sum(isinstance(one, NoKeysLeft) for one in found) == 1
    assert await shop.cash(customer_id) == MILLION - 3 * PRICE
    # They are tried again when the file changed: the right one may have been copied here.
    await shop.connection.execute(
        "update licence_key l set sealed = s.sealed from spare s where s.id = l.id; drop table spare"
    )
    assert isinstance(await ask(BuyRequest(customer_id, product_id)), NoKeysLeft)
    os.utime(path)
    keys = [app.bank.desks.software.open_key((await buy(app, customer_id, product_id)).sealed_key) for _ in range(3)]
    assert keys == ["DAMAGED-0", "DAMAGED-1", "DAMAGED-2"]
    await right(shop)


async def test_not_any_number_of_keys_is_passed_by(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    app, shop, path = opened
    product_id = await stocked(shop, path, "many damaged", [f"MANY-{turn}" for turn in range(4)])
    other = await stocked(shop, path, "beside", ["BESIDE-1"])
    customer_id, _ = await shop.customer(MILLION)
    await shop.connection.execute("update licence_key set sealed = 'nonsense' where product_id = $1", product_id)
    monkeypatch.setattr("numbank.software.desk.MOST_DAMAGED", 2)
    for _ in range(2):
        assert isinstance(await app.bank.software.counter.ask(BuyRequest(customer_id, product_id)), Unavailable)
    await buy(app, customer_id, other)
    assert await shop.cash(customer_id) == MILLION - PRICE
    await shop.connection.execute("delete from licence_key where product_id = $1", product_id)


async def test_a_node_that_missed_the_new_key_file_sells_nothing_and_does_not_say_sold_out(opened: Open) -> None:
    app, shop, path = opened
    product_id = await stocked(shop, path, "missed", ["MISSED-1", "MISSED-2"])
    customer_id, _ = await shop.customer(MILLION)
    await buy(app, customer_id, product_id)
    other = path.with_suffix(".other")
    shutil.copy(path, other)
    secrets.append_key(other)
    secrets.promote_key(other)
    async with shop.connection.transaction():
        seals = Seals(other)
        await book.reseal(shop.connection, seals)
        await stock.reseal_pepper(shop.connection, seals)
        await stock.reseal_some(shop.connection, seals, 0, 10_000)
    ask = app.bank.software.counter.ask
    for _ in range(2):
        assert isinstance(await ask(BuyRequest(customer_id, product_id)), Unavailable)
    assert await shop.cash(customer_id) == MILLION - PRICE
    other.replace(path)
    bought = await buy(app, customer_id, product_id)
    assert app.bank.desks.software.open_key(bought.sealed_key) == "MISSED-2"


async def test_keys_are_sealed_with_the_key_of_the_bank_also_where_the_file_is_behind(opened: Open) -> None:
    """A node that was given the prepared file and then nothing more: what it seals must open when the old key is gone."""
    app, shop, path = opened
    product_id = await product(shop, "behind")
    secrets.append_key(path)
    ahead = path.with_suffix(".ahead")
    shutil.copy(path, ahead)
    secrets.promote_key(ahead)
    async with shop.connection.transaction():
        seals = Seals(ahead)
        await book.reseal(shop.connection, seals)
        await stock.reseal_pepper(shop.connection, seals)
        await stock.reseal_some(shop.connection, seals, 0, 10_000)
    secrets.drop_old_keys(ahead)
    await load(shop, path, product_id, ["BEHIND-1"])
    sealed = await shop.connection.fetchval("select sealed from licence_key where product_id = $1", product_id)
    assert KeyFile.read(ahead).open(sealed) == "BEHIND-1"
    ahead.replace(path)
    customer_id, _ = await shop.customer(MILLION)
    assert app.bank.desks.software.open_key((await buy(app, customer_id, product_id)).sealed_key) == "BEHIND-1"


async def test_the_window_shows_products_and_what_is_left(opened: Open) -> None:
    app, shop, path = opened
    product_id = await stocked(shop, path, "window", [f"WINDOW-{turn}" for turn in range(3)])
    customer_id, _ = await shop.customer(MILLION)
    await buy(app, customer_id, product_id)
    shown = await app.bank.desks.software.products()
    assert not isinstance(shown, Exception)
    [one] = [each for each in shown if each.id == product_id]
    assert (one.name, one.price, one.manual, one.active, one.stock) == ("window", PRICE, MANUAL, True, 2)


async def test_a_customer_sees_its_own_purchases_only_the_newest_first(opened: Open) -> None:
    app, shop, path = opened
    product_id = await stocked(shop, path, "pages", [f"PAGE-{turn}" for turn in range(6)])
    ann, bob = [(await shop.customer(MILLION))[0] for _ in range(2)]
    for turn in range(6):
        await buy(app, bob if turn == 2 else ann, product_id)
    desks = app.bank.desks.software

    async def page(account_id: int, number: int, size: int) -> list[str]:
        found = await desks.bought(account_id, number, size)
        assert not isinstance(found, Exception)
        assert all((one.account_id, one.product, one.manual) == (account_id, "pages", MANUAL) for one in found)
        return [desks.open_key(one.sealed_key) for one in found]

    assert await page(ann, 1, 3) == ["PAGE-5", "PAGE-4", "PAGE-3"]
    assert await page(ann, 2, 3) == ["PAGE-1", "PAGE-0"]
    assert await page(ann, 3, 3) == []
    assert await page(bob, 1, 100) == ["PAGE-2"]


async def test_a_key_is_loaded_once_whatever_the_product(opened: Open) -> None:
    _, shop, path = opened
    one = await product(shop, "load one")
    other = await product(shop, "load other")
    loaded = await load(shop, path, one, ["A", "B", "A", "C", "B"])
    assert (loaded.added, loaded.repeated, loaded.known) == (3, [3, 5], [])
    loaded = await load(shop, path, other, ["D", "B"])
    assert (loaded.added, loaded.repeated, loaded.known) == (1, [], [2])
    assert (await stock.counts(shop.connection, other)).stock == 1


async def test_a_load_keeps_other_loads_and_rotations_waiting(opened: Open, dsn: str) -> None:
    """Two loads of the same keys in another order would wait for each other; a rotation would miss what is being loaded."""
    _, shop, path = opened
    product_id = await product(shop, "waiting")
    await load(shop, path, product_id, ["WAIT-1"])
    other = await asyncpg.connect(dsn, server_settings={"lock_timeout": "100"})
    async with shop.connection.transaction():
        await stock.Loader(Seals(path), product_id).load(shop.connection, [(1, "WAIT-2")], stock.Loaded())
        with pytest.raises(asyncpg.LockNotAvailableError):
            async with other.transaction():
                await stock.Loader(Seals(path), product_id).load(other, [(1, "WAIT-3")], stock.Loaded())
        with pytest.raises(asyncpg.LockNotAvailableError):
            async with other.transaction():
                await book.reseal(other, Seals(path))
    async with other.transaction():
        await book.reseal(other, Seals(path))
        assert await stock.Loader(Seals(path), product_id).load(other, [(1, "WAIT-3")], stock.Loaded()) == 1
    await other.close()


async def test_nothing_of_a_key_can_be_read_in_the_database(opened: Open) -> None:
    _, shop, path = opened
    await stocked(shop, path, "secret", ["XYZZY-SECRET-KEY"])
    rows = await shop.connection.fetch(
        "select k::text from licence_key k union all select s::text from software_pepper s"
    )
    assert rows
    assert not any(b"XYZZY".hex() in row[0] or "XYZZY" in row[0] for row in rows)
