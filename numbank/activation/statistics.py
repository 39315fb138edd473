"""Where leases are in time, what partners (`ref`) brought, and how the leases of end users (`userId`) went."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries

Q = Queries("numbank.activation", "statistics.sql")


class Partner(msgspec.Struct, frozen=True):
    """What came by a partner's ref on one account; `charged` is less refunds, in 1/10,000."""

    ref: str
    account_id: int
    leases: int
    delivered: int
    charged: int


class EndUser(msgspec.Struct, frozen=True):
    """How the newest leases of a reseller's own customer went; `banned_until` None: not banned."""

    name: str
    leases: int
    ended: int
    delivered: int
    newest: datetime | None
    banned_until: datetime | None

    @property
    def success(self) -> float | None:
        """Which share of the leases that are over got a message; None while none is over."""
        return self.delivered / self.ended if self.ended else None


async def mark(tx: Connection) -> int:
    """Note how far the lease ids are, once an hour; gives 1 when it did."""
    made: int = await tx.fetchval(Q.mark_leases)
    return made


async def span(pool: Pool, start: datetime, end: datetime) -> tuple[int, int]:
    """Lease ids (after, up to) between which all leases lie that began from start to end."""
    [(after, up_to)] = await pool.fetch(Q.lease_span, start, end)
    return after, up_to


async def partners(pool: Pool, days: int, now: datetime | None = None) -> list[Partner]:
    """The leases with a ref of the last days, per ref and account."""
    now = now or datetime.now(UTC)
    start = now - timedelta(days=days)
    after, _ = await span(pool, start, now)
    return [Partner(*row) for row in await pool.fetch(Q.partners, after, start)]


async def end_users(pool: Pool, account_id: int, last: int, most: int) -> list[EndUser]:
    """The end users of an account, at most `most`, with the last leases of each."""
    return [EndUser(*row) for row in await pool.fetch(Q.end_users, account_id, last, most)]
