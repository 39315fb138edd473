"""Proves what holds across the kinds of lease."""

from __future__ import annotations

from collections import Counter, defaultdict

from numbank.db.checks import Check, Session, Tally
from numbank.db.proofs import id_slices, proved_by, whole
from numbank.db.queries import Queries
from numbank.db.settling import settle

Q = Queries("numbank.leases", "verify.sql")

# What a hold can be for: each table with the column by which it is read in slices. Rows and holds are written in one
# transaction and stay for ever.
OWNERS = (("activation", "id"), ("rent_charge", "rent_id"), ("mailbox", "id"), ("purchase", "id"))
# Holds of so many ids are compared by their count and the sum of their hashes, one by one only where these differ.
HEAP_IDS = 4_096
MOST_HEAPS = 100


async def prove_owned(session: Session) -> Tally:
    """The settled holds, as heaps of ids, are the holds that leases, rentals, mailboxes and purchases name."""
    mark = await settle(session, "hold")
    tally = Tally()
    heaps: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for low, high in await id_slices(session, "hold"):
        for heap, count, hashes in await session.rows(Q.held_heaps, low, high, mark, HEAP_IDS):
            heaps[heap][0] += count
            heaps[heap][1] += hashes
            tally.look_at(count)
    for table, column in OWNERS:
        sql = Q.owned.replace("owner_table", table).replace("owner_id", column)
        for low, high in await _slices(session, table, column):
            for heap, count, hashes in await session.rows(sql, low, high, mark, HEAP_IDS):
                heaps[heap][2] += count
                heaps[heap][3] += hashes
    differ = sorted(heap for heap, (held, sum_held, owned, sum_owned) in heaps.items()
                    if (held, sum_held) != (owned, sum_owned))  # fmt: skip
    if differ:
        wrong = await _one_by_one(session, differ[:MOST_HEAPS], mark)
        tally.add(0, len(wrong) + len(differ[MOST_HEAPS:]), wrong)
    return tally


async def _one_by_one(session: Session, heaps: list[int], mark: int) -> list[str]:
    """What is wrong in these heaps, in words."""
    holds = {row[0] for heap in heaps for row in await session.rows(Q.held_in_heap, heap, HEAP_IDS, mark)}
    owners: Counter[int] = Counter()
    for table, column in OWNERS:
        sql = Q.owned_in_heaps.replace("owner_table", table).replace("owner_id", column)
        for low, high in await _slices(session, table, column):
            owners.update(row[0] for row in await session.rows(sql, low, high, heaps, HEAP_IDS, mark))
    return [
        f"hold {hold} is of no lease, rental, mailbox or purchase" if not owners[hold]
        else f"hold {hold} does not exist, but {owners[hold]} are paid with it" if hold not in holds
        else f"hold {hold} is of {owners[hold]} leases, rentals, mailboxes or purchases"
        for hold in sorted(holds | owners.keys()) if hold not in holds or owners[hold] != 1
    ]  # fmt: skip


async def _slices(session: Session, table: str, column: str) -> list[tuple[int, int]]:
    """Slices of a table; the charges of a rental are cut with the rentals."""
    return await id_slices(session, "rent" if column == "rent_id" else table)


CHECKS: tuple[Check, ...] = (whole(Q, "open_holds"), proved_by(Q, "owned", prove_owned))
