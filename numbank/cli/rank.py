"""rank set, list, remove."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.cli.customer import amount_of
from numbank.customers import ranks
from numbank.customers.standing import basis_points, percent
from numbank.money import format_minor

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the rank.")]


@app.command("set")
def set_(
    name: Name,
    turnover: Annotated[str, typer.Option("--turnover", help="Charges less refunds from which on it is reached.")],
    discount: Annotated[str, typer.Option("--discount", help="Per cent off the price, e.g. 5.")],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Make a loyalty rank or change one."""
    rank = ranks.Rank(name, amount_of(turnover), basis_points(discount))

    async def act(office: Office) -> None:
        async with office.transaction() as tx:
            await ranks.set_(tx, rank)

    run(data, database_url, act)
    if json:
        screen.print_json(_shown(rank))
    else:
        said = f"rank {name}: {percent(rank.discount_bp)} off from a turnover of {format_minor(rank.turnover)} on"
        screen.out.print(screen.plain(said), markup=False)


@app.command("list")
def list_(json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """List the ranks with how many customers are in each."""

    async def act(office: Office) -> list[ranks.Rank]:
        return await ranks.everyone(office.pool)

    rows = [{**_shown(rank), "customers": rank.customers} for rank in run(data, database_url, act)]
    if json:
        screen.print_json(rows)
    else:
        columns = ("rank", "turnover", "discount", "customers")
        screen.table(columns, ([row[column] for column in columns] for row in rows))


@app.command()
def remove(name: Name, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Remove a rank; its customers fall to the next lower one."""

    async def act(office: Office) -> None:
        async with office.transaction() as tx:
            await ranks.remove(tx, name)

    run(data, database_url, act)
    if json:
        screen.print_json({"removed": name})
    else:
        screen.out.print(screen.plain(f"rank {name} is removed"), markup=False)


def _shown(rank: ranks.Rank) -> dict[str, object]:
    return {"rank": rank.name, "turnover": format_minor(rank.turnover), "discount": percent(rank.discount_bp)}
