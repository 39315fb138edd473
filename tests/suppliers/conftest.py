"""A sandbox without a server: the desks, the door and the simulator on one database."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import pytest

from numbank.activation.advance import AdvanceDesk
from numbank.activation.desk import LeaseDesk
from numbank.activation.model import Activation, AdvanceRequest, LeaseRequest
from numbank.activation.states import Event, State
from numbank.catalogue import tables
from numbank.catalogue.catalogue import Catalogue
from numbank.customers import register
from numbank.db import migrate
from numbank.db.counter import Counter, Watch
from numbank.db.pool import Pool, connector, create_pool
from numbank.errors import Refusal
from numbank.intake.deliver import DeliverDesk, Intake
from numbank.intake.door import Door
from numbank.messages.model import Incoming
from numbank.settings import Settings, load
from numbank.suppliers.simulator.outbox import send_due
from numbank.suppliers.simulator.simulator import Simulator
from numbank.suppliers.simulator.stock import Opened, open_sandbox
from numbank.supply.supplier import Suppliers


class Loud(Watch):
    """Shows what went wrong in a batch."""

    def failed(self, counter: str, kind: str, error: BaseException | None) -> None:
        traceback.print_exception(error)


class Sandbox:
    """What a test does in a sandbox."""

    def __init__(self, pool: Pool, settings: Settings, opened: Opened) -> None:
        self.pool = pool
        self.settings = settings
        self.opened = opened
        self.catalogue = Catalogue()
        self.simulator = Simulator(opened.supplier_id, self.catalogue, settings, pool)
        suppliers = Suppliers({opened.supplier_id: self.simulator})
        connect = connector(settings.database_url, settings.command_timeout_s)
        limits: dict[str, Any] = {"batch_limit": 64, "queue_limit": 1_000, "deadline_s": 10.0, "watch": Loud()}
        lease = LeaseDesk(suppliers, operator_fallback=True, claim_pools=8)
        advance = AdvanceDesk(suppliers, cool_down_s=settings.cool_down_s, unused_rest_s=3600.0, unused_tries=2)
        deliver = DeliverDesk(lambda: self.catalogue.any_service_ids)
        self.lease_counter: Counter[LeaseRequest, Any] = Counter("lease", lease.serve, connect, **limits)
        self.advance_counter: Counter[AdvanceRequest, State] = Counter("advance", advance.serve, connect, **limits)
        self.deliver_counter: Counter[Incoming, Intake] = Counter("deliver", deliver.serve, connect, **limits)
        self.door = Door(self.deliver_counter.ask, self.catalogue)
        self.account_id = 0

    async def open(self) -> None:
        """Load the catalogue and add a customer."""
        await self.catalogue.load(self.pool)
        await self.door.learn()
        self.simulator.learn(self.door.brands)
        async with self.pool.acquire() as connection, connection.transaction():
            self.account_id, _ = await register.add(connection, "author", currency=840, balance=10**9)

    async def lease(self, code: str = "tg", *, country: int = 0, life_s: float = 1200.0) -> Activation:
        """Lease a number."""
        request = LeaseRequest(self.account_id, country, self.catalogue.by_code[code].id, life_s, 0.0)
        result = await self.lease_counter.ask(request)
        assert isinstance(result, Activation), result
        return result

    async def event(self, activation: Activation, event: Event) -> State:
        """What setStatus and the sweep do."""
        result = await self.advance_counter.ask(AdvanceRequest(activation.id, event))
        assert not isinstance(result, Refusal), result
        return result

    async def pass_time(self, seconds: float) -> None:
        """Let the messages that are due within some seconds be due now."""
        await self.pool.execute("update simulated_message set due_at = due_at - make_interval(secs => $1)", seconds)

    async def send(self) -> int:
        """One step of the worker."""
        return await send_due(self.pool, self.door.take, self.opened.supplier_id, 500)

    async def planned(self) -> list[asyncpg.Record]:
        """The messages to come."""
        return await self.pool.fetch("select * from simulated_message order by id")

    async def kept(self, activation: Activation) -> list[asyncpg.Record]:
        """What the bank kept for a number, oldest first."""
        return await self.pool.fetch("select * from message where e164 = $1 order by id", activation.e164)

    async def state(self, activation: Activation) -> tuple[State, str | None]:
        """State and code of an activation."""
        row = await self.pool.fetchrow("select state, code from activation where id = $1", activation.id)
        assert row is not None
        return State(row["state"]), row["code"]


OpenSandbox = Callable[..., Any]


@pytest.fixture
async def open_a_sandbox(dsn: str) -> AsyncIterator[OpenSandbox]:
    """Opens sandboxes with settings of the test's choice, on the module's database unless those say another."""

    @asynccontextmanager
    async def opened(**changes: object) -> AsyncIterator[Sandbox]:
        quick: dict[str, object] = {"database_url": dsn, "sandbox_countries": "0,43", "sandbox_numbers": 50}
        settings = load({}, **(quick | changes))
        pool = await create_pool(settings.database_url, size=4, command_timeout_s=30)
        async with pool.acquire() as connection:
            stocked = await open_sandbox(connection, settings)
        sandbox = Sandbox(pool, settings, stocked)
        counters: tuple[Counter[Any, Any], ...] = (
            sandbox.lease_counter,
            sandbox.advance_counter,
            sandbox.deliver_counter,
        )
        for counter in counters:
            counter.start()
        await sandbox.open()
        await pool.execute("delete from simulated_message")
        yield sandbox
        for counter in counters:
            await counter.stop()
        await pool.close()

    async with AsyncExitStack() as stack:

        async def enter(**changes: object) -> Sandbox:
            return await stack.enter_async_context(opened(**changes))

        yield enter


@pytest.fixture
async def fresh_dsn(empty_dsn: str) -> str:
    """A migrated database with the reference tables, for one test."""
    connection = await asyncpg.connect(empty_dsn)
    await migrate.migrate(connection)
    async with connection.transaction():
        await tables.load(connection)
    await connection.close()
    return empty_dsn


@pytest.fixture
async def fresh_pool(fresh_dsn: str) -> AsyncIterator[Pool]:
    """A pool on the test's own database."""
    pool = await create_pool(fresh_dsn, size=4, command_timeout_s=30)
    yield pool
    await pool.close()
