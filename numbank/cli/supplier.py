"""supplier list, on, off."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from numbank.catalogue import edit
from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.customers import audit

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the supplier, see supplier list.")]


@app.command("list")
def list_(json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """List all suppliers; the id is what providerIds names on the wire."""

    async def act(office: Office) -> list[edit.SupplierLine]:
        return await edit.suppliers(office.pool)

    rows = [msgspec.structs.asdict(one) for one in run(data, database_url, act)]
    if json:
        screen.print_json(rows)
    else:
        columns = edit.SupplierLine.__struct_fields__
        screen.table(columns, ([row[column] for column in columns] for row in rows))


@app.command()
def on(name: Name, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Let a supplier sell."""
    _switch(name, active=True, json=json, data=data, database_url=database_url)


@app.command()
def off(name: Name, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Stop selling a supplier's numbers; what is leased runs on. An agent that is off cannot push either."""
    _switch(name, active=False, json=json, data=data, database_url=database_url)


def _switch(name: str, *, active: bool, json: bool, data: str | None, database_url: str | None) -> None:
    async def act(office: Office) -> None:
        async with office.transaction() as tx:
            await edit.switch_supplier(tx, name, active=active)
            await audit.write(tx, "supplier.on" if active else "supplier.off", name, {})

    run(data, database_url, act)
    if json:
        screen.print_json({"supplier": name, "active": active})
    else:
        screen.out.print(f"supplier {name} is {'on' if active else 'off'}", markup=False)
