"""archive show, run: what the growing tables weigh, and old parts packed onto another disk; nothing leaves the books."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.cli.terms import moment
from numbank.customers import audit
from numbank.db import archive
from numbank.db.hosts import reach
from numbank.db.pool import PATIENT_HOST_S
from numbank.db.queries import Queries
from numbank.errors import OperatorError

app = typer.Typer(no_args_is_help=True)

Q = Queries("numbank.db")

Before = Annotated[
    str | None, typer.Option("--before", help="Parts whose every row is older than this, e.g. 2026-01-01; UTC.")
]
To = Annotated[
    str, typer.Option("--to", help="The tablespace for old parts; without it they are packed where they are.")
]


@app.command()
def show(before: Before = None, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Show the parts of the growing tables: their ids, what they weigh, and whether they could be archived."""

    async def act(office: Office) -> list[archive.Standing]:
        at = moment(before) if before else await office.pool.fetchval(Q.bank_now)
        async with office.transaction() as tx:
            return [await archive.standing(tx, part, at) for part in await archive.partitions(tx)]

    _show(run(data, database_url, act), json=json)


@app.command("run")
def run_(
    before: Annotated[str, typer.Option("--before", help="Parts whose every row is older than this; a date, UTC.")],
    to: To = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Pack old parts that are at rest, onto another tablespace if one is named; the bank may serve meanwhile.

    A part is copied, compared row by row with its copy, and changed for it at once. Parts without a row are dropped. No row
    leaves the database, so customers, refunds and `numbank verify` find everything as before.
    """
    at = moment(before)

    async def act(office: Office) -> tuple[list[archive.Standing], list[archive.Archived]]:
        if to and not await office.pool.fetchval(archive.Q.has_tablespace, to):
            raise OperatorError(f"there is no tablespace {to!r}: CREATE TABLESPACE makes one")
        async with office.transaction() as tx:
            found = [await archive.standing(tx, part, at) for part in await archive.partitions(tx)]
        wanted = archive.closed(found, to)
        if dry_run:
            return [one for one in found if one.partition in wanted], []
        # First, for it takes many transactions: who stops it halfway has archived something.
        async with office.transaction() as tx:
            facts = {"before": at.isoformat(), "tablespace": to, "parts": [part.name for part in wanted]}
            await audit.write(tx, "archive.run", "all", facts)
        return found, await _archive(office, wanted, at, to)

    found, done = run(data, database_url, act)
    if dry_run:
        _show(found, json=json)
    elif json:
        screen.print_json({"archived": done})
    else:
        for one in done:
            what = (
                f"{one.rows} rows, {_mb(one.before)} before, {_mb(one.bytes)} now" if one.rows else "was empty, is gone"
            )
            screen.out.print(f"{one.name}: {what}")
        screen.out.print(f"{len(done)} parts archived")


async def _archive(office: Office, wanted: list[archive.Partition], at: datetime, to: str) -> list[archive.Archived]:
    """One after the other."""
    connection = await reach(office.settings.database_url, host_s=PATIENT_HOST_S)
    try:
        async with archive.archiving(connection):
            return [await archive.move(connection, part, at, to) for part in wanted]
    finally:
        await connection.close()


def _mb(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


def _show(found: list[archive.Standing], *, json: bool) -> None:
    rows = [
        {"part": one.partition.name, "from_id": one.partition.low, "to_id": one.partition.high,
         "rows": one.partition.rows, "bytes": one.partition.bytes, "tablespace": one.partition.tablespace,
         "newest": one.newest.isoformat(timespec="seconds") if one.newest else None, "stays_because": one.why}
        for one in found
    ]  # fmt: skip
    if json:
        screen.print_json({"parts": rows, "bytes": sum(one.partition.bytes for one in found)})
        return
    screen.table(
        ("part", "from id", "about rows", "MB", "tablespace", "newest", "stays because"),
        (
            (row["part"], row["from_id"], "?" if row["rows"] is None else row["rows"],
             f"{one.partition.bytes / 1e6:,.1f}", row["tablespace"] or "-", row["newest"] or "-",
             row["stays_because"] or "-")
            for row, one in zip(rows, found, strict=True)
        ),
    )  # fmt: skip
    screen.out.print(f"{len(rows)} parts, {_mb(sum(one.partition.bytes for one in found))}")
