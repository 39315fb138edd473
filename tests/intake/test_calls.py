"""Calls come in by the same door as messages, and reach only who leased for a call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from numbank.intake.deliver import Intake
from numbank.messages.calls import Kind
from numbank.messages.model import Fate, Medium
from numbank.server.app import App
from numbank.supply.numbers import CALL, SMS
from tests.support import PRICE, Caller, Shop, open_bank, push, ring

CALLER = "+44 7911 123-456"
BALANCE = 100_000


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=3600, call_code_overrides="wa=6") as (app, shop):
        await shop.numbers(60, abilities=SMS | CALL)
        for kind in Kind:
            await shop.offer("tg", "wa", kind=kind)
        yield app, shop


class Line:
    """A customer with one lease, and what became of what came on it."""

    def __init__(self, app: App, shop: Shop, caller: Caller, customer_id: int, lease_id: int, e164: int) -> None:
        self.app = app
        self.shop = shop
        self.caller = caller
        self.customer_id = customer_id
        self.lease_id = lease_id
        self.e164 = e164

    async def status(self) -> str:
        return await self.caller.get("getStatus", id=self.lease_id)

    async def fates(self) -> list[Fate]:
        rows = await self.shop.connection.fetch("select fate from message where e164 = $1 order by id", self.e164)
        return [Fate(row[0]) for row in rows]

    async def spent(self) -> int:
        """What was posted for good."""
        query = "select coalesce(sum(h.cash), 0)::bigint from hold h where h.account_id = $1 and h.state = 1"
        spent: int = await self.shop.connection.fetchval(query, self.customer_id)
        return spent


async def line(bank: tuple[App, Shop], kind: Kind, service: str = "tg", **params: object) -> Line:
    app, shop = bank
    customer_id, key = await shop.customer(BALANCE)
    caller = Caller(app, key)
    lease_id, e164 = await caller.lease(service, activationType=int(kind), **params)
    return Line(app, shop, caller, customer_id, lease_id, e164)


async def test_the_code_of_a_call_by_number_is_the_tail_of_its_caller(bank: tuple[App, Shop]) -> None:
    flash = await line(bank, Kind.FLASH)
    assert await ring(flash.app, flash.e164, CALLER) is Intake.STORED
    assert await flash.status() == "STATUS_OK:3456"
    assert await flash.fates() == [Fate.ATTACHED]
    assert await flash.spent() == PRICE


async def test_how_long_that_code_is_can_be_set_for_a_service(bank: tuple[App, Shop]) -> None:
    flash = await line(bank, Kind.FLASH, "wa")
    await ring(flash.app, flash.e164, CALLER)
    assert await flash.status() == "STATUS_OK:123456"


async def test_a_withheld_caller_tells_nothing_and_is_not_paid(bank: tuple[App, Shop]) -> None:
    flash = await line(bank, Kind.FLASH)
    for caller in ("", "anonymous", "+", "٠١٢٣٤"):
        await ring(flash.app, flash.e164, caller)
    assert await flash.status() == "STATUS_WAIT_CODE"
    assert await flash.fates() == [Fate.NO_TEXT] * 4
    assert await flash.spent() == 0


async def test_a_caller_that_is_too_short_for_a_code_is_handed_over_without_one(bank: tuple[App, Shop]) -> None:
    flash = await line(bank, Kind.FLASH)
    await ring(flash.app, flash.e164, "123")
    assert await flash.status() == "STATUS_OK:NO_CODE"


@pytest.mark.parametrize(
    ("transcript", "code"),
    [("Your Telegram code is 4, 8, 2, 9, 1", "48291"), ("your code is four eight two nine", "4829"), ("Hello?", "NO_CODE"),
     ("", "NO_CODE")],
)  # fmt: skip
async def test_the_code_of_a_voice_call_is_what_was_said(bank: tuple[App, Shop], transcript: str, code: str) -> None:
    voice = await line(bank, Kind.VOICE)
    await ring(voice.app, voice.e164, "anonymous", transcript)
    assert await voice.status() == f"STATUS_OK:{code}"
    assert await voice.spent() == PRICE


async def test_a_voice_that_names_another_service_is_kept_back(bank: tuple[App, Shop]) -> None:
    voice = await line(bank, Kind.VOICE)
    await ring(voice.app, voice.e164, CALLER, "Your WhatsApp code is 4 8 2 9 1 3")
    assert await voice.fates() == [Fate.OTHER_SERVICE]
    assert await voice.status() == "STATUS_WAIT_CODE"


@pytest.mark.parametrize("kind", [Kind.FLASH, Kind.VOICE])
async def test_an_sms_is_not_what_a_lease_for_a_call_waits_for(bank: tuple[App, Shop], kind: Kind) -> None:
    waiting = await line(bank, kind)
    await push(waiting.app, waiting.e164, "Telegram code 11111")
    assert await waiting.fates() == [Fate.OTHER_KIND]
    assert await waiting.status() == "STATUS_WAIT_CODE"
    assert await waiting.spent() == 0


async def test_a_call_is_not_what_a_lease_for_an_sms_waits_for(bank: tuple[App, Shop]) -> None:
    waiting = await line(bank, Kind.SMS)
    await ring(waiting.app, waiting.e164, CALLER, "Your Telegram code is 4 8 2 9 1")
    assert await waiting.fates() == [Fate.OTHER_KIND]
    assert await waiting.status() == "STATUS_WAIT_CODE"
    assert await waiting.caller.json("getStatusV2", id=waiting.lease_id) == {
        "verificationType": 0, "sms": None, "call": None,
    }  # fmt: skip


async def test_a_call_to_a_number_that_nobody_leases_is_kept_and_reaches_nobody_later(bank: tuple[App, Shop]) -> None:
    over = await line(bank, Kind.FLASH)
    assert await over.caller.get("setStatus", id=over.lease_id, status=8) == "ACCESS_CANCEL"
    await ring(over.app, over.e164, CALLER)
    assert await over.fates() == [Fate.NO_LEASE]
    for _ in range(5):
        assert (await line(bank, Kind.FLASH)).e164 != over.e164


async def test_a_call_is_taken_once_however_often_it_is_pushed(bank: tuple[App, Shop]) -> None:
    flash = await line(bank, Kind.FLASH)
    results = await asyncio.gather(*(ring(flash.app, flash.e164, CALLER, call_id="once") for _ in range(20)))
    assert sorted(results) == [Intake.STORED] + [Intake.DUPLICATE] * 19
    assert await flash.fates() == [Fate.ATTACHED]
    assert await flash.spent() == PRICE


async def test_a_call_and_an_sms_may_have_the_same_id(bank: tuple[App, Shop]) -> None:
    flash = await line(bank, Kind.FLASH)
    assert await push(flash.app, flash.e164, "", sender=CALLER, message_id="17") is Intake.STORED
    assert await ring(flash.app, flash.e164, CALLER, call_id="17") is Intake.STORED
    assert await flash.status() == "STATUS_OK:3456"
    query = "select kind, same_id_other_text from message where e164 = $1 order by id"
    rows = await flash.shop.connection.fetch(query, flash.e164)
    assert [(Medium(kind), flag) for kind, flag in rows] == [(Medium.SMS, False), (Medium.CALL, False)]


async def test_a_call_that_is_pushed_again_with_a_newly_signed_address_is_the_same(bank: tuple[App, Shop]) -> None:
    voice = await line(bank, Kind.VOICE)
    urls = [f"https://calls.example/7.wav?expires={at}&sign={at * 7}" for at in range(3)]
    taken = [
        await ring(voice.app, voice.e164, CALLER, "your code is 4 8 2 9", call_id="signed", recording_url=url)
        for url in urls
    ]
    assert taken == [Intake.STORED, Intake.DUPLICATE, Intake.DUPLICATE]
    late = await ring(
        voice.app,
        voice.e164,
        CALLER,
        "your code is 4 8 2 9",
        call_id="signed",
        recording_url="https://calls.example/8.wav",
    )
    assert late is Intake.STORED
    assert await voice.fates() == [Fate.ATTACHED] * 2


async def test_the_same_call_with_its_transcript_is_a_further_call(bank: tuple[App, Shop]) -> None:
    voice = await line(bank, Kind.VOICE)
    await ring(voice.app, voice.e164, CALLER, call_id="late words")
    assert await voice.status() == "STATUS_OK:NO_CODE"
    await ring(voice.app, voice.e164, CALLER, "your code is 4 8 2 9", call_id="late words")
    assert await voice.status() == "STATUS_OK:4829"
    assert await voice.spent() == PRICE


@pytest.mark.parametrize("kind", [Kind.FLASH, Kind.VOICE])
async def test_after_its_call_only_the_end_is_possible(bank: tuple[App, Shop], kind: Kind) -> None:
    called = await line(bank, kind)
    await ring(called.app, called.e164, CALLER, "your code is 4 8 2 9")
    for status in (1, 3, 8, -1):
        assert await called.caller.get("setStatus", id=called.lease_id, status=status) == "BAD_STATUS"
    assert await called.caller.get("setStatus", id=called.lease_id, status=6) == "ACCESS_ACTIVATION"
    assert await called.spent() == PRICE


@pytest.mark.parametrize("transcript", ["nul \0 inside", "half \ud800 pair", "a" * 65_536, "1 " * 30_000])
async def test_any_transcript_can_be_kept(bank: tuple[App, Shop], transcript: str) -> None:
    voice = await line(bank, Kind.VOICE)
    assert await ring(voice.app, voice.e164, CALLER, transcript) is Intake.STORED
    assert (await voice.status()).startswith("STATUS_OK:")
