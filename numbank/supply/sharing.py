"""Numbers that serve several services at once: their further uses, outside of the claims from shelves.

The caller holds the shelves of these services and the numbers (engine 1.2): no bookmark goes by meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from numbank.db.pool import Connection
from numbank.db.queries import Queries

Q = Queries("numbank.supply", "sharing.sql")


async def share(tx: Connection, uses: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Use leased numbers for further services, none twice; gives how often each was given back unused for it."""
    if not uses:
        return {}
    rows = await tx.fetch(Q.share_numbers, *(list(column) for column in zip(*uses, strict=True)))
    return {(number_id, service_id): tries for number_id, service_id, tries in rows}


async def use_again(tx: Connection, uses: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Use numbers once more for services that they were claimed for, and given back; gives how often that was before."""
    if not uses:
        return {}
    rows = await tx.fetch(Q.use_again, *(list(column) for column in zip(*uses, strict=True)))
    return {(number_id, service_id): tries for number_id, service_id, tries in rows}


async def give_back(tx: Connection, unused: Sequence[tuple[int, int, int]], until: datetime) -> None:
    """(number, service, tries) that received nothing for a further service.

    Behind its bookmark the number is available to that service again after `until`; ahead of it, as soon as it is free.
    """
    await tx.execute(Q.give_back_shared, *(list(column) for column in zip(*unused, strict=True)), until)
