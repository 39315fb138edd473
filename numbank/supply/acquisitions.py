"""Acquisitions: what asked suppliers were asked for, what they answered, and what they still have to be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum

import msgspec

from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.supply.asking import Outcome

Q = Queries("numbank.supply")


class AcquisitionState(IntEnum):
    """States as stored. UNKNOWN: the supplier may have sold us a number, or not."""

    ASKING = 0
    HELD = 1
    NONE = 2
    UNKNOWN = 3
    RELEASING = 4
    RELEASED = 5


# An answer still counts here: the question is out, or was given up.
UNANSWERED = (AcquisitionState.ASKING, AcquisitionState.UNKNOWN)


class Acquisition(msgspec.Struct, frozen=True):
    """An acquisition as its desk sees it."""

    id: int
    supplier_id: int
    state: AcquisitionState
    asked_at: datetime


class Answered(msgspec.Struct, frozen=True):
    """What an answer makes of an acquisition. The supplier is told an `outcome` at once."""

    id: int
    state: AcquisitionState
    reference: str | None = None
    e164: int | None = None
    cost: int | None = None
    outcome: Outcome | None = None


async def open_(tx: Connection, orders: Sequence[tuple[int, int]], now: datetime, give_up_at: datetime) -> list[int]:
    """Write (lease, supplier) pairs down before the supplier is asked; gives their ids in order."""
    leases, suppliers = (list(column) for column in zip(*orders, strict=True))
    ids = dict(map(tuple, await tx.fetch(Q.open_acquisitions, leases, suppliers, now, give_up_at)))
    return [ids[lease_id] for lease_id in leases]


async def lock(tx: Connection, ids: Sequence[int]) -> dict[int, Acquisition]:
    """Lock acquisitions in id order, then read them; the last locks of a transaction."""
    await tx.fetch(Q.lock_acquisitions, list(ids))
    rows = await tx.fetch(Q.read_acquisitions, list(ids))
    return {row[0]: Acquisition(row[0], row[1], AcquisitionState(row[2]), row[3]) for row in rows}


async def known_references(tx: Connection, held: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    """Which (supplier, reference) pairs name something that is open already."""
    if not held:
        return set()
    rows = await tx.fetch(Q.known_references, *(list(column) for column in zip(*held, strict=True)))
    return {(supplier_id, reference) for supplier_id, reference in rows}


async def save(tx: Connection, answered: Sequence[Answered], now: datetime) -> None:
    """Write answers to acquisitions that the caller has locked."""
    if answered:
        rows = [(one.id, one.state, one.reference, one.e164, one.cost, one.outcome) for one in answered]
        saved = await tx.fetchval(Q.save_answers, *(list(column) for column in zip(*rows, strict=True)), now)
        if saved != len(rows):
            raise RuntimeError(f"{saved} of {len(rows)} acquisitions were open to an answer")


async def close(tx: Connection, ended: Sequence[tuple[int, Outcome]], now: datetime) -> None:
    """Leases on asked numbers ended: their suppliers have to be told."""
    if ended:
        closed = await tx.fetchval(Q.close_acquisitions, *(list(column) for column in zip(*ended, strict=True)), now)
        if closed != len(ended):
            raise RuntimeError(f"{closed} of {len(ended)} leases that ended had a held acquisition")


async def give_up(tx: Connection, now: datetime, limit: int) -> int:
    """Questions whose node did not come back with an answer become unknown; gives how many."""
    return int(await tx.fetchval(Q.give_up_asking, now, limit))
