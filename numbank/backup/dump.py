"""Writes a backup while the bank serves: one snapshot for pg_dump and for the counts, the checks, then the name."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import asyncpg
import msgspec

from numbank.backup import manifest as book
from numbank.backup import tools, work
from numbank.backup.folder import Unfinished, files_of, unfinished
from numbank.backup.manifest import File, Manifest
from numbank.db import unfinished as unfinished_restore
from numbank.db.pool import Connection, connect
from numbank.db.queries import Queries
from numbank.errors import OperatorError

Q = Queries("numbank.backup")
DB = Queries("numbank.db")

# The counting of a large bank takes its time; the connection breaks when the database does.
COUNT_S = 86_400.0
FREE = "set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set lock_timeout = '60s'"
# pg_dump waits so long for a table that a migration or an archiver holds.
LOCK_WAIT = "60s"


class Progress(msgspec.Struct, frozen=True):
    """How far it is: `done` of `total` things of this stage, and the bytes so far."""

    stage: str
    done: int
    total: int
    bytes: int = 0


Watch = Callable[[Progress], None]


class Wish(msgspec.Struct, frozen=True):
    """What is wanted: `compress` is pg_dump's own word (`gzip:1`, `zstd:3`, `none`)."""

    url: str
    final: Path
    jobs: int = 1
    compress: str = "gzip:1"


class Made(msgspec.Struct, frozen=True):
    """A backup that is whole; `standby`: it was taken from a database that cannot be written to."""

    manifest: Manifest
    standby: bool


async def back_up(wish: Wish, watch: Watch, say: Callable[[str], None]) -> Made:
    """Write a backup beside its final name, check it, rename it."""
    connection = await connect(wish.url, hot=False, command_timeout_s=COUNT_S)
    try:
        await connection.execute(FREE)
        await unfinished_restore.refuse(connection)
        if await connection.fetchval(Q.bank_is_here) is None:
            raise OperatorError("there is no bank in this database: run `numbank serve` or `numbank migrate` first")
        server = connection.get_server_version().major
        tool = tools.find(
            "pg_dump", lambda major: book.fits(major, server), server,
            f"the server is PostgreSQL {server}, so it must be pg_dump {server} or newer",
        )  # fmt: skip
        parted = await connection.fetchval(Q.parted)
        with unfinished(wish.final, say) as folder:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                if parted:
                    # Before the snapshot: an archiver that changed a part for its copy after it would break pg_dump off.
                    await connection.execute(f"lock table {parted} in access share mode")
                snapshot = await connection.fetchrow(Q.snapshot)
                if snapshot is None:
                    raise LookupError("the database gave no snapshot")
                rows = await _dump_and_count(connection, tool, wish, folder, snapshot["id"], watch)
                facts = await _facts(connection)
            files = await _checked(folder, server, tool.major, watch)
            manifest = Manifest(
                numbank=version("numbank"),
                as_of=snapshot["as_of"],
                finished_at=datetime.now(UTC),
                server=server,
                tool=tool.major,
                migration=facts.migration,
                oldest_code=facts.oldest_code,
                rows=rows,
                files=files,
                role_settings=facts.role_settings,
                seal=facts.seal,
            )
            folder.finish(book.encode(manifest), wish.final)
    finally:
        await connection.close()
    return Made(manifest, snapshot["standby"])


class Facts(msgspec.Struct, frozen=True):
    """What the manifest tells of the database beside its rows."""

    migration: int
    oldest_code: int
    role_settings: list[str]
    seal: str


async def _facts(connection: Connection) -> Facts:
    schema = await connection.fetchrow(Q.migration)
    if schema is None or schema["number"] is None:
        raise OperatorError("the first migration of this bank never ended: run `numbank migrate` first")
    sealed = await connection.fetchval(DB.seal_check)
    return Facts(schema["number"], schema["oldest_code"], await connection.fetchval(Q.role_settings), seal_of(sealed))


def seal_of(check: bytes | None) -> str:
    """The fingerprint of a check value; empty when nothing is sealed."""
    return hashlib.sha256(check).hexdigest() if check is not None else ""


async def count(connection: Connection) -> dict[str, int]:
    """The rows of every table that is no partition, as this connection sees them."""
    tables = [row["name"] for row in await connection.fetch(Q.tables)]
    return {name: await connection.fetchval(f"select count(*) from {name}") for name in tables}  # noqa: S608  quoted


async def _dump_and_count(
    connection: asyncpg.Connection[asyncpg.Record],
    tool: tools.Tool,
    wish: Wish,
    folder: Unfinished,
    snapshot: str,
    watch: Watch,
) -> dict[str, int]:
    """pg_dump and the counts at the same time: both see the snapshot, whatever happens meanwhile."""
    total = sum(row["leaves"] or 1 for row in await connection.fetch(Q.tables))
    done = 0

    def heard(line: str) -> None:
        nonlocal done
        done += line.startswith("dumping contents of table")

    how = book.compression(wish.compress, tool.major)
    arguments: list[str | Path] = [
        "--verbose", "--format=directory", f"--compress={how}", f"--jobs={wish.jobs}", "--file", folder.dump,
        f"--snapshot={snapshot}", f"--lock-wait-timeout={LOCK_WAIT}",
    ]  # fmt: skip
    writing = asyncio.create_task(
        work.run(
            tool, arguments, tools.Target.of(wish.url), heard, keep_open=(folder.lock,),
            looking=lambda: watch(Progress("writing", done, total, folder.size())),
        )
    )  # fmt: skip
    counting = asyncio.create_task(count(connection))
    try:
        await asyncio.gather(writing, counting)
    finally:
        for task in (writing, counting):
            task.cancel()
        await asyncio.wait([writing, counting])
    return counting.result()


async def _checked(folder: Unfinished, server: int, dumped_by: int, watch: Watch) -> dict[str, File]:
    """The files with their checksums, after pg_restore has read the table of contents."""
    reader = tools.find(
        "pg_restore", lambda major: major >= dumped_by, server, f"the backup was written by pg_dump {dumped_by}"
    )
    await work.run(reader, ["--list", folder.dump], None, lambda _: None)
    size, read = folder.size(), 0

    def counted(more: int) -> None:
        nonlocal read
        read += more
        watch(Progress("checking", read, size, read))

    return await asyncio.to_thread(files_of, folder.path, counted)
