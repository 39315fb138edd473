"""Runs a state machine of Hypothesis against the real desks, on a bank of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.conftest import DSN_VARIABLE, drop, on_database
from tests.support import Shop


class BankMachine(RuleBasedStateMachine):
    """A machine with the connection to its bank; its steps are no coroutines, so they wait in `loop`."""

    loop: asyncio.AbstractEventLoop
    connection: asyncpg.Connection[asyncpg.Record]
    shop: Shop


def run_on_own_bank(
    machine: type[BankMachine],
    template: str,
    stock: Callable[[], Awaitable[None]],
    *,
    examples: int,
    steps: int,
    **more: Any,
) -> None:
    """Make a bank like `template`, let `stock` fill it, run the machine; `more` are settings of Hypothesis."""
    dsn = os.environ[DSN_VARIABLE]
    name = f"machine_{uuid4().hex}"
    loop = machine.loop = asyncio.new_event_loop()
    admin = loop.run_until_complete(asyncpg.connect(dsn))
    loop.run_until_complete(admin.execute(f"create database {name} template {template}"))

    async def prepare() -> None:
        machine.connection = await asyncpg.connect(on_database(dsn, name))
        machine.shop = Shop(machine.connection)
        await stock()

    loop.run_until_complete(prepare())
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )
    try:
        run_state_machine_as_test(machine, settings=chosen)
    finally:
        loop.run_until_complete(machine.connection.close())
        loop.run_until_complete(admin.close())
        loop.run_until_complete(drop(name))
        loop.close()
