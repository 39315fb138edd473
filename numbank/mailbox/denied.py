"""Sites for which no mailbox is leased: what the operator decided. Nothing is denied by default.

The services of the default list of policy/denied.py are denied because a telephone number stands for a person there; an
address of ours stands for nobody, and the list has names, not hosts. Who wants the same for mailboxes denies the hosts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.mailbox import rules

Q = Queries("numbank.mailbox", "domains.sql")

MAX_REASON = 500
MOST_LISTED = 10_000


class Decided(msgspec.Struct, frozen=True):
    """A decision: a host with everything below it is denied, or knowingly is not."""

    host: str
    denied: bool
    reason: str
    changed_at: datetime


async def decisions(connection: Connection | Pool, sites: Sequence[str]) -> dict[str, bool]:
    """What is decided about these sites and everything above them; rules.denied reads it."""
    hosts = sorted({host for site in sites for host in rules.hosts_of(site)})
    return {row[0]: row[1] for row in await connection.fetch(Q.decisions, hosts)} if hosts else {}


async def decide(tx: Connection, host: str, *, denied: bool, reason: str) -> bool:
    """Deny a host with everything below it, or lift that; False when it was decided so already."""
    return await tx.fetchval(Q.decide_site, host, denied, reason[:MAX_REASON]) is not None


async def listed(pool: Pool, after: str = "") -> list[Decided]:
    """Decisions by host, at most MOST_LISTED of them, behind one of an earlier page."""
    return [Decided(*row) for row in await pool.fetch(Q.denied_sites, after, MOST_LISTED)]
