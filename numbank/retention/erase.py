"""One step of the erasing: a bounded number of rows of one table, behind its bookmark."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries

Q = Queries("numbank.retention")

MOST_PROBES = 70  # halving 64 bits of ids, and a little


class Topic(msgspec.Struct, frozen=True):
    """A table: its statement that erases one step, and the one that gives the first row from an id on with its time."""

    erase: str
    first: str


# A lease before its messages: `verify` compares the code of a lease with those that still stand in messages.
TOPICS = {
    "activation": Topic(Q.erase_activation, Q.next_activation),
    "message": Topic(Q.erase_message, Q.next_message),
    "errand": Topic(Q.erase_errand, Q.next_errand),
    "mailbox": Topic(Q.erase_mailbox, Q.next_mailbox),
    "mail": Topic(Q.erase_mail, Q.next_mail),
    "simulated_errand": Topic(Q.erase_simulated_errand, Q.next_simulated_errand),
}


class Step(msgspec.Struct, frozen=True):
    """What one step did: rows it saw, 0 when nothing is left to do now; and rows that it changed."""

    seen: int
    erased: int


class Standing(msgspec.Struct, frozen=True):
    """Where a table stands: all up to `upto` is erased, `waiting` rows are due, `oldest` is the first that is kept."""

    topic: str
    upto: int
    days: float | None
    looked_at: datetime | None
    oldest: datetime | None
    waiting: int


async def erase(tx: Connection, topic: str, *, now: datetime, days: float, batch: int, wait: bool = False) -> Step:
    """Erase the next rows of a table that are older than `days`; nothing while another node is at it, unless told to `wait`.

    There is more to do when it saw a full `batch` and its bookmark moved on.
    """
    # These tables grow: a plan of the day when they were empty must not scan them (engine 1.7).
    await tx.execute("set local enable_seqscan = off")
    row = await tx.fetchrow(Q.wait_for_topic if wait else Q.take_topic, topic)
    if row is None:
        return Step(0, 0)
    before: int = row[0]
    (row,) = await tx.fetch(TOPICS[topic].erase, before, now - timedelta(days=days), batch)
    seen, last, erased = row
    upto = before if last is None else max(before, last)
    await tx.execute(Q.move_on, topic, upto, days)
    full = seen == batch and upto > before
    return Step(seen if full else 0, erased)


async def keep_for_ever(tx: Connection) -> None:
    """Note that the operator erases nothing, so that `verify` expects nothing."""
    await tx.execute(Q.keep_for_ever)


async def standings(connection: Connection | Pool, *, now: datetime, days: float) -> list[Standing]:
    """Where all tables stand, with what is due now when everything older than `days` is to go."""
    found = []
    for topic, upto, by_days, looked_at in await connection.fetch(Q.standing):
        row = await connection.fetchrow(TOPICS[topic].first, upto + 1)
        oldest = None if row is None else row[1]
        waiting = 0
        if days and oldest is not None:
            border = await _border(connection, topic, upto, now - timedelta(days=days))
            waiting = await connection.fetchval(Q.waiting, topic, upto, border)
        found.append(Standing(topic, upto, by_days, looked_at, oldest, waiting))
    return found


async def _border(connection: Connection | Pool, topic: str, upto: int, cutoff: datetime) -> int:
    """The last id before the cutoff, found by halving: ids come in order of time, and times have no index."""
    low, high = upto, await connection.fetchval(Q.last_ids, topic) or upto
    for _ in range(MOST_PROBES):
        if low >= high:
            break
        middle = (low + high + 1) // 2
        row = await connection.fetchrow(TOPICS[topic].first, middle)
        if row is not None and row[1] < cutoff:
            low = max(middle, row[0])
        else:
            high = middle - 1
    return low
