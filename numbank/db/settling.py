"""Where the settled part of a table ends that is only added to: below it nothing can appear any more.

What no single short transaction can read is read in slices of any moment, up to this mark. On a primary those who write are
waited for. A standby does not know them, so there the mark is a row so old that none of the bank's transactions, which live
for seconds, can still be open that took an id below it.
"""

from __future__ import annotations

import asyncio
from time import monotonic

from numbank.db.checks import Session
from numbank.errors import OperatorError

# The bank's own transactions live for seconds (engine 6).
SETTLE_LIMIT_S = 60.0
LOOK_EVERY_S = 0.02

LAST_ID = "select case when is_called then last_value else 0 end from TABLE_NAME_id"
# The transactions that write to it now: they may have taken ids up to the mark and not committed yet.
WRITERS = """
select virtualtransaction from pg_locks
where locktype = 'relation' and relation = 'TABLE_NAME'::regclass and mode = 'RowExclusiveLock' and granted
  and database = (select oid from pg_database where datname = current_database())
  and pid is distinct from pg_backend_pid()"""
# The time is that of what was replayed last: where nothing was, that of the youngest row.
OLD_ID = """
select coalesce((select id from TABLE_NAME where at < coalesce(pg_last_xact_replay_timestamp(), (
  select at from TABLE_NAME order by id desc limit 1)) - make_interval(secs => $1) order by id desc limit 1), 0)"""


async def settle(session: Session, table: str) -> int:
    """The mark: no row of the table with an id up to it can appear any more."""
    if (await session.rows("select pg_is_in_recovery()"))[0][0]:
        old: int = (await session.rows(OLD_ID.replace("TABLE_NAME", table), SETTLE_LIMIT_S))[0][0]
        return old
    mark: int = (await session.rows(LAST_ID.replace("TABLE_NAME", table)))[0][0]
    # Asked after the mark: who is not among them has committed, or will take an id above it.
    writers = WRITERS.replace("TABLE_NAME", table)
    waited_for = {row[0] for row in await session.rows(writers)}
    deadline = monotonic() + SETTLE_LIMIT_S
    while waited_for:
        if monotonic() > deadline:
            raise OperatorError(
                f"a transaction has been writing to the journal for over {SETTLE_LIMIT_S:.0f} s: end it, then verify again"
            )
        await asyncio.sleep(LOOK_EVERY_S)
        waited_for &= {row[0] for row in await session.rows(writers)}
    return mark
