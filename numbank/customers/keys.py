"""API keys: looked up in memory, revoked on every node within a second (engine 6)."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from hashlib import sha256

import msgspec

from numbank.clock import new_key
from numbank.customers.ring import Ring
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.versions import Versions, bump

Q = Queries("numbank.customers")

TOPIC = "keys"


class Customer(msgspec.Struct, frozen=True):
    """Who leases. The id is that of the account too. One that is inactive, blocked or banned may finish what runs, but not
    buy. `max_live`, `requests_per_s`, `leases_per_min` None: the settings' values; `dialect` empty: that of the path;
    `phone_exception` are prefixes with commas between; `discount_bp` is that of the loyalty rank, in 1/10,000; `verified`
    resellers may buy software.
    """

    id: int
    active: bool
    blocked: bool = False
    banned_until: datetime | None = None
    max_live: int | None = None
    dialect: str = ""
    phone_exception: str = ""
    discount_bp: int = 0
    requests_per_s: int | None = None
    leases_per_min: int | None = None
    verified: bool = False


@lru_cache(maxsize=4096)
def digest_of(key: str) -> bytes:
    """What is kept of a key. A key is 128 random bits, so one round of SHA-256 is enough."""
    return sha256(key.encode("utf-8", "surrogatepass")).digest()


class KeyRing(Ring[Customer]):
    """Customers by key."""

    def __init__(self, pool: Pool, versions: Versions) -> None:
        super().__init__(pool, versions, topic=TOPIC, query=Q.customer_of_key, owner=Customer)


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
