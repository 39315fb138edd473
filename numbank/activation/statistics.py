"""Where leases are in time, and what partners (`ref`) brought."""

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
