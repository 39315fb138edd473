"""What customers see of their calls: status, words, recording, another transcript, calls that are placed for them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest

from numbank.db.queries import Queries
from numbank.hooks.model import Event
from numbank.hooks.payload import KINDS, Wording
from numbank.messages.calls import Kind
from numbank.messages.recordings import PIECE
from numbank.server.app import App
from numbank.supply.numbers import CALL, SMS
from tests.intake.test_calls import Line, line
from tests.support import Shop, open_bank, push, ring, until
from tests.voice.wav import Recorder, pcm16, recorder, tone, wav

CALLER = "447911123456"
AUDIO = wav(pcm16(tone()))
# What the recogniser of these tests hears in whatever it gets; in German it hears nothing.
WORDS = {"ru": "ваш код 5 5 5 1", "en": "your code is nine nine nine one", "de": ""}
PROGRAM = f'{sys.executable} -c "import sys; print({WORDS!r}[sys.argv[1]])" {{language}}'


@pytest.fixture(scope="module")
async def supplier() -> AsyncIterator[Recorder]:
    async with recorder() as here:
        yield here


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    changes: dict[str, object] = {
        "early_cancel_s": 0, "recording_allow": "127.0.0.0/8", "transcriber": PROGRAM, "transcriber_languages": "en,ru,de",
        "public_url": "https://bank.example", "release_first_s": 0.05, "recording_tries": 3, "recording_hard_s": 0.5,
    }  # fmt: skip
    async with open_bank(dsn, **changes) as (app, shop):
        await shop.numbers(40, abilities=SMS | CALL)
        for kind in Kind:
            await shop.offer("tg", kind=kind)
        yield app, shop


async def shown(one: Line) -> dict[str, object]:
    """The call of getStatusV2."""
    status = await one.caller.json("getStatusV2", id=one.lease_id)
    assert status["sms"] is None
    assert status["verificationType"] in (1, 2)
    call: dict[str, object] = status["call"]
    return call


async def becomes(one: Line, **members: object) -> None:
    """Wait until the call shows this."""

    async def right() -> bool:
        call = await shown(one)
        return all(call[name] == value for name, value in members.items())

    await until(right)


async def called(bank: tuple[App, Shop], transcript: str = "", **more: str) -> Line:
    """A voice lease whose call came."""
    voice = await line(bank, Kind.VOICE, language="en")
    await ring(voice.app, voice.e164, CALLER, transcript, **more)
    return voice


async def test_a_call_by_number_shows_its_caller(bank: tuple[App, Shop]) -> None:
    flash = await line(bank, Kind.FLASH)
    assert await flash.caller.get("getStatusV2", id=flash.lease_id) == '{"verificationType":1,"sms":null,"call":null}'
    await ring(flash.app, flash.e164, CALLER)
    call = await shown(flash)
    assert str(call.pop("dateTime"))[:2] == "20"
    assert call == {"from": CALLER, "text": "", "code": "3456", "url": None, "parsingCount": 0}


async def test_a_voice_call_without_words_gets_them_from_its_recording(
    bank: tuple[App, Shop], supplier: Recorder
) -> None:
    voice = await called(bank, recording_url=supplier.put("/1.wav", AUDIO))
    assert await voice.status() == "STATUS_OK:NO_CODE"
    await becomes(voice, text="your code is nine nine nine one", code="9991", parsingCount=0)
    assert await voice.status() == "STATUS_OK:9991"


async def test_the_words_of_the_supplier_count_until_the_customer_wants_others(
    bank: tuple[App, Shop], supplier: Recorder
) -> None:
    words = "Your code is 4, 8, 2, 9."
    voice = await called(bank, words, language="en", recording_url=supplier.put("/2.wav", AUDIO))
    await becomes(voice, text=words, code="4829")
    asked = voice.caller
    assert await asked.get("parseCall", id=voice.lease_id, newLang="ru") == '{"result":"OK"}'
    await becomes(voice, text="ваш код 5 5 5 1", code="5551", parsingCount=1)
    assert await voice.status() == "STATUS_OK:5551"
    # Back to the supplier's own words, without a recogniser.
    assert await asked.get("parseCall", id=voice.lease_id, newLang="en-GB") == '{"result":"OK"}'
    await becomes(voice, text=words, code="4829", parsingCount=2)


async def test_nothing_heard_changes_nothing_but_counts(bank: tuple[App, Shop], supplier: Recorder) -> None:
    voice = await called(bank, "Your code is 4829.", recording_url=supplier.put("/3.wav", AUDIO))
    assert await voice.caller.get("parseCall", id=voice.lease_id, newLang="de") == '{"result":"OK"}'

    async def done() -> bool:
        return not await voice.shop.connection.fetchval("select exists (select from parse_task)")

    await until(done)
    await becomes(voice, text="Your code is 4829.", code="4829", parsingCount=1)


async def test_at_once_it_is_four_times_and_no_more_too(bank: tuple[App, Shop]) -> None:
    voice = await called(bank, "Your code is 4829.")
    said = await asyncio.gather(*(voice.caller.get("parseCall", id=voice.lease_id) for _ in range(9)))
    assert sorted(said) == ["PARSE_COUNT_EXCEED"] * 5 + ['{"result":"OK"}'] * 4
    assert (await shown(voice))["parsingCount"] == 4


async def test_four_times_and_no_more(bank: tuple[App, Shop]) -> None:
    voice = await called(bank, "Your code is 4829.")
    for count in range(1, 5):
        assert await voice.caller.get("parseCall", id=voice.lease_id) == '{"result":"OK"}'
        assert (await shown(voice))["parsingCount"] == count
    assert await voice.caller.get("parseCall", id=voice.lease_id) == "PARSE_COUNT_EXCEED"


@pytest.mark.parametrize("language", ["ru", "ja", "klingon", "xx", "en-", "e\0n", "9"])
async def test_a_language_that_nobody_understands_is_not_counted(bank: tuple[App, Shop], language: str) -> None:
    voice = await called(bank, "Your code is 4829.")  # no recording: only the supplier's own words are there
    assert await voice.caller.get("parseCall", id=voice.lease_id, newLang=language) == "BAD_LANGUAGE"
    assert (await shown(voice))["parsingCount"] == 0


async def test_parse_call_says_what_is_wrong(bank: tuple[App, Shop]) -> None:
    voice = await line(bank, Kind.VOICE)
    ask = voice.caller.get
    assert await ask("parseCall", id=voice.lease_id, newLang="en") == "NO_CALL"
    assert await ask("parseCall", id=voice.lease_id, newLang="xx") == "NO_CALL"
    assert await ask("parseCall", id=1) == "WRONG_ACTIVATION_ID"
    assert await ask("parseCall", id="abc") == "WRONG_ACTIVATION_ID"
    assert await ask("setStatus", id=voice.lease_id, status=8) == "ACCESS_CANCEL"
    assert await ask("parseCall", id=voice.lease_id, newLang="en") == "STATUS_CANCEL"
    flash = await line(bank, Kind.FLASH)
    await ring(flash.app, flash.e164, CALLER)
    assert await flash.caller.get("parseCall", id=flash.lease_id, newLang="en") == "NO_CALL"
    assert await voice.caller.get("parseCall", id=flash.lease_id, newLang="en") == "WRONG_ACTIVATION_ID"


async def test_a_call_is_awaited_came_was_cancelled_or_given_back(bank: tuple[App, Shop]) -> None:
    async def status(one: Line) -> str:
        return await one.caller.get("getIncomingCallStatus", activationId=one.lease_id)

    flash, voice, over = [await line(bank, kind) for kind in (Kind.FLASH, Kind.VOICE, Kind.VOICE)]
    assert await status(flash) == '{"status":"2","phone":false}'
    await ring(flash.app, flash.e164, CALLER)
    assert await status(flash) == f'{{"status":"3","phone":"{CALLER}"}}'
    await flash.caller.get("setStatus", id=flash.lease_id, status=6)
    assert await status(flash) == f'{{"status":"3","phone":"{CALLER}"}}'
    await voice.caller.get("setStatus", id=voice.lease_id, status=8)
    assert await status(voice) == '{"status":"4","phone":false}'
    await over.shop.connection.execute("update activation set due_at = created_at where id = $1", over.lease_id)

    async def given_back() -> bool:
        return await status(over) == '{"status":"5","phone":false}'

    await until(given_back)


async def test_who_waits_for_no_call_is_told_so(bank: tuple[App, Shop]) -> None:
    sms = await line(bank, Kind.SMS)
    await push(sms.app, sms.e164, "Telegram code 11111")
    assert await sms.caller.get("getIncomingCallStatus", activationId=sms.lease_id) == "NOT_INCOMING"
    assert await sms.caller.get("parseCall", id=sms.lease_id, newLang="en") == "NO_CALL"
    for wrong in ("1", "abc", "", "9" * 30):
        assert await sms.caller.get("getIncomingCallStatus", activationId=wrong) == "INVALID_ACTIVATION_ID"


async def test_the_recording_is_for_its_customer_only(bank: tuple[App, Shop], supplier: Recorder) -> None:
    app, shop = bank
    voice = await called(bank, "Your code is 4829.", recording_url=supplier.put("/4.wav", AUDIO))

    async def linked() -> bool:
        return (await shown(voice))["url"] is not None

    await until(linked)
    path = str((await shown(voice))["url"]).removeprefix("https://bank.example")
    _, stranger = await shop.customer()
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bank")  # type: ignore[arg-type]
    for request in ({"headers": {"x-api-key": voice.caller.key}}, {"params": {"api_key": voice.caller.key}}):
        got = await client.get(path, **request)  # type: ignore[arg-type]
        assert (got.status_code, got.content, got.headers["content-type"]) == (200, AUDIO, "audio/wav")
        assert got.headers["content-disposition"] == "attachment"
    assert (await client.get(path)).status_code == 401
    assert (await client.get(path, params={"api_key": stranger})).status_code == 404
    assert (await client.get("/v1/recordings/999999", params={"api_key": stranger})).status_code == 404
    await shop.connection.execute("update recording set state = 3, audio = null")
    assert (await client.get(path, params={"api_key": voice.caller.key})).status_code == 404


async def test_a_long_recording_is_read_as_it_is_sent(bank: tuple[App, Shop], supplier: Recorder) -> None:
    """Who reads slowly, on many connections, must not fill the memory with whole recordings."""
    app, _ = bank
    long = wav(bytes(range(256)) * 2_500)
    voice = await called(bank, "Your code is 4829.", recording_url=supplier.put("/long.wav", long))

    async def linked() -> bool:
        return (await shown(voice))["url"] is not None

    await until(linked)
    path = str((await shown(voice))["url"]).removeprefix("https://bank.example")
    sent: list[dict[str, Any]] = []
    headers = [(b"x-api-key", voice.caller.key.encode())]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": headers,
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *bodies = sent
    assert dict(start["headers"])[b"content-length"] == str(len(long)).encode()
    assert b"".join(one["body"] for one in bodies) == long
    assert max(len(one["body"]) for one in bodies) == PIECE


async def test_a_recording_that_cannot_be_had_is_given_up(bank: tuple[App, Shop], supplier: Recorder) -> None:
    voice = await called(bank, "Your code is 4829.", recording_url=supplier.put("/gone", b"", status="404 Gone"))
    late = await called(bank, "Your code is 4829.", recording_url=supplier.put("/late", b"", status="500 Oops"))

    async def states(one: Line) -> int:
        state: int = await one.shop.connection.fetchval(
            "select r.state from recording r join message m on m.id = r.message_id where m.lease_id = $1", one.lease_id
        )
        return state

    for one in (voice, late):

        async def given_up(one: Line = one) -> bool:
            return await states(one) == 2

        await until(given_up)
        assert await one.caller.get("parseCall", id=one.lease_id, newLang="ru") == "BAD_LANGUAGE"
    assert supplier.asked.count("/gone") == 1
    assert supplier.asked.count("/late") == 3


async def test_the_recording_of_a_call_to_nobody_is_not_fetched(bank: tuple[App, Shop], supplier: Recorder) -> None:
    app, shop = bank
    (e164,) = await shop.numbers(1, abilities=CALL)
    await ring(app, e164, CALLER, recording_url=supplier.put("/nobody", AUDIO))
    voice = await called(bank, "Your code is 4829.", recording_url=supplier.put("/somebody", AUDIO))

    async def linked() -> bool:
        return (await shown(voice))["url"] is not None

    await until(linked)
    assert "/nobody" not in supplier.asked


async def test_a_supplier_that_places_no_calls_has_no_number_for_it(bank: tuple[App, Shop]) -> None:
    voice = await line(bank, Kind.VOICE)
    for phone in ("79161234567", "", "abc"):
        answer = await voice.caller.get("createTaskForCall", activationId=voice.lease_id, phone=phone)
        assert answer == '{"status":"error","msg":"NUMBER_NOT_EXIST"}'
    assert await voice.caller.get("getOutgoingCalls", activationId=voice.lease_id) == "{}"
    assert await voice.caller.get("getOutgoingCalls", activationId=voice.lease_id, date="soon") == "WRONG_DATE"
    assert await voice.caller.get("getOutgoingCalls", activationId=1) == "NO_ACTIVATION"


async def test_webhooks_tell_of_calls_and_of_words_that_come_later(bank: tuple[App, Shop], supplier: Recorder) -> None:
    app, shop = bank
    flash, voice = await line(bank, Kind.FLASH), await line(bank, Kind.VOICE, language="en")
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bank")  # type: ignore[arg-type]
    for one in (flash, voice):
        made = await client.post(
            "/v1/hooks", json={"url": "https://panel.example/in"}, headers={"x-api-key": one.caller.key}
        )
        assert made.status_code == 201, made.text
    await ring(app, flash.e164, CALLER)
    await ring(app, voice.e164, CALLER, recording_url=supplier.put("/5.wav", AUDIO))
    await becomes(voice, code="9991")

    async def told(one: Line) -> list[tuple[str, str]]:
        rows = await shop.connection.fetch("select id from delivery where lease_id = $1 order by id", one.lease_id)
        query = Queries("numbank.hooks").messages
        facts = {row["id"]: row for row in await shop.connection.fetch(query, [row["id"] for row in rows])}
        wording = Wording(ZoneInfo("UTC"), "NO_CODE")
        read = [msgspec.json.decode(KINDS[Event.MESSAGE].render(facts[row["id"]], wording) or b"{}") for row in rows]
        return [(one["code"], one["text"]) for one in read]

    assert await told(flash) == [("3456", "")]
    # Read now, both say what is known now.
    assert await told(voice) == [("9991", "your code is nine nine nine one")] * 2
