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
