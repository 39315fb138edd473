"""Loyalty ranks: a table of the operator, discount by turnover; turnover is kept from movements that are folded."""

from __future__ import annotations

import msgspec

from numbank.customers import audit, keys
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.versions import bump
from numbank.errors import OperatorError

Q = Queries("numbank.customers", "standing.sql")

MAX_NAME = 50
# Movements that one step folds: tens of milliseconds.
MOST_FOLDED = 20_000


class Rank(msgspec.Struct, frozen=True):
    """From `turnover` (1/10,000) on a customer gets `discount_bp` (1/10,000) off; `customers` are those in it now."""

    name: str
    turnover: int
    discount_bp: int
    customers: int = 0


async def set_(tx: Connection, rank: Rank) -> None:
    """Make or change a rank; OperatorError for a bad name, or for a turnover that another rank has."""
    if not rank.name.strip() or len(rank.name) > MAX_NAME or "\0" in rank.name:
        raise OperatorError(f"a rank's name has 1 to {MAX_NAME} characters")
    for other in await everyone(tx):
        if other.turnover == rank.turnover and other.name != rank.name:
            raise OperatorError(f"rank {other.name} begins at this turnover already")
    await tx.execute(Q.set_rank, rank.name, rank.turnover, rank.discount_bp)
    await bump(tx, keys.TOPIC)
    await audit.write(
        tx, "rank.set", f"rank {rank.name}", {"turnover_minor": rank.turnover, "discount_bp": rank.discount_bp}
    )


async def remove(tx: Connection, name: str) -> None:
    """Remove a rank; its customers fall to the next lower one."""
    if await tx.fetchval(Q.remove_rank, name) is None:
        raise OperatorError(f"there is no rank {name!r}")
    await bump(tx, keys.TOPIC)
    await audit.write(tx, "rank.remove", f"rank {name}", {})


async def everyone(connection: Connection | Pool) -> list[Rank]:
    """All ranks, the lowest first."""
    return [Rank(*row) for row in await connection.fetch(Q.ranks)]


async def fold(tx: Connection, most: int = MOST_FOLDED) -> int:
    """Add movements to the customers' turnover; gives how many, 0 if another node is at it.

    The key rings forget what they know only when somebody's rank changed: that is rare, and costs every node a look.
    """
    if not await tx.fetchval(Q.turnover_lock):
        return 0
    rows = await tx.fetch(Q.take_turnover, most)
    if not rows:
        return 0
    ids = [row["account_id"] for row in rows]
    await tx.fetch(Q.lock_customers, ids)
    if await tx.fetchval(Q.add_turnover, ids, [row["amount"] for row in rows]):
        await bump(tx, keys.TOPIC)
    return sum(row["moves"] for row in rows)
