"""What suppliers are asked to do for leases: passed on and called out, tried with pauses, done once, and logged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from numbank.clock import Pace
from numbank.intake.door import Arrival
from numbank.messages.model import Medium
from numbank.server.app import App
from numbank.suppliers.simulator.stock import open_sandbox
from numbank.supply import errands
from numbank.supply.errands import CannotBeDone, Errand, ErrandKind, ErrandState, Forward
from tests.support import Caller, Shop, open_bank, settings_for, until

QUICK = Pace(hard_s=0.0, first_s=0.0, longest_s=0.0, tries=3)
TARGET = 491701234567
SANDBOX: dict[str, object] = {
    "sandbox": True, "sandbox_countries": "0", "sandbox_numbers": 60, "sandbox_delay_s": 3600.0, "early_cancel_s": 0,
    "cool_down_s": 3600,
}  # fmt: skip


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    """A sandbox whose simulator can forward, and sends nothing by itself."""
    connection = await asyncpg.connect(dsn)
    await open_sandbox(connection, settings_for(dsn, **SANDBOX))
    await connection.close()
    async with open_bank(dsn, **SANDBOX) as (app, shop):
        await shop.counted()
        yield app, shop


class Line:
    """A customer with a lease at the simulator."""

    def __init__(self, app: App, shop: Shop, caller: Caller, lease_id: int, e164: int) -> None:
        self.app = app
        self.shop = shop
        self.caller = caller
        self.lease_id = lease_id
        self.e164 = e164

    async def take(self, text: str, message_id: str, medium: Medium = Medium.SMS) -> None:
        """Something comes in for the number."""
        assert self.app.bank.simulator is not None
        supplier_id = self.app.bank.simulator.supplier_id
        await self.app.bank.door.take(Arrival(supplier_id, message_id, self.e164, "447911123456", text, medium=medium))

    async def did(self) -> list[tuple[int, int, str, str]]:
        """What the simulator did for the number: kind, target, sender, text."""
        query = "select kind, target, sender, text from simulated_errand where e164 = $1 order by errand_id"
        return [tuple(row) for row in await self.shop.connection.fetch(query, self.e164)]

    async def logged(self) -> list[tuple[ErrandState, str]]:
        """The states and reasons of the lease's errands."""
        query = "select state, reason from errand where lease_id = $1 order by id"
        return [(ErrandState(row[0]), row[1]) for row in await self.shop.connection.fetch(query, self.lease_id)]


async def line(bank: tuple[App, Shop], **params: object) -> Line:
    app, shop = bank
    _, key = await shop.customer(10_000_000)
    caller = Caller(app, key)
    lease_id, e164 = await caller.lease("av", **params)
    return Line(app, shop, caller, lease_id, e164)


async def forwarded(bank: tuple[App, Shop], target: object = TARGET, **params: object) -> Line:
    """A lease with forwarding to a target."""
    one = await line(bank, forward=1, **params)
    assert await one.caller.get("setStatus", id=one.lease_id, status=1, forward=target) == "ACCESS_READY"
    return one


async def test_what_comes_in_is_passed_on_to_the_target_and_logged(bank: tuple[App, Shop]) -> None:
    one = await forwarded(bank)
    await one.take("your code is 48291", "m1")
    await one.take("your code is 48292", "m2")

    async def passed() -> bool:
        return len(await one.did()) == 2

    await until(passed)
    assert await one.did() == [
        (ErrandKind.PASS_ON, TARGET, "447911123456", f"your code is 4829{last}") for last in (1, 2)
    ]

    async def logged() -> bool:
        return await one.logged() == [(ErrandState.DONE, "")] * 2

    await until(logged)
    lines = [row for row in await errands.forwards(one.app.bank.pool, 100) if row.lease_id == one.lease_id]
    assert [(row.e164, row.target, row.state, row.tries) for row in lines] == [
        (one.e164, TARGET, ErrandState.DONE, 1)
    ] * 2


async def test_calls_are_passed_on_too(bank: tuple[App, Shop]) -> None:
    one = await forwarded(bank, activationType=2)
    await one.take("your code is 4 8 2 9", "c1", Medium.CALL)

    async def passed() -> bool:
        return await one.did() == [(ErrandKind.PASS_ON, TARGET, "447911123456", "your code is 4 8 2 9")]

    await until(passed)


async def test_nothing_is_passed_on_without_a_target_twice_or_for_others(bank: tuple[App, Shop]) -> None:
    without, plain = await line(bank, forward=1), await line(bank)
    await without.take("your code is 48291", "w1")
    await plain.take("your code is 48291", "w2")
    one = await forwarded(bank)
    await asyncio.gather(*(one.take("your code is 48291", "same") for _ in range(10)))
    await one.take("", "empty")

    async def passed() -> bool:
        return await one.logged() == [(ErrandState.DONE, "")]

    await until(passed)
    assert len(await one.did()) == 1
    assert await without.logged() == await plain.logged() == []


async def test_a_number_of_the_bank_is_no_target(bank: tuple[App, Shop]) -> None:
    other = await line(bank)
    one = await forwarded(bank, target=other.e164)
    await one.take("your code is 48291", "loop")
    assert await one.logged() == [(ErrandState.REFUSED, "the target is a number of the bank")]
    assert await one.did() == []


async def test_a_flood_is_not_passed_on(bank: tuple[App, Shop]) -> None:
    one = await forwarded(bank)
    connection = one.shop.connection
    number_id = await connection.fetchval("select number_id from activation where id = $1", one.lease_id)
    now = await one.app.bank.now()
    async with connection.transaction():
        for message_id in range(-10, -5):
            forward = Forward(one.lease_id, message_id, number_id, TARGET)
            await errands.write_forwards(connection, [forward], now, 3)
    assert [state for state, _ in await one.logged()][3:] == [ErrandState.REFUSED] * 2
    await connection.execute("delete from errand where message_id < 0")


async def test_a_flood_in_one_batch_is_not_passed_on_either(bank: tuple[App, Shop]) -> None:
    one, other = await forwarded(bank), await forwarded(bank)
    connection = one.shop.connection
    numbers = {
        lease.lease_id: await connection.fetchval("select number_id from activation where id = $1", lease.lease_id)
        for lease in (one, other)
    }
    now = await one.app.bank.now()
    forwards = [
        Forward(lease.lease_id, place - 30 - 10 * which, numbers[lease.lease_id], TARGET)
        for place in range(5) for which, lease in enumerate((one, other))
    ]  # fmt: skip
    async with connection.transaction():
        await errands.write_forwards(connection, forwards, now, 3)
    for lease in (one, other):
        assert [state is ErrandState.REFUSED for state, _ in await lease.logged()] == [False] * 3 + [True] * 2
    await connection.execute("delete from errand where message_id < 0")


async def test_a_supplier_that_cannot_forward_sells_no_forwarding(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    customer_id, key = await shop.customer(100_000)
    await shop.numbers(3, country=7)
    await shop.offer("av", country=7)
    await shop.counted()
    assert await Caller(app, key).get("getNumber", service="av", country=7, forward=1) == "NO_NUMBERS"
    assert await shop.cash(customer_id) == 100_000


class Broken:
    """A supplier that fails as often as it is told, or never will."""

    def __init__(self, fails: int, *, hopeless: bool = False) -> None:
        self.fails = fails
        self.hopeless = hopeless
        self.seen: list[Errand] = []

    async def run(self, errand: Errand) -> None:
        self.seen.append(errand)
        if self.hopeless:
            raise CannotBeDone("no such line")
        if len(self.seen) <= self.fails:
            raise ConnectionError("with a secret in it")


@pytest.mark.parametrize(
    ("supplier", "tries", "end"),
    [
        (Broken(0), 1, (ErrandState.DONE, "")),
        (Broken(2), 3, (ErrandState.DONE, "")),
        (Broken(9), 3, (ErrandState.GIVEN_UP, "ConnectionError")),
        (Broken(0, hopeless=True), 1, (ErrandState.REFUSED, "no such line")),
    ],
)
async def test_an_errand_is_tried_until_it_is_done_or_hopeless(
    bank: tuple[App, Shop], supplier: Broken, tries: int, end: tuple[ErrandState, str]
) -> None:
    app, shop = bank
    lease_id = await shop.connection.fetchval("select 1000000000000 + count(*) from errand")
    assert await errands.open_call(app.bank.pool, lease_id, 999, 79100000001, TARGET)
    assert not await errands.open_call(app.bank.pool, lease_id, 999, 79100000001, TARGET)
    pace = Pace(hard_s=0.2, first_s=0.0, longest_s=0.0, tries=3)

    async def over() -> bool:
        await errands.run_due(app.bank.pool, {999: supplier}, pace, 10)
        (call,) = await errands.calls_of(app.bank.pool, lease_id, 10)
        return call.state is not ErrandState.OPEN

    await until(over)
    row = await shop.connection.fetchrow("select state, reason, tries from errand where lease_id = $1", lease_id)
    assert row is not None
    assert (ErrandState(row["state"]), row["reason"]) == end
    assert row["tries"] == len(supplier.seen) == tries
    assert len({errand.id for errand in supplier.seen}) == 1
    assert await errands.run_due(app.bank.pool, {}, QUICK, 10) == 0


async def test_no_call_is_placed_from_a_number_whose_lease_is_over(bank: tuple[App, Shop]) -> None:
    """Somebody else may have the number by now."""
    one = await line(bank, activationType=1)
    pool, connection = one.app.bank.pool, one.shop.connection
    supplier = Broken(0)
    # Nobody here is supplier 998: only this test runs its errands.
    assert await errands.open_call(pool, one.lease_id, 998, one.e164, TARGET)
    assert await one.caller.get("setStatus", id=one.lease_id, status=8) == "ACCESS_CANCEL"
    await errands.run_due(pool, {998: supplier}, QUICK, 10)
    assert supplier.seen == []
    assert await one.logged() == [(ErrandState.REFUSED, "the lease is over")]
    await connection.execute("delete from errand where lease_id = $1", one.lease_id)


async def test_what_was_delivered_in_time_is_passed_on_after_the_lease(bank: tuple[App, Shop]) -> None:
    one = await forwarded(bank)
    number_id = await one.shop.connection.fetchval("select number_id from activation where id = $1", one.lease_id)
    await one.take("your code is 48291", "in time")
    message_id = await one.shop.connection.fetchval("select id from message where lease_id = $1", one.lease_id)
    await one.shop.connection.execute("delete from errand where lease_id = $1", one.lease_id)
    assert await one.caller.get("setStatus", id=one.lease_id, status=6) == "ACCESS_ACTIVATION"
    async with one.shop.connection.transaction():
        forward = Forward(one.lease_id, message_id, number_id, TARGET)
        await errands.write_forwards(one.shop.connection, [forward], await one.app.bank.now(), 50)

    async def passed() -> bool:
        return await one.logged() == [(ErrandState.DONE, "")]

    await until(passed)


async def test_a_number_of_the_bank_is_not_called(bank: tuple[App, Shop]) -> None:
    """A call that we place must not be the one that another customer waits and pays for."""
    victim, one = await line(bank, activationType=1), await line(bank, activationType=1)
    answer = await one.caller.get("createTaskForCall", activationId=one.lease_id, phone=victim.e164)
    assert answer == '{"status":"error","msg":"NUMBER_NOT_EXIST"}'
    assert await one.logged() == []


async def test_no_lease_has_calls_without_end(bank: tuple[App, Shop]) -> None:
    one = await line(bank, activationType=1)
    pool, connection = one.app.bank.pool, one.shop.connection
    opened = []
    for _ in range(errands.MOST_CALLS + 2):
        opened.append(await errands.open_call(pool, one.lease_id, 997, one.e164, TARGET))
        await connection.execute(
            "update errand set state = 1, next_try_at = null, ended_at = now() where lease_id = $1 and state = 0",
            one.lease_id,
        )
    assert opened == [True] * errands.MOST_CALLS + [False] * 2
    answer = await one.caller.get("createTaskForCall", activationId=one.lease_id, phone=TARGET)
    assert answer == '{"status":"error","msg":"CALL_TASK_ALREADY_EXIST"}'


async def test_a_call_is_placed_once_at_a_time_and_listed(bank: tuple[App, Shop]) -> None:
    one = await line(bank, activationType=1)
    ask = one.caller.get
    assert await ask("createTaskForCall", activationId=one.lease_id, phone="+491701234567") == '{"status":"success"}'

    async def placed() -> bool:
        return await one.did() == [(ErrandKind.CALL_OUT, TARGET, "", "")]

    await until(placed)

    async def listed() -> bool:
        found = await one.caller.json("getOutgoingCalls", activationId=one.lease_id)
        return [(call["phoneFrom"], call["status"]) for call in found.values()] == [(str(one.e164), "3")]

    await until(listed)
    connection = one.shop.connection
    await connection.execute(
        "update errand set state = 0, ended_at = null, next_try_at = now() + interval '1 h' where lease_id = $1",
        one.lease_id,
    )
    again = await ask("createTaskForCall", activationId=one.lease_id, phone=TARGET)
    assert again == '{"status":"error","msg":"CALL_TASK_ALREADY_EXIST"}'
    today = (await one.app.bank.now()).date()
    assert len(await one.caller.json("getOutgoingCalls", activationId=one.lease_id, date=str(today))) == 1
    assert await ask("getOutgoingCalls", activationId=one.lease_id, date="2020-01-01") == "{}"
    sms = await line(bank)
    for wrong in ({"activationId": one.lease_id, "phone": "12"}, {"activationId": sms.lease_id, "phone": TARGET}):
        asked = one if wrong["activationId"] == one.lease_id else sms
        answer = await asked.caller.get("createTaskForCall", **wrong)
        assert answer == '{"status":"error","msg":"NUMBER_NOT_EXIST"}'
