"""Agents push over HTTP: SUCCESS only for what is durable, a reason for everything else, never a message twice."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest
import structlog

from numbank.customers.keys import digest_of
from numbank.db.pool import create_pool
from numbank.db.versions import Versions
from numbank.errors import BadRequest, OperatorError, Overloaded, Refusal, Unavailable
from numbank.intake.deliver import Intake
from numbank.intake.door import Arrival
from numbank.messages.model import Fate
from numbank.server.app import App
from numbank.settings import load
from numbank.suppliers.agent import keys
from numbank.suppliers.agent.http import PING_PATH, SMS_PATH, SUCCESS, AgentDoor
from numbank.suppliers.agent.keys import AgentRing
from tests.suppliers.asgi import Reply, call
from tests.support import Caller, Shop, open_bank, until

JSON = (b"content-type", b"application/json")
FORM = (b"content-type", b"application/x-www-form-urlencoded")
GZIP = (b"content-encoding", b"gzip")
TEXT = "Your Telegram code is 48291"


class Office:
    """An agent with a number at an open bank."""

    def __init__(self, app: App, shop: Shop, caller: Caller, key: str, e164: int) -> None:
        self.ring = AgentRing(app.bank.pool, app.bank.versions)
        self.door = AgentDoor(app.bank.door.take, self.ring, app.settings)
        self.shop = shop
        self.caller = caller
        self.key = key
        self.e164 = e164
        self.connection = shop.connection

    def members(self, message_id: object, **changes: object) -> dict[str, object]:
        """A good push, or one with other members; None leaves one out."""
        push = {"action": "PUSH_SMS", "key": self.key, "smsId": message_id, "phone": self.e164, "phoneFrom": "Telegram",
                "text": TEXT} | changes  # fmt: skip
        return {name: value for name, value in push.items() if value is not None}

    async def post(self, body: bytes, *headers: tuple[bytes, bytes]) -> Reply:
        """A POST to the agents' path."""
        reply = await call(self.door, "POST", SMS_PATH, body, headers=headers)
        assert reply is not None
        return reply

    async def push(self, message_id: object, **changes: object) -> Reply:
        """A push as JSON."""
        return await self.post(msgspec.json.encode(self.members(message_id, **changes)), JSON)

    async def kept(self, foreign_id: str) -> list[asyncpg.Record]:
        """What the bank has of a message."""
        return await self.connection.fetch("select * from message where foreign_id = $1 order by id", foreign_id)


@pytest.fixture
async def office(dsn: str) -> AsyncIterator[Office]:
    """A fresh agent with one number, that is offered for Telegram."""
    async with open_bank(dsn) as (app, shop):
        name = f"agent {await shop.connection.fetchval('select count(*) from supplier')}"
        async with shop.connection.transaction():
            key = await keys.add(shop.connection, name)
        (e164,) = await shop.numbers(1, supplier=name, operator=name, country=43)
        await shop.offer("tg", country=43, operator=name, supplier=name)
        _, api_key = await shop.customer()
        yield Office(app, shop, Caller(app, api_key), key, e164)


async def test_a_push_reaches_the_customer_who_leases_the_number(office: Office) -> None:
    await office.shop.counted()
    lease_id, e164 = await office.caller.lease("tg", country=43, operator="any")
    assert e164 == office.e164
    reply = await office.push(71)
    assert (reply.status, reply.body) == (200, b'{"status":"SUCCESS"}')
    assert reply.headers[b"content-type"] == b"application/json"
    assert await office.caller.get("getStatus", id=lease_id) == "STATUS_OK:48291"


async def test_a_push_for_a_number_without_a_lease_is_kept_and_acknowledged(office: Office) -> None:
    assert (await office.push("u-1")).body == SUCCESS
    (kept,) = await office.kept("u-1")
    assert (kept["fate"], kept["text"], kept["sender"]) == (Fate.NO_LEASE, TEXT, "Telegram")


async def test_ids_and_numbers_may_be_strings_and_the_body_compressed_or_a_form(office: Office) -> None:
    plain = msgspec.json.encode(office.members("same", phone=f"+{office.e164}"))
    form = f"key={office.key}&smsId=same&phone={office.e164}&phoneFrom=Telegram&text=Your+Telegram%20code+is+48291"
    assert (await office.post(plain, JSON)).body == SUCCESS
    assert (await office.post(gzip.compress(plain, mtime=0), JSON, GZIP)).body == SUCCESS
    assert (await office.post(gzip.compress(plain, mtime=0), JSON)).body == SUCCESS
    assert (await office.post(plain, JSON, GZIP)).body == SUCCESS
    assert (await office.post(form.encode(), FORM)).body == SUCCESS
    assert len(await office.kept("same")) == 1


async def test_the_same_push_again_is_stored_once(office: Office) -> None:
    for _ in range(3):
        assert (await office.push(5_001)).body == SUCCESS
        assert (await office.push("5001")).body == SUCCESS
    assert len(await office.kept("5001")) == 1


async def test_twenty_identical_pushes_at_once_are_stored_once(office: Office) -> None:
    replies = await asyncio.gather(*(office.push(6_001) for _ in range(20)))
    assert {reply.body for reply in replies} == {SUCCESS}
    assert len(await office.kept("6001")) == 1


async def test_an_id_that_is_used_again_for_another_text_is_another_message(office: Office) -> None:
    assert (await office.push(9, text="first 1111")).body == SUCCESS
    assert (await office.push(9, text="second 2222")).body == SUCCESS
    assert [row["same_id_other_text"] for row in await office.kept("9")] == [False, True]


async def test_what_postgresql_cannot_keep_is_kept_in_another_spelling(office: Office) -> None:
    assert (await office.push("nul", text="code\0 1234")).body == SUCCESS
    (kept,) = await office.kept("nul")
    assert kept["text"] == "code\ufffd 1234"


async def test_a_number_of_somebody_else_is_refused_and_logged_without_secrets(office: Office) -> None:
    (foreign,) = await office.shop.numbers(1)
    for e164 in (foreign, 99_999_999_999):
        with structlog.testing.capture_logs() as lines:
            reply = await office.push("x", phone=e164)
        assert reply.status == 200
        assert reply.error == "the number is not one of yours"
        (line,) = lines
        assert line["reason"] == "not its number"
        for secret in (str(e164), TEXT, "48291", office.key):
            assert secret not in str(line)
    assert await office.kept("x") == []


@pytest.mark.parametrize("key", ["", "0" * 32, 5, None, "\0", "ключ", "a" * 100_000])
async def test_a_wrong_key_is_refused_before_anything_else(office: Office, key: object) -> None:
    assert (await office.push("k", key=key, phone=None)).error == "wrong key"
    assert await office.kept("k") == []


async def test_a_revoked_key_and_a_key_of_an_agent_that_is_off_do_not_work(office: Office) -> None:
    name = await office.connection.fetchval(
        "select s.name from supplier s join agent_key k on k.supplier_id = s.id where k.digest = $1",
        digest_of(office.key),
    )
    async with office.connection.transaction():
        second = await keys.issue(office.connection, name)
    assert (await office.push("r1", key=second)).body == SUCCESS
    assert (await office.push("r2")).body == SUCCESS
    async with office.connection.transaction():
        assert await keys.revoke(office.connection, digest_of(second)) == name
        assert await keys.revoke(office.connection, digest_of("0" * 32)) is None

    async def refused() -> bool:
        return b"wrong key" in (await office.push("r3", key=second)).body

    await until(refused)
    assert (await office.push("r4")).body == SUCCESS


async def test_names_of_agents(office: Office) -> None:
    async with office.connection.transaction():
        await keys.add(office.connection, "  bank of sims  ")
        for name in ("bank of sims", "pool", "", "  ", "a\0b", "a\nb", "\udcff", "n" * 201):
            with pytest.raises(OperatorError):
                await keys.add(office.connection, name)
        for name in ("pool", "nobody"):
            with pytest.raises(OperatorError):
                await keys.issue(office.connection, name)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"action": "push_call_record"}, "send recordingUrl with PUSH_CALL instead of PUSH_CALL_RECORD"),
        ({"action": "PUSH_CALL", "smsId": None}, "callId is missing"),
        ({"action": "PUSH_CALL", "callId": "9" * 300}, "callId is too long"),
        ({"action": "PUSH_CALL", "phone": None}, "phone is missing"),
        ({"action": "PUSH_CALL", "phoneFrom": "s" * 256}, "phoneFrom is too long"),
        ({"action": "PUSH_CALL", "text": "t" * 65_537}, "transcript is too long"),
        ({"action": "PUSH_CALL", "recordingUrl": "file:///etc/passwd"}, "recordingUrl is no http or https address"),
        ({"action": "PUSH_CALL", "recordingUrl": "http://a/" + "a" * 2_048}, "recordingUrl is too long"),
        ({"action": "GET_NUMBER"}, "unknown action"),
        ({"action": 1}, "Expected `str | null`, got `int` - at `$.action`"),
        ({"smsId": None}, "smsId is missing"),
        ({"smsId": {"a": 1}}, "Expected `int | float | str | null`, got `object` - at `$.smsId`"),
        ({"smsId": "9" * 300}, "smsId is too long"),
        ({"phone": None}, "phone is missing"),
        ({"phone": "abc"}, "phone is not a number with country code"),
        ({"phone": [79161234567]}, "Expected `int | float | str | null`, got `array` - at `$.phone`"),
        ({"phoneFrom": "s" * 256}, "phoneFrom is too long"),
        ({"text": None}, "text is missing"),
        ({"text": ["a"]}, "Expected `int | str | null`, got `array` - at `$.text`"),
        ({"text": "t" * 65_537}, "text is too long"),
    ],
)
async def test_a_push_that_is_not_right_stores_nothing(office: Office, changes: dict[str, object], reason: str) -> None:
    reply = await office.push("bad", **changes)
    assert (reply.status, reply.error) == (200, reason)
    assert await office.connection.fetchval("select count(*) from message where sender like 's%'") == 0
    assert await office.kept("bad") == []


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", []),
        (b"[]", [JSON]),
        (b"null", [JSON]),
        (b'{"key":', [JSON]),
        (b"\0" * 100, [JSON]),
        (b'{"text":"\\ud800"}', [JSON]),
        (b'{"text":"\xff\xfe"}', [JSON]),
        (b'{"a":' * 200_000, [JSON]),
        (b'{"smsId":' + b"9" * 100_000 + b"}", [JSON]),
        (b"x" * 10_000_000, [JSON]),
        (b"a=1&" * 200_000, [FORM]),
        (b"%00=%ff&%", [FORM]),
        (b"--x", [(b"content-type", b"multipart/form-data; boundary=x")]),
        (gzip.compress(b"\0" * 100_000_000, mtime=0), [JSON, GZIP]),
        (gzip.compress(b"", mtime=0) * 40_000, [JSON, GZIP]),
        (gzip.compress(b"{}", mtime=0)[:-4], [JSON, GZIP]),
        (b"\x1f\x8bnonsense", [JSON, GZIP]),
        (b"{}", [JSON, (b"content-encoding", b"br")]),
        (b"{}", [JSON, (b"content-encoding", b"gzip, gzip")]),
        (b"{}", [(b"content-type", b"\xff\xfe")]),
        (b"{}", [JSON]),
    ],
)
async def test_hostile_bodies_get_a_clear_error(
    office: Office, body: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    with structlog.testing.capture_logs() as lines:
        reply = await office.post(body, *headers)
    assert reply.status == 200
    assert reply.error
    assert "agent_push_bug" not in str(lines)


async def test_a_body_that_never_becomes_whole_is_neither_stored_nor_answered(office: Office) -> None:
    form = f"key={office.key}&smsId=half&phone={office.e164}&phoneFrom=T&text=half of the te"
    assert await call(office.door, "POST", SMS_PATH, form.encode(), headers=[FORM], hang_up=True) is None
    assert await office.kept("half") == []


async def test_ping_and_other_methods(office: Office) -> None:
    for path in (PING_PATH, PING_PATH + "/"):
        reply = await call(office.door, "GET", path)
        assert reply is not None
        assert (reply.status, reply.body) == (200, SUCCESS)
    for method, path in (("POST", PING_PATH), ("GET", SMS_PATH), ("DELETE", SMS_PATH)):
        reply = await call(office.door, method, path)
        assert reply is not None
        assert reply.status == 405
        assert reply.error


@pytest.mark.parametrize(
    ("answer", "status"), [(Unavailable(), 503), (Overloaded(), 503), (BadRequest(), 200), (RuntimeError("bug"), 503)]
)
async def test_success_is_never_said_before_the_bank_has_it(office: Office, answer: Exception, status: int) -> None:
    async def take(_arrival: Arrival) -> Intake | Refusal:
        if isinstance(answer, Refusal):
            return answer
        raise answer

    door = AgentDoor(take, office.ring, load({}))
    body = msgspec.json.encode(office.members("later"))
    with structlog.testing.capture_logs():
        reply = await call(door, "POST", SMS_PATH, body, headers=[JSON])
    assert reply is not None
    assert reply.status == status
    assert reply.error
    assert "bug" not in reply.error


async def test_without_a_database_the_agent_is_told_to_try_again(dsn: str) -> None:
    lost = await create_pool(dsn, size=1, command_timeout_s=1)
    ring = AgentRing(lost, Versions(lost, poll_s=10, max_age_s=0.0))
    await lost.close()

    async def take(_arrival: Arrival) -> Intake | Refusal:
        raise AssertionError("nothing to take")

    door = AgentDoor(take, ring, load({}))
    reply = await call(door, "POST", SMS_PATH, b'{"key":"a"}', headers=[JSON])
    assert reply is not None
    assert reply.status == 503
    assert "try again" in reply.error
