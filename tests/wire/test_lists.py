"""The list actions: what each shows, in which shape, and what it says to wrong input."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from numbank.customers.keys import digest_of
from numbank.errors import BadService
from numbank.server.app import App
from numbank.wire.call import Call
from numbank.wire.page import Page
from numbank.wire.prices import get_prices_v2, get_prices_v3
from numbank.wire.registry import ACTIONS
from numbank.wire.shapes import matches
from tests.support import Caller, Shop, open_bank

Open = tuple[App, Shop, Caller]

TIER = """
insert into offer (country_id, service_id, supplier_id, kind, price, remaining, regular)
select $1, id, $3, $4, $5, $6, $7 from service where code = $2
"""


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[Open]:
    """Country 0: tg in three tiers, a second supplier, av for forwarding. 2: tg dearer. 3: calls. 4: a price, no numbers."""
    async with open_bank(dsn) as (app, shop):
        _, key = await shop.customer()
        connection = shop.connection
        await connection.execute("insert into supplier (name, kind) values ('other', 'pool')")
        await shop.numbers(10)
        await shop.numbers(5, operator="mts")
        await shop.numbers(4, supplier="other")
        await shop.numbers(7, country=2)
        await shop.numbers(6, country=3)
        await connection.execute("update pool set abilities = 3 where country_id = 3")
        for country, code, supplier, kind, price, remaining, regular in (
            (0, "tg", 1, 0, 1_000, 3, False),
            (0, "tg", 1, 0, 1_800, None, True),
            (0, "tg", 2, 0, 2_500, None, False),
            (0, "av", 1, 0, 50_000, None, False),
            (2, "tg", 1, 0, 12_345, None, False),
            (3, "tg", 1, 0, 9_000, None, False),
            (3, "tg", 1, 1, 20_000, None, False),
            (3, "wa", 1, 2, 30_000, 2, False),
            (3, "wa", 1, 1, 40_000, None, False),
            (4, "tg", 1, 0, 100, None, False),
        ):
            await connection.execute(TIER, country, code, supplier, kind, price, remaining, regular)
        await connection.execute(
            "insert into tally (service_id, day, country_id, supplier_id, leased, delivered)"
            " select id, (now() at time zone 'utc')::date - days, country, 1, leased, delivered"
            " from service, (values (0, 0, 10, 5), (29, 2, 25, 20), (1, 2, 4, 1), (31, 3, 900, 900))"
            " v(days, country, leased, delivered)"
            " where code = 'tg'"
        )
        await shop.counted()
        yield app, shop, Caller(app, key)


async def test_get_prices_shows_the_regular_price(bank: Open) -> None:
    _, _, caller = bank
    everything = await caller.json("getPrices")
    tg = {"cost": 0.18, "count": 15, "physicalCount": 15}
    assert everything["0"] == {"tg": tg, "av": {"cost": 5, "count": 15, "physicalCount": 15}}
    assert everything["4"] == {"tg": {"cost": 0.01, "count": 0, "physicalCount": 0}}
    assert list(everything) == ["0", "2", "3", "4"]
    assert everything["3"] == {"tg": {"cost": 0.9, "count": 6, "physicalCount": 6}}
    assert await caller.json("getPrices", country=0, service="tg") == {"0": {"tg": tg}}
    assert list(await caller.json("getPrices", service="tg")) == ["0", "2", "3", "4"]
    assert (await caller.json("getPrices", service="tg"))["0"] == {"tg": tg}
    assert (await caller.json("getPrices", country=0)) == {"0": everything["0"]}


@pytest.mark.parametrize("action", ["getPrices", "getPricesExtended"])
@pytest.mark.parametrize(
    "params",
    [{"service": "nope"}, {"country": 9999}, {"country": "x"}, {"country": -1}, {"country": 5}, {"service": "full"},
     {"service": "vk"}, {"country": 0, "service": "vk"}, {"country": 2**40, "service": "tg"}],
)  # fmt: skip
async def test_where_nothing_fits_the_list_is_empty(bank: Open, action: str, params: dict[str, Any]) -> None:
    _, _, caller = bank
    assert await caller.get(action, **params) == "{}"


async def test_get_prices_extended_by_free_price(bank: Open) -> None:
    _, _, caller = bank
    assert await caller.json("getPricesExtended", country=0) == await caller.json("getPrices", country=0)
    assert await caller.json("getPricesExtended", freePrice="False") == await caller.json("getPrices")
    free = {"cost": 0.1, "count": 19, "physicalCount": 19, "freePriceMap": {"0.10": 3, "0.18": 12, "0.25": 4}}
    for params in ({"country": 0, "service": "tg"}, {"service": "tg"}, {"country": 0}, {}):
        assert (await caller.json("getPricesExtended", freePrice="true", **params))["0"]["tg"] == free


async def test_get_prices_verification_is_of_calls_and_service_first(bank: Open) -> None:
    _, _, caller = bank
    tg, wa = {"3": {"count": 6, "price": "2.00"}}, {"3": {"count": 2, "price": "3.00"}}
    assert await caller.json("getPricesVerification") == {"tg": tg, "wa": wa}
    assert await caller.json("getPricesVerification", service="tg") == {"tg": tg}
    for code in ("vk", "nope", "full"):
        assert await caller.get("getPricesVerification", service=code) == "{}"


async def test_top_countries_are_those_that_sell_best_then_those_that_have_most(bank: Open) -> None:
    _, _, caller = bank
    rows = await caller.json("getTopCountriesByService", service="tg")
    assert rows == {
        "0": {"country": 2, "count": 7, "price": 1.2345, "retail_price": 1.2345},
        "1": {"country": 0, "count": 15, "price": 0.18, "retail_price": 0.18},
        "2": {"country": 3, "count": 6, "price": 0.9, "retail_price": 0.9},
        "3": {"country": 4, "count": 0, "price": 0.01, "retail_price": 0.01},
    }
    everything = await caller.json("getTopCountriesByService")
    assert everything == {"tg": rows, "av": {"0": {"country": 0, "count": 15, "price": 5, "retail_price": 5}}}


@pytest.mark.parametrize("name", ["freePrice", "$freePrice"])
async def test_the_free_price_map_adds_up_to_the_count(bank: Open, name: str) -> None:
    _, _, caller = bank
    for rows in (
        await caller.json("getTopCountriesByService", service="tg", **{name: "true"}),
        (await caller.json("getTopCountriesByService", **{name: "true"}))["tg"],
    ):
        assert rows["1"] == {
            "country": 0, "count": 19, "price": 0.1, "retail_price": 0.18,
            "freePriceMap": {"0.10": 3, "0.18": 12, "0.25": 4},
        }  # fmt: skip
        assert rows["3"] == {"country": 4, "count": 0, "price": 0.01, "retail_price": 0.01, "freePriceMap": {}}


async def test_the_rank_action_shows_what_the_caller_is_charged(bank: Open) -> None:
    app, _, caller = bank
    action = ACTIONS["getTopCountriesByServiceRank"].function
    plain = await caller.json("getTopCountriesByService", service="tg")
    customer = await customer_of(app, caller)
    ranked = msgspec.structs.replace(customer, discount_bp=1_000)
    rows = msgspec.json.decode(await body(action(Call({"service": "tg", "freePrice": "1"}, ranked, app.bank.desks))))
    assert (rows["1"]["price"], rows["1"]["retail_price"]) == (0.09, 0.18)
    assert rows["1"]["freePriceMap"] == {"0.09": 3, "0.162": 12, "0.225": 4}
    rows = msgspec.json.decode(await body(action(Call({"service": "tg"}, ranked, app.bank.desks))))
    assert [(row["price"], row["retail_price"]) for row in rows.values()] == [
        (1.1111, 1.2345), (0.162, 0.18), (0.81, 0.9), (0.009, 0.01),
    ]  # fmt: skip
    everything = msgspec.json.decode(await body(action(Call({}, ranked, app.bank.desks))))
    assert everything["tg"] == rows
    assert await caller.json("getTopCountriesByService", service="tg") == plain


async def customer_of(app: App, caller: Caller) -> Any:
    """The customer behind a caller."""
    return await app.bank.keys.find(digest_of(caller.key))


async def body(reply: Any) -> bytes:
    """The body of what an action gives."""
    given = await reply
    return bytes(given) if isinstance(given, Page) else given


@pytest.mark.parametrize("action", ["getTopCountriesByService", "getTopCountriesByServiceRank"])
@pytest.mark.parametrize("code", ["nope", "full", "TG", "tg,wa"])
async def test_top_countries_of_no_service(bank: Open, action: str, code: str) -> None:
    _, _, caller = bank
    assert await caller.get(action, service=code) == "BAD_SERVICE"


async def test_the_list_of_top_countries_is_of_the_last_thirty_days(bank: Open) -> None:
    _, _, caller = bank
    rows = [{"country": 2, "share": 74.36, "rate": 72.41}, {"country": 0, "share": 25.64, "rate": 50}]
    assert await caller.json("getListOfTopCountriesByService", service="tg") == rows
    assert await caller.json("getListOfTopCountriesByService", service="tg", length=1) == rows[:1]
    assert await caller.json("getListOfTopCountriesByService", service="tg", length=1, page=2) == rows[1:]
    for odd in ({"length": 0}, {"length": "x"}, {"page": 0}, {"page": "-1"}, {"length": 10**30}):
        assert await caller.json("getListOfTopCountriesByService", service="tg", **odd) == rows
    for empty in ({"page": 3}, {"page": 10**17, "length": 100}):
        assert await caller.json("getListOfTopCountriesByService", service="tg", **empty) == []
    assert await caller.json("getListOfTopCountriesByService", service="wa") == []
    for code in ("", "nope", "full"):
        assert await caller.get("getListOfTopCountriesByService", service=code) == "WRONG_SERVICE"


async def test_numbers_status_as_old_clients_read_it(bank: Open) -> None:
    _, _, caller = bank
    status = await caller.json("getNumbersStatus")
    assert status == {"tg_0": 15, "av_1": 15}
    # The Java client splits each key at the underscore and reads the second part as a number.
    assert {key.split("_")[1] for key in status} <= {"0", "1"}
    assert all(isinstance(count, int) for count in status.values())
    answer = await caller.raw("getNumbersStatus")
    assert answer.headers["content-type"] == "application/json"  # as all JSON is (protocol.md 12.1, 2)


@pytest.mark.parametrize(
    ("params", "tg"),
    [
        ({"operator": "mts"}, 5),
        ({"operator": "any"}, 15),
        ({"operator": " mts , any"}, 15),
        ({"operator": "nobody"}, 0),
        ({"operator": "nobody,mts"}, 5),
        # The published PHP class sends operators under the name `service`.
        ({"service": "mts"}, 5),
        ({"service": "mts,nobody"}, 5),
        ({"service": "any"}, 15),
        ({"service": "tg"}, 15),
        ({"service": "mts", "operator": "any"}, 15),
    ],
)
async def test_numbers_status_of_operators(bank: Open, params: dict[str, str], tg: int) -> None:
    _, _, caller = bank
    assert (await caller.json("getNumbersStatus", country=0, **params))["tg_0"] == tg


async def test_versions_two_and_three(bank: Open) -> None:
    app, _, caller = bank
    customer = await customer_of(app, caller)

    async def ask(function: Any, **fields: str) -> Any:
        return msgspec.json.decode(await body(function(Call(fields, customer, app.bank.desks))))

    assert (await ask(get_prices_v2))["0"]["tg"] == {"0.1": 3, "0.18": 12, "0.25": 4}
    assert await ask(get_prices_v2, country="2") == {"2": {"tg": {"1.2345": 7}}}
    assert await ask(get_prices_v2, country="4") == {}
    assert await ask(get_prices_v2, country="4", service="tg") == {}
    three = {
        "price": 0.18,
        "count": 19,
        "providers": {
            "1": {"count": 15, "price": [0.1, 0.18], "provider_id": 1},
            "2": {"count": 4, "price": [0.25], "provider_id": 2},
        },
    }
    assert await ask(get_prices_v3, country="0", service="tg") == {"0": {"tg": three}}
    assert (await ask(get_prices_v3))["0"]["tg"] == three
    assert await ask(get_prices_v3, country="4") == {"4": {"tg": {"price": 0.01, "count": 0, "providers": {}}}}
    for function in (get_prices_v2, get_prices_v3):
        with pytest.raises(BadService):
            await ask(function, service="nope")


async def test_best_countries_by_price_then_stock_then_delivery_then_number(bank: Open) -> None:
    app, shop, _ = bank
    prices = app.bank.prices
    by_code = app.bank.catalogue.by_code
    # Where nothing is left is no good country, however cheap.
    assert await prices.best_countries(by_code["tg"].id) == [0, 3, 2]
    assert await prices.best_countries(by_code["tg"].id, kind=1) == [3]
    assert await prices.best_countries(by_code["vk"].id) == []
    for country, count in ((20, 3), (21, 3), (22, 3), (23, 4), (24, 3)):
        await shop.numbers(count, country=country)
        await shop.offer("ig", country=country, price=500 if country != 24 else 400)
    await shop.connection.execute(
        "insert into tally (service_id, day, country_id, supplier_id, leased, delivered)"
        " select id, (now() at time zone 'utc')::date, 22, 1, 2, 1 from service where code = 'ig'"
    )
    await shop.counted()
    assert await prices.best_countries(by_code["ig"].id) == [24, 23, 22, 20, 21]


async def test_what_the_registry_says_is_what_is_answered(bank: Open) -> None:
    _, _, caller = bank
    names = (
        "getPrices", "getPricesExtended", "getPricesVerification", "getTopCountriesByService",
        "getTopCountriesByServiceRank", "getListOfTopCountriesByService", "getNumbersStatus",
    )  # fmt: skip
    for name in names:
        for params in ({}, {"service": "tg"}, {"service": "tg", "freePrice": "true"}, {"freePrice": "true"}):
            answer = await caller.raw(name, **params)
            if not answer.text.startswith(("{", "[")):
                continue
            assert any(matches(reply, answer.text) for reply in ACTIONS[name].replies), (name, params, answer.text)
            assert answer.headers["content-type"].startswith("application/json") == ACTIONS[name].json


async def test_lists_are_compressed_and_tagged_for_those_who_ask(dsn: str) -> None:
    async with open_bank(dsn, compress_from_bytes=10) as (app, shop):
        _, key = await shop.customer()
        client = Caller(app, key)._client
        fields = {"api_key": key, "action": "getPrices", "country": "0"}
        path = "/stubs/handler_api.php"
        plain = await client.get(path, params=fields, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.headers["vary"] == "accept-encoding"
        for coding in ("gzip", "br", "zstd"):
            answer = await client.get(path, params=fields, headers={"Accept-Encoding": coding})
            assert answer.headers["content-encoding"] == coding
            assert int(answer.headers["content-length"]) == answer.num_bytes_downloaded
            if coding == "gzip":
                assert answer.text == plain.text
            same = await client.get(
                path, params=fields, headers={"Accept-Encoding": coding, "If-None-Match": answer.headers["etag"]}
            )
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", answer.headers["etag"])
        # Whoever posts has no copy that is kept; whoever does not ask never sees 304.
        posted = await client.post(path, data=fields, headers={"If-None-Match": plain.headers["etag"]})
        assert posted.status_code == 200
        odd = await client.get(path, params=fields, headers={"Accept-Encoding": "gzip,smsactivate"})
        assert odd.headers["content-encoding"] == "gzip"
        long = await client.get(path, params=fields | {"action": "getCountries"}, headers={"Accept-Encoding": "gzip"})
        assert (long.headers["content-encoding"], "etag" in long.headers) == ("gzip", False)
        short = await client.get(path, params=fields | {"action": "getBalanc"}, headers={"Accept-Encoding": "gzip"})
        assert "content-encoding" not in short.headers


async def test_an_operator_that_was_left_out_is_no_filter(bank: Open) -> None:
    _, _, caller = bank
    everything = await caller.json("getNumbersStatus")
    for nothing in ("", "null", "any", " , ", "null,"):
        assert await caller.json("getNumbersStatus", operator=nothing) == everything
