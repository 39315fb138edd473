"""partner report, users."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank.activation import statistics
from numbank.cli import screen
from numbank.cli.access import MAX_ID, Data, DatabaseUrl, Json, Office, run
from numbank.customers import register
from numbank.money import format_minor

app = typer.Typer(no_args_is_help=True)

MOST_USERS = 10_000


@app.callback()
def group() -> None:
    """Partners: who brings leases with a `ref`, and resellers with customers of their own (`userId`)."""


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


@app.command()
def users(
    customer_id: Annotated[int, typer.Argument(metavar="CUSTOMER", min=1, max=MAX_ID, help="Id of the reseller.")],
    last: Annotated[
        int, typer.Option("--last", min=1, max=100_000, help="Look at the last so many leases of each.")
    ] = 100,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """How the leases of a reseller's own customers (userId) went, and who of them is banned."""

    async def act(office: Office) -> list[statistics.EndUser]:
        async with office.transaction() as tx:
            await register.must_exist(tx, customer_id)
        return await statistics.end_users(office.pool, customer_id, last, MOST_USERS)

    rows = [
        {"user": one.name, "leases": one.leases, "ended": one.ended, "delivered": one.delivered,
         "success": None if one.success is None else round(one.success, 4),
         "newest": one.newest and one.newest.isoformat(timespec="seconds"),
         "banned_until": one.banned_until and one.banned_until.isoformat(timespec="seconds")}
        for one in run(data, database_url, act)
    ]  # fmt: skip
    if json:
        screen.print_json(rows)
    else:
        columns = ("user", "leases", "ended", "delivered", "success", "newest", "banned_until")
        screen.table(columns, (["" if row[column] is None else row[column] for column in columns] for row in rows))
