"""Messages at the worst moments: twice, while the lease commits, after the lease, for a number of nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from numbank.activation.desk import LeaseDesk
from numbank.activation.model import Activation, LeaseRequest
from numbank.intake.deliver import Intake
from numbank.messages.model import Incoming
from numbank.messages.store import take_new
from numbank.server.app import App
from numbank.supply.supplier import Suppliers
from tests.support import Caller, Shop, open_bank, push, until


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=3600) as (app, shop):
        await shop.numbers(100)
        await shop.offer("tg", "wa")
        yield app, shop


async def test_a_message_is_taken_once_however_often_it_is_pushed(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    _, key = await shop.customer()
    _, e164 = await Caller(app, key).lease()
    results = await asyncio.gather(*(push(app, e164, "Telegram code 11111", message_id="same") for _ in range(20)))
    assert sorted(results) == [Intake.STORED] + [Intake.DUPLICATE] * 19
    assert await shop.connection.fetchval("select count(*) from message where e164 = $1", e164) == 1


async def test_twins_in_one_batch_leave_every_key_with_its_message(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    _, key = await shop.customer()
    _, e164 = await Caller(app, key).lease()
    pushes = [push(app, e164, f"text {turn % 32}", message_id=f"twin {turn % 32}") for turn in range(64)]
    results = await asyncio.gather(*pushes)
    assert results.count(Intake.STORED) == 32
    astray = "select count(*) from message_key k where not exists (select from message m where m.id = k.message_id)"
    assert await shop.connection.fetchval(astray) == 0


async def test_an_id_that_was_used_before_with_another_text_is_kept_and_flagged(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    _, key = await shop.customer()
    _, e164 = await Caller(app, key).lease()
    assert await push(app, e164, "first text", message_id="again") is Intake.STORED
    assert await push(app, e164, "second text", message_id="again") is Intake.STORED
    flags = await shop.connection.fetch("select same_id_other_text from message where e164 = $1 order by id", e164)
    assert [row[0] for row in flags] == [False, True]


async def test_two_texts_under_one_id_in_one_batch_are_both_flagged_and_numbered_as_they_came(
    bank: tuple[App, Shop], dsn: str
) -> None:
    def message(foreign_id: str, text: str) -> Incoming:
        return Incoming(1, foreign_id, 79, "s", text, None, 0.0, frozenset())

    connection = await asyncpg.connect(dsn)
    transaction = connection.transaction()
    await transaction.start()
    came = [message(f"id {turn}", "text") for turn in range(20)]
    came += [message("twice", "first"), message("twice", "second"), message("id 3", "text")]
    new, now = await take_new(connection, came)
    assert sorted(new) == list(range(22))
    assert [place for place, kept in new.items() if kept.same_id_other_text] == [20, 21]
    ids = [new[place].id for place in sorted(new)]
    assert ids == sorted(ids)
    assert now is not None
    assert await take_new(connection, came) == ({}, None)
    await transaction.rollback()
    await connection.close()


async def test_a_message_that_arrives_while_its_lease_commits_is_attached(bank: tuple[App, Shop], dsn: str) -> None:
    app, shop = bank
    account_id, _ = await shop.customer()
    other = await asyncpg.connect(dsn)
    service_id = shop.catalogue.by_code["tg"].id
    transaction = other.transaction()
    await transaction.start()
    desk = LeaseDesk(Suppliers(), operator_fallback=True, claim_pools=8)
    activation = (await desk.serve(other, [LeaseRequest(account_id, 0, service_id, 1200, 0)])).results[0]
    assert isinstance(activation, Activation)
    pushed = asyncio.ensure_future(push(app, activation.e164, "Telegram code 22222"))

    async def waits_for_the_lock() -> bool:
        return bool(await shop.connection.fetchval("select exists (select from pg_locks where not granted)"))

    await until(waits_for_the_lock)
    await transaction.commit()
    assert await pushed is Intake.STORED
    row = await other.fetchrow("select state, code from activation where id = $1", activation.id)
    assert row is not None
    assert tuple(row) == (3, "22222")
    await other.close()


async def test_a_late_message_never_reaches_the_next_customer(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    _, key = await shop.customer()
    caller = Caller(app, key)
    lease_id, e164 = await caller.lease()
    await caller.get("setStatus", id=lease_id, status=8)
    await push(app, e164, "Telegram code 33333")
    assert await caller.get("getStatus", id=lease_id) == "STATUS_CANCEL"
    row = await shop.connection.fetchrow("select fate, lease_id from message where e164 = $1", e164)
    assert row is not None
    assert tuple(row) == (1, None)
    # The number rests: nobody gets it before late messages have passed.
    taken = {(await caller.lease("wa"))[1] for _ in range(20)}
    assert e164 not in taken


async def test_a_message_for_a_number_of_nobody_is_kept_as_unmatched(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    assert await push(app, 79_999_000_111, "hello") is Intake.STORED
    assert await shop.connection.fetchval("select fate from message where e164 = 79999000111") == 3


async def test_a_message_without_text_is_kept_and_reaches_nobody(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    _, key = await shop.customer()
    caller = Caller(app, key)
    lease_id, e164 = await caller.lease("wa")
    assert await push(app, e164, " \n") is Intake.STORED
    assert await caller.get("getStatus", id=lease_id) == "STATUS_WAIT_CODE"
    assert await shop.connection.fetchval("select fate from message where e164 = $1", e164) == 4


@pytest.mark.parametrize("text", ["nul \0 inside", "half \ud800 pair", "emoji \U0001f600", "a" * 65_536])
async def test_any_text_can_be_kept(bank: tuple[App, Shop], text: str) -> None:
    app, shop = bank
    _, key = await shop.customer()
    caller = Caller(app, key)
    lease_id, e164 = await caller.lease("wa")
    assert await push(app, e164, text) is Intake.STORED
    assert (await caller.get("getFullSms", id=lease_id)).startswith("FULL_SMS:")


async def test_a_repeat_is_acknowledged_by_a_commit_of_its_own(own_dsn: str) -> None:
    """What the first one wrote may be known to this server only, while its synchronous standby is away (docs/crashes.md)."""
    async with open_bank(own_dsn) as (app, shop):
        (e164,) = await shop.numbers(1)
        marks = "select count(*) from batch_done"
        await push(app, e164, "Your code is 1234", message_id="one")
        before = await shop.connection.fetchval(marks)
        assert await push(app, e164, "Your code is 1234", message_id="one") is Intake.DUPLICATE
        assert await shop.connection.fetchval(marks) == before + 1
