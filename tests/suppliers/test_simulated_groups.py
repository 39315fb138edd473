"""A simulated number that serves several services, or is had once more, receives a message for each of its leases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numbank.activation.model import Activation, LeaseRequest
from numbank.activation.multi import MultiDesk, MultiRequest
from numbank.activation.reactivation import ReactivationDesk, RenewRequest
from numbank.activation.states import Event, State
from numbank.supply.supplier import Suppliers
from tests.suppliers.conftest import OpenSandbox, Sandbox

DELAY_S = 3.0


async def serve(sandbox: Sandbox, desk: Any, request: Any) -> Any:
    async with sandbox.pool.acquire() as connection, connection.transaction():
        (result,) = (await desk.serve(connection, [request])).results
        return result


async def codes(sandbox: Sandbox, one: Activation) -> list[str]:
    rows = await sandbox.pool.fetch("select code from message where lease_id = $1", one.id)
    return [row["code"] for row in rows]


def suppliers(sandbox: Sandbox) -> Suppliers:
    return Suppliers({sandbox.opened.supplier_id: sandbox.simulator})


async def test_every_service_on_a_number_gets_its_own_message(open_a_sandbox: OpenSandbox) -> None:
    sandbox: Sandbox = await open_a_sandbox(sandbox_delay_s=DELAY_S)
    parts = tuple(
        LeaseRequest(sandbox.account_id, 0, sandbox.catalogue.by_code[code].id, 1200, 0) for code in ("tg", "wa", "vk")
    )
    desk = MultiDesk(suppliers(sandbox), operator_fallback=True, claim_pools=8, surcharge=0)
    group: Sequence[Activation] = await serve(sandbox, desk, MultiRequest(parts))
    assert len({one.e164 for one in group}) == 1
    await sandbox.pass_time(DELAY_S)
    assert await sandbox.send() == 3
    for one in group:
        (code,) = await codes(sandbox, one)
        assert await sandbox.state(one) == (State.CODE, code)


async def test_a_reactivation_gets_a_message_of_its_own(open_a_sandbox: OpenSandbox) -> None:
    sandbox: Sandbox = await open_a_sandbox(sandbox_delay_s=DELAY_S)
    first = await sandbox.lease("tg")
    await sandbox.pass_time(DELAY_S)
    assert await sandbox.send() == 1
    await sandbox.event(first, Event.FINISH)
    desk = ReactivationDesk(suppliers(sandbox), lambda _: (1200.0, 0.0), lambda _: True)
    again = await serve(sandbox, desk, RenewRequest(sandbox.account_id, first.id))
    assert isinstance(again, Activation)
    assert again.e164 == first.e164
    await sandbox.pass_time(DELAY_S)
    assert await sandbox.send() == 1
    (code,) = await codes(sandbox, again)
    assert await sandbox.state(again) == (State.CODE, code)
