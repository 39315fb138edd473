"""Transcripts that are due: nobody waits for somebody else's recogniser, and what was asked for last is what shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from numbank.clock import Pace
from numbank.codes import Found
from numbank.codes.decide import POSSIBLE, THRESHOLD, Scored
from numbank.messages.calls import Kind
from numbank.messages.habits import Habits, Seen
from numbank.messages.model import Incoming, Read
from numbank.messages.recordings import Audio, Playable
from numbank.messages.rules import CodeRules
from numbank.rent.model import Inbox
from numbank.server.app import App
from numbank.supply.numbers import CALL, RENT
from numbank.voice import writing
from numbank.voice.fetch import fetch_due
from numbank.voice.transcriber import Transcriber
from numbank.voice.writing import Ear, keep_recording, write_due
from tests.intake.test_calls import Line
from tests.rent.support import Renter, terms
from tests.support import Caller, Shop, open_bank, ring, until
from tests.voice.test_calls import AUDIO, called, shown

RENTED = 7
PACE = Pace(hard_s=0.0, first_s=0.0, longest_s=0.0, tries=3)


def ear(app: App) -> Ear:
    """How the bank understands transcripts."""
    return Ear(app.bank.door.read, app.bank.code_rules)


class Slow:
    """A recogniser that takes its time over Russian."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()

    def knows(self, _language: str) -> bool:
        return True

    async def write_down(self, _audio: bytes, language: str) -> str:
        if language == "ru":
            self.asked.set()
            await self.go_on.wait()
        return f"{language} code 4829"


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    """A bank whose own workers do nothing."""
    changes: dict[str, object] = {"sweep_every_s": 3600, "transcriber": "/bin/true", "transcriber_languages": "*"}
    async with open_bank(dsn, **changes) as (app, shop):
        await shop.numbers(10, abilities=CALL)
        await shop.offer("tg", kind=Kind.VOICE)
        yield app, shop


async def recorded(bank: tuple[App, Shop], transcript: str) -> Line:
    """A call whose recording is kept."""
    voice = await called(bank, transcript, language="en", recording_url="http://calls.example/1.wav")
    await fetched(bank[0])
    return voice


async def fetched(app: App, transcriber: Transcriber | None = None) -> None:
    """The one recording that is due is fetched and kept."""

    async def fetch(_url: str) -> Audio:
        return Audio(AUDIO, "audio/wav")

    async def keep(message_id: int, audio: Audio) -> None:
        await keep_recording(app.bank.pool, transcriber or Transcriber(), message_id, audio)

    assert await fetch_due(app.bank.pool, fetch, keep, PACE, 10) == 1


async def test_a_call_to_a_rental_is_played_and_written_down_for_its_customer(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    await terms(shop, "full", country=RENTED)
    e164 = (await shop.numbers(1, country=RENTED, abilities=CALL | RENT))[0]
    ann, eve = await Renter.new(app, shop), await Renter.new(app, shop)
    rental = await ann.rent(country=RENTED, calls=True)
    assert rental.e164 == e164
    await ring(app, e164, "447911123456", recording_url="http://calls.example/rent.wav")

    transcriber = Transcriber([Hears("code 4829")])
    found = await ann.inbox(rental)
    assert isinstance(found, Inbox)
    assert found.page[0].recording_id is None
    await fetched(app, transcriber)
    assert await write_due(app.bank.pool, transcriber, ear(app), PACE, 4) == 1
    found = await ann.inbox(rental)
    assert isinstance(found, Inbox)
    assert "code 4829" in found.page[0].text
    recording_id = found.page[0].recording_id
    assert recording_id is not None
    played = await app.bank.desks.calls.recording(ann.account_id, recording_id)
    assert isinstance(played, Playable)
    assert played.length == len(AUDIO)
    assert await app.bank.desks.calls.recording(eve.account_id, recording_id) is None
    assert await shop.connection.fetchval("select count(*) from parse_task") == 0


async def ask(voice: Line, language: str) -> None:
    assert await voice.caller.get("parseCall", id=voice.lease_id, newLang=language) == '{"result":"OK"}'


async def test_who_needs_no_recogniser_does_not_wait_for_one(bank: tuple[App, Shop]) -> None:
    app, _ = bank
    one, other = await recorded(bank, "your code is 1111"), await recorded(bank, "your code is 2222")
    slow = Slow()
    await ask(one, "ru")
    await ask(other, "en")
    await other.shop.connection.execute("update message set text = 'x' where lease_id = $1", other.lease_id)
    writing = asyncio.create_task(write_due(app.bank.pool, Transcriber([slow]), ear(app), PACE, 4))

    async def written() -> bool:
        return (await shown(other))["text"] == "your code is 2222"

    await until(written)
    assert not writing.done()
    slow.go_on.set()
    assert await writing == 2
    assert (await shown(one))["text"] == "ru code 4829"


async def test_the_language_that_was_asked_for_last_stays(bank: tuple[App, Shop]) -> None:
    app, _ = bank
    one = await recorded(bank, "your code is 1111")
    slow = Slow()
    await ask(one, "ru")
    late = asyncio.create_task(write_due(app.bank.pool, Transcriber([slow]), ear(app), Pace(60.0, 0.0, 0.0, 3), 4))
    await slow.asked.wait()
    await ask(one, "de")
    assert await write_due(app.bank.pool, Transcriber([slow]), ear(app), PACE, 4) == 1
    assert (await shown(one))["text"] == "de code 4829"
    slow.go_on.set()
    assert await late == 1
    assert (await shown(one))["text"] == "de code 4829"
    assert (await shown(one))["parsingCount"] == 2


class Hears:
    """A recogniser that always hears the same."""

    def __init__(self, text: str) -> None:
        self.text = text

    def knows(self, _language: str) -> bool:
        return True

    async def write_down(self, _audio: bytes, _language: str) -> str:
        return self.text


async def heard(bank: tuple[App, Shop], voice: Line, text: str, listener: Ear) -> asyncpg.Record:
    """What is kept of a call, and shows on its lease, once it is written down."""
    app, shop = bank
    row = await shop.connection.fetchrow("select id, lease_id from message where e164 = $1", voice.e164)
    assert row is not None
    await shop.connection.execute(writing.Q.add_parse_task, *row, "en")
    assert await write_due(app.bank.pool, Transcriber([Hears(text)]), listener, PACE, 10) == 1
    kept = await shop.connection.fetchrow(
        "select m.text, m.code, m.confidence, a.code as shown from message m join activation a on a.id = m.lease_id"
        " where m.id = $1",
        row[0],
    )
    assert kept is not None
    return kept


@pytest.mark.parametrize(("deliver", "code"), [(False, None), (True, "59204")])
async def test_a_guess_in_a_transcript_is_withheld_or_handed_out(
    bank: tuple[App, Shop], deliver: bool, code: str | None
) -> None:
    """The text that was written shows in any case, with how sure the guess is."""

    async def read(_call: Incoming) -> Read:
        return Read(Found(None, 0.5, "59204", (Scored("59204", 0.5),)), frozenset())

    voice = await recorded(bank, "")
    kept = await heard(bank, voice, "perhaps 59204", Ear(read, CodeRules(deliver_uncertain=deliver)))
    assert (kept["text"], kept["code"], kept["shown"]) == ("perhaps 59204", code, code)
    assert POSSIBLE <= kept["confidence"] < THRESHOLD


async def test_a_guess_in_a_transcript_takes_no_codes_place(bank: tuple[App, Shop]) -> None:
    async def read(_call: Incoming) -> Read:
        return Read(Found(None, 0.5, "59204", (Scored("59204", 0.5),)), frozenset())

    voice = await recorded(bank, "")
    await heard(bank, voice, "Your Telegram code is 4 8 2 9 1", ear(bank[0]))
    kept = await heard(bank, voice, "perhaps 59204", Ear(read, CodeRules(deliver_uncertain=True)))
    assert (kept["text"], kept["code"], kept["shown"]) == ("perhaps 59204", "48291", "48291")
    assert kept["confidence"] > THRESHOLD


async def test_a_transcript_that_names_another_service_is_not_handed_over(bank: tuple[App, Shop]) -> None:
    voice = await recorded(bank, "")
    kept = await heard(bank, voice, "Your WhatsApp code is 4 8 2 9 1 3", ear(bank[0]))
    assert (kept["text"], kept["code"], kept["shown"]) == ("", None, None)
    assert await bank[1].connection.fetchval("select count(*) from parse_task") == 0
    kept = await heard(bank, voice, "Your Telegram code is 4 8 2 9 1", ear(bank[0]))
    assert (kept["code"], kept["shown"]) == ("48291", "48291")


async def test_what_is_said_in_a_call_whose_caller_is_the_code_does_not_replace_it(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    await shop.offer("tg", kind=Kind.FLASH)
    customer_id, key = await shop.customer()
    caller = Caller(app, key)
    lease_id, e164 = await caller.lease(activationType=1)
    await ring(app, e164, "447911123456", recording_url="http://calls.example/flash.wav")
    await fetched(app)
    kept = await heard(bank, Line(app, shop, caller, customer_id, lease_id, e164), "Your code is 9 9 9 9", ear(app))
    assert (kept["text"], kept["code"], kept["shown"]) == ("Your code is 9 9 9 9", "3456", "3456")


async def test_a_transcript_for_a_rental_is_read_as_for_its_service(bank: tuple[App, Shop]) -> None:
    """As a call that comes with its words: the habits of the service count, another service's words are kept from it."""
    app, shop = bank
    await terms(shop, "tg", country=RENTED)
    await shop.numbers(1, country=RENTED, abilities=CALL | RENT)
    ann = await Renter.new(app, shop)
    rental = await ann.rent("tg", country=RENTED, calls=True)
    await ring(app, rental.e164, "447911123456", recording_url="http://calls.example/tg.wav")
    await fetched(app)
    row = await shop.connection.fetchrow("select id, lease_id from message where e164 = $1", rental.e164)
    assert row is not None
    service_id = shop.catalogue.by_code["tg"].id
    habits = Habits()
    habits.learn([(service_id, "tg")], [Seen(service_id, 5, False, 1_000)], [(service_id, "447911123456")])

    async def read(_call: Incoming) -> Read:
        return Read(Found(None, 0.5, "59204", (Scored("59204", 0.5),)), frozenset())

    for listener, text, code in (
        (ear(app), "Your WhatsApp code is 4 8 2 9 1 3", None),
        (Ear(read, CodeRules(habits=habits)), "perhaps 59204", "59204"),
    ):
        await shop.connection.execute(writing.Q.add_parse_task, *row, "en")
        assert await write_due(app.bank.pool, Transcriber([Hears(text)]), listener, PACE, 10) == 1
        kept = await shop.connection.fetchrow("select text, code from message where id = $1", row["id"])
        assert kept is not None
        assert (kept["text"], kept["code"]) == ("" if code is None else text, code)
