"""Writes deliveries in the transaction of their event; everything else about them is the sender's business."""

from __future__ import annotations

from collections.abc import Sequence

from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.hooks.model import Event

Q = Queries("numbank.hooks")


async def enqueue(
    tx: Connection, heard: Sequence[tuple[int, int | None, int | None]], event: Event = Event.MESSAGE
) -> None:
    """Deliveries for every endpoint that is on of these (account, lease, message), in this order.

    A caller who knows that no account has an endpoint does not come here.
    """
    columns = (list(column) for column in zip(*heard, strict=True))
    await tx.execute(Q.enqueue, [event] * len(heard), *columns)


async def enqueue_rent(tx: Connection, told: Sequence[tuple[int, int, int, int]]) -> None:
    """Deliveries for the endpoints that rentals name: (endpoint, account, reference of the rental, message), in this order.

    One that is off, removed or another account's is left out.
    """
    if told:
        await tx.execute(Q.enqueue_rent, Event.RENT_MESSAGE, *(list(column) for column in zip(*told, strict=True)))
