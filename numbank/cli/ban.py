"""ban add, list, lift."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from numbank.cli import screen
from numbank.cli.access import MAX_ID, Data, DatabaseUrl, Json, Office, run
from numbank.cli.terms import CustomerId, moment, span
from numbank.customers import bans
from numbank.errors import OperatorError

app = typer.Typer(no_args_is_help=True)


@app.command()
def add(
    customer_id: CustomerId,
    reason: Annotated[str, typer.Option("--reason", help="Why; the operator sees it, the customer does not.")],
    for_: Annotated[str, typer.Option("--for", help="For how long from now on: 30m, 12h, 7d.")] = "",
    until: Annotated[str, typer.Option("--until", help="Until when, e.g. 2026-12-31T18:00 (UTC).")] = "",
    user: Annotated[
        str | None, typer.Option("--user", help="Only this userId of the customer; the account goes on.")
    ] = None,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Ban a customer, or one of its end users, from leasing; what runs may be finished."""
    if bool(for_) == bool(until):
        raise OperatorError("give either --for or --until")
    length = span(for_) if for_ else None
    end = moment(until) if until else None

    async def act(office: Office) -> tuple[int, datetime]:
        async with office.transaction() as tx:
            return await bans.add(tx, customer_id, until=end, for_=length, reason=reason, user=user)

    ban_id, ends_at = run(data, database_url, act)
    shown = ends_at.isoformat(timespec="seconds")
    if json:
        screen.print_json({"ban": ban_id, "customer": customer_id, "user": user, "until": shown})
    else:
        whom = f"customer {customer_id}" if user is None else f"user {user} of customer {customer_id}"
        screen.out.print(f"ban {ban_id}: {screen.plain(whom)} is banned until {shown}", markup=False)


@app.command("list")
def list_(
    customer: Annotated[int | None, typer.Option("--customer", min=1, max=MAX_ID, help="Only this customer.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Also those that are over or lifted.")] = False,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List the bans in force, the newest first."""

    async def act(office: Office) -> list[bans.Ban]:
        return await bans.listed(office.pool, customer, all_=all_)

    rows = [
        {"ban": one.id, "customer": one.account_id, "user": one.end_user or (str(one.digest) if one.digest else None),
         "until": one.until.isoformat(timespec="seconds"), "by": "rule" if one.by_rule else "operator",
         "state": "in force" if one.in_force else "lifted" if one.lifted_at else "over", "reason": one.reason}
        for one in run(data, database_url, act)
    ]  # fmt: skip
    if json:
        screen.print_json(rows)
    else:
        columns = ("ban", "customer", "user", "until", "by", "state", "reason")
        screen.table(columns, ([row[column] or "" for column in columns] for row in rows))


@app.command()
def lift(
    ban_id: Annotated[int, typer.Argument(metavar="BAN", min=1, max=MAX_ID, help="Number of the ban, see `ban list`.")],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Lift a ban before its time. A rule does not ban again for the leases that it has looked at."""

    async def act(office: Office) -> int:
        async with office.transaction() as tx:
            return await bans.lift(tx, ban_id)

    customer_id = run(data, database_url, act)
    if json:
        screen.print_json({"ban": ban_id, "customer": customer_id})
    else:
        screen.out.print(f"ban {ban_id} of customer {customer_id} is lifted")
