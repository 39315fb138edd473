"""partner report."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank.activation import statistics
from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.money import format_minor

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Partners: who brings leases with a `ref`."""


@app.command()
def report(
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="The last so many days.")] = 30,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Leases, deliveries and charges (less refunds) by ref and customer."""

    async def act(office: Office) -> list[statistics.Partner]:
        return await statistics.partners(office.pool, days)

    rows = [
        {"ref": one.ref, "customer": one.account_id, "leases": one.leases, "delivered": one.delivered,
         "charged": format_minor(one.charged)}
        for one in run(data, database_url, act)
    ]  # fmt: skip
    if json:
        screen.print_json(rows)
    else:
        columns = ("ref", "customer", "leases", "delivered", "charged")
        screen.table(columns, ([row[column] for column in columns] for row in rows))
