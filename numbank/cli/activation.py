"""activation refund."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank.activation.refund import refund as give_back
from numbank.cli import screen
from numbank.cli.access import MAX_ID, Data, DatabaseUrl, Json, Office, run
from numbank.ledger.journal import Refunded
from numbank.money import format_minor

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Activations."""


@app.command()
def refund(
    lease_id: Annotated[int, typer.Argument(metavar="ID", min=1, max=MAX_ID, help="Id of the activation.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it goes to the audit log.")],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Give back what a finished activation cost, once, and take back the cashback that it earned."""

    async def act(office: Office) -> tuple[int, Refunded]:
        async with office.transaction() as tx:
            return await give_back(tx, lease_id, reason)

    customer_id, back = run(data, database_url, act)
    if json:
        screen.print_json({
            "activation": lease_id, "customer": customer_id, "cash": format_minor(back.cash),
            "cashback": format_minor(back.cashback), "taken_cash": format_minor(back.taken_cash),
            "taken_cashback": format_minor(back.taken_cashback),
        })  # fmt: skip
        return
    taken = back.taken_cash + back.taken_cashback
    screen.out.print(
        f"customer {customer_id} gets {format_minor(back.cash)} and {format_minor(back.cashback)} cashback for activation"
        f" {lease_id}; {format_minor(taken)} of cashback was taken back"
    )
