"""retention show, run: what is erased when, and erasing now."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.customers import audit
from numbank.db.queries import Queries
from numbank.errors import OperatorError
from numbank.retention import erase

app = typer.Typer(no_args_is_help=True)

Q = Queries("numbank.db")

Days = Annotated[
    float | None,
    typer.Option(
        "--days", min=0.0, max=3_650.0, help="Erase what is older than so many days (NUMBANK_RETENTION_DAYS)."
    ),
]


@app.command()
def show(days: Days = None, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Show how far texts, codes and targets are erased, and how many rows are due."""

    async def act(office: Office) -> tuple[float, list[erase.Standing]]:
        by_days = office.settings.retention_days if days is None else days
        return by_days, await _standings(office, by_days)

    by_days, found = run(data, database_url, act)
    _show(by_days, found, json=json)


async def _standings(office: Office, days: float) -> list[erase.Standing]:
    """Counting millions of rows takes longer than a statement of the pool may."""
    async with office.transaction() as tx:
        return await erase.standings(tx, now=await tx.fetchval(Q.bank_now), days=days)


@app.command("run")
def run_(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be erased.")] = False,
    days: Days = None,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Erase now what is older than the days of the settings, or than --days; the bank may serve meanwhile."""

    async def act(office: Office) -> tuple[float, list[erase.Standing], dict[str, int]]:
        by_days = office.settings.retention_days if days is None else days
        if not by_days:
            raise OperatorError("nothing is erased with 0 days: give --days, or set NUMBANK_RETENTION_DAYS")
        found = await _standings(office, by_days)
        if dry_run:
            return by_days, found, {}
        now = await office.pool.fetchval(Q.bank_now)
        # First, for it takes many transactions: who stops it halfway has erased something.
        async with office.transaction() as tx:
            due = {one.topic: one.waiting for one in found}
            await audit.write(tx, "retention.run", "all", {"days": by_days, "due": due})
        erased = dict.fromkeys(erase.TOPICS, 0)
        batch = office.settings.batch_erase
        for topic in erase.TOPICS:
            more = True
            while more:
                async with office.transaction() as tx:
                    step = await erase.erase(tx, topic, now=now, days=by_days, batch=batch, wait=True)
                erased[topic] += step.erased
                more = step.seen == batch
        return by_days, found, erased

    by_days, found, erased = run(data, database_url, act)
    if json and not dry_run:
        screen.print_json({"days": by_days, "erased": erased})
    elif dry_run:
        _show(by_days, found, json=json)
    else:
        for topic, count in erased.items():
            screen.out.print(f"{topic}: {count} rows erased")


def _show(days: float, found: list[erase.Standing], *, json: bool) -> None:
    rows = [
        {"table": one.topic, "erased_up_to_id": one.upto, "due": one.waiting,
         "oldest_kept": one.oldest.isoformat(timespec="seconds") if one.oldest else None,
         "looked_at": one.looked_at.isoformat(timespec="seconds") if one.looked_at else None}
        for one in found
    ]  # fmt: skip
    if json:
        screen.print_json({"days": days, "tables": rows})
        return
    screen.table(
        ("table", "erased up to id", "due", "oldest kept", "looked at"),
        ([value if value is not None else "-" for value in row.values()] for row in rows),
    )
    screen.out.print(
        f"texts, senders, codes and targets are erased after {days:g} days" if days else "nothing is erased"
    )
