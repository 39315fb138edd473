"""Agents push calls as they push messages: read leniently, kept once, answered only when durable."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest

from numbank.messages.calls import Kind
from numbank.messages.model import Fate, Medium
from numbank.suppliers.agent import keys
from numbank.suppliers.agent.http import SMS_PATH, SUCCESS, AgentDoor
from numbank.suppliers.agent.keys import AgentRing
from numbank.suppliers.agent.push import BadPush, Message, call_of, read_push
from numbank.supply.numbers import CALL
from tests.suppliers.asgi import Reply, call
from tests.support import Caller, Shop, open_bank, until

JSON = (b"content-type", b"application/json")
CALLER = "447911123456"
HEARD = Message(
    "5", 79161234567, "447911123456", "your code is 1234", Medium.CALL, "en-GB", "https://sims.example/5.wav"
)


@pytest.mark.unit
@pytest.mark.parametrize(
    "body",
    [
        b'{"action":"PUSH_CALL","callId":5,"phone":79161234567,"phoneFrom":447911123456,"transcript":"your code is 1234",'
        b'"language":"en_gb","recordingUrl":"https://sims.example/5.wav"}',
        b'{"callId":"5","phone":"+7 916 123-45-67","phoneFrom":"447911123456","text":"your code is 1234","language":"EN-GB",'
        b'"recordingUrl":" https://sims.example/5.wav "}',
        b'{"smsId":5.0,"phone":7.9161234567e10,"phoneFrom":"447911123456","text":"your code is 1234","language":"en-gb",'
        b'"recordingUrl":"https://sims.example/5.wav","duration":7}',
        b"callId=5&phone=79161234567&phoneFrom=447911123456&text=your+code+is+1234&language=en-GB"
        b"&recordingUrl=https://sims.example/5.wav",
    ],
)
def test_every_way_to_write_the_same_call(body: bytes) -> None:
    assert call_of(read_push(body, "", 100)) == HEARD


@pytest.mark.unit
def test_a_call_needs_an_id_and_a_number_only() -> None:
    bare = call_of(read_push(b'{"callId":"x-1","phone":79161234567}', "", 100))
    assert bare == Message("x-1", 79161234567, "", "", Medium.CALL)
    odd = call_of(read_push(b'{"callId":1,"smsId":2,"phone":79161234567,"text":4829,"language":"klingon"}', "", 100))
    assert odd == Message("1", 79161234567, "", "4829", Medium.CALL)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ('"phone":79161234567', "callId is missing"),
        ('"callId":1.5,"phone":79161234567', "callId is not a whole number"),
        ('"callId":1', "phone is missing"),
        ('"callId":1,"phone":"abc"', "country code"),
        ('"callId":1,"phone":79161234567,"recordingUrl":"javascript:alert(1)"', "no http or https"),
        ('"callId":1,"phone":79161234567,"recordingUrl":"//host/a"', "no http or https"),
        ('"callId":1,"phone":79161234567,"recordingUrl":7', "`$.recordingUrl`"),
        ('"callId":1,"phone":79161234567,"language":["en"]', "`$.language`"),
        (f'"callId":1,"phone":79161234567,"transcript":"{"t" * 65_537}"', "transcript is too long"),
    ],
)
def test_a_call_that_lacks_something(members: str, reason: str) -> None:
    with pytest.raises(BadPush) as caught:
        call_of(read_push(f"{{{members}}}".encode(), "", 100))
    assert reason in caught.value.reason


class Office:
    """An agent with numbers for calls at an open bank."""

    def __init__(self, door: AgentDoor, shop: Shop, caller: Caller, key: str, name: str, e164s: list[int]) -> None:
        self.name = name
        self.door = door
        self.shop = shop
        self.caller = caller
        self.key = key
        self.e164s = e164s

    async def push(self, call_id: object, e164: int, *, compressed: bool = False, **more: object) -> Reply:
        """A push of a call."""
        push = {"action": "PUSH_CALL", "key": self.key, "callId": call_id, "phone": e164, "phoneFrom": CALLER} | more
        body = msgspec.json.encode(push)
        sent = gzip.compress(body) if compressed else body
        reply = await call(self.door, "POST", SMS_PATH, sent, headers=[JSON])
        assert reply is not None
        return reply

    async def kept(self, foreign_id: str) -> list[asyncpg.Record]:
        """What the bank has of a call."""
        return await self.shop.connection.fetch("select * from message where foreign_id = $1 order by id", foreign_id)


@pytest.fixture
async def office(dsn: str) -> AsyncIterator[Office]:
    async with open_bank(dsn) as (app, shop):
        name = f"agent {await shop.connection.fetchval('select count(*) from supplier')}"
        async with shop.connection.transaction():
            key = await keys.add(shop.connection, name)
        e164s = await shop.numbers(2, supplier=name, operator=name, country=43, abilities=CALL)
        for kind in (Kind.FLASH, Kind.VOICE):
            await shop.offer("tg", country=43, operator=name, supplier=name, kind=kind)
        await shop.counted()

        async def known() -> bool:
            return name in app.bank.catalogue.by_country.get(43, {})

        # Until then the operator is one that nobody knows, and another one's numbers would do.
        await until(known)
        _, api_key = await shop.customer()
        door = AgentDoor(app.bank.door.take, AgentRing(app.bank.pool, app.bank.versions), app.settings)
        yield Office(door, shop, Caller(app, api_key), key, name, e164s)


async def test_a_call_reaches_who_leases_the_number_for_one(office: Office) -> None:
    lease_id, e164 = await office.caller.lease("tg", country=43, activationType=1, operator=office.name)
    assert e164 in office.e164s
    assert (await office.push(71, e164)).body == SUCCESS
    assert await office.caller.get("getStatus", id=lease_id) == "STATUS_OK:3456"


async def test_a_transcript_reaches_who_leases_the_number_for_a_voice(office: Office) -> None:
    lease_id, e164 = await office.caller.lease("tg", country=43, activationType=2, language="en", operator=office.name)
    assert (await office.push("v", e164, compressed=True, transcript="code: 4, 8, 2, 9", language="en")).body == SUCCESS
    assert await office.caller.get("getStatus", id=lease_id) == "STATUS_OK:4829"
    (kept,) = await office.kept("v")
    assert (kept["kind"], kept["language"], kept["fate"]) == (Medium.CALL, "en", Fate.ATTACHED)


async def test_numbers_for_calls_are_not_leased_for_sms(office: Office) -> None:
    assert await office.caller.get("getNumber", service="tg", country=43) == "NO_NUMBERS"


async def test_twenty_identical_pushes_at_once_are_stored_once(office: Office) -> None:
    replies = await asyncio.gather(*(office.push(6_001, office.e164s[0]) for _ in range(20)))
    assert {reply.body for reply in replies} == {SUCCESS}
    (kept,) = await office.kept("6001")
    assert kept["fate"] == Fate.NO_LEASE


async def test_a_recording_is_expected_with_its_call_once(office: Office) -> None:
    for _ in range(2):
        url = "https://sims.example/9.wav"
        assert (
            await office.push("r9", office.e164s[0], recordingUrl=url, transcript="a", language="de")
        ).body == SUCCESS
    rows = await office.shop.connection.fetch(
        "select r.url, r.transcript, r.language, r.next_try_at from recording r join message m on m.id = r.message_id"
        " where m.foreign_id = 'r9'"
    )
    assert [tuple(row) for row in rows] == [("https://sims.example/9.wav", "a", "de", None)]  # nobody leased it


async def test_a_number_of_somebody_else_is_refused(office: Office) -> None:
    (foreign,) = await office.shop.numbers(1, abilities=CALL)
    assert (await office.push("x", foreign)).error == "the number is not one of yours"
    assert await office.kept("x") == []
