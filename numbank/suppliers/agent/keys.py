"""Agents and their keys: added, given a further key, revoked; looked up by the same ring as those of customers."""

from __future__ import annotations

import msgspec

from numbank.catalogue.offers import existing_supplier
from numbank.clock import new_key
from numbank.customers.keys import digest_of
from numbank.customers.ring import Ring
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.versions import Versions, bump
from numbank.errors import OperatorError

Q = Queries("numbank.suppliers.agent")

KIND = "agent"
TOPIC = "agents"
MAX_NAME = 200


class Agent(msgspec.Struct, frozen=True):
    """Who pushes messages."""

    supplier_id: int
    name: str


class AgentRing(Ring[Agent]):
    """Agents by key."""

    def __init__(self, pool: Pool, versions: Versions) -> None:
        super().__init__(pool, versions, topic=TOPIC, query=Q.agent_of_key, owner=Agent)


async def add(tx: Connection, name: str) -> str:
    """A new agent; gives its key, which is shown this once."""
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise OperatorError(f"an agent's name has 1 to {MAX_NAME} printable characters")
    supplier_id = await tx.fetchval(Q.add_agent, name)
    if supplier_id is None:
        raise OperatorError(f"there is a supplier named {name!r} already")
    return await _issue(tx, supplier_id)


async def issue(tx: Connection, name: str) -> str:
    """One more key for an agent, so that it can change keys without a pause."""
    supplier_id, kind = await existing_supplier(tx, name)
    if kind != KIND:
        raise OperatorError(f"supplier {name!r} is no agent but of kind {kind}")
    return await _issue(tx, supplier_id)


async def revoke(tx: Connection, digest: bytes) -> str | None:
    """Revoke one key; gives the name of its agent, None when it is not a live key."""
    name: str | None = await tx.fetchval(Q.revoke_agent_key, digest)
    await bump(tx, TOPIC)
    return name


async def _issue(tx: Connection, supplier_id: int) -> str:
    key = new_key()
    await tx.execute(Q.add_agent_key, digest_of(key), supplier_id)
    await bump(tx, TOPIC)
    return key
