"""What a customer leased before, and all that came on one lease; reads for the wire."""

from __future__ import annotations

from datetime import datetime

import msgspec

from numbank.activation.states import State
from numbank.activation.statistics import span
from numbank.db.pool import Pool
from numbank.db.queries import Queries
from numbank.db.reads import answered
from numbank.errors import NoActivation, Refusal

Q = Queries("numbank.activation", "history.sql")


class Past(msgspec.Struct, frozen=True):
    """A lease as its history shows it. `cost` in 1/10,000: 0 while it lives, when it was cancelled, after a refund.

    `codes` has one entry per message, None where no code was recognised.
    """

    id: int
    e164: int
    created_at: datetime
    state: State
    currency: int
    cost: int
    codes: list[str | None]


class Received(msgspec.Struct, frozen=True):
    """One message or call of a lease; a call's caller is the sender, its transcript the text."""

    id: int
    sender: str
    code: str | None
    text: str
    received_at: datetime
    kind: int

    @property
    def is_call(self) -> bool:
        """Whether it is a call."""
        return self.kind != 0


class Inbox(msgspec.Struct, frozen=True):
    """A page of what came on a lease, and how much that is in all."""

    service_id: int
    total: int
    received: list[Received]


class History:
    """Reads for one customer at a time; Unavailable when the database does not answer."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @answered
    async def past(self, account_id: int, start: datetime, end: datetime, offset: int, limit: int) -> list[Past]:
        """The leases of an account that began from start to end, the newest first; an order without a number is hidden."""
        after, up_to = await span(self._pool, start, end)
        rows = await self._pool.fetch(Q.history, account_id, after, up_to, start, end, offset, limit)
        return [
            Past(
                row["id"],
                row["e164"],
                row["created_at"],
                State(row["state"]),
                row["currency"],
                row["cost"],
                row["codes"],
            )
            for row in rows
        ]

    @answered
    async def inbox(self, account_id: int, lease_id: int, offset: int, limit: int) -> Inbox | Refusal:
        """What came on a lease of an account, the oldest first."""
        row = await self._pool.fetchrow(Q.lease_of, lease_id, account_id)
        if row is None:
            return NoActivation()
        messages = await self._pool.fetch(Q.messages_of, lease_id, limit, offset)
        return Inbox(row[0], row[1], [Received(*message) for message in messages])
