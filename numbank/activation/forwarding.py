"""Forwarding: what a lease with a target receives is passed on by its supplier (protocol.md 12.2, 20)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from numbank.activation.model import Lease
from numbank.db.pool import Connection
from numbank.messages.store import Kept
from numbank.supply.errands import Forward, write_forwards

# More for one lease than any verification needs: a flood to somebody's telephone must not come from us.
MOST_FORWARDS = 50


def to_pass_on(messages: Sequence[Kept], leases: Mapping[int, Lease]) -> list[Forward]:
    """The messages of a batch that reached a lease which was bought with forwarding and has named its target."""
    found = []
    for kept in messages:
        lease = leases.get(kept.lease_id or 0)
        if lease is not None and lease.forward and lease.forward_to is not None and kept.number_id is not None:
            found.append(Forward(lease.id, kept.id, kept.number_id, lease.forward_to))
    return found


async def pass_on(tx: Connection, messages: Sequence[Kept], leases: Mapping[int, Lease], now: datetime) -> None:
    """Write the errands down, in the transaction in which the messages are delivered."""
    forwards = to_pass_on(messages, leases)
    if forwards:
        await write_forwards(tx, forwards, now, MOST_FORWARDS)
