"""Codes that are only likely: withheld or handed out, by a setting; their text can always be read; what habits change."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from numbank.catalogue.catalogue import Catalogue
from numbank.cli.message import _listed
from numbank.codes import recognise
from numbank.codes.decide import POSSIBLE, THRESHOLD
from numbank.codes.reading import Reading
from numbank.codes.reading import read as read_plain_text
from numbank.intake.deliver import Intake
from numbank.intake.door import LONG_TEXT, Door
from numbank.messages import store
from numbank.messages.calls import Kind
from numbank.messages.habits import Habits, Seen
from numbank.messages.model import Incoming
from numbank.messages.rules import CodeRules
from numbank.server.app import App
from tests.support import Caller, Shop, open_bank, push, taught

GUESS = "59204"


def guessed() -> str:
    """A text whose only candidate is between possible and certain, whatever is tuned in codes/."""
    for text in ("Hello Ann 59204", "59204 Ann", "Your login 59204", "59204 and hello"):
        found = recognise(text)
        if found.uncertain == GUESS:
            return text
    pytest.fail("no text here has an uncertain code any more: write one")


@asynccontextmanager
async def leased(dsn: str, **settings: Any) -> AsyncIterator[tuple[App, Shop, Caller, int, int]]:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=3600, **settings) as (app, shop):
        await shop.numbers(3)
        await shop.offer("tg")
        _, key = await shop.customer()
        caller = Caller(app, key)
        lease_id, e164 = await caller.lease()
        yield app, shop, caller, lease_id, e164


@pytest.mark.parametrize(("setting", "answer"), [("withhold", "STATUS_OK:NO_CODE"), ("deliver", f"STATUS_OK:{GUESS}")])
async def test_a_guess_is_withheld_or_handed_out_and_its_text_can_be_read(dsn: str, setting: str, answer: str) -> None:
    text = guessed()
    async with leased(dsn, uncertain_codes=setting) as (app, shop, caller, lease_id, e164):
        await push(app, e164, text)
        assert await caller.get("getStatus", id=lease_id) == answer
        shown = msgspec.json.decode(await caller.get("getStatusV2", id=lease_id))
        assert shown["sms"]["text"] == text
        confidence = await shop.connection.fetchval("select confidence from message where e164 = $1", e164)
        assert POSSIBLE <= confidence < THRESHOLD
        (glance,) = await store.newest(app.bank.pool, 1)
        row = _listed(glance, app.bank.catalogue.services[glance.service_id or 0])
        assert row["code_is"] == ("withheld" if setting == "withhold" else "guess")
        assert (row["text"], row["guess"], row["code"]) == (None, None, None)  # a customer's own
        assert (row["activation"], row["rental"], row["service"]) == (lease_id, None, "tg")
        assert row["customer"] == await shop.connection.fetchval(
            "select account_id from activation where id = $1", lease_id
        )


async def test_operators_see_the_guess_of_what_nobody_got(dsn: str) -> None:
    text = guessed()
    async with leased(dsn) as (app, _, _, _, e164):
        await push(app, e164 + 5_000_000, text)
        (row,) = [_listed(one) for one in await store.newest(app.bank.pool, 1)]
        assert (row["code_is"], row["guess"], row["text"], row["fate"]) == ("withheld", GUESS, text, "no_number")
        assert (row["activation"], row["customer"], row["service"]) == (None, None, None)


async def test_a_certain_code_comes_behind_a_withheld_one(dsn: str) -> None:
    async with leased(dsn) as (app, _, caller, lease_id, e164):
        await push(app, e164, guessed())
        await push(app, e164, "Telegram code 48213")
        assert await caller.get("getStatus", id=lease_id) == "STATUS_OK:48213"
        (row, _) = [_listed(one) for one in await store.newest(app.bank.pool, 2)]
        assert row["code_is"] == "certain"


async def test_a_guess_that_is_handed_out_takes_no_codes_place_unless_another_one_was_asked_for(dsn: str) -> None:
    async with leased(dsn, uncertain_codes="deliver") as (app, _, caller, lease_id, e164):
        await push(app, e164, "Telegram code 48213")
        await push(app, e164, guessed())
        assert await caller.get("getStatus", id=lease_id) == "STATUS_OK:48213"
        assert [row["code_is"] for row in map(_listed, await store.newest(app.bank.pool, 2))] == ["withheld", "certain"]
        assert await caller.get("setStatus", id=lease_id, status=3) == "ACCESS_RETRY_GET"
        await push(app, e164, guessed() + "!")
        assert await caller.get("getStatus", id=lease_id) == f"STATUS_OK:{GUESS}"


async def test_what_is_known_of_the_service_makes_a_guess_certain(dsn: str) -> None:
    """The prior acts at the moment of matching, for the service of the lease."""
    text = guessed()
    found = recognise(text)
    assert THRESHOLD - found.confidence <= 0.12, "the steps of the prior are too small for this text: write another"
    async with leased(dsn) as (app, shop, caller, lease_id, e164):
        await push(app, e164, text)
        assert await caller.get("getStatus", id=lease_id) == "STATUS_OK:NO_CODE"
        await taught(app, shop, "tg", "sender", len(GUESS))
        await push(app, e164, text + " ", message_id="second", sender="Sender")
        assert await caller.get("getStatus", id=lease_id) == f"STATUS_OK:{GUESS}"


@pytest.mark.unit
def test_rules_of_a_lease_for_any_service_follow_the_service_that_is_named() -> None:
    habits = Habits()
    habits.learn([(1, "zz1"), (2, "zz2")], [Seen(2, 5, False, 1_000)], [(2, "acme")])
    rules = CodeRules(habits=habits)
    text = recognise(guessed())
    message = Incoming(
        1, "x", 79, "acme", "-", None, text.confidence, frozenset(), uncertain=text.uncertain, ranked=text.ranked
    )
    assert rules.of(message, Kind.SMS, 1).code is None
    assert rules.of(message, Kind.SMS, 2).code == GUESS
    named = msgspec.structs.replace(message, services=frozenset({2}), service=2)
    assert rules.of(named, Kind.SMS, 1, any_service=True).code == GUESS
    assert rules.of(named, Kind.SMS, 1).code is None


@pytest.mark.unit
@pytest.mark.parametrize(("caller", "code"), [("447911123456", "3456"), ("anonymous", None)])
def test_what_is_said_in_a_call_whose_caller_is_the_code_makes_no_guess_of_it(caller: str, code: str | None) -> None:
    call = Incoming(1, "x", 79, caller, "perhaps 59204", None, 0.5, frozenset(), uncertain="59204")
    for deliver in (False, True):
        value = CodeRules(deliver_uncertain=deliver).of(call, Kind.FLASH, 1)
        assert (value.code, value.confidence) == (code, 0.0)


@pytest.mark.unit
@pytest.mark.parametrize(("length", "beside"), [(LONG_TEXT, False), (LONG_TEXT + 1, True)])
async def test_a_long_text_is_read_beside_the_loop(length: int, beside: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_message: Incoming) -> Intake:
        pytest.fail("nothing is delivered here")

    door = Door(never, Catalogue())
    await door.learn()
    threads: list[threading.Thread] = []

    def noted(*words: Any) -> Reading:
        threads.append(threading.current_thread())
        return read_plain_text(*words)

    monkeypatch.setattr("numbank.codes.message.read", noted)
    text = "Your code is 59204".ljust(length, ".")
    read = await door.read(Incoming(1, "x", 79, "s", text, None, 0.0, frozenset()))
    assert read.found.code == "59204"
    assert [thread is not threading.current_thread() for thread in threads] == [beside]
