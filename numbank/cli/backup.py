"""backup, restore: a copy of the whole bank while it serves, and a bank made of it that is proved before it opens."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from numbank.backup import dump
from numbank.backup import restore as restoring
from numbank.backup.dump import Made, Wish
from numbank.backup.embedded import new_cluster
from numbank.backup.manifest import Manifest
from numbank.backup.restore import Plan
from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, located
from numbank.cli.progress import shown, size
from numbank.cli.verify import prove_bank, show_differences
from numbank.customers import audit
from numbank.db import checks, ending
from numbank.db.opening import Unreachable, one_line, opened
from numbank.db.pool import CONNECTION_ERRORS, Connection, connect
from numbank.db.seals import Seals
from numbank.settings import Settings, load

Jobs = Annotated[int, typer.Option("--jobs", min=1, max=64, help="Tables at a time.")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the backup.")]

# Ids that were given between the backup and the loss must not be given to others.
SKIP_IDS = 1_000_000
HELD = (
    "the whole database: accounts, money, numbers, leases, messages, recordings, licence keys (sealed), the audit log"
)
APART = "the settings (NUMBANK_*), certificates, and files that settings name"


class Restored(msgspec.Struct):
    """What came of a restore."""

    findings: list[checks.Finding]
    key_file: str | None


def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder that is made; it must not be there yet.")],
    jobs: Jobs = 1,
    compress: Annotated[
        str, typer.Option("--compress", help="gzip:LEVEL, none, or what your own pg_dump knows (zstd:3, lz4).")
    ] = "gzip:1",
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Write a backup of the whole bank into a new folder, while it serves. The folder gets its name when it is whole."""
    final = folder.expanduser().absolute()

    settings = load(data=data, database_url=database_url)
    primary = load(data=data).database_url
    with ending.noted():
        # Also of a bank that waits for its upgrade: the schema only has to be a bank's.
        with located(data, database_url) as found, shown() as watch:
            made = ending.run(_backup(Wish(found.database_url, final, jobs, compress), watch))
        # Taken from a standby that was named here, while the settings name the bank itself.
        if made.standby and primary != settings.database_url:
            ending.run(_note(primary, final, made))
        elif made.standby:
            screen.warn("this database is a standby: the backup is in no audit log, and no metric tells its age")
    needed = str(settings.secrets_path) if made.manifest.seal else None
    if json:
        screen.print_json(_told(final, made.manifest) | {"key_file": needed})
        return
    screen.out.print(f"{_line(final, made.manifest)}\nin it: {HELD}", markup=False)
    key = f"the key file {needed}, without which the secrets in it stay closed, " if needed else ""
    screen.out.print(f"not in it, keep apart: {key}{APART}", markup=False)


async def _backup(wish: Wish, watch: dump.Watch) -> Made:
    await (await opened(wish.url, connect(wish.url, hot=False, command_timeout_s=60))).close()
    try:
        made = await dump.back_up(wish, watch, screen.say)
    except CONNECTION_ERRORS as error:
        raise Unreachable(f"the connection to the database broke: {one_line(error)}") from None
    if not made.standby:
        await _note(wish.url, wish.final, made)
    return made


async def _note(url: str, final: Path, made: Made) -> None:
    """The row in the audit log."""
    connection = await opened(url, connect(url, hot=False, command_timeout_s=60))
    try:
        async with connection.transaction():
            details = {"as_of": made.manifest.as_of.isoformat(), "bytes": made.manifest.bytes, "standby": made.standby}
            await audit.write(connection, "bank.backup", str(final), details)
    finally:
        await connection.close()


def restore(
    folder: Folder,
    check: Annotated[
        bool, typer.Option("--check", help="Only look whether the backup is whole and fits this numbank; restore nothing.")
    ] = False,
    jobs: Jobs = 1,
    skip_ids: Annotated[
        int,
        typer.Option(
            "--skip-ids", min=0, max=10**9,
            help="Leave out so many ids: those given after the backup. 0 for a bank that was closed before it.",
        ),
    ] = SKIP_IDS,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:  # fmt: skip
    """Make a bank of a backup, in a data folder without one or in an empty database; prove it, then give it free."""
    source = folder.expanduser().absolute()
    settings = load(data=data, database_url=database_url)
    with ending.noted(), shown() as watch:
        manifest = ending.run(restoring.look(source, watch))
        if check:
            _say_whole(source, manifest, json=json)
            return
        with ExitStack() as stack:
            url = settings.database_url or stack.enter_context(new_cluster(settings.data_dir, screen.say))
            plan = Plan(source, url, jobs, skip_ids, settings.partition_rows)
            done = ending.run(_restore(plan, manifest, settings, watch))
    wrong = sum(finding.differences for finding in done.findings)
    if json:
        screen.print_json(
            _told(source, manifest) | {"clean": not wrong, "checks": done.findings, "key_file": done.key_file or "fits"}
        )
    else:
        show_differences(done.findings)
        screen.out.print(f"restored {_line(source, manifest)}", markup=False)
        screen.out.print(f"verified: {len(done.findings)} checks, {wrong} differences", markup=False)
    if done.key_file is not None:
        screen.warn(f"secrets in it stay closed: {done.key_file}")
    if wrong:
        raise typer.Exit(1)


async def _restore(plan: Plan, manifest: Manifest, settings: Settings, watch: dump.Watch) -> Restored:
    findings: list[checks.Finding] = []
    key_file: str | None = None

    async def prove() -> None:
        findings.extend(await prove_bank(plan.url))

    async def finish(connection: Connection) -> None:
        nonlocal key_file
        key_file = await Seals(settings.secrets_path).trouble(connection)
        wrong = sum(finding.differences for finding in findings)
        details = {"as_of": manifest.as_of.isoformat(), "skipped_ids": plan.skip_ids, "differences": wrong}
        await audit.write(connection, "bank.restore", str(plan.source), details)

    await (await opened(plan.url, connect(plan.url, hot=False, command_timeout_s=60))).close()
    try:
        await restoring.fill(plan, manifest, watch, screen.say, prove, finish)
    except CONNECTION_ERRORS as error:
        raise Unreachable(f"the connection to the database broke: {one_line(error)}") from None
    return Restored(findings, key_file)


def _say_whole(source: Path, manifest: Manifest, *, json: bool) -> None:
    if json:
        screen.print_json(_told(source, manifest))
    else:
        screen.out.print(f"{_line(source, manifest)}\nit is whole, and this numbank can restore it", markup=False)


def _line(folder: Path, manifest: Manifest) -> str:
    rows = sum(manifest.rows.values())
    return (
        f"{folder}: {len(manifest.rows)} tables, {rows:,} rows, {size(manifest.bytes)}, as of"
        f" {manifest.as_of:%Y-%m-%d %H:%M:%S} UTC, migration {manifest.migration}, PostgreSQL {manifest.server}"
    )


def _told(folder: Path, manifest: Manifest) -> dict[str, object]:
    return {
        "folder": str(folder),
        "as_of": manifest.as_of,
        "numbank": manifest.numbank,
        "migration": manifest.migration,
        "postgresql": manifest.server,
        "tables": len(manifest.rows),
        "rows": sum(manifest.rows.values()),
        "bytes": manifest.bytes,
    }
