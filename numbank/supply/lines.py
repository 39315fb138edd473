"""Lines that go off and on, and numbers that their last customer takes again.

Availability changes by these events and by the rest sweep only (engine 2): counts and waits follow here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import OperatorError
from numbank.supply import numbers
from numbank.supply.shelf import NumberState

Q = Queries("numbank.supply", "lines.sql")


class Line(msgspec.Struct, frozen=True):
    """A locked number. `offline`: its line is not connected, though it may still be leased."""

    number_id: int
    e164: int
    state: NumberState
    offline: bool


async def disconnect(tx: Connection, number_ids: Sequence[int]) -> list[Line]:
    """The lines of these numbers went off; gives what they are now.

    A number that is free or resting is offline at once. One that is leased stays with its customers, for whom a message
    may still be on its way, and goes offline when the last lease on it ends; until then nobody else gets it anyway. One
    in quarantine stays there.
    """
    await numbers.lock(tx, number_ids)
    await tx.execute(Q.disconnect, list(number_ids))
    return await _lines(tx, number_ids)


async def connect(tx: Connection, number_ids: Sequence[int], rest: timedelta) -> list[Line]:
    """The lines of these numbers are on again; gives what they are now.

    One that was offline rests first: what was sent to it meanwhile, perhaps for its last customer, comes now.
    """
    await numbers.lock(tx, number_ids)
    await tx.execute(Q.connect, list(number_ids), rest)
    return await _lines(tx, number_ids)


async def quarantine(tx: Connection, number_ids: Sequence[int]) -> None:
    """These numbers are gone: nobody gets them unless they are found. They are locked, and nobody leases them any more."""
    ids = sorted(set(number_ids))
    gone = await tx.fetchval(Q.quarantine, ids)
    if gone != len(ids):
        raise RuntimeError(f"{gone} of {len(ids)} numbers were without a lease")


async def found(tx: Connection, number_ids: Sequence[int], rest: timedelta) -> list[Line]:
    """These numbers were gone and are back: they rest first. OperatorError when one of them is not in quarantine."""
    await numbers.lock(tx, number_ids)
    back = {row[0] for row in await tx.fetch(Q.found, list(number_ids), rest)}
    known = await _lines(tx, number_ids)
    there = [str(line.e164) for line in known if line.number_id not in back]
    if there:
        raise OperatorError(f"not lost: {', '.join(there)}")
    return known


async def off(tx: Connection, number_ids: Sequence[int]) -> set[int]:
    """Those of these locked numbers whose lines are off, though they may still be leased."""
    return {line.number_id for line in await _lines(tx, number_ids) if line.offline}


async def take_again(tx: Connection, leased: Sequence[tuple[int, int, int]]) -> None:
    """Give locked numbers that are free or resting to (number, lease, service) that they served before."""
    taken = await tx.fetchval(Q.take_again, *(list(column) for column in zip(*leased, strict=True)))
    if taken != len(leased):
        raise RuntimeError(f"{taken} of {len(leased)} numbers could be had again")


async def _lines(tx: Connection, number_ids: Sequence[int]) -> list[Line]:
    rows = await tx.fetch(Q.lines, list(number_ids))
    return [Line(row[0], row[1], NumberState(row[2]), row[3]) for row in rows]
