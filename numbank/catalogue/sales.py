"""What was sold and delivered in the last days: kept per UTC day from movements that are folded in the background."""

from __future__ import annotations

import msgspec

from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.reads import answered

Q = Queries("numbank.catalogue", "sales.sql")

# The span of the statistics on the wire (protocol.md 12.3, 29).
DAYS = 30
# Movements that one step folds: tens of milliseconds.
MOST_FOLDED = 20_000


class Sales(msgspec.Struct, frozen=True):
    """Leases that got a number, and how many of them received a message."""

    leased: int
    delivered: int

    @property
    def rate(self) -> float:
        """The share of leases that received a message, 0 to 1."""
        return self.delivered / self.leased if self.leased else 0.0


@answered
async def of_service(pool: Pool, service_id: int, days: int = DAYS) -> dict[int, Sales]:
    """Sales of a service by country; seconds behind."""
    return {row[0]: Sales(row[1], row[2]) for row in await pool.fetch(Q.sales, service_id, days)}


@answered
async def of_everything(pool: Pool, days: int = DAYS) -> dict[tuple[int, int], Sales]:
    """Sales by country and service; seconds behind. Reads some hundred thousand rows in a big bank: keep what it gives."""
    return {(row[0], row[1]): Sales(row[2], row[3]) for row in await pool.fetch(Q.all_sales, days)}


async def fold(tx: Connection, most: int = MOST_FOLDED) -> int:
    """Fold movements into the sales; gives how many, 0 if another node is at it."""
    if not await tx.fetchval(Q.tally_lock):
        return 0
    folded: int = await tx.fetchval(Q.fold_tally, most)
    return folded
