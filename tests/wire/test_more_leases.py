"""Several services on one number, additional services, reactivations, forwarding targets: what the customer sees."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from numbank.customers import bans
from numbank.db.checks import Session, prove_all
from numbank.server.app import App
from numbank.supply import lines, numbers
from tests.support import PRICE, Caller, Shop, open_bank, push, until
from tests.verify.used_bank import ALL_CHECKS, broken

ABLE = numbers.SMS | numbers.FORWARD
FORWARDED = "av"  # a service that can be forwarded
TARGET = "+7 910 000-00-01"

Bank = tuple[App, Shop]


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[Bank]:
    async with open_bank(
        dsn, early_cancel_s=0, cool_down_s=3600, additional_service_prices="840=0.05", forward_surcharge_minor=70
    ) as (app, shop):
        yield app, shop


@pytest.fixture
async def country(bank: Bank) -> AsyncIterator[int]:
    """A country of its own for every test: no number of another one is in the way. At the end the books must be right."""
    _, shop = bank
    known: list[int] = [
        row[0]
        for row in await shop.connection.fetch("select id from country where multi_service and retry order by id")
    ]
    used = {row[0] for row in await shop.connection.fetch("select distinct country_id from pool")}
    yield next(one for one in known if one not in used)
    findings = await prove_all(Session(shop.connection, 1000), ALL_CHECKS)
    assert broken(findings) == {}


async def caller_of(bank: Bank, balance: int = 100_000) -> tuple[Caller, int]:
    app, shop = bank
    customer_id, key = await shop.customer(balance)
    return Caller(app, key), customer_id


async def stock(shop: Shop, country: int, how_many: int = 1, *, forward: bool = False) -> list[int]:
    """Numbers and prices for tg, wa, go and the forwarded service."""
    added = await shop.numbers(how_many, country=country, abilities=ABLE if forward else numbers.SMS)
    await shop.offer("tg", "wa", "go", FORWARDED, country=country)
    await shop.counted()
    return added


async def multi(caller: Caller, country: int, codes: str = "tg,wa", **more: object) -> list[dict[str, Any]]:
    rows = await caller.json("getMultiServiceNumber", multiService=codes, country=country, **more)
    assert isinstance(rows, list)
    return rows


async def number_state(shop: Shop, e164: int) -> int:
    state: int = await shop.connection.fetchval("select state from number where e164 = $1", e164)
    return state


# several services on one number ------------------------------------------------------------------------------------


async def test_one_number_serves_several_services(bank: Bank, country: int) -> None:
    app, shop = bank
    (e164,) = await stock(shop, country)
    caller, customer_id = await caller_of(bank)
    tg, wa = await multi(caller, country)
    assert (tg["phone"], wa["phone"]) == (str(e164), str(e164))
    assert (tg["service"], wa["service"]) == ("tg", "wa")
    assert await shop.cash(customer_id) == 100_000 - 2 * PRICE
    await push(app, e164, "WhatsApp code 111-222")
    await push(app, e164, "Telegram code 33333")
    assert await caller.get("getStatus", id=tg["activation"]) == "STATUS_OK:33333"
    assert await caller.get("getStatus", id=wa["activation"]) == "STATUS_OK:111222"


async def test_a_message_that_names_nothing_goes_to_who_received_nothing(bank: Bank, country: int) -> None:
    app, shop = bank
    (e164,) = await stock(shop, country)
    caller, _ = await caller_of(bank)
    tg, wa = await multi(caller, country)
    await push(app, e164, "Telegram code 33333")
    await push(app, e164, "Your code is 4444")
    assert await caller.get("getStatus", id=tg["activation"]) == "STATUS_OK:33333"
    assert await caller.get("getStatus", id=wa["activation"]) == "STATUS_OK:4444"


async def test_a_message_for_a_sibling_that_ended_reaches_nobody(bank: Bank, country: int) -> None:
    app, shop = bank
    (e164,) = await stock(shop, country)
    caller, _ = await caller_of(bank)
    tg, wa = await multi(caller, country)
    assert await caller.get("setStatus", id=tg["activation"], status=8) == "ACCESS_CANCEL"
    await push(app, e164, "Telegram code 33333")
    assert await caller.get("getStatus", id=wa["activation"]) == "STATUS_WAIT_CODE"


@pytest.mark.parametrize("last", [0, 1])
async def test_the_number_rests_when_the_last_one_ended(bank: Bank, country: int, last: int) -> None:
    app, shop = bank
    (e164,) = await stock(shop, country)
    caller, customer_id = await caller_of(bank)
    rows = await multi(caller, country)
    first, second = rows[1 - last], rows[last]
    assert await caller.get("cancelActivation", id=first["activation"]) == "ACCESS_CANCEL"
    assert await number_state(shop, e164) == 1
    assert await caller.get("getNumber", service="go", country=country) == "NO_NUMBERS"
    await push(app, e164, "Your code is 4444")
    assert await caller.get("finishActivation", id=second["activation"]) == "ACCESS_ACTIVATION"
    assert await number_state(shop, e164) == 2
    assert await shop.cash(customer_id) == 100_000 - PRICE


async def test_all_that_end_in_one_moment_let_the_number_rest_once(bank: Bank, country: int) -> None:
    _, shop = bank
    (e164,) = await stock(shop, country)
    caller, customer_id = await caller_of(bank)
    await multi(caller, country, "tg,wa,go")
    await shop.connection.execute("update activation set due_at = created_at where e164 = $1 and state < 8", e164)

    async def rests() -> bool:
        return await number_state(shop, e164) == 2

    await until(rests)
    states = await shop.connection.fetch("select distinct state, ended_by from activation where e164 = $1", e164)
    assert [tuple(row) for row in states] == [(9, 21)]
    assert await shop.cash(customer_id) == 100_000


async def test_it_is_all_or_nothing(bank: Bank, country: int) -> None:
    _, shop = bank
    await stock(shop, country)
    poor, poor_id = await caller_of(bank, balance=2 * PRICE - 1)
    assert await poor.get("getMultiServiceNumber", multiService="tg,wa", country=country) == "NO_BALANCE"
    assert await shop.cash(poor_id) == 2 * PRICE - 1
    rich, _ = await caller_of(bank)
    await rich.lease("tg", country=country)
    assert await rich.get("getMultiServiceNumber", multiService="tg,wa", country=country) == "NO_NUMBERS"


async def test_a_number_that_was_used_for_one_of_them_does_not_fit(bank: Bank, country: int) -> None:
    app, shop = bank
    used, fresh = sorted(await stock(shop, country, 2))
    caller, _ = await caller_of(bank)
    taken = [await caller.lease("wa", country=country) for _ in range(2)]
    await push(app, used, "WhatsApp code 111-222")
    for lease_id, _ in taken:
        await caller.get("setStatus", id=lease_id, status=6)
    await shop.connection.execute("update number set rests_until = now() where state = 2")

    async def free() -> bool:
        return {await number_state(shop, used), await number_state(shop, fresh)} == {0}

    await until(free)
    assert await caller.get("getMultiServiceNumber", multiService="tg,wa", country=country) == "NO_NUMBERS"
    rows = await multi(caller, country, "tg,go")
    assert int(rows[0]["phone"]) in (used, fresh)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"multiService": "tg,tg"}, "BAD_SERVICE"),
        ({"multiService": "tg,nothing"}, "BAD_SERVICE"),
        ({"multiService": ""}, "BAD_SERVICE"),
        ({"multiService": "tg,wa", "multiForward": "1"}, "BAD_SERVICE"),
        ({"multiService": "tg,wa", "forward": "1,1"}, "BAD_SERVICE"),
        ({"multiService": "tg,wa", "forward": "0,x"}, "BAD_SERVICE"),
        ({"multiService": "aa,ab,ac,ad,ae,af,ag,ah,ai,aj,ak"}, "BAD_SERVICE"),
        ({"multiService": "tg,wa", "country": "3"}, "NOT_AVAILABLE"),
        ({"multiService": "tg,wa", "country": "x"}, "NO_NUMBERS"),
    ],
)
async def test_what_is_wrong_is_named(bank: Bank, fields: dict[str, str], word: str) -> None:
    caller, _ = await caller_of(bank)
    assert await caller.get("getMultiServiceNumber", **fields) == word


async def test_limited_tiers_are_taken_for_all_and_given_back_by_each(bank: Bank, country: int) -> None:
    _, shop = bank
    await stock(shop, country, 3)
    left = "select remaining from offer where country_id = $1 and service_id = any($2) order by service_id"
    services = sorted(shop.catalogue.by_code[code].id for code in ("tg", "wa"))
    await shop.connection.execute(
        "update offer set remaining = 1 where country_id = $1 and service_id = any($2)", country, services
    )
    caller, _ = await caller_of(bank)
    tg, _ = await multi(caller, country)
    assert [row[0] for row in await shop.connection.fetch(left, country, services)] == [0, 0]
    assert await caller.get("getMultiServiceNumber", multiService="tg,go", country=country) == "NO_NUMBERS"
    assert await caller.get("cancelActivation", id=tg["activation"]) == "ACCESS_CANCEL"
    assert sorted(row[0] for row in await shop.connection.fetch(left, country, services)) == [0, 1]
    assert len(await multi(caller, country, "tg,go")) == 2


async def test_old_names_of_the_parameters_do(bank: Bank, country: int) -> None:
    _, shop = bank
    await stock(shop, country, forward=True)
    caller, customer_id = await caller_of(bank)
    rows = await caller.json("getMultiServiceNumber", service=f"tg,{FORWARDED}", forward="0,1", country=country)
    assert [row["service"] for row in rows] == ["tg", FORWARDED]
    assert await shop.cash(customer_id) == 100_000 - 2 * PRICE - 70
    forwarded = await shop.connection.fetch(
        "select forward, surcharge from activation where account_id = $1 order by id", customer_id
    )
    assert [tuple(row) for row in forwarded] == [(False, 0), (True, 70)]


async def test_forwarding_needs_a_number_that_can(bank: Bank, country: int) -> None:
    _, shop = bank
    await stock(shop, country)
    caller, _ = await caller_of(bank)
    answer = await caller.get(
        "getMultiServiceNumber", multiService=f"tg,{FORWARDED}", multiForward="0,1", country=country
    )
    assert answer == "NO_NUMBERS"


# where forwarded messages go ------------------------------------------------------------------------------------------


async def forwarded_lease(bank: Bank, country: int) -> tuple[Caller, int, int]:
    _, shop = bank
    await stock(shop, country, forward=True)
    caller, _ = await caller_of(bank)
    lease_id, e164 = await caller.lease(FORWARDED, country=country, forward=1)
    return caller, lease_id, e164


async def test_the_first_status_needs_a_target(bank: Bank, country: int) -> None:
    _, shop = bank
    caller, lease_id, _ = await forwarded_lease(bank, country)
    assert await caller.get("setStatus", id=lease_id, status=1) == "BAD_STATUS"
    assert await caller.get("setStatus", id=lease_id, status=1, forward="12") == "BAD_STATUS"
    assert await caller.get("setStatus", id=lease_id, status=1, forward=TARGET) == "ACCESS_READY"
    assert await shop.connection.fetchval("select forward_to from activation where id = $1", lease_id) == 79_100_000_001
    assert await caller.get("setStatus", id=lease_id, status=1) == "ACCESS_READY"
    assert await caller.get("setStatus", id=lease_id, status=1, forwards="79100000002") == "ACCESS_READY"
    assert await shop.connection.fetchval("select forward_to from activation where id = $1", lease_id) == 79_100_000_002
    assert await caller.get("setStatus", id=lease_id, status=8) == "ACCESS_CANCEL"


async def test_a_target_without_forwarding_is_not_looked_at(bank: Bank, country: int) -> None:
    _, shop = bank
    await stock(shop, country)
    caller, _ = await caller_of(bank)
    lease_id, _ = await caller.lease("tg", country=country)
    assert await caller.get("setStatus", id=lease_id, status=1, forward="12") == "ACCESS_READY"
    assert await shop.connection.fetchval("select forward_to from activation where id = $1", lease_id) is None


# additional services -----------------------------------------------------------------------------------------------


async def test_an_additional_service_shares_the_number(bank: Bank, country: int) -> None:
    app, shop = bank
    caller, lease_id, e164 = await forwarded_lease(bank, country)
    await caller.get("setStatus", id=lease_id, status=1, forward=TARGET)
    await push(app, e164, "Your code is 4444")
    capable = await shop.connection.fetchval(
        "select code from service where forward_capable and code not in ($1, 'ot') order by id limit 1", FORWARDED
    )
    word, other_id, other_e164 = (await caller.get("getAdditionalService", id=lease_id, service=capable)).split(":")
    assert (word, int(other_e164)) == ("ADDITIONAL", e164)
    row = await shop.connection.fetchrow(
        "select price, origin, parent_id, group_id, forward_to from activation where id = $1", int(other_id)
    )
    assert row is not None
    assert tuple(row) == (500, 2, lease_id, lease_id, 79_100_000_001)
    assert await caller.get("getAdditionalService", id=lease_id, service=capable) == "REPEAT_ADDITIONAL_SERVICE"
    assert await caller.get("setStatus", id=lease_id, status=6) == "ACCESS_ACTIVATION"
    assert await number_state(shop, e164) == 1
    await push(app, e164, "Your code is 5555")
    assert await caller.get("getStatus", id=other_id) == "STATUS_OK:5555"
    assert await caller.get("setStatus", id=other_id, status=6) == "ACCESS_ACTIVATION"
    assert await number_state(shop, e164) == 2


async def test_what_an_additional_service_needs(bank: Bank, country: int) -> None:
    app, _ = bank
    caller, lease_id, e164 = await forwarded_lease(bank, country)
    assert await caller.get("getAdditionalService", id="x", service="tg") == "WRONG_ACTIVATION_ID"
    assert await caller.get("getAdditionalService", id=1, service="tg") == "WRONG_ACTIVATION_ID"
    stranger, _ = await caller_of(bank)
    assert await stranger.get("getAdditionalService", id=lease_id, service="tg") == "WRONG_ACTIVATION_ID"
    assert await caller.get("getAdditionalService", id=lease_id, service="tg") == "WRONG_SECURITY"
    await push(app, e164, "Your code is 4444")
    assert await caller.get("getAdditionalService", id=lease_id, service="nothing") == "WRONG_ADDITIONAL_SERVICE"
    assert await caller.get("getAdditionalService", id=lease_id, service="tg") == "WRONG_ADDITIONAL_SERVICE"
    assert await caller.get("getAdditionalService", id=lease_id, service=FORWARDED) == "REPEAT_ADDITIONAL_SERVICE"
    await caller.get("setStatus", id=lease_id, status=6)
    assert await caller.get("getAdditionalService", id=lease_id, service="tg") == "WRONG_SECURITY"


async def test_a_line_that_is_off_serves_no_additional_service(bank: Bank, country: int) -> None:
    app, shop = bank
    caller, lease_id, e164 = await forwarded_lease(bank, country)
    await caller.get("setStatus", id=lease_id, status=1, forward=TARGET)
    await push(app, e164, "Your code is 4444")
    capable = await shop.connection.fetchval(
        "select code from service where forward_capable and code not in ($1, 'ot') order by id limit 1", FORWARDED
    )
    number_id = await shop.connection.fetchval("select id from number where e164 = $1", e164)
    async with shop.connection.transaction():
        await lines.disconnect(shop.connection, [number_id])
    assert await caller.get("getAdditionalService", id=lease_id, service=capable) == "WRONG_SECURITY"
    async with shop.connection.transaction():
        await lines.connect(shop.connection, [number_id], timedelta(hours=1))
    assert (await caller.get("getAdditionalService", id=lease_id, service=capable)).startswith("ADDITIONAL:")


# reactivations -----------------------------------------------------------------------------------------------------


async def finished(bank: Bank, country: int) -> tuple[Caller, int, int, int]:
    """A caller whose lease was finished; its id, its number, and the account."""
    app, shop = bank
    await stock(shop, country)
    caller, customer_id = await caller_of(bank)
    lease_id, e164 = await caller.lease("tg", country=country)
    await push(app, e164, "Telegram code 33333")
    assert await caller.get("setStatus", id=lease_id, status=6) == "ACCESS_ACTIVATION"
    return caller, lease_id, e164, customer_id


async def test_a_finished_lease_can_be_had_again(bank: Bank, country: int) -> None:
    app, shop = bank
    caller, lease_id, e164, customer_id = await finished(bank, country)
    assert await caller.json("checkExtraActivation", activationId=lease_id) == {
        "status": "success", "cost": 0.1, "service": "tg", "phone": e164, "country": country,
    }  # fmt: skip
    word, again_id, again_e164 = (await caller.get("getExtraActivation", activationId=lease_id)).split(":")
    assert (word, int(again_e164)) == ("ACCESS_NUMBER", e164)
    assert await shop.cash(customer_id) == 100_000 - 2 * PRICE
    (shown,) = (await caller.json("getActiveActivations"))["activeActivations"]
    assert (shown["activationId"], shown["repeated"]) == (again_id, "1")
    assert await caller.get("getExtraActivation", id=lease_id) == "RENEW_ACTIVATION_NOT_AVAILABLE"
    await push(app, e164, "Telegram code 44444")
    assert await caller.get("getStatus", id=again_id) == "STATUS_OK:44444"
    assert await caller.get("setStatus", id=again_id, status=6) == "ACCESS_ACTIVATION"
    assert (await caller.get("getExtraActivation", id=again_id)).startswith("ACCESS_NUMBER:")


async def test_a_cancelled_reactivation_leaves_the_number_used(bank: Bank, country: int) -> None:
    _, shop = bank
    caller, lease_id, _, customer_id = await finished(bank, country)
    again_id = (await caller.get("getExtraActivation", id=lease_id)).split(":")[1]
    assert await caller.get("setStatus", id=again_id, status=8) == "ACCESS_CANCEL"
    assert await shop.cash(customer_id) == 100_000 - PRICE
    await shop.connection.execute("update number set rests_until = now() where state = 2")

    async def woken() -> bool:
        return not await shop.connection.fetchval("select exists (select from number where state = 2)")

    await until(woken)
    assert await caller.get("getNumber", service="tg", country=country) == "NO_NUMBERS"


async def test_the_terms_of_the_service_set_the_price(bank: Bank, country: int) -> None:
    _, shop = bank
    caller, lease_id, _, customer_id = await finished(bank, country)
    service_id = shop.catalogue.by_code["tg"].id
    await shop.connection.execute("insert into offer_terms values ($1, $2, null, 300)", country, service_id)
    assert (await caller.json("checkExtraActivation", id=lease_id))["cost"] == 0.03
    await caller.get("getExtraActivation", id=lease_id)
    assert await shop.cash(customer_id) == 100_000 - PRICE - 300


async def test_who_cannot_have_a_number_again(bank: Bank, country: int) -> None:
    _, shop = bank
    caller, lease_id, _, _ = await finished(bank, country)
    for action in ("getExtraActivation", "checkExtraActivation"):
        assert await caller.get(action, id="x") == "WRONG_ACTIVATION_ID"
        assert await caller.get(action, id=1) == "WRONG_ACTIVATION_ID"
        stranger, _ = await caller_of(bank)
        assert await stranger.get(action, id=lease_id) == "WRONG_ACTIVATION_ID"
    service_id = shop.catalogue.by_code["tg"].id
    await shop.connection.execute("delete from offer where country_id = $1 and service_id = $2", country, service_id)
    assert await caller.get("checkExtraActivation", id=lease_id) == "RENEW_ACTIVATION_NOT_AVAILABLE"
    assert await caller.get("getExtraActivation", id=lease_id) == "RENEW_ACTIVATION_NOT_AVAILABLE"


async def test_what_was_never_successful_cannot_be_had_again(bank: Bank, country: int) -> None:
    _, shop = bank
    await stock(shop, country)
    caller, _ = await caller_of(bank)
    lease_id, _ = await caller.lease("tg", country=country)
    assert await caller.get("getExtraActivation", id=lease_id) == "NEW_ACTIVATION_IMPOSSIBLE"
    await caller.get("setStatus", id=lease_id, status=8)
    assert await caller.get("checkExtraActivation", id=lease_id) == "NEW_ACTIVATION_IMPOSSIBLE"


async def test_a_banned_customer_of_a_reseller_gets_nothing_again(bank: Bank, country: int) -> None:
    app, shop = bank
    await stock(shop, country, forward=True)
    caller, customer_id = await caller_of(bank)
    lease_id, e164 = await caller.lease(FORWARDED, country=country, forward=1, userId="ann")
    await push(app, e164, "Your code is 4444")
    async with shop.connection.transaction():
        await bans.add(
            shop.connection, customer_id, until=None, for_=timedelta(hours=1), reason="statistics", user="ann"
        )
    assert (await caller.get("getAdditionalService", id=lease_id, service="ym")).startswith("BANNED:'")
    await caller.get("setStatus", id=lease_id, status=6)
    assert (await caller.get("getExtraActivation", id=lease_id)).startswith("BANNED:'")
    assert (await caller.json("checkExtraActivation", id=lease_id))["status"] == "success"


async def test_money_is_needed(bank: Bank, country: int) -> None:
    app, shop = bank
    await stock(shop, country)
    caller, _ = await caller_of(bank, balance=PRICE)
    lease_id, e164 = await caller.lease("tg", country=country)
    await push(app, e164, "Telegram code 33333")
    await caller.get("setStatus", id=lease_id, status=6)
    assert await caller.get("getExtraActivation", id=lease_id) == "NO_BALANCE"


async def test_a_line_that_is_off_is_named_and_comes_back(bank: Bank, country: int) -> None:
    _, shop = bank
    caller, lease_id, e164, _ = await finished(bank, country)
    number_id = await shop.connection.fetchval("select id from number where e164 = $1", e164)
    async with shop.connection.transaction():
        await lines.disconnect(shop.connection, [number_id])
    assert await caller.get("checkExtraActivation", id=lease_id) == "SIM_OFFLINE"
    assert await caller.get("getExtraActivation", id=lease_id) == "SIM_OFFLINE"
    async with shop.connection.transaction():
        await lines.connect(shop.connection, [number_id], timedelta(hours=1))
    assert (await caller.get("getExtraActivation", id=lease_id)).startswith("ACCESS_NUMBER:")


async def test_a_leased_line_that_is_off_goes_offline_at_the_end(bank: Bank, country: int) -> None:
    app, shop = bank
    await stock(shop, country)
    caller, _ = await caller_of(bank)
    lease_id, e164 = await caller.lease("tg", country=country)
    number_id = await shop.connection.fetchval("select id from number where e164 = $1", e164)
    async with shop.connection.transaction():
        await lines.disconnect(shop.connection, [number_id])
    assert await number_state(shop, e164) == 1
    await push(app, e164, "Telegram code 33333")
    assert await caller.get("getStatus", id=lease_id) == "STATUS_OK:33333"
    await caller.get("setStatus", id=lease_id, status=6)
    assert await number_state(shop, e164) == 3


async def test_an_operator_that_is_sold_out_is_no_reason_for_another_one(bank: Bank, country: int) -> None:
    _, shop = bank
    await stock(shop, country)
    await shop.numbers(1, country=country, operator="mts")
    await shop.counted()
    caller, _ = await caller_of(bank)

    async def known() -> bool:
        return "mts" in await caller.get("getOperators", country=country)

    await until(known)
    await caller.lease("tg", country=country, operator="mts")
    for services in ("tg,wa", "wa,tg"):
        answer = await caller.get("getMultiServiceNumber", multiService=services, country=country, operator="mts")
        assert answer == "NO_NUMBERS"
    rows = await caller.json("getMultiServiceNumber", multiService="tg,wa", country=country, operator="no such one")
    assert [row["service"] for row in rows] == ["tg", "wa"]


@pytest.mark.parametrize("falls_back", [False, True])
@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("getNumber", {"service": "tg"}),
        ("getNumberV2", {"service": "tg"}),
        ("getMultiServiceNumber", {"multiService": "tg,wa"}),
    ],
)
async def test_the_setting_decides_whether_an_unknown_operator_falls_back(
    bank: Bank, country: int, dsn: str, action: str, params: dict[str, str], falls_back: bool
) -> None:
    async with open_bank(dsn, operator_fallback=falls_back) as (app, shop):
        await stock(shop, country)
        caller = Caller(app, (await shop.customer())[1])
        answer = await caller.get(action, country=country, operator="no such one", **params)
        assert (answer == "NO_NUMBERS") is not falls_back
        if not falls_back:  # the number was there all the time
            answer = await caller.get(action, country=country, operator="any", **params)
        assert answer.startswith(("ACCESS_NUMBER:", "{", "["))
