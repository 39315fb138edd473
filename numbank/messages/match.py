"""Decides to whom a message goes. Pure; the most important privacy rule of the bank is here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from numbank.messages.calls import Kind
from numbank.messages.model import Medium


class Seeker(msgspec.Struct, frozen=True):
    """A live lease on the number that a message came to. `any_service`: it was leased for "any other" service.

    `kind`: how it is verified.
    """

    lease_id: int
    service_id: int
    any_service: bool
    kind: Kind = Kind.SMS


def waiting_for(medium: Medium, seekers: Sequence[Seeker]) -> list[Seeker]:
    """The leases that wait for what came as this.

    A call is never an answer to who leased for an SMS, and an SMS is none to who leased for a call: everybody gets, and
    pays for, what was bought.
    """
    is_call = medium is Medium.CALL
    return [seeker for seeker in seekers if (seeker.kind != Kind.SMS) == is_call]


def match(
    services: frozenset[int],
    seekers: Sequence[Seeker],
    likely: Callable[[], frozenset[int]] = frozenset,
    *,
    service: int | None = None,
) -> Seeker | None:
    """The lease that a message belongs to, or None: it names another service than everybody who waits for one here.

    A message that names the service of a lease goes there. One that names other services goes only to a lease for any
    service: handing it to the wrong customer is worse than keeping it. One that names nothing goes to the first lease; where
    several wait, `likely` tells which services its sender has written for, and the first of those has it. `service` is the
    likeliest one by its text, clearly named (several may share a name) or not: a lease for it comes before the others.
    The leases on one number are all of one customer, and come in the order in which they should be served.
    """
    if service in services or not services:
        for seeker in seekers:
            if seeker.service_id == service:
                return seeker
    for seeker in seekers:
        if seeker.service_id in services:
            return seeker
    if not services and len(seekers) > 1:
        guessed = likely()
        for seeker in seekers:
            if seeker.service_id in guessed:
                return seeker
    for seeker in seekers:
        if not services or seeker.any_service:
            return seeker
    return None
