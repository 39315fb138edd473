"""Who spends cashback: an account whose switch is on pays with it first (protocol.md 12.2, 23)."""

from __future__ import annotations

from collections.abc import Iterable

from numbank.db.pool import Connection
from numbank.db.queries import Queries

Q = Queries("numbank.customers", "standing.sql")


async def spenders(tx: Connection, account_ids: Iterable[int]) -> set[int]:
    """Which of these locked accounts spend their cashback."""
    wanted = list(account_ids)
    return {row[0] for row in await tx.fetch(Q.cashback_spenders, wanted)} if wanted else set()


async def start(tx: Connection, account_ids: Iterable[int]) -> None:
    """Turn the switch of these accounts on, for good."""
    wanted = sorted(account_ids)
    if wanted:
        await tx.execute(Q.start_spending_cashback, wanted)
