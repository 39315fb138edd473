"""Kept price lists: read again only where something changed, made once for everybody who asks at the same time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from numbank.catalogue import offers
from numbank.server.app import App
from numbank.settings import load
from numbank.wire.board import Names
from numbank.wire.page import Page
from numbank.wire.prices import PLAIN
from tests.support import PRICE, Caller, open_bank, until


def count_reads(app: App, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The countries whose stock is read from now on."""
    read: list[int] = []
    real = app.bank.prices._read

    async def counted(country_id: int) -> None:
        read.append(country_id)
        await real(country_id)

    monkeypatch.setattr(app.bank.prices, "_read", counted)
    return read


def shown(*counts: int) -> str:
    """The list of everything when countries 0, 1, .. have so many."""
    rows = [
        f'"{at}":{{"tg":{{"cost":0.1,"count":{count},"physicalCount":{count}}}}}' for at, count in enumerate(counts)
    ]
    return "{" + ",".join(rows) + "}"


async def test_only_countries_that_changed_are_read_again(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_bank(dsn, price_list_age_s=0.02) as (app, shop):
        _, key = await shop.customer()
        caller = Caller(app, key)
        for country in (0, 1):
            await shop.numbers(2, country=country)
            await shop.offer("tg", country=country)
        await shop.counted()
        read = count_reads(app, monkeypatch)
        answers = await asyncio.gather(*(caller.get("getPrices") for _ in range(5)))
        assert set(answers) == {shown(2, 2)}
        assert sorted(read) == sorted(app.bank.catalogue.countries)
        page = await app.bank.desks.board.country(PLAIN, 0)
        packed = await page.packed("gzip")
        del read[:]
        await caller.lease(country=1)

        async def is_new() -> bool:
            return await caller.get("getPrices") == shown(2, 1)

        await until(is_new)
        assert set(read) == {1}
        assert await app.bank.desks.board.country(PLAIN, 0) is page
        assert (await page.packed("gzip"))[0] is packed[0]


async def test_the_list_of_everything_is_the_same_page_until_something_changes(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        await shop.numbers(2, country=5)
        await shop.offer("tg", "wa", country=5)
        await shop.counted()
        board = app.bank.desks.board
        page = await board.whole(PLAIN)
        assert await board.whole(PLAIN) is page
        await shop.offer("wa", country=6, price=5)
        assert await board.whole(PLAIN) is not page
        assert bytes(await board.whole(PLAIN)).endswith(b'"6":{"wa":{"cost":0.0005,"count":0,"physicalCount":0}}}')


async def test_a_page_that_is_much_work_may_be_older(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        await shop.offer("tg", country=8, price=100)
        now = 0.0
        board = app.bank.desks.board
        board._monotonic = lambda: now
        made: list[float] = []

        async def make(stocks: object, names: Names) -> Page:
            made.append(now)
            return Page([b"%d" % now])

        for at, price in ((0.0, 200), (5.0, 300), (9.9, 400), (10.0, 500), (19.0, 600)):
            now = at
            await board.made_of_all("work", make, 10.0)
            await shop.offer("tg", country=8, price=price)
        assert made == [0.0, 10.0]
        await board.made_of_all("work", make)
        assert made == [0.0, 10.0, 19.0]
        await board.made_of_all("work", make)
        assert made == [0.0, 10.0, 19.0]


async def test_what_nobody_asks_for_is_forgotten(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        await shop.offer("tg", country=7)
        now = 0.0
        prices, board = app.bank.prices, app.bank.desks.board
        prices._monotonic = board._monotonic = lambda: now
        page = await board.whole(PLAIN)
        everything = len(app.bank.catalogue.countries)
        now = 59.0
        assert await board.whole(PLAIN) is page
        now = 100.0
        board.forget()
        # The page was asked for lately, so what it is made of stays.
        assert (len(prices._kept), len(board._shown), len(board._wholes)) == (everything, everything, 1)
        await board.country(PLAIN, 7)
        now = 130.0
        board.forget()
        assert (set(prices._kept), set(board._shown), board._wholes) == ({7}, {("plain", 7)}, {})


async def test_every_change_of_an_offer_shows(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        _, key = await shop.customer()
        caller = Caller(app, key)
        await shop.numbers(3, country=10)
        await shop.numbers(2, country=10, operator="mts")
        await shop.offer("go", country=10)
        await shop.counted()

        async def row() -> Any:
            return (await caller.json("getPrices", country=10)).get("10", {}).get("go")

        assert await row() == {"cost": 0.1, "count": 5, "physicalCount": 5}
        change = shop.connection.execute
        for statement, cost, count in (
            ("update offer set price = 3000 where country_id = 10", 0.3, 5),
            ("update offer set remaining = 4 where country_id = 10", 0.3, 4),
            ("insert into offer (country_id, service_id, supplier_id, price)"
             " select country_id, service_id, supplier_id, 2000 from offer where country_id = 10", 0.2, 5),
            ("update offer set regular = true where country_id = 10 and price = 3000", 0.3, 4),
            ("delete from offer where country_id = 10 and price = 3000", 0.2, 5),
        ):  # fmt: skip
            await change(statement)
            assert await row() == {"cost": cost, "count": count, "physicalCount": count}, statement
        await change("update supplier set active = false")
        assert await row() is None
        await change("update supplier set active = true")
        assert await row() is not None


async def test_a_new_count_of_a_tier_shows(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        _, key = await shop.customer()
        caller = Caller(app, key)
        await shop.numbers(9, country=13)
        await shop.offer("go", country=13)
        await shop.counted()
        where = await offers.place(shop.connection, shop.catalogue, country_id=13, code="go")
        for count in (2, 5, None, 3):
            async with shop.connection.transaction():
                await offers.put_tier(shop.connection, where, PRICE, count=count)
            assert (await caller.json("getNumbersStatus", country=13))["go_0"] == (9 if count is None else count)


async def test_a_limited_tier_that_is_given_back_shows(dsn: str) -> None:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=60) as (app, shop):
        _, key = await shop.customer()
        caller = Caller(app, key)
        await shop.numbers(9, country=11)
        await shop.offer("vk", country=11)
        await shop.connection.execute("update offer set remaining = 2 where country_id = 11")
        await shop.counted()

        async def left() -> int:
            return int((await caller.json("getNumbersStatus", country=11))["vk_0"])

        assert await left() == 2
        lease_id, _ = await caller.lease("vk", country=11)
        await shop.counted()
        assert await left() == 1
        assert await caller.get("setStatus", id=lease_id, status=8) == "ACCESS_CANCEL"

        async def is_back() -> bool:
            return await left() == 2

        await until(is_back)


async def test_a_denied_service_is_in_no_list(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        _, key = await shop.customer()
        caller = Caller(app, key)
        await shop.numbers(3, country=12)
        await shop.offer("tg", "wa", country=12)
        await shop.counted()
        app.bank.policy.denied = frozenset({app.bank.catalogue.by_code["tg"].id})
        assert list((await caller.json("getPrices", country=12))["12"]) == ["wa"]
        assert list(await caller.json("getNumbersStatus", country=12)) == ["wa_0"]
        assert await caller.get("getPrices", service="tg") == "{}"
        assert await caller.get("getTopCountriesByService", service="tg") == "{}"
        assert await caller.get("getListOfTopCountriesByService", service="tg") == "WRONG_SERVICE"
        app.bank.policy.denied = frozenset()
        assert set((await caller.json("getPrices", country=12))["12"]) == {"tg", "wa"}


def test_by_default_counts_are_less_than_a_second_old() -> None:
    settings = load({})
    # The rest of the second is for the fold itself, and for reading and rendering what changed: 0.8 s if all countries did.
    assert settings.stock_fold_s + settings.price_list_age_s <= 0.16


def test_names_are_pieces_of_json() -> None:
    assert Names({1: 'a"b'}, frozenset()).keys == {1: b'"a\\"b"'}
