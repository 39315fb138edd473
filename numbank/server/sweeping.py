"""The sweep of what is due: leases of any kind go through the same counters as the requests of their customers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from numbank.errors import Unavailable
from numbank.server.periodic import Periodic

if TYPE_CHECKING:
    from asyncpg import Record

    from numbank.server.bank import Bank

FORGIVE_EVERY_S = 60.0
MOST_STUCK = 10_000


def sweep(
    bank: Bank, name: str, due: str, end: Callable[[Record], Awaitable[object]], *, stuck_name: str | None = None
) -> list[Periodic]:
    """Workers that end what is due. `due` is a query of leases (id first) that are due at $1, at most $2, without those
    in $3; `end` asks the counter for one of them.

    A lease that cannot be ended (a broken invariant; the counter raised the alarm) must not hold up the others.
    """
    batch = bank.settings.batch_sweep
    stuck: set[int] = set()

    async def expire() -> int:
        """End what is due now."""
        rows: Sequence[Record] = await bank.pool.fetch(due, await bank.now(), batch, list(stuck))
        ends = await asyncio.gather(*(end(row) for row in rows))
        failed = [row[0] for row, outcome in zip(rows, ends, strict=True) if isinstance(outcome, Unavailable)]
        stuck.update(failed[: MOST_STUCK - len(stuck)])
        return len(rows) - len(failed)

    async def forgive() -> int:
        """What could not be ended is tried again after a while: the database may just have been away."""
        stuck.clear()
        return 0

    return [
        Periodic(name, expire, bank.settings.sweep_every_s, full=batch),
        Periodic(stuck_name or f"{name}-stuck", forgive, FORGIVE_EVERY_S),
    ]
