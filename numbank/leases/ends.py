"""What happens to numbers when leases end: every one rests, and one that received nothing may come back later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from numbank.db.pool import Connection
from numbank.supply import given, numbers


class Ended(msgspec.Struct, frozen=True):
    """A lease that just ended. `unused`: its number may serve the same service again after a rest.

    `asked`: its supplier decides when it gives the number again, so it comes back to no shelf.
    """

    lease_id: int
    number_id: int
    service_id: int
    tries: int
    unused: bool
    asked: bool = False


async def release(
    tx: Connection, ended: Sequence[Ended], now: datetime, *, cool_down_s: float, unused_rest_s: float
) -> None:
    """Let the numbers of ended leases rest; the caller has locked them. Late messages meet nobody meanwhile."""
    if not ended:
        return
    await numbers.rest(tx, [(lease.number_id, lease.lease_id) for lease in ended], now + timedelta(seconds=cool_down_s))
    unused = [(one.number_id, one.service_id, one.tries + 1) for one in ended if one.unused and not one.asked]
    if unused:
        await numbers.give_back(tx, unused, now + timedelta(seconds=unused_rest_s))
    given_back = [(one.number_id, one.service_id) for one in ended if one.unused and one.asked]
    if given_back:
        await given.give_back(tx, given_back)
