"""limit set, show."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.cli.terms import CustomerId, change
from numbank.customers import standing
from numbank.customers.standing import AS_SET, Change
from numbank.errors import OperatorError

app = typer.Typer(no_args_is_help=True)

MOST = 2**31 - 1
AGAIN = "; -1: as the settings say"


@app.command("set")
def set_(
    customer_id: CustomerId,
    live: Annotated[
        int | None, typer.Option("--live", min=AS_SET, max=MOST, help=f"Live leases at once{AGAIN}.")
    ] = None,
    per_second: Annotated[
        int | None, typer.Option("--requests-per-second", min=AS_SET, max=MOST, help=f"Requests per second{AGAIN}.")
    ] = None,
    per_minute: Annotated[
        int | None, typer.Option("--leases-per-minute", min=AS_SET, max=MOST, help=f"Leases per minute{AGAIN}.")
    ] = None,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Give a customer limits of its own; what is not named stays."""
    if live is None and per_second is None and per_minute is None:
        raise OperatorError("give at least one of --live, --requests-per-second, --leases-per-minute")
    if 0 in (live, per_second, per_minute):
        raise OperatorError("a limit of 0 is a block: use `customer block` or `customer deactivate`")
    wanted = Change(max_live=live, requests_per_s=per_second, leases_per_min=per_minute)
    change(customer_id, "limit.set", wanted, "has new limits", json=json, data=data, database_url=database_url)


@app.command()
def show(customer_id: CustomerId, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Show a customer's own limits; empty where the settings count."""

    async def act(office: Office) -> standing.Standing:
        return await standing.of(office.pool, customer_id)

    one = run(data, database_url, act)
    row = {
        "customer": customer_id, "live": one.max_live, "requests_per_second": one.requests_per_s,
        "leases_per_minute": one.leases_per_min,
    }  # fmt: skip
    if json:
        screen.print_json(row)
    else:
        screen.table(list(row), [["" if value is None else value for value in row.values()]])
