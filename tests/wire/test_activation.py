"""The life of an activation as its customer sees it on the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from numbank.server.app import App
from tests.support import PRICE, Caller, Shop, open_bank, push, until


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0) as (app, shop):
        await shop.numbers(200)
        await shop.offer("tg", "wa", "ot")
        yield app, shop


@pytest.fixture
async def caller(bank: tuple[App, Shop]) -> Caller:
    app, shop = bank
    customer_id, key = await shop.customer()
    caller = Caller(app, key)
    caller.customer_id = customer_id  # type: ignore[attr-defined]
    return caller


async def test_from_balance_to_code(bank: tuple[App, Shop], caller: Caller) -> None:
    app, shop = bank
    assert await caller.get("getBalance") == "ACCESS_BALANCE:100.00"
    lease_id, e164 = await caller.lease()
    assert await caller.get("getBalance") == "ACCESS_BALANCE:99.90"
    assert await caller.get("getStatus", id=lease_id) == "STATUS_WAIT_CODE"
    assert await caller.get("setStatus", id=lease_id, status=1) == "ACCESS_READY"
    await push(app, e164, "Telegram code: 48213")
    assert await caller.get("getStatus", id=lease_id) == "STATUS_OK:48213"
    assert await caller.get("getFullSms", id=lease_id) == "FULL_SMS:Telegram code: 48213"
    assert await caller.get("setStatus", id=lease_id, status=6) == "ACCESS_ACTIVATION"
    assert await caller.get("getStatus", id=lease_id) == "STATUS_CANCEL"
    assert await caller.get("getFullSms", id=lease_id) == "FULL_SMS:Telegram code: 48213"
    assert await caller.get("getBalance") == "ACCESS_BALANCE:99.90"
    entries = await shop.connection.fetch(
        "select e.kind from entry e join activation a on a.hold_id = e.hold_id where a.id = $1 order by e.id", lease_id
    )
    assert [row["kind"] for row in entries] == [2, 3]


async def test_a_second_code_on_the_same_number(bank: tuple[App, Shop], caller: Caller) -> None:
    app, _ = bank
    lease_id, e164 = await caller.lease()
    assert await caller.get("setStatus", id=lease_id, status=3) == "BAD_STATUS"
    await push(app, e164, "Telegram code: 11111")
    assert await caller.get("setStatus", id=lease_id, status=3) == "ACCESS_RETRY_GET"
    assert await caller.get("getStatus", id=lease_id) == "STATUS_WAIT_RETRY:11111"
    await push(app, e164, "Welcome to Telegram! Enjoy your stay.")
    assert await caller.get("getStatus", id=lease_id) == "STATUS_WAIT_RETRY:11111"
    await push(app, e164, "Telegram code: 22222")
    assert await caller.get("getStatus", id=lease_id) == "STATUS_OK:22222"
    assert await caller.get("getBalance") == "ACCESS_BALANCE:99.90"


async def test_cancel_gives_the_money_back_once(bank: tuple[App, Shop], caller: Caller) -> None:
    lease_id, _ = await caller.lease()
    assert await caller.get("setStatus", id=lease_id, status=8) == "ACCESS_CANCEL"
    assert await caller.get("setStatus", id=lease_id, status=-1) == "ACCESS_CANCEL"
    assert await caller.get("setStatus", id=lease_id, status=6) == "BAD_STATUS"
    assert await caller.get("getStatus", id=lease_id) == "STATUS_CANCEL"
    assert await caller.get("getStatusV2", id=lease_id) == "STATUS_CANCEL"
    assert await caller.get("getFullSms", id=lease_id) == "STATUS_CANCEL"
    assert await caller.get("getBalance") == "ACCESS_BALANCE:100.00"


async def test_finish_before_any_message_ends_with_refund(caller: Caller) -> None:
    lease_id, _ = await caller.lease()
    assert await caller.get("setStatus", id=lease_id, status=6) == "ACCESS_ACTIVATION"
    assert await caller.get("setStatus", id=lease_id, status=6) == "ACCESS_ACTIVATION"
    assert await caller.get("setStatus", id=lease_id, status=8) == "BAD_STATUS"
    assert await caller.get("getBalance") == "ACCESS_BALANCE:100.00"


async def test_no_refund_after_a_delivered_message(bank: tuple[App, Shop], caller: Caller) -> None:
    app, _ = bank
    lease_id, e164 = await caller.lease()
    await push(app, e164, "hello there")
    assert await caller.get("getStatus", id=lease_id) == "STATUS_OK:NO_CODE"
    assert await caller.get("setStatus", id=lease_id, status=8) == "BAD_STATUS"
    assert await caller.get("getBalance") == "ACCESS_BALANCE:99.90"


async def test_a_code_keeps_its_text_when_something_without_a_code_follows(
    bank: tuple[App, Shop], caller: Caller
) -> None:
    app, _ = bank
    lease_id, e164 = await caller.lease()
    await push(app, e164, "your code is 77123")
    await push(app, e164, "hello there my friend")
    shown = (await caller.json("getStatusV2", id=lease_id))["sms"]
    assert (shown["code"], shown["text"]) == ("77123", "your code is 77123")
    row = (await caller.json("getActiveActivations"))["activeActivations"][0]
    assert (row["smsCode"], row["smsText"]) == ("77123", "your code is 77123")
    assert [one["text"] for one in (await caller.json("getAllSms", id=lease_id))["data"]].count(
        "hello there my friend"
    ) == 1
    await push(app, e164, "your code is 88123")
    assert await caller.get("getFullSms", id=lease_id) == "FULL_SMS:your code is 88123"


async def test_a_message_of_another_service_is_not_handed_over(bank: tuple[App, Shop], caller: Caller) -> None:
    app, shop = bank
    lease_id, e164 = await caller.lease("tg")
    await push(app, e164, "WhatsApp code: 123-456. Don't share this code with others", sender="WhatsApp")
    assert await caller.get("getStatus", id=lease_id) == "STATUS_WAIT_CODE"
    unmatched = await shop.connection.fetchrow("select fate, lease_id from message where e164 = $1", e164)
    assert unmatched is not None
    assert (unmatched["fate"], unmatched["lease_id"]) == (2, None)


async def test_any_other_service_takes_what_comes(bank: tuple[App, Shop], caller: Caller) -> None:
    app, _ = bank
    lease_id, e164 = await caller.lease("ot")
    await push(app, e164, "WhatsApp code: 123-456. Don't share this code with others", sender="WhatsApp")
    assert await caller.get("getStatus", id=lease_id) == "STATUS_OK:123456"


async def test_status_v2_has_nulls_while_nothing_came(bank: tuple[App, Shop], caller: Caller) -> None:
    app, _ = bank
    lease_id, e164 = await caller.lease()
    assert await caller.get("getStatusV2", id=lease_id) == '{"verificationType":0,"sms":null,"call":null}'
    await push(app, e164, "Telegram code: 007123")
    answer = await caller.json("getStatusV2", id=lease_id)
    assert answer["sms"]["code"] == "007123"
    assert answer["sms"]["text"] == "Telegram code: 007123"


async def test_number_v2_has_the_types_that_clients_need(caller: Caller) -> None:
    answer = await caller.json("getNumberV2", service="tg", country=0)
    kinds = {name: type(value) for name, value in answer.items()}
    assert kinds == {
        "activationId": int, "phoneNumber": str, "activationCost": float, "currency": int, "countryCode": str,
        "canGetAnotherSms": str, "activationTime": str, "activationOperator": str, "activationCancel": str,
        "activationEnd": str,
    }  # fmt: skip
    assert answer["activationOperator"] == "any"


async def test_an_order_id_is_leased_once(bank: tuple[App, Shop], caller: Caller) -> None:
    assert "activationId" in await caller.get("getNumberV2", service="tg", orderId="A-1")
    assert await caller.get("getNumberV2", service="wa", orderId="A-1") == "ORDER_ALREADY_EXISTS"
    assert await caller.get("getBalance") == "ACCESS_BALANCE:99.90"


async def test_an_order_id_is_not_used_up_by_a_refusal(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    customer_id, key = await shop.customer(balance=0)
    poor = Caller(app, key)
    assert await poor.get("getNumberV2", service="tg", orderId="B-1") == "NO_BALANCE"
    await shop.connection.execute("update account set cash = 5000 where id = $1", customer_id)
    assert "activationId" in await poor.get("getNumberV2", service="tg", orderId="B-1")


async def test_the_active_list(bank: tuple[App, Shop], caller: Caller) -> None:
    app, _ = bank
    assert await caller.get("getActiveActivations") == '{"status":"error","error":"NO_ACTIVATIONS"}'
    lease_id, e164 = await caller.lease()
    other_id, _ = await caller.lease("wa")
    await push(app, e164, "Telegram code: 48213")
    newest, oldest = (await caller.json("getActiveActivations"))["activeActivations"]
    assert (newest["activationId"], newest["activationStatus"], newest["smsCode"]) == (str(other_id), "4", None)
    assert (oldest["activationId"], oldest["activationStatus"], oldest["smsCode"]) == (str(lease_id), "2", "48213")
    assert (oldest["phoneNumber"], oldest["countryCode"], oldest["smsText"]) == (str(e164), "0", "Telegram code: 48213")


async def test_foreign_ids_look_like_missing_ones(bank: tuple[App, Shop], caller: Caller) -> None:
    app, shop = bank
    _, key = await shop.customer()
    stranger = Caller(app, key)
    lease_id, _ = await caller.lease()
    for action in ("getStatus", "getStatusV2", "getFullSms"):
        assert await stranger.get(action, id=lease_id) == await stranger.get(action, id=999) == "NO_ACTIVATION"
    foreign = await stranger.get("setStatus", id=lease_id, status=8)
    assert foreign == await stranger.get("setStatus", id=999, status=8) == "NO_ACTIVATION"


async def test_max_price_tells_the_cheapest(caller: Caller) -> None:
    assert await caller.get("getNumber", service="tg", maxPrice="0.05") == "WRONG_MAX_PRICE:0.10"
    assert await caller.get("getNumber", service="tg", maxPrice="maxPrice") == "WRONG_MAX_PRICE:0.10"
    assert (await caller.get("getNumber", service="tg", maxPrice="0.1")).startswith("ACCESS_NUMBER:")
    assert (await caller.get("getNumber", service="tg", maxPrice="")).startswith("ACCESS_NUMBER:")


async def test_an_expired_activation_is_refunded_or_done(dsn: str) -> None:
    async with open_bank(dsn, activation_life_s=0.3, early_cancel_s=0) as (app, shop):
        customer_id, key = await shop.customer()
        caller = Caller(app, key)
        await shop.numbers(5)
        await shop.offer("tg")
        silent, _ = await caller.lease()
        served, e164 = await caller.lease()
        await push(app, e164, "Telegram code: 48213")

        async def both_ended() -> bool:
            rows = await shop.connection.fetch("select state from activation where id = any($1)", [silent, served])
            return all(row["state"] >= 8 for row in rows)

        await until(both_ended)
        ended = await shop.connection.fetch("select id, state from activation where id = any($1)", [silent, served])
        assert {row["id"]: row["state"] for row in ended} == {silent: 9, served: 8}
        assert await shop.cash(customer_id) == 1_000_000 - PRICE
        assert await caller.get("setStatus", id=silent, status=8) == "BAD_STATUS"


async def test_an_early_cancel_is_refused(dsn: str) -> None:
    async with open_bank(dsn, early_cancel_s=60, early_cancel_overrides="wa=0") as (app, shop):
        _, key = await shop.customer()
        caller = Caller(app, key)
        await shop.numbers(5)
        await shop.offer("tg", "wa")
        guarded, _ = await caller.lease("tg")
        open_, _ = await caller.lease("wa")
        assert await caller.get("setStatus", id=guarded, status=8) == "EARLY_CANCEL_DENIED"
        assert await caller.get("setStatus", id=guarded, status=6) == "EARLY_CANCEL_DENIED"
        assert await caller.get("getStatus", id=guarded) == "STATUS_WAIT_CODE"
        assert await caller.get("setStatus", id=open_, status=8) == "ACCESS_CANCEL"
