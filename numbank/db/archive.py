"""Archives old partitions: copies them, packed, to another disk while the bank serves. Nothing leaves the books.

A partition at rest is copied with all its indexes and compared with its copy row by row. What changes meanwhile (a refund,
an erasing) is noted by a trigger in the transaction that changes it, and copied again. Then the copy takes the place of the
partition in one short transaction, which begins with the last of these changes. Who looks sees the one or the other; whoever
dies on the way leaves the old one in its place (the trigger heeds a lock of the archiver's session).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import asyncpg
import msgspec

from numbank.db.queries import Queries
from numbank.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from numbank.db.pool import Connection

    Link = asyncpg.Connection[asyncpg.Record]

Q = Queries("numbank.db", "archive.sql")

# When a row was made, and what may still happen to it by itself. Rows come in order of time but for seconds.
AT_REST: dict[str, tuple[str, str]] = {
    "activation": ("created_at", "state < 8"),
    "hold": ("at", "state = 0"),
    "entry": ("at", "false"),
    "message": ("received_at", "false"),
    "acquisition": ("asked_at", "next_try_at is not null"),
    "delivery": ("created_at", "state = 0"),
    "attempt": ("at", "false"),
    "rent": ("created_at", "state < 8"),
    "mailbox": ("created_at", "state < 8"),
    "mail": ("received_at", "false"),
    "audit": ("at", "false"),
}
# Rows that belong to a rental stand in the partition of its ids: they rest when it does.
MARGIN = timedelta(hours=1)
LATE = 100_000
SLICE_IDS = 250_000
PACKED = "_packed"
NOTED = "_noted"
# Changes that are copied again at once, and those that may be left for the transaction in which everybody waits.
AGAIN = 20_000
LAST = 1_000
# A lock that stands in the way of leases: short tries, with pauses in which they go on.
LOCK_MS = 100
LOCK_S = 2
TRIES = 60
PAUSE_S = 1.0
NOTE = (
    "create unlogged table {0}_noted (id bigint not null);"
    " create trigger noted_for_archive after insert or update or delete on {0}"
    " for each row execute function note_for_archive()"
)
SESSION = f"""
set statement_timeout = 0; set idle_in_transaction_session_timeout = '60s'; set lock_timeout = '{LOCK_S}s';
set enable_seqscan = on; set plan_cache_mode = force_custom_plan; set maintenance_work_mem = '256MB'; set work_mem = '64MB'
"""


class Partition(msgspec.Struct, frozen=True):
    """A part of a growing table: ids [low, high). `tablespace` '' is the database's own. `rows` is an estimate,
    None where the server has none yet.

    `packed`: it was archived, so there is no room between its rows for changes of them.
    """

    parent: str
    name: str
    low: int
    high: int
    sequence: str
    tablespace: str
    bytes: int
    rows: int | None
    packed: bool


class Standing(msgspec.Struct, frozen=True):
    """A partition and what may be done with it. `newest` None: no row. `why` '' : it is old and at rest."""

    partition: Partition
    newest: datetime | None
    why: str


class Archived(msgspec.Struct, frozen=True):
    """What became of a partition: `rows` 0 and `bytes` 0 when it was empty and is gone."""

    name: str
    rows: int
    before: int
    bytes: int


async def partitions(connection: Connection) -> list[Partition]:
    """All partitions of the growing tables, in order."""
    return [msgspec.convert(dict(row), Partition) for row in await connection.fetch(Q.partitions)]


async def standing(connection: Connection, part: Partition, before: datetime) -> Standing:
    """Whether a partition is old enough and at rest."""
    if part.parent not in AT_REST:
        return Standing(part, None, "it stays with its rentals")
    column, moving = AT_REST[part.parent]
    newest = await connection.fetchval(f"select {column} from {part.name} order by id desc limit 1")  # noqa: S608  names of our own tables
    last = await connection.fetchval(f"select last_value from {part.sequence}")  # noqa: S608  names of our own tables
    # Who took one of the last ids may not have committed yet.
    if last < part.high + min(LATE, (part.high - part.low) // 4):
        why = "it is still being filled"
    elif newest is not None and newest >= before - MARGIN:
        why = "it has younger rows"
    elif await connection.fetchval(f"select exists (select from {part.name} where {moving})"):  # noqa: S608  names of our own tables
        why = "something in it is still open"
    else:
        why = ""
    return Standing(part, newest, why)


@asynccontextmanager
async def archiving(connection: Link) -> AsyncIterator[None]:
    """The only archiver of this bank, which first tidies up what another left when it was stopped."""
    await connection.execute(SESSION)
    if not await connection.fetchval(Q.archive_lock):
        raise OperatorError("somebody is archiving already")
    try:
        await _tidy(connection)
        yield
    finally:
        if not connection.is_closed():
            await connection.fetchval(Q.archive_unlock)


async def _tidy(connection: Link) -> None:
    for row in await connection.fetch(Q.left_behind):
        name, trigger = row
        sql = f"drop trigger {trigger} on {name}" if trigger else f"drop table {name}"
        await _briefly(connection, lambda sql=sql: connection.execute(sql))  # type: ignore[misc]


async def move(connection: Link, part: Partition, before: datetime, tablespace: str) -> Archived:
    """Copy an old partition, packed, to a tablespace, and put the copy in its place; drop it when it is empty.

    OperatorError when it is not at rest, or the bank does not let us have the locks.
    """
    name = part.name
    found = await standing(connection, part, before)
    _require_rest(found)
    if found.newest is None:
        await _briefly(connection, lambda: _drop(connection, part))
        return Archived(name, 0, part.bytes, 0)
    await _briefly(connection, lambda: connection.execute(NOTE.format(name)))
    try:
        await _copy(connection, part, tablespace)
        await _catch_up(connection, part)
        await _compare(connection, part)
        await _take_place(connection, part)
    except BaseException:
        if not connection.is_closed():
            await _tidy(connection)
        raise
    rows = await connection.fetchval(f"select count(*) from {name}")  # noqa: S608  names of our own tables
    weight = await connection.fetchval("select pg_total_relation_size(to_regclass($1))", name)
    return Archived(name, rows, part.bytes, weight)


def _require_rest(found: Standing) -> None:
    if found.why:
        raise OperatorError(f"{found.partition.name} is not archived: {found.why}")


async def _copy(connection: Link, part: Partition, tablespace: str) -> None:
    """A table like the partition, filled in order of ids, with all that attaching it would have to make or to look at."""
    packed = part.name + PACKED
    where = 'tablespace "{}"'.format(tablespace.replace('"', '""')) if tablespace else ""
    await connection.execute(
        f"create table {packed} (like {part.parent} including defaults including constraints)"
        f" with (fillfactor = 100) {where}"
    )
    await connection.execute(
        f"alter table {packed} add constraint {packed} check (id >= {part.low} and id < {part.high})"
    )
    columns = await connection.fetchval(Q.columns_of, part.parent)
    for low, high in await _slices(connection, part):
        await connection.execute(
            f"insert into {packed} ({columns}) select {columns} from {part.name} where id >= $1 and id < $2 order by id",  # noqa: S608  names of our own tables
            low, high,
        )  # fmt: skip
    for index in await connection.fetch(Q.indexes_of, part.parent, part.name):
        if index["key"]:
            using = f"using index {where}" if where else ""
            await connection.execute(
                f"alter table {packed} add constraint {index['name']}{PACKED} {index['key']} {using}"
            )
            continue
        _, _, how = index["made"].partition(" USING ")
        # A condition stands behind the disk.
        columns, clause, condition = how.partition(" WHERE ")
        unique = "unique " if index["made"].startswith("CREATE UNIQUE") else ""
        await connection.execute(
            f"create {unique}index {index['name']}{PACKED} on {packed} using {columns} {where}{clause}{condition}"
        )
    for (trigger,) in await connection.fetch(Q.triggers_of, part.name):
        await connection.execute(re.sub(rf" ON \S*\b{part.name}\b ", f" ON {packed} ", trigger))
    await connection.execute(f"analyze {packed}")


async def _slices(connection: Link, part: Partition) -> list[tuple[int, int]]:
    """Nobody's dead rows shall wait for us: a part is read in short transactions. What changes between them is noted."""
    row = await connection.fetchrow(f"select min(id), max(id) from {part.name}")  # noqa: S608  names of our own tables
    first, last = (None, None) if row is None else (row[0], row[1])
    return (
        [] if first is None or last is None else [(low, low + SLICE_IDS) for low in range(first, last + 1, SLICE_IDS)]
    )


async def _compare(connection: Link, part: Partition) -> None:
    """Every row of the partition is in the copy as it is, and nothing else, but for those that wait to be copied again."""
    columns = await connection.fetchval(Q.columns_of, part.parent)
    slices = await _slices(connection, part)
    edges = [part.low, *(low for low, _ in slices), part.high]
    for low, high in pairwise(edges):
        await _alike(connection, part, columns, "id >= $1 and id < $2", low, high)


async def _alike(connection: Link, part: Partition, columns: str, where: str, *values: object) -> None:
    """One statement is one snapshot: what the copy lacks in it is noted in it, for a note commits with its change."""
    sides = " union all ".join(
        f"select {side}, id, hashtextextended(row({columns})::text, 7)::numeric from {table} where {where}"  # noqa: S608  names of our own tables
        for side, table in enumerate((part.name, part.name + PACKED))
    )
    counts = await connection.fetchrow(
        f"select count(*) filter (where side = 0), count(*) filter (where side = 1), sum(hash) filter (where side = 0),"  # noqa: S608  names of our own tables
        f" sum(hash) filter (where side = 1) from ({sides}) row (side, id, hash)"
        f" where not exists (select from {part.name}{NOTED} n where n.id = row.id)",
        *values,
    )
    if counts is None or (counts[0], counts[2]) != (counts[1], counts[3]):
        raise OperatorError(f"the copy of {part.name} is not like it in {values}; nothing was changed")


async def _catch_up(connection: Link, part: Partition) -> None:
    """Copy what was changed again, until little is left."""
    for _ in range(TRIES):
        if await _again(connection, part, AGAIN) <= LAST:
            return
    raise OperatorError(f"{part.name} is changed as fast as it is copied: try again later")


async def _again(connection: Link, part: Partition, most: int) -> int:
    """Copy rows once more that were changed since they were copied, at most so many; gives how many these were."""
    name, packed = part.name, part.name + PACKED
    columns = await connection.fetchval(Q.columns_of, part.parent)
    async with connection.transaction():
        # First the notes, then the rows, each in a snapshot of its own: what is changed in between is noted again.
        noted = await connection.fetch(
            f"delete from {name}{NOTED} where ctid = any (array(select ctid from {name}{NOTED} limit $1)) returning id",  # noqa: S608  names of our own tables
            most,
        )
        ids = sorted({row[0] for row in noted})
        await connection.execute(f"delete from {packed} where id = any ($1::bigint[])", ids)  # noqa: S608  names of our own tables
        await connection.execute(
            f"insert into {packed} ({columns}) select {columns} from {name} where id = any ($1::bigint[]) order by id",  # noqa: S608  names of our own tables
            ids,
        )
        await _alike(connection, part, columns, "id = any ($1::bigint[])", ids)
    return len(noted)


class _BehindError(Exception):
    """Too much was changed meanwhile to let everybody wait for it."""


async def _take_place(connection: Link, part: Partition) -> None:
    for _ in range(TRIES):
        try:
            return await _briefly(connection, lambda: _swap(connection, part))
        except _BehindError:
            await _catch_up(connection, part)
    raise OperatorError(f"{part.name} is changed as fast as it is copied: try again later")


async def _swap(connection: Link, part: Partition) -> None:
    """The copy takes the place of the partition; both are there or neither. Nobody writes to it while the last is copied."""
    name, packed = part.name, part.name + PACKED
    async with connection.transaction():
        indexes = [row["name"] for row in await connection.fetch(Q.indexes_of, part.parent, name)]
        await connection.execute(f"lock table only {part.parent} in access exclusive mode")
        if await _again(connection, part, LAST) == LAST:
            raise _BehindError
        await connection.execute(f"alter table {part.parent} detach partition {name}")
        await connection.execute(f"drop table {name}, {name}{NOTED}")
        await connection.execute(f"alter table {packed} rename to {name}")
        for index in indexes:
            await connection.execute(f"alter index {index}{PACKED} rename to {index}")
        await connection.execute(
            f"alter table {part.parent} attach partition {name} for values from ({part.low}) to ({part.high})"
        )
        await connection.execute(f"alter table {name} drop constraint {packed}")


async def _drop(connection: Link, part: Partition) -> None:
    """An empty partition goes. Locked and looked at once more: nothing that holds a row is ever dropped."""
    async with connection.transaction():
        await connection.execute(f"lock table {part.name} in access exclusive mode")
        if await connection.fetchval(f"select exists (select from {part.name})"):  # noqa: S608  names of our own tables
            raise OperatorError(f"{part.name} is not empty any more")
        await connection.execute(f"alter table {part.parent} detach partition {part.name}")
        await connection.execute(f"drop table {part.name}")


async def _briefly(connection: Link, act: Callable[[], Awaitable[object]]) -> None:
    """Do what needs a lock that leases run into: they wait for no more than a tenth of a second at a time."""
    await connection.execute(f"set lock_timeout = '{LOCK_MS}ms'")
    try:
        for _ in range(TRIES):
            try:
                await act()
                break
            except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
                await asyncio.sleep(PAUSE_S)
        else:
            raise OperatorError(
                f"somebody has been reading or writing for {TRIES} s without a pause (a backup?): try again later"
            )
    finally:
        if not connection.is_closed():
            await connection.execute(f"set lock_timeout = '{LOCK_S}s'")


def closed(found: Sequence[Standing], tablespace: str) -> list[Partition]:
    """Those that are old, at rest, and not packed yet or not where they shall be; those without a row too."""
    return [
        one.partition
        for one in found
        if not one.why
        and (one.newest is None or not one.partition.packed or tablespace not in ("", one.partition.tablespace))
    ]
