"""rate set, load, list, remove: what prices of rentals look like in other currencies."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

import typer

from numbank.catalogue import rates
from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.cli.lines import STDIN
from numbank.cli.sheet import refuse_bad, rows_of
from numbank.cli.tier import say
from numbank.customers import audit
from numbank.errors import OperatorError

app = typer.Typer(no_args_is_help=True)

Code = Annotated[str, typer.Argument(metavar="CURRENCY", help="Letters or number of ISO 4217, e.g. EUR or 978.")]
COLUMNS = ("currency", "rate")


@app.command("set")
def set_(
    currency: Code,
    rate: Annotated[str, typer.Argument(help="How many units of it one unit of the bank's currency is, e.g. 0.92.")],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Set the rate of a currency. It is for showing prices; nothing is booked by it."""
    one, value = rates.existing(currency), rates.parse_rate(rate)
    shown = {"currency": one.letters, "number": one.number, "rate": str(value)}

    async def act(office: Office) -> None:
        async with office.transaction() as tx:
            await rates.put(tx, office.settings.currency, {one.number: value})
            await audit.write(tx, "rate.set", f"rate of {one.letters}", shown)

    run(data, database_url, act)
    say(json, shown, f"1 of the bank's currency is {value} {one.letters}")


@app.command()
def load(
    file: Annotated[
        str, typer.Argument(help="A CSV file with the columns currency,rate; - for standard input.")
    ] = STDIN,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Set the rates of a file: all of them, or none when a line is wrong. Rates of other currencies stay."""
    found: dict[int, Decimal] = {}
    bad = []
    for line, row in rows_of(file, COLUMNS):
        try:
            found[_fresh(row[0], found)] = rates.parse_rate(row[1])
        except OperatorError as error:
            bad.append((line, str(error)))
    refuse_bad(bad)

    async def act(office: Office) -> None:
        async with office.transaction() as tx:
            await rates.put(tx, office.settings.currency, found)
            await audit.write(tx, "rate.load", "rates", {str(number): str(rate) for number, rate in found.items()})

    run(data, database_url, act)
    say(json, {"loaded": len(found)}, f"{len(found)} rates are set")


@app.command("list")
def list_(json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """List the rates: how many units one unit of the bank's currency is."""

    async def act(office: Office) -> list[rates.Rate]:
        return await rates.listed(office.pool)

    rows = [
        {"currency": one.currency.letters, "number": one.currency.number, "rate": f"{one.rate.normalize():f}",
         "name": one.currency.name, "changed_at": one.changed_at.isoformat(timespec="seconds")}
        for one in run(data, database_url, act)
    ]  # fmt: skip
    if json:
        screen.print_json(rows)
    else:
        columns = ("currency", "number", "rate", "name", "changed_at")
        screen.table(columns, ([row[column] for column in columns] for row in rows))


@app.command()
def remove(currency: Code, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Remove a rate: prices in that currency are shown in the account's."""
    one = rates.existing(currency)

    async def act(office: Office) -> None:
        async with office.transaction() as tx:
            await rates.remove(tx, one.number)
            await audit.write(tx, "rate.remove", f"rate of {one.letters}", {"number": one.number})

    run(data, database_url, act)
    say(json, {"removed": one.letters}, f"the rate of {one.letters} is removed")


def _fresh(text: str, found: Mapping[int, Decimal]) -> int:
    """The number of a currency that did not stand there before."""
    number = rates.existing(text).number
    if number in found:
        raise OperatorError(f"currency {text} stands there twice")
    return number
