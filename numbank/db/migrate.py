"""Forward-only numbered migrations under an advisory lock; code that is too old for the schema is refused (engine 6)."""

from __future__ import annotations

import asyncio
import re
from importlib import resources

import asyncpg
import msgspec

from numbank.db import unfinished
from numbank.db.pool import Connection
from numbank.errors import OperatorError

LOCK_KEY = 0x6E756D62  # "numb"
TURN_S = 0.2
# How long a step waits for a lock. While it waits, the statements of running nodes wait behind it, and those give up after
# their own lock_timeout, 1 s (engine 6 said 2 s: then one long reader, as a backup is, made requests fail).
LOCK_WAIT = "300ms"
# Pauses of 0.2 s up to 2 s between the tries: a step waits about two minutes for its moment.
MAX_TRIES = 64
LONGEST_PAUSE_S = 2.0
# CONCURRENTLY waits for every older snapshot; that of a backup may be hours old. VALIDATE reads all of a table.
PATIENCE_S = 7 * 86_400.0
PATIENT = re.compile(r"\b(concurrently|validate constraint)\b", re.IGNORECASE)
HEADER = re.compile(r"^-- oldest code: (\d+)$", re.MULTILINE)
STEP = "-- outside transaction"
# What stands before this line is done in steps as if outside, the rest of the file in one transaction.
THEN = "\n-- then in one transaction\n"

INVALID = """
select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
where not i.indisvalid and c.relkind = 'i' and c.relnamespace = current_schema()::regnamespace"""

STATUS = """
create table if not exists migration (
  number int primary key, name text not null, oldest_code int not null, applied_at timestamptz not null default now()
)"""


class Migration(msgspec.Struct, frozen=True):
    """One file: `oldest_code` is the number of the newest migration that the oldest code able to run beside it knows.

    `before`: steps that go before the transaction of `sql`, each for itself.
    """

    number: int
    name: str
    sql: str
    oldest_code: int
    in_transaction: bool
    before: str = ""


def known() -> list[Migration]:
    """The migrations that this code brings, in order."""
    found = []
    for file in resources.files("numbank.db").joinpath("migrations").iterdir():
        if file.name.endswith(".sql"):
            text = file.read_text("utf-8")
            header = HEADER.search(text)
            if header is None:
                raise ValueError(f"{file.name}: no line `-- oldest code: N`")
            number, _, name = file.name.removesuffix(".sql").partition("_")
            before, _, sql = text.rpartition(THEN)
            found.append(Migration(int(number), name, sql, int(header[1]), STEP not in text, before))
    return sorted(found, key=lambda migration: migration.number)


async def check(connection: Connection) -> None:
    """Refuse to run on a schema that this code does not fit (too new, or not yet migrated), or that is half restored."""
    await unfinished.refuse(connection)
    await _check_numbers(connection)


async def _check_numbers(connection: Connection) -> None:
    newest = known()[-1].number
    try:
        rows = await connection.fetch("select number, oldest_code from migration order by number")
    except asyncpg.UndefinedTableError:
        rows = []
    applied = rows[-1]["number"] if rows else 0
    oldest = max((row["oldest_code"] for row in rows), default=0)
    if oldest > newest:
        raise OperatorError(
            f"the database is at migration {applied} and needs code that knows at least migration {oldest};"
            f" this numbank knows {newest}: install a newer numbank"
        )
    if applied < newest:
        raise OperatorError(
            f"the database is at migration {applied}, this numbank needs {newest}: run `numbank migrate`"
        )


async def migrate(connection: Connection, *, restoring: bool = False) -> list[Migration]:
    """Bring the schema up to date and give back what was applied. Safe to run on several nodes at once.

    `restoring`: the caller is the restore whose mark would refuse everybody else.
    """
    if not restoring:
        await unfinished.refuse(connection)
    await connection.execute("set statement_timeout = 0")
    await connection.execute("set idle_in_transaction_session_timeout = 0")
    await _turn(connection)
    try:
        await connection.execute(f"set lock_timeout = '{LOCK_WAIT}'")
        await connection.execute(STATUS)
        done = {row["number"] for row in await connection.fetch("select number from migration")}
        pending = [migration for migration in known() if migration.number not in done]
        if not pending:
            await _check_numbers(connection)
        for migration in pending:
            await _apply(connection, migration)
        return pending
    finally:
        await connection.execute("select pg_advisory_unlock($1)", LOCK_KEY)


async def _turn(connection: Connection) -> None:
    """Wait until nobody else migrates.

    Asked again and again: who waits in a statement holds a snapshot, and CONCURRENTLY waits for all snapshots.
    """
    while not await connection.fetchval("select pg_try_advisory_lock($1)", LOCK_KEY):  # noqa: ASYNC110  no event tells it
        await asyncio.sleep(TURN_S)


async def _apply(connection: Connection, migration: Migration) -> None:
    """One migration; a lock that running nodes hold is waited for in short tries, so that they never queue behind us."""
    note = "insert into migration (number, name, oldest_code) values ($1, $2, $3)"
    values = (migration.number, migration.name, migration.oldest_code)
    for tries in range(MAX_TRIES):
        try:
            await _in_steps(connection, migration.before)
            if not migration.in_transaction:
                await _in_steps(connection, migration.sql)
                await connection.execute(note, *values)
                return
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(note, *values)
                return
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            await asyncio.sleep(min(0.2 * (tries + 1), LONGEST_PAUSE_S))
    raise OperatorError(
        f"migration {migration.number} ({migration.name}) did not get its locks: try again when it is quieter"
    )


async def _in_steps(connection: Connection, sql: str) -> None:
    """Each statement for itself; whoever was killed in between is repeated from the first on, so each says `if not exists`.

    CONCURRENTLY and VALIDATE block nobody while they wait and read, so they may take as long as it takes. What the first
    leaves when it fails or is killed is an index that is written and never read, and that `if not exists` would take for
    made: it is dropped first.
    """
    for statement in filter(str.strip, sql.split(";\n")):
        patient = PATIENT.search(statement) is not None
        if patient:
            await connection.execute("set lock_timeout = 0")
            for (name,) in await connection.fetch(INVALID):
                if re.search(rf"\b{re.escape(name)}\b", statement):
                    await connection.execute(f'drop index concurrently "{name}"')
        try:
            await connection.execute(statement, timeout=PATIENCE_S if patient else None)
        finally:
            if patient and not connection.is_closed():
                await connection.execute(f"set lock_timeout = '{LOCK_WAIT}'")
