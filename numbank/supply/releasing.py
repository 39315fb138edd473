"""The release outbox: tells asked suppliers what became of their numbers, again and again until it is final."""

from __future__ import annotations

import asyncio

import structlog

from numbank.clock import Pace
from numbank.db.pool import Pool
from numbank.db.queries import Queries
from numbank.supply.asking import AlreadyDone, AskedSuppliers, Done, Outcome

Q = Queries("numbank.supply")
log = structlog.get_logger("numbank")


async def release_due(pool: Pool, suppliers: AskedSuppliers, pace: Pace, limit: int) -> int:
    """Take what is due, call the suppliers outside of any transaction, write down what is final; gives how many were due.

    A node that stops in between leaves a row whose time comes again: the call is repeated, which suppliers must bear.
    """
    if not suppliers.ids:
        return 0
    due = await pool.fetch(Q.take_releases, suppliers.ids, limit, pace.hard_s, pace.first_s, pace.longest_s)
    answers = await asyncio.gather(*(suppliers.release(row[1], row[2], Outcome(row[3])) for row in due))
    final, hopeless = [], []
    for (acquisition_id, supplier_id, _, _, tries), answer in zip(due, answers, strict=True):
        if isinstance(answer, Done | AlreadyDone):
            final.append(acquisition_id)
            continue
        log.warning("release_not_final", acquisition=acquisition_id, supplier=supplier_id, answer=type(answer).__name__)
        if tries >= pace.tries:
            log.error("release_given_up", acquisition=acquisition_id, supplier=supplier_id, tries=tries)
            hopeless.append(acquisition_id)
    if final:
        await pool.execute(Q.save_releases, final)
    if hopeless:
        await pool.execute(Q.give_up_releases, hopeless)
    return len(due)
