"""The reseller's own customers (userId): kept as a digest on leases, named once so that an operator can read them."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from uuid import UUID

from numbank.db.pool import Connection
from numbank.db.queries import Queries

Q = Queries("numbank.customers", "standing.sql")

MAX_NAME = 255


def digest_of_user(name: str) -> UUID:
    """What a lease keeps of a userId."""
    return UUID(bytes=blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest())


async def remember(tx: Connection, users: Iterable[tuple[int, str]]) -> None:
    """Name end users (account, userId) that may be new. Sorted, for two batches may name the same ones."""
    rows = sorted({(account_id, digest_of_user(name), name) for account_id, name in users})
    if rows:
        await tx.execute(Q.name_end_users, *(list(column) for column in zip(*rows, strict=True)))
