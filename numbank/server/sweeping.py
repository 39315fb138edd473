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

# Soon enough for those that met a lock which a hung connection held; what is broken raises its alarm no more often.
FORGIVE_EVERY_S = 10.0
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
        refused = [(row[0], no) for row, no in zip(rows, ends, strict=True) if isinstance(no, Unavailable)]
        # No lease is to blame for a database that is away.
        failed = [lease_id for lease_id, no in refused if not no.away]
        stuck.update(failed[: MOST_STUCK - len(stuck)])
        return len(rows) - len(refused)

    async def forgive() -> int:
        """What could not be ended is tried again after a while."""
        stuck.clear()
        return 0

    return [
        Periodic(name, expire, bank.settings.sweep_every_s, full=batch),
        Periodic(stuck_name or f"{name}-stuck", forgive, FORGIVE_EVERY_S),
    ]
