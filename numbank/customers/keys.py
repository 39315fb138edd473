"""API keys: looked up in memory, revoked on every node within a second (engine 6)."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from numbank.clock import new_key
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.versions import Versions, bump

Q = Queries("numbank.customers")

TOPIC = "keys"
# Wrong keys are remembered too, so that hammering with them costs no query; bounded, for anybody can make them up.
MAX_REMEMBERED = 100_000


class Customer(msgspec.Struct, frozen=True):
    """Who leases. The id is that of the account too. An inactive one may finish what runs, but not buy."""

    id: int
    active: bool


def digest_of(key: str) -> bytes:
    """What is kept of a key. A key is 128 random bits, so one round of SHA-256 is enough."""
    return sha256(key.encode("utf-8", "surrogatepass")).digest()


class KeyRing:
    """Customers by key. Everything is forgotten when any key changes, and nothing is used that was not checked lately."""

    def __init__(self, pool: Pool, versions: Versions) -> None:
        self._pool = pool
        self._versions = versions
        self._known: dict[bytes, Customer | None] = {}
        self._generation = 0
        versions.subscribe(TOPIC, self._forget)

    def cached(self, digest: bytes) -> Customer | None:
        """The customer if the answer is at hand and fresh; None means ask `find`."""
        return self._known.get(digest) if self._versions.fresh else None

    async def find(self, digest: bytes) -> Customer | None:
        """The customer of a key, None for a key that is not ours. Raises the connection error if nobody can tell."""
        await self._versions.ensure_fresh()
        if digest in self._known:
            return self._known[digest]
        generation = self._generation
        row = await self._pool.fetchrow(Q.customer_of_key, digest)
        customer = Customer(*row) if row is not None else None
        if generation == self._generation:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            self._known[digest] = customer
        return customer

    async def _forget(self) -> None:
        self._generation += 1
        self._known.clear()


async def issue(tx: Connection, customer_id: int) -> str:
    """A new key for a customer; only its digest is kept."""
    key = new_key()
    await tx.execute(Q.add_key, digest_of(key), customer_id)
    await bump(tx, TOPIC)
    return key


async def revoke(tx: Connection, digest: bytes) -> int | None:
    """Revoke one key; gives its customer, None when it is not a live key."""
    customer_id: int | None = await tx.fetchval(Q.revoke_key, digest)
    await bump(tx, TOPIC)
    return customer_id


async def revoke_all(tx: Connection, customer_id: int) -> int:
    """Revoke every live key of a customer; gives how many."""
    count: int = await tx.fetchval(Q.revoke_keys, customer_id)
    await bump(tx, TOPIC)
    return count
