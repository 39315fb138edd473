"""Forward-only numbered migrations under an advisory lock; code that is too old for the schema is refused (engine 6)."""

from __future__ import annotations

import asyncio
import re
from importlib import resources

import asyncpg
import msgspec

from numbank.db.pool import Connection
from numbank.errors import OperatorError

LOCK_KEY = 0x6E756D62  # "numb"
MAX_TRIES = 15
HEADER = re.compile(r"^-- oldest code: (\d+)$", re.MULTILINE)
STEP = "-- outside transaction"

STATUS = """
create table if not exists migration (
  number int primary key, name text not null, oldest_code int not null, applied_at timestamptz not null default now()
)"""


class Migration(msgspec.Struct, frozen=True):
    """One file: `oldest_code` is the number of the newest migration that the oldest code able to run beside it knows."""

    number: int
    name: str
    sql: str
    oldest_code: int
    in_transaction: bool


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
            found.append(Migration(int(number), name, text, int(header[1]), STEP not in text))
    return sorted(found, key=lambda migration: migration.number)


async def check(connection: Connection) -> None:
    """Refuse to run on a schema that this code does not fit: too new (needs newer code) or not yet migrated."""
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


async def migrate(connection: Connection) -> list[Migration]:
    """Bring the schema up to date and give back what was applied. Safe to run on several nodes at once."""
    await connection.execute("set statement_timeout = 0")
    await connection.execute("set idle_in_transaction_session_timeout = 0")
    await connection.execute("set lock_timeout = 0")
    await connection.execute("select pg_advisory_lock($1)", LOCK_KEY)
    try:
        await connection.execute("set lock_timeout = '2s'")
        await connection.execute(STATUS)
        done = {row["number"] for row in await connection.fetch("select number from migration")}
        pending = [migration for migration in known() if migration.number not in done]
        if not pending:
            await check(connection)
        for migration in pending:
            await _apply(connection, migration)
        return pending
    finally:
        await connection.execute("select pg_advisory_unlock($1)", LOCK_KEY)


async def _apply(connection: Connection, migration: Migration) -> None:
    """One migration; a lock that running nodes hold is waited for in short tries, so that they never queue behind us."""
    note = "insert into migration (number, name, oldest_code) values ($1, $2, $3)"
    values = (migration.number, migration.name, migration.oldest_code)
    for tries in range(MAX_TRIES):
        try:
            if not migration.in_transaction:
                for statement in filter(str.strip, migration.sql.split(";\n")):
                    await connection.execute(statement)
                await connection.execute(note, *values)
                return
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(note, *values)
                return
        except asyncpg.LockNotAvailableError:
            await asyncio.sleep(0.2 * (tries + 1))
    raise OperatorError(
        f"migration {migration.number} ({migration.name}) did not get its locks: try again when it is quieter"
    )
