"""Keeps the growing tables ahead of their ids, and forgets the marks of old batches (engine 5)."""

from __future__ import annotations

import msgspec

from numbank.db.pool import Connection
from numbank.db.queries import Queries

Q = Queries("numbank.db")

# The next partition is made when a quarter of the last one is left: two at once cost a poll 1.7 times (engine 5).
AHEAD = 0.25


class Growth(msgspec.Struct, frozen=True):
    """A growing table: the next id and the first id that has no partition yet."""

    parent: str
    next_id: int
    upto: int


async def grow(tx: Connection, partition_rows: int) -> list[Growth]:
    """Make the partitions that will be needed soon; gives where each table stands."""
    await tx.execute(Q.growth_lock)
    states = []
    for parent, sequence, upto in await tx.fetch(Q.growth):
        next_id = await tx.fetchval(Q.next_of, sequence)
        state = Growth(parent, next_id, upto)
        while state.upto - next_id < partition_rows * AHEAD:
            await tx.execute(Q.add_partition, parent, partition_rows)
            state = msgspec.structs.replace(state, upto=state.upto + partition_rows)
        states.append(state)
    return states


async def forget_batches(tx: Connection) -> int:
    """Delete marks of batches that nobody can be unsure about any more."""
    return int(await tx.fetchval(Q.forget_batches))


async def limit_lease_ids(tx: Connection, ceiling: int) -> float:
    """Set the ceiling of lease ids (a setting, because old clients need 31 bits); gives the share that is used up."""
    row = await tx.fetchrow(Q.lease_ids)
    if row is None:
        raise LookupError("the sequence lease_id is missing")
    if row["max_value"] != ceiling:
        await tx.execute(f"alter sequence lease_id maxvalue {ceiling:d}")
    start: int = row["start_value"]
    return float(((row["last_value"] or start) - start) / (ceiling - start))
