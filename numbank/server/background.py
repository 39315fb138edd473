"""What every node does beside serving: expiry, rest, counts, partitions. Nodes share the work without an arrangement."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import structlog

from numbank.activation.model import AdvanceRequest
from numbank.activation.states import Event
from numbank.db import growth
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.server.metrics import LEASE_IDS
from numbank.server.periodic import Periodic
from numbank.supply import numbers

if TYPE_CHECKING:
    from numbank.server.bank import Bank

Q = Queries("numbank.activation")
log = structlog.get_logger("numbank")

T = TypeVar("T")

HOUSEKEEPING_S = 60.0
LEASE_ID_ALARM = 0.8


def workers(bank: Bank) -> list[Periodic]:
    """The background workers of a node."""
    settings = bank.settings
    batch = settings.batch_sweep

    async def expire() -> int:
        """Activations whose time is over go through the same desk as a customer's setStatus."""
        due = [row[0] for row in await bank.pool.fetch(Q.due_activations, await bank.now(), batch)]
        await asyncio.gather(*(bank.advance.ask(AdvanceRequest(lease_id, Event.EXPIRE)) for lease_id in due))
        return len(due)

    async def wake() -> int:
        now = await bank.now()
        return await _in_transaction(bank, lambda tx: numbers.wake(tx, now, batch))

    async def fold() -> int:
        await _in_transaction(bank, numbers.fold)
        return 0

    async def keep_house() -> int:
        used = await _in_transaction(bank, lambda tx: growth.limit_lease_ids(tx, settings.max_lease_id))
        LEASE_IDS.set(used)
        if used > LEASE_ID_ALARM:
            log.error("lease_ids_run_out", used=round(used, 3), setting="NUMBANK_MAX_LEASE_ID")
        await _in_transaction(bank, lambda tx: growth.grow(tx, settings.partition_rows))
        return await _in_transaction(bank, growth.forget_batches)

    return [
        Periodic("expire", expire, settings.sweep_every_s, full=batch),
        Periodic("wake", wake, settings.sweep_every_s, full=batch),
        Periodic("fold", fold, settings.stock_fold_s),
        Periodic("house", keep_house, HOUSEKEEPING_S),
    ]


async def _in_transaction(bank: Bank, step: Callable[[Connection], Awaitable[T]]) -> T:
    async with bank.pool.acquire() as connection, connection.transaction():
        return await step(connection)
