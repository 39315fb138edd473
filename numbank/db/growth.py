"""Keeps the growing tables ahead of their ids, and forgets the marks of old batches (engine 5)."""

from __future__ import annotations

import msgspec

from numbank.db.pool import Connection
from numbank.db.queries import Queries

Q = Queries("numbank.db")

# The next partition is made when a quarter of the last one is left: two at once cost a poll 1.7 times (engine 5).
AHEAD = 0.25
PARENTS = (
    "activation", "hold", "entry", "message", "acquisition", "delivery", "attempt", "rent", "rent_charge", "rent_message",
    "mailbox", "mail", "audit",
)  # fmt: skip
# Ids that customers name; every kind of lease has its own.
LEASE_SEQUENCES = ("lease_id", "rent_id", "mailbox_id")
MOST_FORGOTTEN = 5_000
MOST_ANALYZED = 4


class Growth(msgspec.Struct, frozen=True):
    """A growing table: the next id and the first id that has no partition yet."""

    parent: str
    next_id: int
    upto: int


async def grow(tx: Connection, parent: str, partition_rows: int) -> Growth:
    """Make the partitions that a table will need soon; gives where it stands. One table per transaction, so that no two
    are locked together."""
    await tx.execute(Q.growth_lock)
    row = await tx.fetchrow(Q.growth, parent)
    if row is None:
        raise LookupError(f"{parent} is no growing table")
    next_id = await tx.fetchval(Q.next_of, row["sequence"])
    state = Growth(parent, next_id, row["upto"])
    while state.upto - next_id < partition_rows * AHEAD:
        await tx.execute(Q.add_partition, parent, partition_rows)
        state = msgspec.structs.replace(state, upto=state.upto + partition_rows)
    return state


async def forget_batches(tx: Connection) -> int:
    """Delete marks of batches that nobody can be unsure about any more; gives how many."""
    return int(await tx.fetchval(Q.forget_batches, MOST_FORGOTTEN))


async def analyze_outgrown(tx: Connection) -> int:
    """Have the plans made anew of what reads tables that have outgrown them; gives of how many tables.

    A plan that was made while a table had one page may read its index from end to end. The server looks once a minute, if at
    all; a young bank leases some hundred thousand numbers meanwhile. Each doubling is one analysis.
    """
    tables = [row[0] for row in await tx.fetch(Q.outgrown, MOST_ANALYZED)]
    if tables:
        # Somebody else who analyzes it does the same work.
        await tx.execute(f"analyze (skip_locked) {', '.join(tables)}")
    return len(tables)


async def limit_lease_ids(tx: Connection, ceiling: int) -> dict[str, float]:
    """Set the ceiling of the ids of all kinds of lease: a setting, because old clients need 31 bits.

    Gives which share of each sequence is used up.
    """
    used: dict[str, float] = {}
    for name, start, highest, last in await tx.fetch(Q.lease_ids, list(LEASE_SEQUENCES)):
        at = start if last is None else last
        if at >= ceiling:
            used[name] = (
                1.0  # too late for this ceiling; the alarm says so, and the leases that need ids still get them
            )
            continue
        if highest != ceiling:
            await tx.execute(f"alter sequence {name} maxvalue {ceiling:d}")
        used[name] = (at - start) / (ceiling - start)
    missing = [name for name in LEASE_SEQUENCES if name not in used]
    if missing:
        raise LookupError(f"the sequence {missing[0]} is missing")
    return used
