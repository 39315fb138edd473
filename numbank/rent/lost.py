"""A number that is gone: it goes into quarantine, and a rental on it is revoked with a refund (protocol.md 12.4, 33)."""

from __future__ import annotations

import msgspec

from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import OperatorError, Refusal
from numbank.leases.refs import rent_of
from numbank.rent.change import ChangeDesk
from numbank.rent.model import ChangeRequest
from numbank.rent.states import Event, State
from numbank.supply import lines, numbers
from numbank.supply.shelf import NumberState

Q = Queries("numbank.rent")


class Lost(msgspec.Struct, frozen=True):
    """What became of a lost number: the rental that was on it, its customer, and what went back to him in 1/10,000."""

    e164: int
    rent_id: int | None = None
    account_id: int | None = None
    back: int = 0


async def lose(tx: Connection, desk: ChangeDesk, e164: int) -> Lost:
    """Put a number into quarantine, and revoke the rental on it.

    OperatorError when it is no number of the bank, is lost already, or an activation lives on it: that ends within minutes,
    by itself or by its customer, whose money is safe until a message comes; then the number can be lost.
    """
    number = (await numbers.known(tx, [e164])).get(e164)
    if number is None:
        raise OperatorError(f"no number of this bank: {e164}")
    state, holder = await tx.fetchrow(Q.holder, number.id)  # type: ignore[misc]  # a number is never deleted
    rent_id = None if holder is None else rent_of(holder)
    if state == NumberState.QUARANTINED:
        raise OperatorError(f"number {e164} is lost already")
    if rent_id is None:
        return await _without_rental(tx, number.id, e164)
    if (await desk.serve(tx, [ChangeRequest(rent_id, Event.EXPIRE)])).results[0] is State.FINISHED:
        return await _without_rental(tx, number.id, e164)  # it had all of its time: there is nothing to give back
    result = (await desk.serve(tx, [ChangeRequest(rent_id, Event.LOST)])).results[0]
    if isinstance(result, Refusal):
        raise OperatorError(f"rental {rent_id} on number {e164} has just ended: try again")
    row = await tx.fetchrow(Q.given_back, rent_id)
    return Lost(e164, rent_id, *row) if row is not None else Lost(e164, rent_id)


async def _without_rental(tx: Connection, number_id: int, e164: int) -> Lost:
    """Under the number's lock: somebody may lease it at this moment."""
    holder = (await numbers.lock(tx, [number_id]))[number_id].holder
    if holder is not None and rent_of(holder) is not None:
        raise OperatorError(f"number {e164} was rented just now: try again")
    if holder is not None:
        raise OperatorError(f"activation {holder} is live on number {e164}: try again when it has ended")
    await lines.quarantine(tx, [number_id])
    return Lost(e164)
