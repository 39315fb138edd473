"""Several leases on one number: who is on it with the lease that holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.supply.numbers import Occupied

Q = Queries("numbank.activation", "groups.sql")


async def members(tx: Connection, numbers: Mapping[int, Occupied]) -> dict[int, list[int]]:
    """The leases on each of these locked numbers, the holder first.

    Only a number that was shared once needs a look: on all others there is nobody but the holder. The look leaves out
    what has ended, so the holder is in it only while it lives.
    """
    holders = [one.holder for one in numbers.values() if one.shared and one.holder is not None]
    groups: dict[int, list[int]] = {}
    if holders:
        for root, lease_id in await tx.fetch(Q.members, holders):
            groups.setdefault(root, []).append(lease_id)
    return {
        number_id: groups.get(one.holder, []) if one.shared else [one.holder]
        for number_id, one in numbers.items()
        if one.holder is not None
    }


async def save_targets(tx: Connection, targets: Sequence[tuple[int, int]]) -> None:
    """Where (lease, target) pairs are forwarded to from now on; the leases are locked and live."""
    await tx.execute(Q.save_targets, *(list(column) for column in zip(*targets, strict=True)))
