"""Runs the checks that prove stored data while the bank serves; each layer brings its own in its `verify.py`.

There is no one snapshot for everything: a transaction that stays open keeps the dead rows of the hot tables alive, and
its table locks hold up a new partition and all leases behind it (engine 5: under 5 s each). Instead a check reads both
of its sides in one statement for one slice of ids. A statement is one snapshot, and what every commit keeps true is
true in every snapshot, so slices may be of different moments. Sums over the whole journal: ledger/verify.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic

import asyncpg
import msgspec

# Few enough that a slice takes well under a second, so that nobody waits for our locks. Wider slices are no faster.
SLICE_ROWS = 50_000
MAX_EXAMPLES = 5
# So many checks side by side: two cores do in half the time what one does, and each check still takes one at most.
AT_ONCE = 2
STATEMENT_LIMIT_S = 60

# The role's limits are for customers' requests. Every statement is a read-only transaction of its own. A slice's plan
# must fit its own bounds (the generic plan of a range scans everything), take one core at most and rather look rows up.
SESSION = f"""
set statement_timeout = '{STATEMENT_LIMIT_S}s';
set idle_in_transaction_session_timeout = '{STATEMENT_LIMIT_S}s';
set lock_timeout = '10s';
set enable_seqscan = on;
set plan_cache_mode = force_custom_plan;
set max_parallel_workers_per_gather = 0;
set random_page_cost = 1.1;
set work_mem = '64MB';
set default_transaction_isolation = 'repeatable read';
set default_transaction_read_only = on;
"""


class Finding(msgspec.Struct, frozen=True):
    """What a check found. `longest_s` is its longest transaction."""

    check: str
    sentence: str
    looked_at: int
    differences: int
    examples: tuple[str, ...]
    seconds: float
    longest_s: float


class Tally(msgspec.Struct):
    """What a check counts while it runs; examples are the first differences in words."""

    looked_at: int = 0
    differences: int = 0
    examples: list[str] = []

    def add(self, looked_at: int, differences: int, examples: Sequence[str] | None) -> None:
        """Count a slice."""
        self.looked_at += looked_at
        self.differences += differences
        self.examples.extend((examples or ())[: MAX_EXAMPLES - len(self.examples)])

    def look_at(self, many: int) -> None:
        """Count what is right, or not known to be wrong yet."""
        self.looked_at += many

    def look(self, wrong: str | None) -> None:
        """Count one thing."""
        self.add(1, int(wrong is not None), (wrong,) if wrong is not None else None)


class Session:
    """A connection for checks: knows how wide slices are and how long the longest transaction took."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record], slice_rows: int) -> None:
        self.connection = connection
        self.slice_rows = slice_rows
        self.longest_s = 0.0

    async def rows(self, sql: str, *values: object) -> list[asyncpg.Record]:
        """The rows of one statement: one snapshot, one transaction."""
        started = monotonic()
        found = await self.connection.fetch(sql, *values, timeout=STATEMENT_LIMIT_S)
        self.longest_s = max(self.longest_s, monotonic() - started)
        return found


Prove = Callable[[Session], Awaitable[Tally]]


class Check(msgspec.Struct, frozen=True):
    """One proof: its name (layer.query), its sentence for the operator, and how it is done."""

    name: str
    sentence: str
    prove: Prove


async def prove_all(session: Session, checks: Sequence[Check]) -> list[Finding]:
    """Run checks one after the other on a session that the caller has prepared."""
    return [await _found(session, check) for check in checks]


async def _found(session: Session, check: Check) -> Finding:
    session.longest_s = 0.0
    started = monotonic()
    tally = await check.prove(session)
    return Finding(
        check.name, check.sentence, tally.looked_at, tally.differences, tuple(tally.examples), monotonic() - started,
        session.longest_s,
    )  # fmt: skip


async def run(
    open_connection: Callable[[], Awaitable[asyncpg.Connection[asyncpg.Record]]],
    checks: Sequence[Check],
    *,
    slice_rows: int = SLICE_ROWS,
) -> list[Finding]:
    """Run checks on connections of their own, AT_ONCE side by side; safe beside a bank that serves."""
    left = iter(enumerate(checks))
    findings: dict[int, Finding] = {}

    async def work() -> None:
        connection = await open_connection()
        try:
            await connection.execute(SESSION)
            session = Session(connection, slice_rows)
            for place, check in left:
                findings[place] = await _found(session, check)
        finally:
            await connection.close()

    working = [asyncio.create_task(work()) for _ in range(min(AT_ONCE, len(checks)))]
    try:
        await asyncio.gather(*working)
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
    return [findings[place] for place in sorted(findings)]
