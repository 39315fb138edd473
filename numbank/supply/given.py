"""Numbers that asked suppliers give: made on first sight, leased one by one, outside of the claims from shelves.

Use and counts are kept like everybody's (a number is used once per service); their shelves are bookmarks that never move.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.supply import numbers
from numbank.supply.shelf import NumberState

Q = Queries("numbank.supply")


class Sighting(msgspec.Struct, frozen=True):
    """A supplier says that it gives this number for a service."""

    supplier_id: int
    country_id: int
    operator_id: int
    service_id: int
    e164: int


class Given(msgspec.Struct, frozen=True):
    """A locked number; `used` says whether it was used for the service, `supplier_id` whose it is."""

    number_id: int
    e164: int
    supplier_id: int
    free: bool
    used: bool


async def settle_identity(tx: Connection, e164s: Iterable[int]) -> dict[int, numbers.Known]:
    """Keep others from making or missing these numbers until we commit; gives those that exist.

    A message for a number that has no row yet cannot wait for that row's lock. It waits here instead: either it was
    stored before the number is made, and the look-back finds it, or it sees the number and its lease.
    """
    keys = sorted({e164 % 2**31 for e164 in e164s})
    await tx.fetch(Q.lock_identities, keys)
    return await numbers.known(tx, list(e164s))


async def sight(tx: Connection, sightings: Sequence[Sighting]) -> dict[tuple[int, int], Given]:
    """Make numbers that were never seen, lock them all in id order, then read them; by (number, service)."""
    if not sightings:
        return {}
    known = await numbers.known(tx, [one.e164 for one in sightings])
    unseen = [one for one in sightings if one.e164 not in known]
    if unseen:
        known |= await settle_identity(tx, [one.e164 for one in unseen])
        pools: dict[tuple[int, int, int], list[int]] = {}
        for one in unseen:
            if one.e164 not in known:
                pools.setdefault((one.supplier_id, one.country_id, one.operator_id), []).append(one.e164)
        for pool, e164s in sorted(pools.items()):
            await numbers.add(tx, *pool, e164s)
        known |= await numbers.known(tx, [one.e164 for one in unseen])
    pairs = sorted({(known[one.e164].id, one.service_id) for one in sightings})
    columns = [list(column) for column in zip(*pairs, strict=True)]
    await tx.execute(Q.make_still_shelves, *columns)
    await numbers.lock(tx, columns[0])
    rows = await tx.fetch(Q.given_numbers, *columns)
    return {(row[1], row[5]): Given(row[0], row[1], row[2], row[3] == NumberState.FREE, row[4]) for row in rows}


async def take(tx: Connection, leased: Sequence[tuple[int, int, int]]) -> None:
    """Give locked, free numbers to (number, lease, service)."""
    taken = await tx.fetchval(Q.take_given, *(list(column) for column in zip(*leased, strict=True)))
    if taken != len(leased):
        raise RuntimeError(f"{taken} of {len(leased)} given numbers were free")


async def give_back(tx: Connection, unused: Sequence[tuple[int, int]]) -> None:
    """(number, service) that received nothing: when the supplier gives the number again is its own business."""
    await tx.execute(Q.give_back_given, *(list(column) for column in zip(*unused, strict=True)))
