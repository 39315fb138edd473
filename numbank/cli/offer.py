"""offer set, terms."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank.catalogue import offers
from numbank.catalogue.model import ANY_OPERATOR
from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.cli.customer import amount_of
from numbank.cli.tier import Country, OfKind, Operator, Price, Service, Supplier, Where, say
from numbank.customers import audit
from numbank.errors import OperatorError
from numbank.messages.calls import Kind
from numbank.money import format_minor
from numbank.policy import denied

app = typer.Typer(no_args_is_help=True)

AS_SET = "-1"


@app.callback()
def group() -> None:
    """Prices."""


@app.command("set")
def set_(
    country: Country,
    service: Service,
    price: Price,
    operator: Operator = ANY_OPERATOR,
    supplier: Supplier = offers.OWN_POOL,
    kind: OfKind = Kind.SMS.value,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Set the one price at which a supplier's numbers are leased for a service; its other tiers go."""
    minor = amount_of(price)
    where = Where(country, service, kind, operator, supplier)

    async def act(office: Office) -> None:
        async with office.transaction() as tx:
            await offers.set_offer(
                tx, office.catalogue, country_id=country, code=service, price=minor, operator_name=operator,
                supplier_name=supplier, kind=kind,
            )  # fmt: skip
            await audit.write(tx, "offer.set", where.subject, where.priced(minor))
            if await denied.is_denied(tx, service):
                screen.warn(f"{service} is denied for sale: a price alone does not sell it, see numbank policy allow")

    run(data, database_url, act)
    say(
        json,
        where.priced(minor),
        f"{service} in country {country} ({operator}, {supplier}) costs {format_minor(minor)}",
    )


@app.command()
def terms(
    country: Country,
    service: Service,
    surcharge: Annotated[
        str | None, typer.Option("--surcharge", help="What forwarding costs on top; -1: as the settings say.")
    ] = None,
    reactivation: Annotated[
        str | None, typer.Option("--reactivation", help="What a reactivation costs; -1: the regular price.")
    ] = None,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Set what forwarding and a reactivation cost for a service in a country; what is not named stays."""
    if surcharge is None and reactivation is None:
        raise OperatorError("give at least one of --surcharge, --reactivation")
    surcharge_minor, reactivation_minor = _amount(surcharge), _amount(reactivation)

    async def act(office: Office) -> dict[str, object]:
        async with office.transaction() as tx:
            now = await offers.set_terms(
                tx, office.catalogue, country, service, surcharge=surcharge_minor, reactivation=reactivation_minor
            )
            prices = [None if one is None else format_minor(one) for one in now]
            shown: dict[str, object] = {
                "country": country, "service": service, "surcharge": prices[0], "reactivation": prices[1],
            }  # fmt: skip
            await audit.write(tx, "offer.terms", f"offer {service} in {country}", shown)
            return shown

    shown = run(data, database_url, act)
    forwarding, again = shown["surcharge"] or "as the settings say", shown["reactivation"] or "the regular price"
    say(json, shown, f"{service} in country {country}: forwarding {forwarding}, reactivation {again}")


def _amount(text: str | None) -> int | None:
    """An amount, None for none, AS_SET for what counts without terms."""
    if text is None:
        return None
    return offers.AS_SET if text.strip() == AS_SET else amount_of(text)
