"""Sends the simulated messages that are due, through the same door as real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from numbank.db.pool import Pool
from numbank.db.queries import Queries
from numbank.errors import Overloaded, Refusal, Unavailable
from numbank.intake.deliver import Intake
from numbank.intake.door import Arrival
from numbank.messages.model import Medium

Q = Queries("numbank.suppliers.simulator")
log = structlog.get_logger("numbank")

# A message that was taken for sending and not deleted is sent again after this: longer than the deliver counter's queue
# keeps anybody waiting. The bank knows it by its id.
AGAIN_AFTER_S = 30.0
NOT_NOW = (Unavailable, Overloaded)


async def send_due(
    pool: Pool, take: Callable[[Arrival], Awaitable[Intake | Refusal]], supplier_id: int, limit: int
) -> int:
    """Send at most `limit` due messages; gives how many were taken. No transaction is open while the bank takes them."""
    due = await pool.fetch(Q.take_due, limit, AGAIN_AFTER_S)
    if not due:
        return 0
    due.sort(key=lambda row: row["id"])  # in the order in which they were planned
    answers = await asyncio.gather(
        *(
            take(
                Arrival(
                    supplier_id, row["foreign_id"], row["e164"], row["sender"], row["text"], own_only=True,
                    medium=Medium(row["kind"]), language=row["language"],
                )
            )
            for row in due
        )
    )  # fmt: skip
    done = []
    for row, answer in zip(due, answers, strict=True):
        if isinstance(answer, NOT_NOW):
            continue  # it stays planned, and is sent again
        if isinstance(answer, Refusal):
            # It would be refused for ever: the number is gone, or belongs to somebody else.
            log.error("simulated_message_refused", message=row["id"], reason=type(answer).__name__)
        done.append(row["id"])
    await pool.execute(Q.forget_sent, done)
    return len(done)
