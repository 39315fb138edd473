"""Decides where a lease is forwarded to. Pure (protocol.md 12.2, 20)."""

from __future__ import annotations

from numbank.activation.model import Lease
from numbank.activation.states import Event
from numbank.errors import BadStatus

# A target that came along and is no telephone number.
MALFORMED = 0


def target(lease: Lease, event: Event, given: int | None) -> int | BadStatus | None:
    """The target from now on. Only leases that were bought with forwarding have one; for all others it is not looked at.

    "The message was sent" needs a target, with it or before it. With it or with "one more code" a new one counts from
    then on. What ends the lease needs none.
    """
    if not lease.forward or event not in (Event.READY, Event.AGAIN):
        return lease.forward_to
    if given == MALFORMED:
        return BadStatus()
    if given is None and lease.forward_to is None and event is Event.READY:
        return BadStatus()
    return lease.forward_to if given is None else given
