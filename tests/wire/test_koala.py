"""What the koala dialect does otherwise: the choice of a country, suppliers by number, how answers look, and for whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from numbank.catalogue import offers
from numbank.customers import register
from numbank.server.app import App
from tests.support import PATH, Shop, open_bank, push, until

KOALA = "/koala/stubs/handler_api.php"


class Koala:
    """A customer on a path, as a client that was written for the document."""

    def __init__(self, app: App, key: str, path: str = KOALA) -> None:
        self.app, self.key, self.path = app, key, path
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bank")  # type: ignore[arg-type]

    async def get(self, action: str, **params: object) -> str:
        fields = {"api_key": self.key, "action": action} | {name: str(value) for name, value in params.items()}
        answer = await self._client.get(self.path, params=fields)
        assert answer.status_code == 200
        return answer.text

    async def json(self, action: str, **params: object) -> Any:
        return msgspec.json.decode(await self.get(action, **params))

    async def country(self, **params: object) -> int:
        """Lease and tell the country."""
        return int((await self.json("getNumberV2", **params))["countryCode"])


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    """tg: country 1 is cheapest; wa: 1 and 2 cost the same, 2 has more; vk: equal but for what was delivered."""
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0) as (app, shop):
        async with shop.connection.transaction():
            await offers.supplier(shop.connection, "second", "pool")
        for country, count in ((0, 9), (1, 6), (2, 12)):
            await shop.numbers(count, country=country)
        await shop.numbers(20, country=2, supplier="second")
        await shop.offer("tg", price=3_000)
        await shop.offer("tg", price=1_000, country=1)
        await shop.offer("tg", price=2_000, country=2)
        await shop.offer("tg", price=2_000, country=2, supplier="second")
        await shop.offer("wa", price=1_000, country=1)
        await shop.offer("wa", price=1_000, country=2)
        await shop.counted()
        yield app, shop


@pytest.fixture
async def koala(bank: tuple[App, Shop]) -> Koala:
    app, shop = bank
    return Koala(app, (await shop.customer())[1])


@pytest.mark.parametrize("country", ["any", "", None])
async def test_without_a_country_the_cheapest_is_chosen(koala: Koala, country: str | None) -> None:
    params = {} if country is None else {"country": country}
    assert await koala.country(service="tg", **params) == 1


async def test_of_equal_prices_the_one_with_more_stock_is_chosen(koala: Koala) -> None:
    assert await koala.country(service="wa", country="any") == 2


async def test_a_named_country_is_kept_to(koala: Koala) -> None:
    assert await koala.country(service="tg", country=0) == 0
    for unknown in ("9999", "abc", "-1", "ANY", "*"):
        assert await koala.get("getNumber", service="tg", country=unknown) == "NO_NUMBERS"


async def test_a_country_that_is_sold_out_in_between_is_passed_over(dsn: str) -> None:
    async with open_bank(dsn, price_list_age_s=60) as (app, shop):
        koala = Koala(app, (await shop.customer())[1])
        await shop.numbers(1, country=5)
        await shop.numbers(1, country=6)
        await shop.offer("oi", country=5, price=500)
        await shop.offer("oi", country=6, price=900)
        await shop.counted()
        # The list of prices is kept for a minute: it goes on to say that country 5 has one.
        assert await koala.country(service="oi", country="any") == 5
        assert await koala.country(service="oi", country="any") == 6
        assert await koala.get("getNumber", service="oi", country="any") == "NO_NUMBERS"


async def test_delivery_decides_between_equal_offers(bank: tuple[App, Shop], koala: Koala) -> None:
    app, shop = bank
    service_id = app.bank.catalogue.by_code["mm"].id
    for country in (7, 8, 9):
        await shop.numbers(4, country=country)
        await shop.offer("mm", country=country)
    await shop.connection.executemany(
        "insert into tally (day, country_id, service_id, supplier_id, leased, delivered)"
        " values ((bank_now() at time zone 'utc')::date, $1, $2, 1, 10, $3)",
        [(7, service_id, 2), (8, service_id, 8), (9, service_id, 8)],
    )
    await shop.counted()

    async def known() -> bool:
        return await app.bank.prices.best_countries(service_id) == [8, 9, 7]

    await until(known)
    assert await koala.country(service="mm", country="any") == 8


async def test_the_price_limit_and_the_money_hold_in_any_country(bank: tuple[App, Shop], koala: Koala) -> None:
    app, shop = bank
    assert await koala.get("getNumber", service="tg", maxPrice="0.05") == "WRONG_MAX_PRICE:0.10"
    assert await koala.country(service="tg", maxPrice="0.15") == 1
    poor = Koala(app, (await shop.customer(balance=0))[1])
    assert await poor.get("getNumber", service="tg") == "NO_BALANCE"
    assert await koala.get("getNumber", service="nope") == "BAD_SERVICE"


async def test_only_the_named_suppliers_sell(bank: tuple[App, Shop], koala: Koala) -> None:
    _, shop = bank
    second = await shop.connection.fetchval("select id from supplier where name = 'second'")

    async def supplier_of(**params: object) -> int:
        answer = await koala.json("getNumberV2", service="tg", **params)
        found: int = await shop.connection.fetchval(
            "select supplier_id from activation where id = $1", answer["activationId"]
        )
        return found

    for _ in range(3):
        assert await supplier_of(country=2, providerIds=second) == second
    assert await supplier_of(country=2, providerIds=f"99, {second}") == second
    assert await supplier_of(country=2, exceptProviderIds=second) != second
    # The cheapest country has nothing of this supplier.
    assert await supplier_of(country="any", providerIds=second) == second
    assert await koala.get("getNumber", service="tg", country=2, providerIds="99") == "NO_NUMBERS"
    assert await koala.get("getNumber", service="tg", country=2, providerIds="abc") == "NO_NUMBERS"
    assert (await koala.get("getNumber", service="tg", country=2, exceptProviderIds="abc")).startswith("ACCESS_NUMBER:")
    assert await koala.get("getNumber", service="tg", country=2, exceptProviderIds=f"1,{second}") == "NO_NUMBERS"


async def test_countries_that_cannot_fit_are_not_tried(dsn: str) -> None:
    """More of them than are tried, all better by the list, stand before the one that fits."""
    async with open_bank(dsn, any_country_tries=2) as (app, shop):
        koala = Koala(app, (await shop.customer())[1])
        async with shop.connection.transaction():
            second = await offers.supplier(shop.connection, "beside", "pool")
        countries = range(11, 16)
        for at, country in enumerate(countries):
            # Dearer and dearer by both; the other supplier will be sold out in all but the last country.
            await shop.numbers(2, country=country)
            await shop.offer("vi", country=country, price=100 * (at + 1))
            await shop.offer("vi", country=country, price=100 * (at + 1), supplier="beside")
            await shop.numbers(1, country=country, supplier="beside")
        for country in countries[:-1]:
            # The regular price is low; there is nothing at a price like that of the last one's tier.
            await shop.tier("fb", 5_000, country=country)
        await shop.tier("fb", 9_000, country=countries[-1], regular=True)
        await shop.tier("fb", 1_000, country=countries[-1])
        await shop.counted()
        for country in countries[:-1]:
            assert await koala.country(service="vi", country=country, providerIds=second) == country
        await shop.counted()
        service_id = app.bank.catalogue.by_code["vi"].id
        assert (await app.bank.prices.best_countries(service_id))[0] != countries[-1]
        assert await koala.country(service="vi", country="any", providerIds=second) == countries[-1]
        assert await koala.get("getNumber", service="vi", country="any", providerIds=second) == "NO_NUMBERS"
        # Dear by its regular price and so the last of the list, but the only one with something for so little.
        assert (await app.bank.prices.best_countries(app.bank.catalogue.by_code["fb"].id))[-1] == countries[-1]
        assert await koala.country(service="fb", country="any", maxPrice="0.2") == countries[-1]


async def test_number_v2_has_the_fields_of_the_document(koala: Koala) -> None:
    answer = await koala.json("getNumberV2", service="tg", country=0)
    kinds = {name: type(value) for name, value in answer.items()}
    assert kinds == {
        "activationCancel": str, "activationCost": float, "activationEnd": str, "activationId": int, "activationTime": str,
        "canGetAnotherSms": str, "countryCode": str, "currency": int, "phoneNumber": str,
    }  # fmt: skip
    start, cancel, end = (
        datetime.fromisoformat(answer[name]) for name in ("activationTime", "activationCancel", "activationEnd")
    )
    assert (cancel - start, end - start) == (timedelta(0), timedelta(minutes=20))


async def test_from_number_to_code(bank: tuple[App, Shop], koala: Koala) -> None:
    app, _ = bank
    _, lease_id, e164 = (await koala.get("getNumber", service="tg", country=0)).split(":")
    assert await koala.json("getStatusV2", id=lease_id) == {"verificationType": 1, "sms": None}
    await push(app, int(e164), "Telegram code: 48213")
    status = await koala.json("getStatusV2", id=lease_id)
    assert (status["verificationType"], status["sms"]["code"], "call" in status) == (1, "48213", False)
    (row,) = await koala.json("getActiveActivations")
    assert list(row) == sorted(row)
    assert (row["activationId"], row["activationStatus"], row["smsCode"]) == (lease_id, 1, "48213")
    assert await koala.get("setStatus", id=lease_id, status=6) == "ACCESS_ACTIVATION"
    assert await koala.get("getStatusV2", id=lease_id) == "STATUS_CANCEL"
    assert await koala.get("getActiveActivations") == "[]"
    _, lease_id, _ = (await koala.get("getNumber", service="tg", country=0)).split(":")
    assert await koala.get("setStatus", id=lease_id, status=-1) == "ACCESS_CANCEL"


async def test_price_lists_two_and_three(bank: tuple[App, Shop], koala: Koala) -> None:
    _, shop = bank
    second = str(await shop.connection.fetchval("select id from supplier where name = 'second'"))
    two = (await koala.json("getPricesV2", service="tg"))["2"]["tg"]
    assert list(two) == ["0.2"]
    three = (await koala.json("getPricesV3", service="tg", country=2))["2"]["tg"]
    assert three["price"] == 0.2
    assert three["count"] == two["0.2"] == sum(one["count"] for one in three["providers"].values())
    assert three["providers"][second]["provider_id"] == int(second)
    assert three["providers"][second]["price"] == [0.2]
    assert (
        await koala.get("getPricesV2", service="nope")
        == await koala.get("getPricesV3", service="nope")
        == "BAD_SERVICE"
    )
    assert await koala.get("getPricesV2", service="tg", country=9999) == "{}"


async def test_an_account_is_answered_in_its_dialect_unless_the_path_says_otherwise(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    customer_id, key = await shop.customer()
    plain, other = Koala(app, key, PATH), Koala(app, key)
    none_here = '{"status":"error","error":"NO_ACTIVATIONS"}'
    assert await plain.get("getActiveActivations") == none_here
    assert await other.get("getActiveActivations") == "[]"
    async with shop.connection.transaction():
        await register.set_dialect(shop.connection, customer_id, "koala")

    async def changed() -> bool:
        return await plain.get("getActiveActivations") == "[]"

    await until(changed)
    assert await plain.country(service="tg", country="any") == 1
    assert await plain.get("getPricesV2", service="nope") == "BAD_SERVICE"
    # Nobody knows whose an unknown key is: the path alone tells.
    stranger = Koala(app, "0" * 32, PATH)
    assert await stranger.get("getActiveActivations") == "BAD_KEY"


@pytest.mark.parametrize("path", [KOALA, "/koala/stubs/handler_api", KOALA + "/"])
async def test_keys_have_the_words_of_the_document(bank: tuple[App, Shop], path: str) -> None:
    app, _ = bank
    for key in ("", "0" * 32):
        stranger = Koala(app, key, path)
        assert await stranger.get("getActiveActivations") == "NO_KEY"
        assert await stranger.get("getBalance") == await stranger.get("getMoney") == "BAD_KEY"


async def test_what_is_only_in_this_dialect_is_unknown_in_the_base(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    plain = Koala(app, (await shop.customer())[1], PATH)
    assert await plain.get("getPricesV2") == "BAD_ACTION"
    assert await plain.get("getNumber", service="tg", country="any") == "NO_NUMBERS"
