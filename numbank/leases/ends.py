"""What happens to numbers when leases end: every one rests, and one that received nothing may come back later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from numbank.db.pool import Connection
from numbank.supply import given, numbers, sharing


class Ended(msgspec.Struct, frozen=True):
    """A lease that just ended. `unused`: its number may serve the same service again after a rest.

    `holder` is the lease that holds the number, for this one too; `last`: nobody is left on it, so it rests.
    `asked`: its supplier decides when it gives the number again, so it comes back to no shelf.
    """

    lease_id: int
    number_id: int
    service_id: int
    tries: int
    unused: bool
    asked: bool
    holder: int
    last: bool


async def release(
    tx: Connection, ended: Sequence[Ended], now: datetime, *, cool_down_s: float, unused_rest_s: float
) -> None:
    """Let the numbers of ended leases rest; the caller has locked them. Late messages meet nobody meanwhile.

    A service that received nothing is given back when its lease ends, whoever else is on the number.
    """
    if not ended:
        return
    rests = {one.number_id: one.holder for one in ended if one.last}
    if rests:
        await numbers.rest(tx, list(rests.items()), now + timedelta(seconds=cool_down_s))
    until = now + timedelta(seconds=unused_rest_s)
    unused = [one for one in ended if one.unused]
    own = [(one.number_id, one.service_id, one.tries + 1) for one in unused if not one.asked and _holds(one)]
    if own:
        await numbers.give_back(tx, own, until)
    shared = [(one.number_id, one.service_id, one.tries + 1) for one in unused if not one.asked and not _holds(one)]
    if shared:
        await sharing.give_back(tx, shared, until)
    given_back = [(one.number_id, one.service_id) for one in unused if one.asked]
    if given_back:
        await given.give_back(tx, given_back)


def _holds(one: Ended) -> bool:
    """Whether the lease claimed its number from a shelf of its own service, and holds it."""
    return one.holder == one.lease_id
