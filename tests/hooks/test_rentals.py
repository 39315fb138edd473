"""The webhook of a rental: what is sent to the address that it names, and what becomes of its endpoint."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from standardwebhooks import Webhook

from numbank.hooks import book
from numbank.hooks.model import HookRefused
from numbank.rent.model import ChangeRequest
from numbank.rent.states import Event
from numbank.supply.numbers import CALL, RENT, SMS
from tests.hooks.bank import World, world
from tests.hooks.receiver import Receiver, hangs, receiving, says
from tests.rent.support import clean, terms
from tests.server.test_plans import scans
from tests.support import push, ring, until


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


@pytest.fixture
async def bank(own_dsn: str) -> AsyncIterator[World]:
    async with world(own_dsn) as opened:
        await opened.shop.numbers(20, abilities=SMS | CALL | RENT)
        await terms(opened.shop, "full", "tg")
        await opened.shop.counted()
        yield opened
    await clean(own_dsn)


async def rent(bank: World, url: str, service: str = "full", **more: object) -> tuple[int, int]:
    """A rental that names an address; id and number."""
    answer = await bank.wire.json("getRentNumber", service=service, url=url, **more)
    assert answer["status"] == "success", answer
    return answer["phone"]["id"], int(answer["phone"]["number"])


async def endpoint(bank: World) -> Any:
    """The only endpoint, as its customer sees it."""
    [hook] = (await bank.api.ask("GET", "/v1/hooks", 200))["hooks"]
    return hook


async def came(receiver: Receiver, count: int) -> None:
    async def there() -> bool:
        return len(receiver.got) >= count

    await until(there, tries=1_500)


async def test_a_message_is_sent_exactly_as_documented_and_signed(bank: World, receiver: Receiver) -> None:
    rent_id, e164 = await rent(bank, receiver.url())
    hook = await endpoint(bank)
    assert (hook["url"], hook["enabled"], hook["rents"]) == (receiver.url(), True, True)
    secret = (await bank.api.ask("POST", f"/v1/hooks/{hook['id']}/rotate", 200, json={"overlapS": 0}))["secret"]
    await push(bank.app, e164, "Telegram code 48213", sender="SPORTMASTER")
    [delivery] = await bank.api.ended(hook["id"])
    [got] = receiver.got
    date = got.json["sms"]["date"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", date)
    assert got.body.decode() == (
        f'{{"rentId":"{rent_id}","sms":{{"phoneFrom":"SPORTMASTER","text":"Telegram code 48213","date":"{date}"}}}}'
    )
    assert Webhook(secret).verify(got.body, got.headers) == got.json
    assert (delivery["event"], delivery["activationId"], delivery["rentId"]) == ("rent_message", None, rent_id)
    assert (delivery["state"], delivery["tries"]) == ("delivered", 1)


async def test_rentals_of_one_account_name_so_many_addresses_and_no_more(own_dsn: str, receiver: Receiver) -> None:
    async with world(own_dsn, rent_hooks_per_account=2) as bank:
        await bank.shop.numbers(5, abilities=SMS | RENT)
        await terms(bank.shop, "full")
        await bank.shop.counted()
        first, second, third = (receiver.url() + name for name in ("a", "b", "c"))
        for url in (first, second, first):
            await rent(bank, url)
        before = await bank.shop.cash(bank.customer_id)
        answer = await bank.wire.json("getRentNumber", service="full", url=third)
        assert (answer["message"], await bank.shop.cash(bank.customer_id)) == ("SERVER_ERROR", before)
        assert "2 addresses" in answer["info"]


async def test_a_call_is_told_with_its_transcript_or_without_text(bank: World, receiver: Receiver) -> None:
    _, e164 = await rent(bank, receiver.url(), incomingCall="true")
    await ring(bank.app, e164, "79990001234", "your code is 4 8 2 1 3")
    await came(receiver, 1)
    assert receiver.got[0].json["sms"] | {"date": "?"} == {
        "phoneFrom": "79990001234", "text": "your code is 4 8 2 1 3", "date": "?",
    }  # fmt: skip
    await ring(bank.app, e164, "79990001235", "")
    await came(receiver, 2)
    assert receiver.got[1].json["sms"]["text"] == ""


async def test_rentals_and_activations_are_told_apart(bank: World, receiver: Receiver) -> None:
    """The account's own webhook hears of activations alone, the one of a rental of that rental alone."""
    async with receiving() as own:
        await bank.api.hook(own.url())
        told_id, told = await rent(bank, receiver.url())
        _, silent = await rent(bank, "")
        lease_id = await bank.message("Telegram code 11111")
        await push(bank.app, silent, "Telegram code 22222")
        await push(bank.app, told, "Telegram code 33333")
        await came(receiver, 1)
        await came(own, 1)
        assert [got.json["rentId"] for got in receiver.got] == [str(told_id)]
        assert [got.json["activationId"] for got in own.got] == [lease_id]
        assert await bank.db.fetchval("select count(*) from delivery") == 2


async def test_one_address_may_be_the_accounts_own_and_a_rentals(bank: World, receiver: Receiver) -> None:
    await bank.api.hook(receiver.url())
    _, e164 = await rent(bank, receiver.url())
    await bank.message("Telegram code 11111")
    await push(bank.app, e164, "Telegram code 22222")
    await came(receiver, 2)
    assert {next(iter(got.json)) for got in receiver.got} == {"activationId", "rentId"}


async def test_endpoints_of_rentals_do_not_count_as_the_accounts_own(bank: World, receiver: Receiver) -> None:
    for place in range(5):
        await rent(bank, receiver.url(f"/{place}"))
    for place in range(3):
        await bank.api.hook(f"https://hooks.example/{place}")
    await bank.api.ask("POST", "/v1/hooks", 409, json={"url": "https://hooks.example/3"})
    hooks = (await bank.api.ask("GET", "/v1/hooks", 200))["hooks"]
    assert [hook["rents"] for hook in hooks] == [False] * 3 + [True] * 5


async def test_messages_of_a_rental_come_in_order_also_when_one_fails(bank: World, receiver: Receiver) -> None:
    _, slow = await rent(bank, receiver.url())
    hook = await endpoint(bank)
    receiver.plan = [says(500)]
    for place in range(3):
        await push(bank.app, slow, f"Telegram code 4821{place}")
    await came(receiver, 1)

    async def failed() -> bool:
        return bool(await bank.db.fetchval("select count(*) from delivery where state = 0 and tries = 1"))

    await until(failed)
    assert len(receiver.got) == 1  # the others wait behind the first
    await bank.due_now()
    await bank.api.ended(hook["id"], 3)
    assert [got.json["sms"]["text"][-1] for got in receiver.got] == ["0", "0", "1", "2"]
    assert receiver.got[0].id == receiver.got[1].id


async def test_one_rental_that_hangs_holds_up_no_other(bank: World, receiver: Receiver) -> None:
    async with receiving() as other:
        receiver.otherwise = hangs
        _, hanging = await rent(bank, receiver.url())
        _, quick = await rent(bank, other.url())
        for _ in range(3):
            await push(bank.app, hanging, "Telegram code 11111")
        await push(bank.app, quick, "Telegram code 22222")
        await came(other, 1)


async def test_what_is_off_or_removed_is_not_told(bank: World, receiver: Receiver) -> None:
    _, e164 = await rent(bank, receiver.url())
    hook = await endpoint(bank)
    await bank.api.ask("PATCH", f"/v1/hooks/{hook['id']}", 200, json={"enabled": False})
    await push(bank.app, e164, "Telegram code 11111")
    assert await bank.db.fetchval("select count(*) from delivery") == 0
    # Naming it once more does not undo what the customer did himself.
    await rent(bank, receiver.url())
    assert not (await endpoint(bank))["enabled"]
    await bank.api.ask("DELETE", f"/v1/hooks/{hook['id']}", 204)
    await push(bank.app, e164, "Telegram code 22222")
    assert await bank.db.fetchval("select count(*) from delivery") == 0
    # A new rental makes a new one.
    _, again = await rent(bank, receiver.url())
    await push(bank.app, again, "Telegram code 33333")
    await came(receiver, 1)
    assert (await endpoint(bank))["id"] != hook["id"]


async def test_an_endpoint_that_failed_is_on_again_when_it_is_named_again(bank: World, receiver: Receiver) -> None:
    await rent(bank, receiver.url())
    await bank.db.execute("update hook set failures = 10, off_reason = '10 deliveries in a row could not be delivered'")
    await rent(bank, receiver.url())
    assert (await endpoint(bank)) | {"id": 0, "createdAt": 0} == {
        "id": 0, "url": receiver.url(), "enabled": True, "disabledReason": None, "failures": 0, "createdAt": 0,
        "oldSecretUntil": None, "rents": True,
    }  # fmt: skip


async def test_what_the_operator_switched_off_is_refused_before_any_charge(bank: World, receiver: Receiver) -> None:
    await rent(bank, receiver.url())
    hook = await endpoint(bank)
    terms_ = book.Terms(bank.app.bank.endpoints._rules, 3, 60.0)
    async with bank.db.transaction():
        await book.change(bank.db, terms_, hook["id"], off_reason="spam")
    before = await bank.shop.cash(bank.customer_id)
    answer = await bank.wire.json("getRentNumber", service="full", url=receiver.url())
    assert (answer["message"], "spam" in answer["info"]) == ("SERVER_ERROR", True)
    assert await bank.shop.cash(bank.customer_id) == before


async def test_the_address_of_a_rentals_endpoint_is_not_changed(bank: World, receiver: Receiver) -> None:
    await rent(bank, receiver.url())
    hook = await endpoint(bank)
    refused = await bank.api.ask("PATCH", f"/v1/hooks/{hook['id']}", 409, json={"url": "https://other.example/"})
    assert "rentals" in refused["detail"]
    async with bank.db.transaction():
        with pytest.raises(HookRefused):
            await book.change(bank.db, book.Terms(bank.app.bank.endpoints._rules, 3, 60.0), hook["id"],
                              url="https://other.example/")  # fmt: skip


async def test_a_private_address_is_not_reached_even_when_a_name_hides_it(own_dsn: str) -> None:
    async with receiving() as inside, world(own_dsn, hook_allow="") as bank:
        await bank.shop.numbers(2, abilities=SMS | RENT)
        await terms(bank.shop, "full")
        await bank.shop.counted()
        port = inside.url().rpartition(":")[2].partition("/")[0]
        _, e164 = await rent(bank, f"http://localhost:{port}/")
        hook = await endpoint(bank)
        await push(bank.app, e164, "Telegram code 11111")

        async def tried() -> bool:
            [delivery] = await bank.api.log(hook["id"])
            return bool(delivery["attempts"])

        await until(tried, tries=1_500)
        [delivery] = await bank.api.log(hook["id"])
        assert delivery["attempts"][0]["error"] == "refused_address"
        assert inside.got == []


async def test_an_erased_message_is_not_sent(bank: World, receiver: Receiver) -> None:
    receiver.otherwise = says(500)
    _, e164 = await rent(bank, receiver.url())
    hook = await endpoint(bank)
    await push(bank.app, e164, "Telegram code 11111")
    await came(receiver, 1)

    async def noted() -> bool:
        """The first try is written down: only then the next one has its time, which is now."""
        return bool((await bank.api.log(hook["id"]))[0]["attempts"])

    await until(noted)
    await bank.db.execute("update message set sender = '', text = '', code = null")
    await bank.due_now()
    [delivery] = await bank.api.ended(hook["id"])
    assert delivery["attempts"][-1]["error"] == "erased"


async def test_endpoints_are_removed_some_days_after_their_last_rental(bank: World, receiver: Receiver) -> None:
    live_id, live = await rent(bank, receiver.url("/live"))
    over_id, _ = await rent(bank, receiver.url("/over"))
    await bank.app.bank.desks.rent.change(ChangeRequest(over_id, Event.FINISH))

    async def names() -> list[str]:
        return [hook["url"].rpartition("/")[2] for hook in (await bank.api.ask("GET", "/v1/hooks", 200))["hooks"]]

    async def forget() -> None:
        async with bank.db.transaction():
            await book.forget(bank.db, 30, 100)

    await forget()
    assert await names() == ["live", "over"]
    await bank.db.execute("update hook set used_at = used_at - interval '31 days'")
    await forget()
    assert await names() == ["live"]
    # The one that is used is not looked at again so soon.
    assert await bank.db.fetchval("select used_at > now() - interval '1 day' from hook where removed_at is null")
    await push(bank.app, live, "Telegram code 11111")
    await came(receiver, 1)
    assert receiver.got[0].json["rentId"] == str(live_id)
    # Its row goes with its log, and the address can be named again.
    await bank.db.execute("update hook set removed_at = removed_at - interval '32 days' where removed_at is not null")
    await forget()
    assert await bank.db.fetchval("select count(*) from hook") == 1
    await rent(bank, receiver.url("/over"))
    assert await names() == ["live", "over"]


async def test_a_rental_that_begins_anew_names_its_address_again(bank: World, receiver: Receiver) -> None:
    """Its endpoint is not idle from now on, is on again if it only failed, and is not claimed when it was removed."""
    rent_id, e164 = await rent(bank, receiver.url())
    await bank.app.bank.desks.rent.change(ChangeRequest(rent_id, Event.FINISH))
    await bank.db.execute(
        "update hook set used_at = used_at - interval '31 days', failures = 10, off_reason = 'failed'"
    )
    answer = await bank.wire.json("continueRentNumber", id=rent_id, rent_time=4)
    again = answer["phone"]["id"]
    async with bank.db.transaction():
        await book.forget(bank.db, 30, 100)
    await push(bank.app, e164, "Telegram code 11111")
    await came(receiver, 1)
    assert receiver.got[0].json["rentId"] == str(again)
    await bank.app.bank.desks.rent.change(ChangeRequest(again, Event.FINISH))
    await bank.api.ask("DELETE", f"/v1/hooks/{(await endpoint(bank))['id']}", 204)
    answer = await bank.wire.json("continueRentNumber", id=again, rent_time=4)
    assert await bank.db.fetchval("select hook_id from rent where id = $1", answer["phone"]["id"]) is None


async def test_many_rentals_at_once_name_one_address(bank: World, receiver: Receiver) -> None:
    made = await asyncio.gather(*(rent(bank, receiver.url()) for _ in range(8)))
    assert len(await bank.db.fetch("select id from hook")) == 1
    for _, e164 in made:
        await push(bank.app, e164, "Telegram code 11111")
    await came(receiver, 8)
    assert {got.json["rentId"] for got in receiver.got} == {str(rent_id) for rent_id, _ in made}


async def test_what_is_told_of_rentals_uses_indexes(own_dsn: str, receiver: Receiver) -> None:
    async with world(own_dsn) as bank:
        await bank.db.execute("set enable_seqscan = off")
        await bank.shop.numbers(8, abilities=SMS | RENT)
        await terms(bank.shop, "full")
        await bank.shop.counted()
        # What the shop did before must not show up later.
        await bank.db.execute("select pg_stat_force_next_flush()")
        before = await scans(own_dsn)
        for _ in range(6):
            rent_id, e164 = await rent(bank, receiver.url())
            for place in range(3):
                await push(bank.app, e164, f"Telegram code 4821{place}")
            await bank.wire.get("getRentStatus", id=rent_id)
            await bank.wire.get("getRentList")
        await came(receiver, 18)
        hook = await endpoint(bank)
        await bank.api.ended(hook["id"], 18)
        await bank.db.execute("update hook set used_at = used_at - interval '31 days'")
        async with bank.app.bank.pool.acquire() as connection, connection.transaction():
            await book.forget(connection, 30, 100)
        assert (await endpoint(bank))["id"] == hook["id"]
    after = await scans(own_dsn)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {}
