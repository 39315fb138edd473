"""tier add, list, remove: several prices of one offer."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from numbank.catalogue import offers
from numbank.catalogue.model import ANY_OPERATOR
from numbank.cli import screen
from numbank.cli.access import MAX_COUNTRY, Data, DatabaseUrl, Json, Office, run
from numbank.cli.customer import amount_of
from numbank.customers import audit
from numbank.db.pool import Connection
from numbank.messages.calls import Kind
from numbank.money import format_minor
from numbank.policy import denied

app = typer.Typer(no_args_is_help=True)

MAX_TIER = 10**9
KINDS = ", ".join(f"{kind.value} {kind.name.lower()}" for kind in Kind)

Country = Annotated[int, typer.Option("--country", min=0, max=MAX_COUNTRY, help="Country number, see getCountries.")]
Service = Annotated[str, typer.Option("--service", help="Service code, see getServicesList.")]
OfKind = Annotated[int, typer.Option("--kind", min=min(Kind), max=max(Kind), help=f"Kind of verification: {KINDS}.")]
Operator = Annotated[str, typer.Option("--operator", help="Only numbers of this operator.")]
Supplier = Annotated[
    str, typer.Option("--supplier", help="Whose numbers: pool, or a supplier's name, see supplier list.")
]
Price = Annotated[str, typer.Option("--price", help="Price of one activation.")]


class Where(msgspec.Struct, frozen=True):
    """Where a price belongs, as it was typed."""

    country: int
    service: str
    kind: int
    operator: str
    supplier: str

    async def place(self, tx: Connection, office: Office) -> offers.Place:
        """The same by ids; OperatorError when a part does not exist."""
        return await offers.place(
            tx, office.catalogue, country_id=self.country, code=self.service, kind=self.kind, operator_name=self.operator,
            supplier_name=self.supplier,
        )  # fmt: skip

    @property
    def subject(self) -> str:
        """How the audit log names it."""
        return f"offer {self.service} in {self.country}"

    def priced(self, minor: int) -> dict[str, object]:
        """What is shown and logged of a price here."""
        return msgspec.structs.asdict(self) | {"price": format_minor(minor)}


@app.callback()
def group() -> None:
    """Tiers: several prices of one offer, each with a count of its own."""


@app.command()
def add(
    country: Country,
    service: Service,
    price: Price,
    count: Annotated[
        int | None, typer.Option("--count", min=0, max=MAX_TIER, help="How many at this price; no limit when left out.")
    ] = None,
    regular: Annotated[bool, typer.Option("--regular", help="This is what is paid without maxPrice.")] = False,
    kind: OfKind = Kind.SMS.value,
    operator: Operator = ANY_OPERATOR,
    supplier: Supplier = offers.OWN_POOL,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a price to an offer, or change the count and the mark of the one that is there."""
    minor = amount_of(price)
    where = Where(country, service, kind, operator, supplier)
    shown = where.priced(minor) | {"count": count, "regular": regular}

    async def act(office: Office) -> None:
        async with office.transaction() as tx:
            await offers.put_tier(tx, await where.place(tx, office), minor, count=count, regular=regular)
            await audit.write(tx, "tier.add", where.subject, shown)
            if await denied.is_denied(tx, service):
                screen.warn(f"{service} is denied for sale: a price alone does not sell it, see numbank policy allow")

    run(data, database_url, act)
    many = "any number" if count is None else str(count)
    say(json, shown, f"{service} in country {country} ({operator}, {supplier}): {many} at {format_minor(minor)}")


@app.command()
def remove(
    country: Country,
    service: Service,
    price: Price,
    kind: OfKind = Kind.SMS.value,
    operator: Operator = ANY_OPERATOR,
    supplier: Supplier = offers.OWN_POOL,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Remove a price from an offer; what was leased at it stays as it is."""
    minor = amount_of(price)
    where = Where(country, service, kind, operator, supplier)
    shown = where.priced(minor)

    async def act(office: Office) -> None:
        async with office.transaction() as tx:
            await offers.remove_tier(tx, await where.place(tx, office), minor)
            await audit.write(tx, "tier.remove", where.subject, shown)

    run(data, database_url, act)
    say(
        json,
        shown,
        f"{service} in country {country} ({operator}, {supplier}) is no longer sold at {format_minor(minor)}",
    )


@app.command("list")
def list_(
    country: Country,
    service: Annotated[str, typer.Option("--service", help="Only this service.")] = "",
    kind: Annotated[
        int | None, typer.Option("--kind", min=min(Kind), max=max(Kind), help=f"Only this kind: {KINDS}.")
    ] = None,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List the prices in a country, the cheapest of each offer first; an empty count is no limit."""

    async def act(office: Office) -> list[offers.Tier]:
        return await offers.listed(office.pool, office.catalogue, country, service, kind)

    rows = [msgspec.structs.asdict(one) | {"price": format_minor(one.price)} for one in run(data, database_url, act)]
    if json:
        screen.print_json(rows)
    else:
        columns = [name for name in offers.Tier.__struct_fields__ if name != "id"]
        screen.table(columns, ([_cell(row[name]) for name in columns] for row in rows))


def _cell(value: object) -> object:
    return "" if value is None else "yes" if value is True else "no" if value is False else value


def say(json: bool, shown: dict[str, object], line: str) -> None:
    """Tell what was done, to programs or to people."""
    if json:
        screen.print_json(shown)
    else:
        screen.out.print(line, markup=False)
