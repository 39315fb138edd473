"""Decides to whom a message goes. Pure; the most important privacy rule of the bank is here."""

from __future__ import annotations

import msgspec


class Seeker(msgspec.Struct, frozen=True):
    """A live lease on the number that a message came to. `any_service`: it was leased for "any other" service."""

    lease_id: int
    service_id: int
    any_service: bool


def match(services: frozenset[int], seekers: list[Seeker]) -> Seeker | None:
    """The lease that a message belongs to, or None: it names another service than everybody who waits for one here.

    A message that names the service of a lease goes there. One that names nothing goes to the first lease. One that
    names other services goes only to a lease for any service: handing it to the wrong customer is worse than keeping it.
    """
    for seeker in seekers:
        if seeker.service_id in services:
            return seeker
    for seeker in seekers:
        if not services or seeker.any_service:
            return seeker
    return None
