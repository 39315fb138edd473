"""Errands: what a supplier does for a lease besides its number. It passes messages on, and it places calls.

An errand is written in the transaction of its cause, told to its supplier outside of any transaction, again and again with
growing pauses until it is done or hopeless, and kept: the table is the outbox and the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from typing import Protocol, runtime_checkable

import asyncpg
import msgspec
import structlog

from numbank.clock import Pace
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries

Q = Queries("numbank.supply", "errands.sql")
log = structlog.get_logger("numbank")

MAX_REASON = 200
# Calls to be placed for one lease in all: each one costs its supplier money.
MOST_CALLS = 20
OWN_TARGET = "the target is a number of the bank"
TOO_LATE = "the lease is over"


class ErrandKind(IntEnum):
    """What is to be done."""

    PASS_ON = 0
    CALL_OUT = 1


class ErrandState(IntEnum):
    """States as stored. REFUSED: never to be done; GIVEN_UP: tried too often."""

    OPEN = 0
    DONE = 1
    REFUSED = 2
    GIVEN_UP = 3


class Errand(msgspec.Struct, frozen=True):
    """An errand as its supplier is told; `id` never comes twice for different errands, so that repeats can be told.

    `e164` is the number of the lease, `target` whom it goes to. What is passed on: `is_call`, `sender` and `text`.
    """

    id: int
    kind: ErrandKind
    lease_id: int
    e164: int
    target: int
    is_call: bool = False
    sender: str = ""
    text: str = ""


class CannotBeDone(Exception):  # noqa: N818  the supplier's no, and no error of ours
    """The supplier will never do it; `reason` is for the operator."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason[:MAX_REASON]


@runtime_checkable
class Runner(Protocol):
    """A supplier that can do errands. It may raise whatever its transport raises; then it is asked again later."""

    async def run(self, errand: Errand) -> None:
        """Do it; CannotBeDone if that is hopeless. The same errand may come again, and is done once."""


class Forward(msgspec.Struct, frozen=True):
    """A message that is to be passed on."""

    lease_id: int
    message_id: int
    number_id: int
    target: int


class Passed(msgspec.Struct, frozen=True):
    """One line of the log of forwards."""

    id: int
    lease_id: int
    supplier: str
    message_id: int
    e164: int
    target: int
    state: ErrandState
    tries: int
    at: datetime
    ended_at: datetime | None
    reason: str


class Outgoing(msgspec.Struct, frozen=True):
    """A call that was placed for a lease, or is going to be."""

    at: datetime
    e164: int
    target: int
    state: ErrandState


async def write_forwards(tx: Connection, forwards: Sequence[Forward], now: datetime, most: int) -> None:
    """Messages to pass on, at most so many for a lease; what must not be is logged as refused."""
    rows = [(one.lease_id, one.message_id, one.number_id, one.target) for one in forwards]
    await tx.execute(Q.write_forwards, *(list(column) for column in zip(*rows, strict=True)), now, most)


async def open_call(pool: Pool, lease_id: int, supplier_id: int, e164: int, target: int) -> bool:
    """Have a call placed; False if one is open for this lease already, or it had as many as it may. CannotBeDone when the
    target is a number of the bank: its customer would pay for a call that we made up."""
    row = await pool.fetchrow(Q.open_call, lease_id, supplier_id, e164, target, MOST_CALLS)
    if row is not None and row["ours"]:
        raise CannotBeDone(OWN_TARGET)
    return row is not None and row["opened"]


async def calls_of(pool: Pool, lease_id: int, limit: int) -> list[Outgoing]:
    """The calls of a lease, newest first."""
    return [
        Outgoing(row[0], row[1], row[2], ErrandState(row[3]))
        for row in await pool.fetch(Q.calls_of_lease, lease_id, limit)
    ]


async def forwards(pool: Pool, limit: int) -> list[Passed]:
    """The log of forwards, newest first."""
    return [msgspec.convert(dict(row), Passed) for row in await pool.fetch(Q.forwards, limit)]


async def run_due(pool: Pool, runners: Mapping[int, Runner], pace: Pace, limit: int) -> int:
    """Take what is due, tell the suppliers, write down what is over; gives how many were due."""
    if not runners:
        return 0
    due = await pool.fetch(Q.take_errands, list(runners), limit, pace.hard_s, pace.first_s, pace.longest_s)
    answers = await asyncio.gather(*(_run(runners[row["supplier_id"]], row, pace.hard_s) for row in due))
    over: list[tuple[int, ErrandState, str]] = []
    for row, (done, reason) in zip(due, answers, strict=True):
        if done is not None:
            over.append((row["id"], done, reason))
        elif row["tries"] >= pace.tries:
            log.error("errand_given_up", errand=row["id"], supplier=row["supplier_id"], tries=row["tries"])
            over.append((row["id"], ErrandState.GIVEN_UP, reason))
    if over:
        await pool.execute(Q.end_errands, *(list(column) for column in zip(*over, strict=True)))
    return len(due)


async def _run(runner: Runner, row: asyncpg.Record, hard_s: float) -> tuple[ErrandState | None, str]:
    """One try: the state that it ends in, None for another try, and why."""
    if row["too_late"]:
        return ErrandState.REFUSED, TOO_LATE
    errand = _errand(row)
    try:
        async with asyncio.timeout(hard_s):
            await runner.run(errand)
    except CannotBeDone as no:
        return ErrandState.REFUSED, no.reason
    except Exception as error:
        # Broken in the middle or too late: the supplier is asked again. Its own words may hold its key, they stay out.
        log.warning("errand_failed", errand=errand.id, error=type(error).__name__)
        return None, type(error).__name__
    return ErrandState.DONE, ""


def _errand(row: asyncpg.Record) -> Errand:
    values = dict(row)
    return msgspec.convert(
        {name: values[name] for name in ("id", "kind", "lease_id", "e164", "target", "sender", "text")}
        | {"is_call": values["medium"] == 1},
        Errand,
    )
