"""cashback on, off, rate."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank.cli.access import Data, DatabaseUrl, Json
from numbank.cli.terms import CustomerId, change
from numbank.customers.standing import AS_SET, Change, basis_points, percent

app = typer.Typer(no_args_is_help=True)


@app.command()
def on(customer_id: CustomerId, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Let a customer spend its cashback first from now on, as useCashBack=true does."""
    change(customer_id, "cashback.on", Change(spend_cashback=True), "spends its cashback first", json=json, data=data,
           database_url=database_url)  # fmt: skip


@app.command()
def off(customer_id: CustomerId, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Let a customer's cashback lie; it does not count as balance."""
    change(customer_id, "cashback.off", Change(spend_cashback=False), "keeps its cashback", json=json, data=data,
           database_url=database_url)  # fmt: skip


@app.command()
def rate(
    customer_id: CustomerId,
    share: Annotated[
        str,
        typer.Argument(help="Per cent of each finished activation, e.g. 2.5; `setting`: NUMBANK_CASHBACK_BP counts."),
    ],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Set the cashback that a customer earns with activations that finish from now on."""
    bp = AS_SET if share == "setting" else basis_points(share)
    said = "earns cashback as the settings say" if bp == AS_SET else f"earns {percent(bp)} cashback"
    change(customer_id, "cashback.rate", Change(cashback_bp=bp), said, json=json, data=data, database_url=database_url)
