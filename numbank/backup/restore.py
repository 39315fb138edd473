"""Fills an empty database from a backup; until the end it bears a mark, with which nothing serves it (db/unfinished.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import asyncpg
import msgspec

from numbank.backup import manifest as book
from numbank.backup import tools, work
from numbank.backup.dump import COUNT_S, FREE, Progress, Q, Watch, count
from numbank.backup.folder import files_of, read_manifest
from numbank.backup.manifest import DUMP, BadBackup, Manifest
from numbank.db import growth, migrate, unfinished
from numbank.db.pool import Connection, connect
from numbank.errors import OperatorError

# Indexes are made at the end; the server's own small measure would sort them on disk.
MAINTENANCE = "-c maintenance_work_mem=256MB"
# Settings that are lists are kept as they are written, quotes and all (pg_dump's own rule).
LISTS = ("local_preload_libraries", "search_path", "session_preload_libraries", "temp_tablespaces")
MARK = f"public.{unfinished.TABLE}"


class Plan(msgspec.Struct, frozen=True):
    """What is wanted. `skip_ids`: ids that were given after the backup are not given again."""

    source: Path
    url: str
    jobs: int = 1
    skip_ids: int = 0
    partition_rows: int = 20_000_000


async def look(source: Path, watch: Watch) -> Manifest:
    """The manifest of a backup that is whole, and that this numbank can use; BadBackup else."""
    manifest = read_manifest(source)
    book.check_code(manifest, migrate.known()[-1].number)
    read = 0

    def counted(more: int) -> None:
        nonlocal read
        read += more
        watch(Progress("checking", read, manifest.bytes, read))

    wrong = book.missing_or_changed(manifest.files, await asyncio.to_thread(files_of, source, counted))
    if wrong is not None:
        raise BadBackup(f"{source} is damaged: {wrong}")
    return manifest


async def fill(
    plan: Plan,
    manifest: Manifest,
    watch: Watch,
    say: Callable[[str], None],
    prove: Callable[[], Awaitable[None]],
    finish: Callable[[Connection], Awaitable[None]],
) -> None:
    """Restore into the empty database, count, migrate, analyze, let `prove` look at it; only then take the mark away, in one
    transaction with what `finish` does."""
    connection = await connect(plan.url, hot=False, command_timeout_s=COUNT_S)
    try:
        await connection.execute(FREE)
        server = connection.get_server_version().major
        book.check_server(manifest, server)
        tool = tools.find(
            "pg_restore", lambda major: book.fits(major, server, manifest.tool), server,
            f"the backup was written by pg_dump {manifest.tool}, the server is PostgreSQL {server}",
        )  # fmt: skip
        await _claim(connection, plan, manifest.as_of, say)
        await _load(tool, plan, manifest, watch)
        found = await count(connection)
        found.pop(MARK)
        if wrong := book.differences(manifest.rows, found):
            raise BadBackup(f"what was restored is not what was backed up: {'; '.join(wrong[:5])}")
        await _settle(connection, plan, manifest, say)
        say("analyzing")
        await connection.execute("analyze")
        say("verifying")
        await prove()
        async with connection.transaction():
            await finish(connection)
            await connection.execute(unfinished.UNMARK)
    finally:
        await connection.close()


async def _claim(connection: Connection, plan: Plan, as_of: datetime, say: Callable[[str], None]) -> None:
    """Mark an empty database as one that is being filled; empty one first that a restore left which was cut short."""
    if not await connection.fetchval(Q.alone):
        raise OperatorError("another restore fills this database just now")
    thing = await connection.fetchval(Q.things)
    if thing == unfinished.TABLE:
        say("emptying the database: a restore into it was cut short")
        for schema in await connection.fetch(Q.schemas):
            await connection.execute(f"drop schema {schema[0]} cascade")
        await connection.execute("create schema public")
    elif thing is not None:
        raise OperatorError(
            f"the database is not empty (there is {thing!r} in it): a restore never overwrites anything, make a new database"
        )
    await connection.execute(unfinished.MARK)
    await connection.execute(unfinished.NOTE, str(plan.source), as_of)


async def _load(tool: tools.Tool, plan: Plan, manifest: Manifest, watch: Watch) -> None:
    """pg_restore, with the tables and then the indexes counted."""
    stage, done = "tables", 0

    def heard(line: str) -> None:
        nonlocal stage, done
        if line.startswith("processing data for table"):
            done += 1
        elif line.startswith(("creating INDEX", "creating CONSTRAINT")):
            done = 0 if stage == "tables" else done
            stage, done = "indexes", done + 1

    def looking() -> None:
        watch(Progress(stage, done, len(manifest.files) - 1 if stage == "tables" else 0))

    target = tools.Target.of(plan.url)
    target = msgspec.structs.replace(target, environment={**target.environment, "PGOPTIONS": MAINTENANCE})
    arguments: list[str | Path] = [
        "--verbose", "--exit-on-error", "--no-owner", "--no-privileges", "--no-tablespaces", f"--jobs={plan.jobs}",
        plan.source / DUMP,
    ]  # fmt: skip
    await work.run(tool, arguments, target, heard, looking=looking)


async def _settle(
    connection: asyncpg.Connection[asyncpg.Record], plan: Plan, manifest: Manifest, say: Callable[[str], None]
) -> None:
    """What pg_restore does not bring: the role's settings, newer migrations, ids that may have been given since."""
    for setting in manifest.role_settings:
        name, _, value = setting.partition("=")
        query = Q.set_role_list if name in LISTS else Q.set_role_setting
        await connection.execute(await connection.fetchval(query, name, value))
    for migration in await migrate.migrate(connection, restoring=True):
        say(f"migrated to {migration.number:04d} {migration.name}")
    await connection.execute(FREE)
    if plan.skip_ids:
        for row in await connection.fetch(Q.sequences_of_growth):
            await connection.fetchval(Q.skip_ids, row["sequence"], plan.skip_ids)
    for parent in growth.PARENTS:
        async with connection.transaction():
            await growth.grow(connection, parent, plan.partition_rows)
