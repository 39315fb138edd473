"""Numbers one by one or in sets: locking, resting, waking, and adding new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from numbank.db.pool import Connection
from numbank.db.queries import Queries

Q = Queries("numbank.supply")

# What a number can do; bits, as in pool.abilities.
SMS, CALL, FORWARD, RENT = 1, 2, 4, 8
# Rows of `passed` that one step wakes, and movements that one step folds: tens of milliseconds each.
MOST_WOKEN = 5_000
MOST_FOLDED = 50_000


class Known(msgspec.Struct, frozen=True):
    """A number of the bank and the supplier it belongs to."""

    id: int
    e164: int
    supplier_id: int


class Occupied(msgspec.Struct, frozen=True):
    """What is on a locked number. `holder` is the first lease of those that share it, and may be over before the others.

    `shared`: it served several leases at once at some time, so there may be more than the holder.
    """

    holder: int | None
    shared: bool


async def known(tx: Connection, e164s: Sequence[int]) -> dict[int, Known]:
    """The bank's numbers among these telephone numbers; unlocked, for a number's identity never changes."""
    return {row[1]: Known(*row) for row in await tx.fetch(Q.numbers_by_e164, list(set(e164s)))}


async def lock(tx: Connection, number_ids: Sequence[int]) -> dict[int, Occupied]:
    """Lock numbers in id order, and tell which lease holds each: what a locked row itself says is never old (engine 1.1)."""
    ids = sorted(set(number_ids))
    return {row[0]: Occupied(row[1], row[2]) for row in await tx.fetch(Q.lock_numbers, ids)} if ids else {}


async def rest(tx: Connection, ended: Sequence[tuple[int, int]], until: datetime) -> None:
    """Let (number, lease) pairs rest; every number must be held by its lease. A line that is off stays so instead."""
    rested = await tx.fetchval(
        Q.rest_numbers, [number_id for number_id, _ in ended], [lease for _, lease in ended], until
    )
    if rested != len(ended):
        raise RuntimeError(f"{rested} of {len(ended)} numbers were held by the leases that ended")


async def give_back(tx: Connection, unused: Sequence[tuple[int, int, int]], until: datetime) -> None:
    """(number, service, tries) that received nothing: available to the same service again after `until`."""
    await tx.execute(Q.give_back_unused, *(list(column) for column in zip(*unused, strict=True)), until)


async def wake(tx: Connection, now: datetime, limit: int) -> int:
    """Free the numbers whose rest is over, and end the rests for one service; gives how many rows it handled.

    Bounded by rows: a number for which thousands of services wait brings thousands of rows along.
    """
    rested = [row[0] for row in await tx.fetch(Q.lock_rested, now, limit)]
    if rested:
        waiting = dict(map(tuple, await tx.fetch(Q.waiting_for, rested)))
        rested = within(rested, waiting, MOST_WOKEN)
        await tx.execute(Q.free_numbers, rested, now)
    due = [row[0] for row in await tx.fetch(Q.lock_service_rested, now, limit)]
    if due:
        await tx.execute(Q.wake_service_rested, due, now)
    return len(rested) + len(due)


def within(numbers: Sequence[int], rows: Mapping[int, int], most: int) -> list[int]:
    """The first of these numbers whose rows stay within a bound together, at least one."""
    taken: list[int] = []
    total = 0
    for number in numbers:
        total += rows.get(number, 0)
        if taken and total > most:
            break
        taken.append(number)
    return taken


async def fold(tx: Connection, most: int = MOST_FOLDED) -> int:
    """Fold stock movements into the counts; gives how many, 0 if another node is at it."""
    if not await tx.fetchval(Q.fold_lock):
        return 0
    folded: int = await tx.fetchval(Q.fold_stock, most)
    return folded


async def add(
    tx: Connection, supplier_id: int, country_id: int, operator_id: int, e164s: Sequence[int], abilities: int = SMS
) -> list[int]:
    """Add new numbers to their pool, keeping seqs dense; gives those that were added (the others are known already)."""
    pool_id = await tx.fetchval(Q.pool_of, supplier_id, country_id, operator_id, abilities)
    last_seq = await tx.fetchval(Q.lock_pool, pool_id)
    distinct = list(dict.fromkeys(e164s))
    taken = {row[0] for row in await tx.fetch(Q.taken_e164, distinct)}
    fresh = [e164 for e164 in distinct if e164 not in taken]
    if fresh:
        await tx.execute(Q.add_numbers, pool_id, last_seq, fresh)
    return fresh
