"""offer set."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank.catalogue import offers
from numbank.catalogue.model import ANY_OPERATOR
from numbank.cli import screen
from numbank.cli.access import MAX_COUNTRY, Data, DatabaseUrl, Json, Office, run
from numbank.cli.customer import amount_of
from numbank.money import format_minor

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Prices."""


@app.command("set")
def set_(
    country: Annotated[
        int, typer.Option("--country", min=0, max=MAX_COUNTRY, help="Country number, see getCountries.")
    ],
    service: Annotated[str, typer.Option("--service", help="Service code, see getServicesList.")],
    price: Annotated[str, typer.Option("--price", help="Price of one activation.")],
    operator: Annotated[str, typer.Option("--operator", help="Only numbers of this operator.")] = ANY_OPERATOR,
    supplier: Annotated[
        str, typer.Option("--supplier", help="Whose numbers: pool, or an agent's name.")
    ] = offers.OWN_POOL,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Set the price at which a supplier's numbers are leased for a service."""
    minor = amount_of(price)

    async def act(office: Office) -> None:
        async with office.transaction() as tx:
            await offers.set_offer(
                tx, office.catalogue, country_id=country, code=service, price=minor, operator_name=operator,
                supplier_name=supplier,
            )  # fmt: skip

    run(data, database_url, act)
    if json:
        screen.print_json({
            "country": country, "service": service, "operator": operator, "supplier": supplier, "price": format_minor(minor),
        })  # fmt: skip
    else:
        screen.out.print(
            f"{service} in country {country} ({operator}, {supplier}) costs {format_minor(minor)}", markup=False
        )
