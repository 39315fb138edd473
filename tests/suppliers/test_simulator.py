"""A lease on a simulated number receives what the fault plan says, through the door that real messages use."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from numbank.activation.states import Event, State
from numbank.errors import Overloaded, Refusal, Unavailable
from numbank.intake.deliver import Intake
from numbank.intake.door import Arrival
from numbank.messages.model import Fate
from numbank.suppliers.simulator import outbox
from numbank.suppliers.simulator.outbox import send_due
from numbank.suppliers.simulator.plan import LATE_BY_S
from numbank.supply.supplier import Leased
from tests.suppliers.conftest import OpenSandbox, Sandbox

DELAY_S = 3.0


@pytest.fixture
async def sandbox(open_a_sandbox: OpenSandbox) -> Sandbox:
    """A sandbox without faults."""
    opened: Sandbox = await open_a_sandbox(sandbox_delay_s=DELAY_S)
    return opened


async def test_a_lease_plans_one_message_after_the_delay(sandbox: Sandbox) -> None:
    activation = await sandbox.lease()
    (planned,) = await sandbox.planned()
    assert planned["due_at"] == activation.created_at + timedelta(seconds=DELAY_S)
    assert planned["e164"] == activation.e164
    assert await sandbox.send() == 0
    assert await sandbox.planned() == [planned]


async def test_the_message_arrives_when_it_is_due_and_its_code_is_read(sandbox: Sandbox) -> None:
    activation = await sandbox.lease()
    await sandbox.pass_time(DELAY_S)
    assert await sandbox.send() == 1
    (kept,) = await sandbox.kept(activation)
    assert kept["lease_id"] == activation.id
    assert await sandbox.state(activation) == (State.CODE, kept["code"])
    assert kept["code"] is not None
    assert await sandbox.planned() == []


async def test_the_same_seed_and_lease_give_the_same_message(sandbox: Sandbox) -> None:
    activation = await sandbox.lease("wa", country=43)
    (first,) = await sandbox.planned()
    await sandbox.pool.execute("delete from simulated_message")
    lease = Leased(
        activation.id, activation.country_id, activation.service_id, sandbox.opened.supplier_id, activation.e164,
        activation.created_at, activation.due_at,
    )  # fmt: skip
    async with sandbox.pool.acquire() as connection:
        await sandbox.simulator.leased(connection, [lease])
    (second,) = await sandbox.planned()
    assert dict(first) | {"id": 0} == dict(second) | {"id": 0}


async def test_a_further_code_is_another_one_and_so_is_the_next(sandbox: Sandbox) -> None:
    activation = await sandbox.lease()
    for _ in range(3):
        await sandbox.pass_time(DELAY_S)
        assert await sandbox.send() == 1
        assert await sandbox.event(activation, Event.AGAIN) == State.RETRY
        (planned,) = await sandbox.planned()
        assert planned["e164"] == activation.e164
    codes = [row["code"] for row in await sandbox.kept(activation)]
    assert len(set(codes)) == 3
    assert None not in codes


async def test_more_is_only_for_the_simulators_own_leases(sandbox: Sandbox) -> None:
    activation = await sandbox.lease()
    await sandbox.pool.execute("delete from simulated_message")
    await sandbox.pool.execute("update activation set supplier_id = supplier_id + 1 where id = $1", activation.id)
    async with sandbox.pool.acquire() as connection:
        await sandbox.simulator.more(connection, [activation.id])
    assert await sandbox.planned() == []


async def test_a_lease_that_is_undone_leaves_no_message(sandbox: Sandbox) -> None:
    activation = await sandbox.lease()
    async with sandbox.pool.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        await sandbox.simulator.more(connection, [activation.id])
        await undone.rollback()
    assert len(await sandbox.planned()) == 1


async def test_never(open_a_sandbox: OpenSandbox) -> None:
    sandbox: Sandbox = await open_a_sandbox(sandbox_faults="never=1")
    await sandbox.lease()
    assert await sandbox.planned() == []


async def test_late_arrives_after_the_lease_ended_and_reaches_nobody(open_a_sandbox: OpenSandbox) -> None:
    sandbox: Sandbox = await open_a_sandbox(sandbox_faults="late=1")
    activation = await sandbox.lease(life_s=60.0)
    (planned,) = await sandbox.planned()
    assert planned["due_at"] == activation.due_at + timedelta(seconds=LATE_BY_S)
    await sandbox.pool.execute("update activation set due_at = created_at where id = $1", activation.id)
    assert await sandbox.event(activation, Event.EXPIRE) == State.CANCELLED
    await sandbox.pass_time(60.0 + LATE_BY_S)
    assert await sandbox.send() == 1
    (kept,) = await sandbox.kept(activation)
    assert kept["fate"] == Fate.NO_LEASE
    assert await sandbox.state(activation) == (State.CANCELLED, None)


async def test_twice_is_stored_once(open_a_sandbox: OpenSandbox) -> None:
    sandbox: Sandbox = await open_a_sandbox(sandbox_faults="twice=1", sandbox_delay_s=DELAY_S)
    activation = await sandbox.lease()
    first, second = await sandbox.planned()
    assert second["due_at"] - first["due_at"] == timedelta(seconds=DELAY_S)
    await sandbox.pass_time(2 * DELAY_S)
    assert await sandbox.send() == 2
    assert len(await sandbox.kept(activation)) == 1


async def test_wrong_is_held_back_and_the_right_one_follows(open_a_sandbox: OpenSandbox) -> None:
    sandbox: Sandbox = await open_a_sandbox(sandbox_faults="wrong=1", sandbox_delay_s=DELAY_S)
    activation = await sandbox.lease("ub")
    await sandbox.pass_time(DELAY_S)
    assert await sandbox.send() == 1
    assert await sandbox.state(activation) == (State.PREPARED, None)
    await sandbox.pass_time(DELAY_S)
    assert await sandbox.send() == 1
    wrong, right = await sandbox.kept(activation)
    assert (wrong["fate"], right["fate"]) == (Fate.OTHER_SERVICE, Fate.ATTACHED)
    assert await sandbox.state(activation) == (State.CODE, right["code"])


async def test_nocode_is_delivered_without_a_code(open_a_sandbox: OpenSandbox) -> None:
    sandbox: Sandbox = await open_a_sandbox(sandbox_faults="nocode=1", sandbox_delay_s=DELAY_S)
    activation = await sandbox.lease()
    await sandbox.pass_time(DELAY_S)
    assert await sandbox.send() == 1
    assert await sandbox.state(activation) == (State.CODE, None)


async def test_two_codes_come_one_after_the_other_even_when_both_are_overdue(open_a_sandbox: OpenSandbox) -> None:
    sandbox: Sandbox = await open_a_sandbox(sandbox_faults="two=1", sandbox_delay_s=DELAY_S)
    activations = [await sandbox.lease() for _ in range(5)]
    await sandbox.pass_time(60.0)
    assert await sandbox.send() == 10
    for activation in activations:
        first, second = await sandbox.kept(activation)
        assert first["code"] != second["code"]
        assert await sandbox.state(activation) == (State.CODE, second["code"])


async def test_a_sender_that_dies_after_the_bank_took_it_loses_and_doubles_nothing(sandbox: Sandbox) -> None:
    activation = await sandbox.lease()
    await sandbox.pass_time(DELAY_S)

    class KilledError(Exception):
        pass

    async def take_and_die(arrival: Arrival) -> Intake | Refusal:
        assert await sandbox.door.take(arrival) is Intake.STORED
        raise KilledError

    with pytest.raises(KilledError):
        await send_due(sandbox.pool, take_and_die, sandbox.opened.supplier_id, 10)
    assert await sandbox.send() == 0  # another node leaves it alone for a while
    await sandbox.pass_time(outbox.AGAIN_AFTER_S)
    assert await sandbox.send() == 1
    assert len(await sandbox.kept(activation)) == 1
    assert await sandbox.planned() == []


@pytest.mark.parametrize("refusal", [Overloaded(), Unavailable()])
async def test_a_message_that_the_bank_cannot_take_now_is_sent_again(sandbox: Sandbox, refusal: Refusal) -> None:
    await sandbox.lease()
    await sandbox.pass_time(DELAY_S)

    async def refuse(_arrival: Arrival) -> Intake | Refusal:
        return refusal

    assert await send_due(sandbox.pool, refuse, sandbox.opened.supplier_id, 10) == 0
    assert len(await sandbox.planned()) == 1
    await sandbox.pass_time(outbox.AGAIN_AFTER_S)
    assert await sandbox.send() == 1


async def test_a_message_to_a_number_that_is_gone_is_not_sent_for_ever(sandbox: Sandbox) -> None:
    await sandbox.lease()
    await sandbox.pool.execute("update simulated_message set e164 = 10000000001")
    await sandbox.pass_time(DELAY_S)
    assert await sandbox.send() == 1
    assert await sandbox.planned() == []


async def test_several_senders_share_what_is_due(sandbox: Sandbox) -> None:
    activations = [await sandbox.lease("wa") for _ in range(20)]
    await sandbox.pass_time(DELAY_S)
    seen: list[str] = []

    async def take(arrival: Arrival) -> Intake | Refusal:
        seen.append(arrival.foreign_id)
        return await sandbox.door.take(arrival)

    steps = (send_due(sandbox.pool, take, sandbox.opened.supplier_id, 7) for _ in range(4))
    assert sum(await asyncio.gather(*steps)) == 20
    assert len(seen) == len(set(seen)) == 20
    for activation in activations:
        assert (await sandbox.state(activation))[0] == State.CODE
