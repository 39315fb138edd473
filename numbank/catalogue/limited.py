"""The tiers of offers that are limited in number: taken under lock when a lease begins, given back when it is cancelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from numbank.db.columns import columns
from numbank.db.pool import Connection
from numbank.db.queries import Queries

Q = Queries("numbank.catalogue", "limited.sql")


async def lock(tx: Connection, tier_ids: Iterable[int]) -> dict[int, int | None]:
    """Lock tiers in id order, then read how many each has left (engine 1.1); None: no limit, missing: no such tier."""
    ids = sorted(set(tier_ids))
    await tx.fetch(Q.lock_tiers, ids)
    return dict(map(tuple, await tx.fetch(Q.left_of, ids)))


async def take(tx: Connection, taken: Mapping[int, int]) -> None:
    """Take so many from tiers that are limited and locked."""
    if taken:
        changed = await tx.fetchval(Q.take_from_tiers, list(taken), list(taken.values()))
        if changed != len(taken):
            raise RuntimeError(f"{changed} of {len(taken)} tiers had as many left as were taken")


async def give_back(tx: Connection, cancelled: Sequence[tuple[int, int]]) -> None:
    """Leases that took one of a locked tier, (tier, lease) each, ended cancelled.

    A tier that is gone, has no limit any more, or another count since then, needs nothing.
    """
    if cancelled:
        await tx.execute(Q.give_to_tiers, *columns(cancelled))
