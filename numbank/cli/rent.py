"""rent term set, load, list, remove; rent preview, list, show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Annotated

import msgspec
import typer
from rich.progress import Progress

from numbank.catalogue import rates
from numbank.catalogue.catalogue import Catalogue
from numbank.cli import screen
from numbank.cli.access import MAX_COUNTRY, MAX_ID, Data, DatabaseUrl, Json, Office, run
from numbank.cli.customer import amount_of
from numbank.cli.lines import STDIN
from numbank.cli.sheet import refuse_bad, rows_of
from numbank.cli.tier import Country, Service, say
from numbank.customers import audit
from numbank.errors import OperatorError
from numbank.money import format_minor
from numbank.policy import denied
from numbank.rent import tariff, terms

app = typer.Typer(no_args_is_help=True)
term = typer.Typer(no_args_is_help=True)
app.add_typer(term, name="term", help="What a rental of so many hours costs.")

Hours = Annotated[int, typer.Option("--hours", min=1, max=terms.MOST_HOURS, help="Hours of the term.")]
COLUMNS = ("country", "service", "hours", "price")
# Terms that the protocol's own clients ask for (protocol.md 3.8), and some between.
USUAL = (4, 6, 12, 24, 36, 48, 72, 96, 120, 168, 336, 504, 672, 1_008, 1_344)


@term.command("set")
def set_(
    country: Country,
    service: Service,
    hours: Hours,
    price: Annotated[str, typer.Option("--price", help="What a rental of just so many hours costs.")],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Set the price of a term. Terms between two rows are interpolated; a longer term is never cheaper."""
    minor = amount_of(price)
    shown: dict[str, object] = {"country": country, "service": service, "hours": hours, "price": format_minor(minor)}

    async def act(office: Office) -> None:
        place = place_of(office.catalogue, country, service)
        async with office.transaction() as tx:
            await tariff.put(tx, {place: {hours: minor}}, named=lambda _: f"{service} in country {country}")
            await audit.write(tx, "rent.term-set", f"rent {service} in {country}", shown)
            if await denied.is_denied(tx, service):
                screen.warn(f"{service} is denied for sale: a price alone does not rent it, see numbank policy allow")

    run(data, database_url, act)
    say(json, shown, f"{hours} h of {service} in country {country} cost {format_minor(minor)}")


@term.command()
def load(
    file: Annotated[
        str, typer.Argument(help="A CSV file with the columns country,service,hours,price; - for standard input.")
    ] = STDIN,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Set the terms of a file: all of them, or none when a line is wrong. Other terms stay."""
    rows = list(rows_of(file, COLUMNS))

    async def act(office: Office) -> int:
        tables = read_terms(office.catalogue, rows)
        names = {service.id: service.code for service in office.catalogue.services.values()}
        with Progress(console=screen.err, transient=True) as progress:
            bar = progress.add_task("loading terms", total=len(rows))
            async with office.transaction() as tx:
                await tariff.put(
                    tx, tables, named=lambda place: f"{names[place[1]]} in country {place[0]}",
                    done=lambda count: progress.advance(bar, count),
                )  # fmt: skip
                await audit.write(tx, "rent.term-load", "rent terms", {"terms": len(rows), "tables": len(tables)})
        return len(tables)

    tables = run(data, database_url, act)
    say(json, {"terms": len(rows), "tables": tables}, f"{len(rows)} terms are set, of {tables} services and countries")


@term.command("list")
def list_(
    country: Annotated[int | None, typer.Option("--country", min=0, max=MAX_COUNTRY, help="Only this country.")] = None,
    service: Annotated[str, typer.Option("--service", help="Only this service.")] = "",
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List the terms that have a price of their own."""

    async def act(office: Office) -> list[tariff.Term]:
        return await tariff.listed(office.pool, country, service)

    rows = [msgspec.structs.asdict(one) | {"price": format_minor(one.price)} for one in run(data, database_url, act)]
    if json:
        screen.print_json(rows)
    else:
        screen.table(COLUMNS, ([row[column] for column in COLUMNS] for row in rows))


@term.command()
def remove(
    country: Country,
    service: Service,
    hours: Annotated[
        int | None, typer.Option("--hours", min=1, max=terms.MOST_HOURS, help="Only this term; all when left out.")
    ] = None,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Remove a term, or all terms of a service in a country, which is then not rented there; what is rented runs on."""

    async def act(office: Office) -> int:
        place = place_of(office.catalogue, country, service)
        async with office.transaction() as tx:
            gone = await tariff.remove(tx, place, hours)
            await audit.write(tx, "rent.term-remove", f"rent {service} in {country}", {"hours": hours, "removed": gone})
            return gone

    gone = run(data, database_url, act)
    shown = {"country": country, "service": service, "removed": gone}
    say(json, shown, f"removed {gone} term{'' if gone == 1 else 's'} of {service} in country {country}")


@app.command()
def preview(
    country: Country,
    service: Service,
    hours: Annotated[
        list[int] | None,
        typer.Option("--hours", min=1, max=terms.MOST_HOURS, help="A term to show; may be given several times."),
    ] = None,
    currency: Annotated[str, typer.Option("--currency", help="Show the prices in this currency too.")] = "",
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show what rentals cost, also for hours between the rows of the table."""
    wanted = rates.existing(currency) if currency else None

    async def act(office: Office) -> tuple[terms.Table, rates.Rates]:
        place = place_of(office.catalogue, country, service)
        found = await rates.read(office.pool, office.settings.currency)
        return await tariff.table(office.pool, place), found

    table, known = run(data, database_url, act)
    if not table:
        raise OperatorError(f"{service} in country {country} has no terms: it is not rented there")
    if wanted is not None and wanted.number != known.bank and wanted.number not in known.by_number:
        raise OperatorError(f"there is no rate of {wanted.letters}: see numbank rate set")
    own = {hours for hours, _ in table}
    rows: list[dict[str, object]] = []
    for each in sorted(set(hours or own.union(USUAL))):
        price = terms.price_of(table, each)
        if price is None or terms.refuse_hours(table, each) is not None:
            rows.append({"hours": each, "price": None, "from": "not rented"})
            continue
        row: dict[str, object] = {"hours": each, "price": format_minor(price), "from": _origin(each, table)}
        if wanted is not None:
            row[wanted.letters] = format_minor(known.shown(price, known.bank, wanted.number)[0])
        rows.append(row)
    if json:
        screen.print_json(rows)
        return
    columns = ["hours", "price", *([] if wanted is None else [wanted.letters]), "from"]
    screen.table(columns, (["" if row.get(name) is None else row[name] for name in columns] for row in rows))


@app.command("list")
def rentals(
    customer: Annotated[
        int | None, typer.Option("--customer", min=1, max=MAX_ID, help="Only those of this customer.")
    ] = None,
    ended: Annotated[bool, typer.Option("--ended", help="Those that are over too.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=tariff.MOST_LISTED, help="How many.")] = 100,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List rentals, the newest first."""

    async def act(office: Office) -> list[tariff.Line]:
        return await tariff.rentals(office.pool, customer, ended=ended, limit=limit)

    rows = [_shown(one) for one in run(data, database_url, act)]
    if json:
        screen.print_json(rows)
    else:
        columns = ("id", "customer", "country", "service", "number", "hours", "price", "state", "messages", "ends_at")
        screen.table(columns, ([row[column] for column in columns] for row in rows))


@app.command()
def show(
    rent_id: Annotated[int, typer.Argument(metavar="ID", min=1, max=MAX_ID, help="Id of the rental.")],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show a rental with what was charged for it."""

    async def act(office: Office) -> tuple[tariff.Line, list[tariff.Charged]]:
        return await tariff.rental(office.pool, rent_id)

    one, charges = run(data, database_url, act)
    charged = [
        {"at": each.at.isoformat(timespec="seconds"), "hours": each.hours, "price": format_minor(each.price),
         "hold": each.hold}
        for each in charges
    ]  # fmt: skip
    if json:
        screen.print_json(_shown(one) | {"charges": charged})
        return
    screen.table(("", ""), [(name, "" if value is None else value) for name, value in _shown(one).items()])
    screen.table(("at", "hours", "price", "hold"), (list(each.values()) for each in charged))


def place_of(catalogue: Catalogue, country: int, service: str) -> tariff.Place:
    """Country and service by their ids; OperatorError when one does not exist."""
    if country not in catalogue.countries:
        raise OperatorError(f"there is no country {country}")
    if service not in catalogue.by_code:
        raise OperatorError(f"there is no service {service!r}")
    return country, catalogue.by_code[service].id


def read_terms(catalogue: Catalogue, rows: list[tuple[int, list[str]]]) -> dict[tariff.Place, dict[int, int]]:
    """The tables of a file; OperatorError after a line for each that is wrong."""
    tables: dict[tariff.Place, dict[int, int]] = defaultdict(dict)
    bad = []
    for line, (country, service, hours, price) in rows:
        try:
            table = tables[place_of(catalogue, _whole(country, "country"), service)]
            table[_term(hours, table)] = amount_of(price)
        except OperatorError as error:
            bad.append((line, str(error)))
    refuse_bad(bad)
    return tables


def _term(text: str, table: Mapping[int, int]) -> int:
    """The hours of a term that did not stand there before."""
    hours = _whole(text, "number of hours")
    if not 1 <= hours <= terms.MOST_HOURS:
        raise OperatorError(f"a term has 1 to {terms.MOST_HOURS} hours, not {hours}")
    if hours in table:
        raise OperatorError(f"{hours} h of this service and country stand there twice")
    return hours


def _whole(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise OperatorError(f"{text!r} is no {what}")
    return int(text)


def _origin(hours: int, table: terms.Table) -> str:
    rows = [row[0] for row in table]
    if hours in rows:
        return "its row"
    if hours < rows[0]:
        return f"the row of {rows[0]} h"
    if hours > rows[-1]:
        return f"{rows[-1]} h, per hour"
    before, after = max(row for row in rows if row < hours), min(row for row in rows if row > hours)
    return f"between {before} h and {after} h"


def _shown(one: tariff.Line) -> dict[str, object]:
    times = {
        name: None if at is None else at.isoformat(timespec="seconds")
        for name, at in (("created_at", one.created_at), ("ends_at", one.ends_at), ("ended_at", one.ended_at))
    }
    return msgspec.structs.asdict(one) | {"price": format_minor(one.price), "state": one.state.name.lower()} | times
