"""From a message to its receiver: what is sent, how often, in which order, and what is written down about it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from time import monotonic

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from numbank.db.pool import Connection
from numbank.errors import Unavailable
from numbank.intake.deliver import Intake
from numbank.intake.door import Arrival
from numbank.ledger import journal
from tests.hooks.bank import World, world
from tests.hooks.receiver import Receiver, hangs, receiving, says, writes
from tests.support import push, until

FIELDS = ["activationId", "service", "text", "code", "country", "receivedAt"]
BAD = says(500)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


@pytest.fixture
async def bank(dsn: str) -> AsyncIterator[World]:
    async with world(dsn) as opened:
        yield opened


async def came(receiver: Receiver, count: int) -> None:
    async def there() -> bool:
        return len(receiver.got) >= count

    await until(there, tries=1_500)


async def test_a_message_reaches_its_receiver_exactly_as_documented(bank: World, receiver: Receiver) -> None:
    hook_id, secret = await bank.api.hook(receiver.url())
    lease_id = await bank.message("Telegram code 48213")
    (delivery,) = await bank.api.ended(hook_id)
    (got,) = receiver.got
    assert list(got.json) == FIELDS
    assert got.json | {"receivedAt": "?"} == {
        "activationId": lease_id, "service": "tg", "text": "Telegram code 48213", "code": "48213", "country": 0,
        "receivedAt": "?",
    }  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", got.json["receivedAt"])
    assert got.headers["content-type"] == "application/json"
    assert Webhook(secret).verify(got.body, got.headers) == got.json
    assert got.id == delivery["webhookId"]
    assert (delivery["state"], delivery["tries"], delivery["activationId"]) == ("delivered", 1, lease_id)
    (attempt,) = delivery["attempts"]
    assert (attempt["status"], attempt["error"]) == (200, None)


async def test_dates_are_in_the_zone_of_the_wire_and_a_code_is_never_empty(dsn: str, receiver: Receiver) -> None:
    async with world(dsn, time_zone="Asia/Kolkata", no_code_word="NONE") as bank:
        hook_id, _ = await bank.api.hook(receiver.url())
        lease_id = await bank.message("Hello there")
        await bank.api.ended(hook_id)
        assert receiver.got[0].json["code"] == "NONE"
        shown = await bank.wire.json("getStatusV2", id=lease_id)
        assert receiver.got[0].json["receivedAt"] == shown["sms"]["dateTime"]


async def test_every_message_is_sent_to_every_endpoint_of_its_account_only(bank: World, receiver: Receiver) -> None:
    first, _ = await bank.api.hook(receiver.url("/first"))
    second, _ = await bank.api.hook(receiver.url("/second"))
    other = World(bank.app, bank.shop, *await bank.shop.customer())
    await other.api.hook(receiver.url("/other"))
    lease_id, e164 = await bank.wire.lease()
    await push(bank.app, e164, "code 11111")
    await bank.wire.get("setStatus", id=lease_id, status=3)
    await push(bank.app, e164, "code 22222")
    await bank.api.ended(first, 2)
    await bank.api.ended(second, 2)
    for path in ("/first", "/second"):
        assert [one.json["code"] for one in receiver.at(path)] == ["11111", "22222"]
    assert receiver.at("/other") == []
    assert len({one.id for one in receiver.got}) == 4


async def test_a_refused_message_writes_no_delivery(bank: World, receiver: Receiver) -> None:
    await bank.api.hook(receiver.url())
    _, e164 = await bank.wire.lease("tg")
    await push(bank.app, e164, "WhatsApp code 123-456", sender="WhatsApp")
    await push(bank.app, e164, "   ")
    assert await bank.db.fetchval("select count(*) from delivery where account_id = $1", bank.customer_id) == 0


async def test_a_delivery_is_written_in_the_transaction_of_its_message(
    bank: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook_id, _ = await bank.api.hook(receiver.url())
    lease_id, e164 = await bank.wire.lease()
    cash = await bank.shop.cash(bank.customer_id)
    written: list[int] = []

    async def breaks(tx: Connection, holds: object) -> None:
        # What was written so far is there to be seen by this transaction, and gone with it.
        written.append(await tx.fetchval("select count(*) from delivery where lease_id = $1", lease_id))
        raise RuntimeError("the transaction fails after the delivery was written")

    async def kept() -> tuple[int, int, int]:
        """Messages and deliveries of the lease, and those that moved it on."""
        found = await bank.db.fetchrow(
            "select (select count(*) from message where e164 = $2), (select count(*) from delivery where lease_id = $1),"
            " (select count(*) from activation where id = $1 and code is not null)",
            lease_id, e164,
        )  # fmt: skip
        assert found is not None
        return found[0], found[1], found[2]

    arrival = Arrival(1, "the only one", e164, "Service", "Your code is 48213")
    with monkeypatch.context() as patched:
        patched.setattr(journal, "post_holds", breaks)
        assert isinstance(await bank.app.bank.door.take(arrival), Unavailable)
    assert written
    assert set(written) == {1}
    assert await kept() == (0, 0, 0)
    assert await bank.wire.get("getStatus", id=lease_id) == "STATUS_WAIT_CODE"
    assert await bank.app.bank.door.take(arrival) is Intake.STORED
    assert await bank.app.bank.door.take(arrival) is Intake.DUPLICATE
    assert await kept() == (1, 1, 1)
    assert await bank.wire.get("getStatus", id=lease_id) == "STATUS_OK:48213"
    assert await bank.shop.cash(bank.customer_id) == cash
    await bank.api.ended(hook_id)
    assert [one.json["activationId"] for one in receiver.got] == [lease_id]


async def test_an_account_without_a_webhook_costs_no_statement(bank: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from numbank.hooks import queue

    async def never(*_: object) -> None:
        raise AssertionError("a delivery was written for nobody")

    monkeypatch.setattr(queue, "enqueue", never)
    lease_id = await bank.message()
    assert await bank.wire.get("getStatus", id=lease_id) == "STATUS_OK:48213"


async def test_the_same_id_comes_on_every_try_until_one_is_taken(bank: World, receiver: Receiver) -> None:
    receiver.plan = [BAD, says(204), writes(b""), says(302, location="http://127.0.0.1:1/")]
    hook_id, secret = await bank.api.hook(receiver.url())
    await bank.message()
    for tries in range(1, 5):
        await came(receiver, tries)

        async def written(tries: int = tries) -> bool:
            return len((await bank.api.log(hook_id))[0]["attempts"]) == tries

        await until(written)
        shown = (await bank.api.log(hook_id))[0]
        assert (shown["state"], shown["tries"]) == ("pending", tries)
        assert shown["nextTryAt"] > shown["attempts"][-1]["at"]
        await bank.due_now()
    (delivery,) = await bank.api.ended(hook_id)
    assert delivery["state"] == "delivered"
    assert [one["status"] for one in delivery["attempts"]] == [500, 204, None, 302, 200]
    assert [one["error"] for one in delivery["attempts"]] == ["status", "status", "protocol", "status", None]
    assert len({one.id for one in receiver.got}) == 1
    assert len({one.body for one in receiver.got}) == 1
    for got in receiver.got:
        Webhook(secret).verify(got.body, got.headers)


async def test_after_eight_tries_it_is_given_up_and_can_be_sent_again(bank: World, receiver: Receiver) -> None:
    receiver.otherwise = BAD
    hook_id, _ = await bank.api.hook(receiver.url())
    await bank.message()
    for tries in range(1, 9):
        await came(receiver, tries)

        async def written(tries: int = tries) -> bool:
            return len((await bank.api.log(hook_id))[0]["attempts"]) == tries

        await until(written)
        await bank.due_now()
    (delivery,) = await bank.api.ended(hook_id)
    assert (delivery["state"], delivery["tries"], delivery["nextTryAt"]) == ("given_up", 8, None)
    assert (await bank.api.ask("GET", f"/v1/hooks/{hook_id}", 200))["failures"] == 1
    await asyncio.sleep(0.1)
    assert len(receiver.got) == 8
    receiver.otherwise = says(200)
    again = await bank.api.ask("POST", f"/v1/deliveries/{delivery['id']}/replay", 202)
    assert (again["state"], again["tries"]) == ("pending", 0)
    (delivery,) = await bank.api.ended(hook_id)
    assert (delivery["state"], len(delivery["attempts"])) == ("delivered", 9)
    assert len({one.id for one in receiver.got}) == 1
    assert (await bank.api.ask("GET", f"/v1/hooks/{hook_id}", 200))["failures"] == 0


async def test_messages_of_one_lease_come_in_order_although_the_first_fails(bank: World, receiver: Receiver) -> None:
    receiver.plan = [BAD, BAD]
    hook_id, _ = await bank.api.hook(receiver.url())
    lease_id, e164 = await bank.wire.lease()
    await push(bank.app, e164, "code 11111")
    await came(receiver, 1)
    for code in ("22222", "33333"):
        await bank.wire.get("setStatus", id=lease_id, status=3)
        await push(bank.app, e164, f"code {code}")
    # Another lease is not held up by this one.
    other = await bank.message("code 99999")

    async def others() -> bool:
        return any(one.json["activationId"] == other for one in receiver.got)

    await until(others)
    # Even when all are due at the same moment, the later ones wait for the first.
    for _ in range(2):
        await bank.due_now()
        await asyncio.sleep(0.15)
    await bank.api.ended(hook_id, 4)
    mine = [one.json["code"] for one in receiver.got if one.json["activationId"] == lease_id]
    assert mine[-3:] == ["11111", "22222", "33333"]
    assert mine == sorted(mine)


async def test_one_that_hangs_delays_nobody_else_and_has_two_connections(dsn: str, receiver: Receiver) -> None:
    async with world(dsn, hook_timeout_s=30, hook_connections=6) as bank, receiving() as slow:
        slow.otherwise = hangs
        await bank.api.hook(slow.url())
        leases = [await bank.wire.lease() for _ in range(8)]
        for _, e164 in leases:
            await push(bank.app, e164, "code 11111")

        async def busy() -> bool:
            return slow.open == 2

        await until(busy)
        other = World(bank.app, bank.shop, *await bank.shop.customer())
        hook_id, _ = await other.api.hook(receiver.url())
        began = monotonic()
        for _ in range(10):
            await other.message()
        await other.api.ended(hook_id, 10)
        assert monotonic() - began < 5
        assert slow.most_open == 2
        await slow.stop()


async def test_an_endpoint_that_fails_for_long_is_switched_off_with_a_reason(dsn: str, receiver: Receiver) -> None:
    receiver.otherwise = BAD
    async with world(dsn, hook_disable_after=3) as bank:
        hook_id, _ = await bank.api.hook(receiver.url())
        for _ in range(5):
            await bank.message()
        await came(receiver, 5)
        await bank.db.execute("update delivery set tries = 7, due_at = now() where state = 0")

        async def off() -> bool:
            await bank.db.execute("update delivery set tries = 7, due_at = now() where state = 0")
            return not (await bank.api.ask("GET", f"/v1/hooks/{hook_id}", 200))["enabled"]

        await until(off)
        shown = await bank.api.ask("GET", f"/v1/hooks/{hook_id}", 200)
        assert re.fullmatch(r"[345] deliveries in a row could not be delivered", shown["disabledReason"])
        log = await bank.api.ended(hook_id, 5)
        assert {one["state"] for one in log} == {"given_up"}
        # While it is off nothing is written for it, and nothing can be sent again.
        await bank.message()
        assert len(await bank.api.log(hook_id)) == 5
        refused = await bank.api.ask("POST", f"/v1/deliveries/{log[0]['id']}/replay", 409)
        assert "switched off" in refused["detail"]
        receiver.otherwise = says(200)
        shown = await bank.api.ask("PATCH", f"/v1/hooks/{hook_id}", 200, json={"enabled": True})
        assert (shown["enabled"], shown["failures"], shown["disabledReason"]) == (True, 0, None)
        await bank.message()
        assert (await bank.api.ended(hook_id, 6))[0]["state"] == "delivered"


async def test_what_waits_for_an_endpoint_that_goes_is_given_up(bank: World, receiver: Receiver) -> None:
    receiver.otherwise = BAD
    hook_id, _ = await bank.api.hook(receiver.url())
    await bank.message()
    await came(receiver, 1)

    async def written() -> bool:
        return len((await bank.api.log(hook_id))[0]["attempts"]) == 1

    await until(written)
    await bank.api.ask("PATCH", f"/v1/hooks/{hook_id}", 200, json={"enabled": False})
    (delivery,) = await bank.api.log(hook_id)
    assert delivery["state"] == "given_up"
    await bank.api.ask("DELETE", f"/v1/hooks/{hook_id}", 204)
    assert await bank.db.fetchval("select count(*) from delivery where hook_id = $1 and state = 0", hook_id) == 0


async def test_after_a_rotation_both_secrets_verify_until_the_overlap_is_over(bank: World, receiver: Receiver) -> None:
    hook_id, old = await bank.api.hook(receiver.url())
    rotated = await bank.api.ask("POST", f"/v1/hooks/{hook_id}/rotate", 200, json={"overlapS": 3600})
    new = rotated["secret"]
    assert new != old
    assert rotated["hook"]["oldSecretUntil"] is not None
    await bank.message()
    await bank.api.ended(hook_id, 1)
    for secret in (old, new):
        Webhook(secret).verify(receiver.got[0].body, receiver.got[0].headers)
    await bank.db.execute("update hook set old_until = now() - interval '1 s' where id = $1", hook_id)
    await bank.message()
    await bank.api.ended(hook_id, 2)
    Webhook(new).verify(receiver.got[1].body, receiver.got[1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(receiver.got[1].body, receiver.got[1].headers)
    # Without an overlap the old one is gone at once.
    newest = (await bank.api.ask("POST", f"/v1/hooks/{hook_id}/rotate", 200, json={"overlapS": 0}))["secret"]
    await bank.message()
    await bank.api.ended(hook_id, 3)
    Webhook(newest).verify(receiver.got[2].body, receiver.got[2].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(receiver.got[2].body, receiver.got[2].headers)


async def test_a_test_is_sent_once_also_when_the_endpoint_is_off(bank: World, receiver: Receiver) -> None:
    receiver.plan = [BAD]
    hook_id, secret = await bank.api.hook(receiver.url())
    await bank.api.ask("PATCH", f"/v1/hooks/{hook_id}", 200, json={"enabled": False})
    for state in ("given_up", "delivered"):
        queued = await bank.api.ask("POST", f"/v1/hooks/{hook_id}/test", 202)
        assert (queued["event"], queued["state"]) == ("test", "pending")
        log = await bank.api.ended(hook_id, 1 if state == "given_up" else 2)
        assert (log[0]["state"], log[0]["tries"]) == (state, 1)
    assert list(receiver.got[0].json) == FIELDS
    Webhook(secret).verify(receiver.got[0].body, receiver.got[0].headers)
    assert (await bank.api.ask("GET", f"/v1/hooks/{hook_id}", 200))["failures"] == 0


async def test_a_message_that_was_erased_is_not_sent_again(bank: World, receiver: Receiver) -> None:
    hook_id, _ = await bank.api.hook(receiver.url())
    lease_id = await bank.message()
    (delivery,) = await bank.api.ended(hook_id)
    await bank.db.execute("update message set text = '', sender = '', code = null where lease_id = $1", lease_id)
    refused = await bank.api.ask("POST", f"/v1/deliveries/{delivery['id']}/replay", 409)
    assert "was erased" in refused["detail"]
    # Erased while it waited: given up, and nothing empty is sent.
    await bank.db.execute(
        "update delivery set state = 0, due_at = now(), ended_at = null where id = $1", delivery["id"]
    )
    (delivery,) = await bank.api.ended(hook_id)
    assert (delivery["state"], delivery["attempts"][-1]["error"]) == ("given_up", "erased")
    assert len(receiver.got) == 1


async def test_a_call_without_a_text_is_told_by_its_code_and_can_be_sent_again(bank: World, receiver: Receiver) -> None:
    hook_id, _ = await bank.api.hook(receiver.url())
    lease_id = await bank.message("code 48213")
    (delivery,) = await bank.api.ended(hook_id)
    # As a call comes whose caller is the code.
    await bank.db.execute(
        "update message set text = '', sender = '79161234821', code = '4821' where lease_id = $1", lease_id
    )
    await bank.api.ask("POST", f"/v1/deliveries/{delivery['id']}/replay", 202)

    async def again() -> bool:
        return len(receiver.got) == 2

    await until(again)
    assert (receiver.got[1].json["text"], receiver.got[1].json["code"]) == ("", "4821")
    assert receiver.got[0].id == receiver.got[1].id


async def test_a_call_of_a_withheld_caller_that_nobody_wrote_down_is_told_until_its_time_is_over(
    bank: World, receiver: Receiver
) -> None:
    """It looks as if it was erased, but it came like that: how far the erasing is tells the difference."""
    hook_id, _ = await bank.api.hook(receiver.url())
    lease_id = await bank.message("code 48213")
    (delivery,) = await bank.api.ended(hook_id)
    message_id = await bank.db.fetchval(
        "update message set kind = 1, text = '', sender = '', code = null where lease_id = $1 returning id", lease_id
    )
    await bank.api.ask("POST", f"/v1/deliveries/{delivery['id']}/replay", 202)
    await came(receiver, 2)
    assert (receiver.got[1].json["text"], receiver.got[1].json["activationId"]) == ("", lease_id)
    await bank.api.ended(hook_id)
    was = await bank.db.fetchval("select upto from retention where topic = 'message'")
    await bank.db.execute("update retention set upto = $1 where topic = 'message'", message_id)
    try:
        refused = await bank.api.ask("POST", f"/v1/deliveries/{delivery['id']}/replay", 409)
        assert "was erased" in refused["detail"]
    finally:
        await bank.db.execute("update retention set upto = $1 where topic = 'message'", was)


async def test_a_name_that_leads_to_this_machine_is_refused_when_it_is_used(dsn: str, receiver: Receiver) -> None:
    async with world(dsn, hook_allow="") as bank:
        hook_id, _ = await bank.api.hook(receiver.url(host="localhost"))
        await bank.message()

        async def tried() -> bool:
            return bool((await bank.api.log(hook_id))[0]["attempts"])

        await until(tried)
        (delivery,) = await bank.api.log(hook_id)
        assert (delivery["state"], delivery["attempts"][0]["error"]) == ("pending", "refused_address")
        assert receiver.most_open == 0
