"""What is offered to the requests of a batch, and what forwarding costs there: read once for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from numbank.activation.model import LeaseRequest, Offer
from numbank.db.pool import Connection
from numbank.db.queries import Queries

Q = Queries("numbank.activation")

Key = tuple[int, int, int]  # country, service, kind


async def offered(
    tx: Connection, requests: Sequence[LeaseRequest], asked: Sequence[int] = (), abilities: Sequence[int] = ()
) -> dict[Key, list[Offer]]:
    """The tiers by (country, service, kind); of the suppliers that must be asked only `asked`, with their abilities."""
    keys = list(dict.fromkeys((one.country_id, one.service_id, one.kind) for one in requests))
    found: dict[Key, list[Offer]] = {}
    columns = (list(column) for column in zip(*keys, strict=True))
    for key, *tier in await tx.fetch(Q.offers, *columns, list(asked), list(abilities)):
        found.setdefault(keys[key - 1], []).append(Offer(*tier))
    return found


async def surcharged(tx: Connection, requests: Sequence[LeaseRequest]) -> dict[tuple[int, int], int]:
    """What forwarding costs for (country, service) that have terms of their own; not asked where nobody forwards."""
    keys = list({(one.country_id, one.service_id) for one in requests if one.forward})
    if not keys:
        return {}
    rows = await tx.fetch(Q.surcharges, *(list(column) for column in zip(*keys, strict=True)))
    return {keys[key - 1]: surcharge for key, surcharge in rows}
