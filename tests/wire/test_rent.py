"""The actions about rentals: every word in both dialects, every parameter under all its names, exact shapes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from numbank.catalogue import rates
from numbank.policy import denied
from numbank.rent.model import ChangeRequest
from numbank.rent.states import Event
from numbank.server.app import App
from numbank.supply import numbers
from numbank.supply.numbers import CALL, RENT, SMS
from numbank.wire.dialects import DIALECTS
from tests.rent.support import clean, terms
from tests.support import PATH, Caller, Shop, open_bank, push, ring, until

KOALA = DIALECTS[1].paths[0]
TABLE = ((4, 10_000), (24, 30_000), (168, 100_000))
HEAVY = 10**9


class Renting:
    """A bank that rents numbers out, and a customer at its wire."""

    def __init__(self, dsn: str, app: App, shop: Shop, customer_id: int, key: str) -> None:
        self.dsn, self.app, self.shop, self.customer_id = dsn, app, shop, customer_id
        self.wire = Caller(app, key)

    async def ask(self, action: str, path: str = PATH, /, **params: Any) -> Any:
        """One call; words as text, JSON decoded. A parameter's name may have blanks: pass it by `**`."""
        fields = {"api_key": self.wire.key, "action": action} | {name: str(value) for name, value in params.items()}
        answer = await self.wire._client.get(path, params=fields)
        assert answer.status_code == 200
        return answer.json() if answer.text[:1] in "{[" else answer.text

    async def rent(self, service: str = "tg", **params: object) -> tuple[int, int]:
        """A rental; id and number."""
        answer = await self.ask("getRentNumber", service=service, **params)
        assert answer["status"] == "success", answer
        return answer["phone"]["id"], int(answer["phone"]["number"])

    async def end(self, rent_id: int, event: Event) -> None:
        """Something happens to a rental."""
        result = await self.app.bank.desks.rent.change(ChangeRequest(rent_id, event))
        assert not isinstance(result, Exception), result


@pytest.fixture
async def bank(own_dsn: str) -> AsyncIterator[Renting]:
    async with open_bank(own_dsn, early_cancel_s=0, cool_down_s=0.0) as (app, shop):
        customer_id, key = await shop.customer(balance=HEAVY)
        await shop.numbers(20, abilities=SMS | RENT)
        await shop.numbers(3, operator="mts", abilities=SMS | CALL | RENT)
        await shop.offer("tg", "wa")
        await terms(shop, "full", "tg", "wa", "ot", table=TABLE)
        await shop.counted()
        opened = Renting(own_dsn, app, shop, customer_id, key)

        async def on_sale() -> bool:
            found = await opened.ask("getRentServicesAndCountries")
            return "services" in found

        await until(on_sale)
        yield opened
        await clean(own_dsn)


def error(word: str, **more: object) -> dict[str, object]:
    """The envelope: clients read the word under three names."""
    return {"status": "error", "message": word, "error": word, "msg": word} | more


# What can be rented ------------------------------------------------------------------------------------------------


async def test_the_list_has_the_shape_of_the_document(bank: Renting) -> None:
    found = await bank.ask("getRentServicesAndCountries")
    assert list(found) == ["countries", "operators", "services", "currency"]
    assert found["countries"] == {"0": 0}
    assert found["operators"] == {"0": "mts", "1": "any"}
    assert found["currency"] == 840
    assert found["services"] == {code: {"cost": 1, "quant": 23} for code in ("full", "ot", "tg", "wa")}
    assert (await bank.ask("getRentServicesAndCountries", rent_time=24))["services"]["tg"]["cost"] == 3


async def test_hours_have_many_names(bank: Renting) -> None:
    for name in ("rent_time", "time", "duration", "hours", "time ", " rent_time", "hours "):
        found = await bank.ask("getRentServicesAndCountries", **{name: 14})
        assert found["services"]["tg"]["cost"] == 2  # half-way between 4 h and 24 h
        assert await bank.ask("getRentNumber", service="tg", **{name: 3}) == error("INVALID_TIME")


async def test_hours_that_cannot_be_rented(bank: Renting) -> None:
    for text in ("0", "3", "1345", "-4", "4.5", "four", "９", "9" * 40):
        assert await bank.ask("getRentNumber", service="tg", rent_time=text) == error("INVALID_TIME")
        rent_id, _ = await bank.rent()
        for action in ("continueRentNumber", "getContinueRentPriceNumber", "continueRentInfo"):
            assert await bank.ask(action, id=rent_id, rent_time=text) == error("INVALID_TIME")


async def test_two_hours_are_rented_where_the_table_has_them(bank: Renting) -> None:
    assert await bank.ask("getRentNumber", service="tg", time=2) == error("INVALID_TIME")
    await terms(bank.shop, "tg", table=((2, 8_000),))
    found = await bank.ask("getRentServicesAndCountries", time=2)
    assert found["services"] == {"tg": {"cost": 0.8, "quant": 23}}
    assert (await bank.ask("getRentNumber", service="tg", time=2))["status"] == "success"


async def test_an_operator_and_calls_are_filters(bank: Renting) -> None:
    mts = await bank.ask("getRentServicesAndCountries", **{"operator ": "mts"})
    assert mts["services"]["tg"]["quant"] == 3
    calls = await bank.ask("getRentServicesAndCountries", incomingCall="true")
    assert calls["services"]["tg"]["quant"] == 3
    assert (await bank.ask("getRentServicesAndCountries", operator="any"))["services"]["tg"]["quant"] == 23


async def test_out_of_stock_comes_in_the_envelope(bank: Renting) -> None:
    for country in ("1", "9999", "nowhere", "-1"):
        for path in (PATH, KOALA):
            assert await bank.ask("getRentServicesAndCountries", path, country=country) == error("OUT_OF_STOCK")
            assert await bank.ask("getRentNumber", path, service="tg", country=country) == error("NO_NUMBERS")


async def test_prices_are_shown_in_another_currency_where_there_is_a_rate(bank: Renting) -> None:
    async with bank.shop.connection.transaction():
        await rates.put(bank.shop.connection, 840, {978: rates.parse_rate("0.9"), 643: rates.parse_rate("91.2345")})
    rent_id, _ = await bank.rent()
    for name, shown in (("978", 978), ("EUR", 978), ("eur", 978), ("840", 840), ("nope", 840), ("156", 840), ("", 840)):
        found = await bank.ask("getRentServicesAndCountries", **{"currency ": name})
        assert (found["currency"], found["services"]["tg"]["cost"]) == (shown, 0.9 if shown == 978 else 1)
        price = await bank.ask("getContinueRentPriceNumber", id=rent_id, rent_time=20, currency=name)
        assert price == {"status": "success", "price": 1.8 if shown == 978 else 2, "currency": shown}
    info = await bank.ask("continueRentInfo", id=rent_id, hours=20, currency=643, needHistory="true")
    assert (info["price"], info["currency"], info["history"]["0"]["price"]) == (182.469, 643, "91.2345")


# A rental from first to last ---------------------------------------------------------------------------------------


async def test_a_rental_is_answered_as_documented(bank: Renting) -> None:
    answer = await bank.ask("getRentNumber", service="tg", rent_time=24)
    assert list(answer) == ["status", "phone"]
    phone = answer["phone"]
    assert list(phone) == ["id", "endDate", "number"]
    assert isinstance(phone["id"], int)
    assert isinstance(phone["number"], str)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", phone["endDate"])
    now = (await bank.app.bank.now()).replace(tzinfo=None)
    assert abs(datetime.fromisoformat(phone["endDate"]) - now - timedelta(hours=24)) < timedelta(seconds=10)
    assert await bank.shop.cash(bank.customer_id) == HEAVY - 30_000


async def test_the_defaults_are_four_hours_in_country_0(bank: Renting) -> None:
    rent_id, _ = await bank.rent("full")
    row = await bank.shop.connection.fetchrow("select country_id, hours, price from rent where id = $1", rent_id)
    assert tuple(row or ()) == (0, 4, 10_000)


async def test_the_defaults_are_settings(own_dsn: str) -> None:
    settings: dict[str, object] = {"rent_default_hours": 2, "rent_default_country": 2}
    async with open_bank(own_dsn, **settings) as (app, shop):
        customer_id, key = await shop.customer(balance=HEAVY)
        await shop.numbers(2, country=2, first=77_010_000_000, abilities=SMS | RENT)
        await terms(shop, "tg", country=2, table=((2, 5_000),))
        await shop.counted()
        bank = Renting(own_dsn, app, shop, customer_id, key)
        await bank.rent()
        assert await shop.cash(customer_id) == HEAVY - 5_000


async def test_messages_are_paged_newest_first(bank: Renting) -> None:
    rent_id, e164 = await bank.rent()
    assert await bank.ask("getRentStatus", id=rent_id) == error("STATUS_WAIT_CODE")
    assert await bank.ask("getRentStatus", KOALA, id=rent_id) == {"status": "success", "quantity": "0", "values": {}}
    for place in range(12):
        await push(bank.app, e164, f"Telegram code {10_000 + place}", sender="Telegram")
    first = await bank.ask("getRentStatus", id=rent_id)
    assert list(first) == ["status", "quantity", "values"]
    assert first["quantity"] == "12"
    assert list(first["values"]) == [str(place) for place in range(10)]
    assert list(first["values"]["0"]) == ["phoneFrom", "text", "service", "date"]
    newest = first["values"]["0"]
    assert (newest["phoneFrom"], newest["text"], newest["service"]) == ("Telegram", "Telegram code 10011", "tg")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", newest["date"])
    second = await bank.ask("getRentStatus", id=rent_id, **{"page ": 1})
    assert [one["text"][-5:] for one in second["values"].values()] == ["10001", "10000"]
    assert await bank.ask("getRentStatus", KOALA, id=rent_id) == first
    for name in ("size", "limit", "length", "per_page", "size "):
        page = await bank.ask("getRentStatus", id=rent_id, page=2, **{name: 5})
        assert [one["text"][-5:] for one in page["values"].values()] == ["10001", "10000"]
    beyond = await bank.ask("getRentStatus", id=rent_id, page="9" * 30, size=7)
    assert beyond == {"status": "success", "quantity": "12", "values": {}}
    for odd in ("-1", "x", ""):
        assert await bank.ask("getRentStatus", id=rent_id, page=odd) == first


async def test_who_counts_pages_by_the_quantity_gets_every_message(bank: Renting) -> None:
    """A page is as long as it was asked to be, so that quantity / size pages are all there is; a thousand at once."""
    rent_id, e164 = await bank.rent("full")
    await asyncio.gather(*(push(bank.app, e164, f"Telegram code {place}", sender=str(place)) for place in range(240)))
    for size in (7, 100, 101, 240, 1_000):
        got = [
            one["phoneFrom"]
            for page in range(-(-240 // size))
            for one in (await bank.ask("getRentStatus", id=rent_id, size=size, page=page))["values"].values()
        ]
        assert len(set(got)) == len(got) == 240


async def test_pages_may_count_from_one(own_dsn: str) -> None:
    async with open_bank(own_dsn, rent_pages_from_one=True) as (app, shop):
        customer_id, key = await shop.customer(balance=HEAVY)
        await shop.numbers(2, abilities=SMS | RENT)
        await terms(shop, "tg")
        await shop.counted()
        bank = Renting(own_dsn, app, shop, customer_id, key)
        rent_id, e164 = await bank.rent()
        for place in range(3):
            await push(app, e164, f"Telegram code {10_000 + place}")
        pages = [await bank.ask("getRentStatus", id=rent_id, size=2, page=page) for page in (0, 1, 2)]
        texts = [[one["text"][-1] for one in page["values"].values()] for page in pages]
        assert texts == [["2", "1"], ["2", "1"], ["0"]]


async def test_full_receives_everything_and_a_service_only_its_own(bank: Renting) -> None:
    full_id, full = await bank.rent("full")
    one_id, one = await bank.rent("tg")
    for e164 in (full, one):
        await push(bank.app, e164, "Telegram code 11111")
        await push(bank.app, e164, "WhatsApp code 22222")
        await push(bank.app, e164, "Hello")
    assert [m["text"] for m in (await bank.ask("getRentStatus", id=full_id))["values"].values()] == [
        "Hello", "WhatsApp code 22222", "Telegram code 11111",
    ]  # fmt: skip
    services = [m["service"] for m in (await bank.ask("getRentStatus", id=full_id))["values"].values()]
    assert services == ["ot", "wa", "tg"]
    assert [m["text"] for m in (await bank.ask("getRentStatus", id=one_id))["values"].values()] == [
        "Hello", "Telegram code 11111",
    ]  # fmt: skip


async def test_calls_are_kept_for_who_rented_them(bank: Renting) -> None:
    rent_id, e164 = await bank.rent("full", incomingCall="true")
    assert await bank.shop.connection.fetchval(
        "select p.abilities & 2 from number n join pool p on p.id = n.pool_id where n.e164 = $1", e164
    )
    await ring(bank.app, e164, "79990001234", "your code is 4 8 2 1 3")
    found = (await bank.ask("getRentStatus", id=rent_id))["values"]["0"]
    assert (found["phoneFrom"], found["text"]) == ("79990001234", "your code is 4 8 2 1 3")
    # Its recording is fetched later; then it can be played, by whoever rented the number.
    message_id = await bank.shop.connection.fetchval(
        "with heard as (update message set recorded = true where e164 = $1 returning id)"
        " insert into recording (message_id, url, transcript, state, audio, content_type, at)"
        " select id, 'http://calls.example/1.wav', '', 1, 'RIFF'::bytea, 'audio/wav', now() from heard returning message_id",
        e164,
    )
    link = (await bank.ask("getRentStatus", id=rent_id))["values"]["0"]["url"]
    assert link == f"{bank.app.bank.settings.public_url}/v1/recordings/{message_id}"
    _, stranger = await bank.shop.customer()
    for key, status in ((bank.wire.key, 200), (stranger, 404)):
        played = await bank.wire._client.get(f"/v1/recordings/{message_id}", params={"api_key": key})
        assert played.status_code == status
    silent_id, silent = await bank.rent("full", operator="mts")
    await ring(bank.app, silent, "79990001234", "your code is 4 8 2 1 3")
    assert await bank.ask("getRentStatus", id=silent_id) == error("STATUS_WAIT_CODE")


async def test_the_ends_of_rentals_have_their_words(bank: Renting) -> None:
    ends = ((Event.FINISH, "FINISH", "ALREADY_FINISH"), (Event.CANCEL, "CANCEL", "ALREADY_CANCEL"),
            (Event.LOST, "REVOKE", "ALREADY_CANCEL"))  # fmt: skip
    for event, status, again in ends:
        rent_id, _ = await bank.rent()
        await bank.end(rent_id, event)
        for path in (PATH, KOALA):
            assert await bank.ask("getRentStatus", path, id=rent_id) == error(f"STATUS_{status}")
            for wanted in (1, 2):
                assert await bank.ask("setRentStatus", path, id=rent_id, status=wanted) == error(again)


async def test_a_cancel_gives_the_money_back_and_comes_too_late_after_a_message(bank: Renting) -> None:
    rent_id, _ = await bank.rent(hours=24)
    assert await bank.wire.get("setRentStatus", id=rent_id, status=2) == '{"status":"success"}'
    assert await bank.shop.cash(bank.customer_id) == HEAVY
    rent_id, e164 = await bank.rent(hours=24)
    await push(bank.app, e164, "Telegram code 11111")
    assert await bank.ask("setRentStatus", id=rent_id, status=2) == error("CANT_CANCEL")
    assert await bank.wire.get("setRentStatus", id=rent_id, status=1) == '{"status":"success"}'
    assert await bank.shop.cash(bank.customer_id) == HEAVY - 30_000


async def test_after_twenty_minutes_nothing_is_cancelled(bank: Renting) -> None:
    rent_id, _ = await bank.rent()
    async with bank.shop.connection.transaction():
        await bank.shop.connection.execute(
            "update rent set created_at = created_at - a.gone, cancel_until = cancel_until - a.gone,"
            " due_at = due_at - a.gone, ends_at = ends_at - a.gone"
            " from (select interval '21 min' as gone) a where id = $1", rent_id
        )  # fmt: skip
        await bank.shop.connection.execute(
            "update rent_charge set at = at - interval '21 min' where rent_id = $1", rent_id
        )
    assert await bank.ask("setRentStatus", id=rent_id, status=2) == error("CANT_CANCEL")


async def test_an_unknown_status(bank: Renting) -> None:
    for status in ("", "0", "3", "8", "-1", "finish", "1,2"):
        rent_id, _ = await bank.rent()
        assert await bank.ask("setRentStatus", id=rent_id, status=status) == error("INCORECT_STATUS")
        # The shape comes before the ownership.
        assert await bank.ask("setRentStatus", id=1, status=status) == error("INCORECT_STATUS")


ABOUT_ONE = {
    "getRentStatus": {}, "setRentStatus": {"status": "1"}, "continueRentNumber": {}, "getContinueRentPriceNumber": {},
    "continueRentInfo": {},
}  # fmt: skip


@pytest.mark.parametrize("action", ABOUT_ONE)
async def test_a_missing_id_and_somebody_elses(bank: Renting, action: str) -> None:
    more = ABOUT_ONE[action]
    _, stranger = await bank.shop.customer(balance=HEAVY)
    rent_id, _ = await bank.rent()
    for path in (PATH, KOALA):
        assert await bank.ask(action, path, **more) == error("NO_ID_RENT")
        for text in ("", "null", "x", "-1", "1.0", "１"):
            assert await bank.ask(action, path, id=text, **more) == error("NO_ID_RENT")
        for number in ("0", "1", "999999999", "9" * 18, "9" * 40):
            assert await bank.ask(action, path, id=number, **more) == error("INVALID_PHONE")
    bank.wire.key = stranger
    assert await bank.ask(action, id=rent_id, **more) == error("INVALID_PHONE")
    assert await bank.ask(action, **{"activationId": rent_id}, **more) == error("INVALID_PHONE")


async def test_the_list_of_live_rentals(bank: Renting) -> None:
    assert await bank.ask("getRentList") == error("NO_NUMBERS")
    made = [await bank.rent() for _ in range(12)]
    found = await bank.ask("getRentList")
    assert list(found) == ["status", "values"]
    shown = [{"id": str(rent_id), "phone": str(e164)} for rent_id, e164 in reversed(made)]
    assert found["values"] == {str(place): one for place, one in enumerate(shown[:10])}
    for name in ("length", "limit", "size", "per_page", "length "):
        page = await bank.ask("getRentList", page=3, **{name: 5})
        assert list(page["values"].values()) == shown[10:]
    assert await bank.ask("getRentList", page=4, length=5) == error("NO_NUMBERS")
    for rent_id, _ in made:
        await bank.end(rent_id, Event.FINISH)
    assert await bank.ask("getRentList") == error("NO_NUMBERS")


# Going on ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rent_time", "time", "hours", "duration", "rent_time "])
async def test_a_live_rental_goes_on_and_pays_the_difference(bank: Renting, name: str) -> None:
    rent_id, e164 = await bank.rent()
    ends_at = await bank.shop.connection.fetchval("select ends_at from rent where id = $1", rent_id)
    assert await bank.ask("getContinueRentPriceNumber", id=rent_id, **{name: 20}) == {
        "status": "success", "price": 2, "currency": 840,
    }  # fmt: skip
    answer = await bank.ask("continueRentNumber", id=rent_id, **{name: 20})
    assert (answer["status"], answer["phone"]["id"], answer["phone"]["number"]) == ("success", rent_id, str(e164))
    assert datetime.fromisoformat(answer["phone"]["endDate"] + "+00:00") == (ends_at + timedelta(hours=20)).replace(
        microsecond=0
    )
    assert await bank.shop.cash(bank.customer_id) == HEAVY - 30_000


async def test_what_is_known_before_going_on(bank: Renting) -> None:
    rent_id, _ = await bank.rent()
    await bank.ask("continueRentNumber", id=rent_id, rent_time=20)
    short = await bank.ask("continueRentInfo", id=rent_id, hours=144)
    assert short == {"status": "success", "price": 7, "currency": 840, "hours": 1_320}
    for wanted in ("true", "True", "1"):
        info = await bank.ask("continueRentInfo", id=rent_id, hours=144, needHistory=wanted)
        assert info | {"history": "?"} == short | {"history": "?"}
        assert list(info["history"]) == ["0", "1"]
        assert [(one["price"], one["hours"]) for one in info["history"].values()] == [("1.00", 4), ("2.00", 20)]
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", info["history"]["0"]["createDate"])


async def test_too_many_hours_say_how_many_there_are(bank: Renting) -> None:
    rent_id, _ = await bank.rent()
    for action in ("continueRentNumber", "getContinueRentPriceNumber", "continueRentInfo"):
        for path in (PATH, KOALA):
            answer = await bank.ask(action, path, id=rent_id, rent_time=1_341)
            assert answer == error("MAX_HOURS_EXCEED", info={"max": 1_340})
    assert (await bank.ask("continueRentNumber", id=rent_id, rent_time=1_340))["status"] == "success"


async def test_a_finished_rental_begins_anew_under_a_new_id(bank: Renting) -> None:
    rent_id, e164 = await bank.rent("full")
    await bank.end(rent_id, Event.FINISH)
    answer = await bank.ask("continueRentNumber", id=rent_id, rent_time=4)
    assert answer["status"] == "success"
    assert answer["phone"]["id"] != rent_id
    assert answer["phone"]["number"] == str(e164)
    for action in ("continueRentNumber", "getContinueRentPriceNumber", "continueRentInfo"):
        for path in (PATH, KOALA):
            assert await bank.ask(action, path, id=rent_id) == error("RENT_DIE")


# Who may buy -------------------------------------------------------------------------------------------------------

STANDINGS = {
    "update customer set active = false where id = $1": "ACCOUNT_INACTIVE",
    "update customer set blocked = true where id = $1": "CHANNELS_LIMIT",
    "update customer set max_live = 1 where id = $1": "CHANNELS_LIMIT",
    "update customer set leases_per_min = 1 where id = $1": "TOO_MANY_REQUESTS",
}


@pytest.mark.parametrize("change", STANDINGS)
async def test_an_account_that_may_not_buy(bank: Renting, change: str) -> None:
    customer_id, key = await bank.shop.customer(balance=HEAVY)
    await bank.shop.connection.execute(change, customer_id)
    bank.wire.key = key
    if "1 where" in change:
        await bank.rent()
    for path in (PATH, KOALA):
        assert await bank.ask("getRentNumber", path, service="tg") == error(STANDINGS[change])
    # Before anything else.
    if "1 where" not in change:
        assert await bank.ask("getRentNumber", service="nope") == error(STANDINGS[change])
        assert await bank.ask("continueRentNumber", id="x") == error(STANDINGS[change])


async def test_a_blocked_account_learns_no_price_of_going_on(bank: Renting) -> None:
    customer_id, key = await bank.shop.customer(balance=HEAVY)
    rent_id, _ = await bank.rent()
    await bank.shop.connection.execute("update customer set blocked = true where id = $1", customer_id)
    bank.wire.key = key
    for action in ("getContinueRentPriceNumber", "continueRentInfo"):
        assert await bank.ask(action, id=rent_id) == error("CHANNELS_LIMIT")


async def test_a_service_must_exist_and_be_sold(bank: Renting) -> None:
    for code in ("", "nope", "FULL"):
        assert await bank.ask("getRentNumber", service=code) == error("BAD_SERVICE")
    await terms(bank.shop, "dn", table=TABLE)
    rent_id, _ = await bank.rent("wa")
    wanted = [bank.shop.catalogue.by_code[code].id for code in ("dn", "wa")]
    async with bank.shop.connection.transaction():
        for service_id in wanted:
            await denied.decide(bank.shop.connection, service_id, denied=True, reason="test")

    async def known() -> bool:
        return set(wanted) <= bank.app.bank.policy.denied

    await until(known)
    assert await bank.ask("getRentNumber", service="dn") == error("SERVICE_NOT_AVAILABLE")
    sentence = "The service is prohibited for sale by administration"
    assert await bank.ask("getRentNumber", KOALA, service="dn") == error(sentence)
    assert set((await bank.ask("getRentServicesAndCountries"))["services"]) == {"full", "ot", "tg"}
    for action in ("continueRentNumber", "getContinueRentPriceNumber", "continueRentInfo"):
        assert await bank.ask(action, id=rent_id) == error("SERVICE_NOT_AVAILABLE")


async def test_no_money_and_no_numbers(bank: Renting) -> None:
    _, key = await bank.shop.customer(balance=10_000)
    bank.wire.key = key
    assert await bank.ask("getRentNumber", service="tg", time=5) == error("NO_BALANCE")
    rent_id, _ = await bank.rent()
    assert await bank.ask("continueRentNumber", id=rent_id, time=20) == error("NO_BALANCE")
    # Priced, but the country has no numbers.
    await terms(bank.shop, "tg", country=2)
    assert await bank.ask("getRentNumber", service="tg", country=2) == error("NO_NUMBERS")
    assert await bank.ask("getRentServicesAndCountries", country=2) == error("OUT_OF_STOCK")
    # In stock, but without a price.
    assert await bank.ask("getRentNumber", service="vk") == error("NO_NUMBERS")


async def test_a_number_that_is_rented_is_nobody_elses(bank: Renting) -> None:
    taken = [(await bank.rent("full"))[1] for _ in range(23)]
    assert len(set(taken)) == 23
    assert await bank.ask("getRentNumber", service="wa") == error("NO_NUMBERS")
    assert await bank.wire.get("getNumber", service="tg") == "NO_NUMBERS"


async def test_the_key_is_refused_in_plain_words(bank: Renting) -> None:
    for action in ("getRentServicesAndCountries", "getRentNumber", *ABOUT_ONE, "getRentList"):
        bank.wire.key = "0" * 32
        assert await bank.ask(action) == "BAD_KEY"
        bank.wire.key = ""
        assert await bank.ask(action) == "NO_KEY"


RENTALS = {
    "getRentServicesAndCountries": "rentable", "getRentNumber": "rent", "getRentStatus": "inbox", "setRentStatus": "change",
    "getRentList": "live", "continueRentNumber": "extend", "getContinueRentPriceNumber": "quote",
    "continueRentInfo": "quote",
}  # fmt: skip


async def test_what_is_unexpected_is_a_server_error_in_the_envelope(
    bank: Renting, monkeypatch: pytest.MonkeyPatch
) -> None:
    for action, desk in RENTALS.items():

        async def broken(*_: object) -> None:
            raise RuntimeError("a test breaks it")

        desks = bank.app.bank.desks
        monkeypatch.setattr(desks, "rent", msgspec.structs.replace(desks.rent, **{desk: broken}))
        for path in (PATH, KOALA):
            assert await bank.ask(action, path, service="tg", id=1, status=1) == error("SERVER_ERROR")


# The webhook -------------------------------------------------------------------------------------------------------

BAD_URLS = [
    "ftp://a.example/", "http://127.0.0.1/", "http://user@a.example/", "https://a.example:22/", "nonsense",
    "https://a.example/#x", f"https://a.example/{'x' * 2_048}",
]  # fmt: skip


async def test_an_address_that_webhooks_must_not_go_to_costs_nothing(bank: Renting) -> None:
    for url in BAD_URLS:
        for path in (PATH, KOALA):
            answer = await bank.ask("getRentNumber", path, service="tg", **{"url ": url})
            assert answer == error("SERVER_ERROR", info=answer["info"])
            assert answer["info"]
            assert "\n" not in answer["info"]
        assert await bank.shop.cash(bank.customer_id) == HEAVY
        assert await bank.shop.connection.fetchval("select count(*) from hook") == 0


@pytest.mark.parametrize("name", ["url", "url ", "uri"])
async def test_an_address_has_one_endpoint_however_often_it_is_named(bank: Renting, name: str) -> None:
    for _ in range(2):
        await bank.rent("tg", **{name: "https://Hooks.example:443/in"})
    await bank.rent("tg", **{name: "https://other.example/"})
    rows = await bank.shop.connection.fetch(
        "select h.url, h.rents, count(r.id) from hook h join rent r on r.hook_id = h.id and r.account_id = h.account_id"
        " group by 1, 2 order by 1"
    )
    assert [tuple(row) for row in rows] == [
        ("https://hooks.example/in", True, 2), ("https://other.example/", True, 1),
    ]  # fmt: skip


async def test_numbers_that_cannot_be_rented_are_not(bank: Renting) -> None:
    assert numbers.RENT == RENT
    await bank.shop.numbers(5, country=2, first=77_020_000_000, abilities=SMS)
    await terms(bank.shop, "tg", country=2)
    assert await bank.ask("getRentNumber", service="tg", country=2) == error("NO_NUMBERS")
