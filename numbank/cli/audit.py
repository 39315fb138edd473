"""audit list, export: who did what to the bank, and when."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
import typer

from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.customers import audit
from numbank.errors import OperatorError

app = typer.Typer(no_args_is_help=True)

SPAN = re.compile(r"^(\d{1,6})([smhdw])$")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

Since = Annotated[str, typer.Option("--since", help="A span such as 30m, 12h, 7d, or a date such as 2026-11-01; UTC.")]


def since_of(text: str) -> datetime:
    """A time from a span back from now or a date; OperatorError for anything else, and the beginning for nothing."""
    if not text:
        return BEGINNING
    span = SPAN.match(text)
    if span:
        try:
            return datetime.now(UTC) - timedelta(**{UNITS[span[2]]: int(span[1])})
        except OverflowError:  # further back than there are dates
            return BEGINNING
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise OperatorError(f"{text!r} is no time: expected a span such as 7d or a date such as 2026-11-01") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


@app.command("list")
def list_(
    since: Since = "",
    act: Annotated[str, typer.Option("--act", help="Only this act (offer.set) or group of acts (offer).")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many, newest first.")] = 100,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show the newest acts of operators: when, who, what, upon what."""
    start = since_of(since)

    async def read(office: Office) -> list[audit.Act]:
        return await audit.newest(office.pool, since=start, act=act, limit=limit)

    found = run(data, database_url, read)
    if json:
        screen.print_json(found)
        return
    screen.table(
        ("at", "actor", "act", "subject", "details"),
        (
            (one.at.isoformat(timespec="seconds"), one.actor, one.act, one.subject, bytes(one.details).decode())
            for one in found
        ),
    )


@app.command()
def export(since: Since = "", data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Print all acts as JSON lines, oldest first: for a store that nobody of the bank can write to."""
    start = since_of(since)

    async def write(office: Office) -> bool:
        async for one in audit.everything(office.pool, since=start):
            try:
                screen.out.file.write(msgspec.json.encode(one).decode() + "\n")
            except BrokenPipeError:  # told apart here from a connection to the database that breaks
                return False
        return True

    if not run(data, database_url, write):
        screen.hang_up()
