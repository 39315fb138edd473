"""What happens to numbers when leases end: every one rests, and one that received nothing may come back later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from numbank.db.pool import Connection
from numbank.supply import numbers


class Ended(msgspec.Struct, frozen=True):
    """A lease that just ended. `unused`: its number may serve the same service again after a rest."""

    lease_id: int
    number_id: int
    service_id: int
    tries: int
    unused: bool


async def release(
    tx: Connection, ended: Sequence[Ended], now: datetime, *, cool_down_s: float, unused_rest_s: float
) -> None:
    """Let the numbers of ended leases rest; the caller has locked them. Late messages meet nobody meanwhile."""
    if not ended:
        return
    await numbers.rest(tx, [(lease.number_id, lease.lease_id) for lease in ended], now + timedelta(seconds=cool_down_s))
    unused = [(lease.number_id, lease.service_id, lease.tries + 1) for lease in ended if lease.unused]
    if unused:
        await numbers.give_back(tx, unused, now + timedelta(seconds=unused_rest_s))
