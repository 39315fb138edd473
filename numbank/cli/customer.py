"""customer add, topup, list."""

from __future__ import annotations

import shlex
from typing import Annotated
from uuid import UUID, uuid5

import typer

from numbank.cli import screen
from numbank.cli.access import MAX_ID, Data, DatabaseUrl, Json, Office, run
from numbank.clock import new_key
from numbank.customers import audit, register
from numbank.db.opening import Unreachable
from numbank.errors import OperatorError
from numbank.money import format_minor, parse_minor
from numbank.wire.dialects import DIALECTS

app = typer.Typer(no_args_is_help=True)

TOPUP_KEYS = UUID("6e756d62-616e-6b00-8000-746f70757073")  # the name space of keys that operators choose

Amount = Annotated[str, typer.Argument(help="A decimal with at most four places, e.g. 12.5")]


def amount_of(text: str, *, least: int = 0) -> int:
    """An amount in 1/10,000; OperatorError when it is none or under the least."""
    minor = parse_minor(text)
    if minor is None or minor < least:
        raise OperatorError(f"{text!r} is not an amount: expected a decimal such as 12.5, with at most four places")
    return minor


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Name of the customer.")],
    balance: Annotated[str, typer.Option("--balance", help="Money to start with.")] = "0",
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a customer and print its id and API key. The key is shown this once; only its hash is kept."""
    minor = amount_of(balance)

    async def act(office: Office) -> tuple[int, str]:
        async with office.transaction() as tx:
            made = await register.add(tx, name, currency=office.settings.currency, balance=minor)
            await audit.write(tx, "customer.add", f"customer {made[0]}", {"name": name, "balance": format_minor(minor)})
            return made

    customer_id, key = run(data, database_url, act)
    if json:
        screen.print_json({"id": customer_id, "api_key": key})
    else:
        screen.out.print(f"customer {customer_id}\napi_key  {key}", markup=False)


@app.command()
def topup(
    customer_id: Annotated[int, typer.Argument(metavar="ID", min=1, max=MAX_ID, help="Id of the customer.")],
    amount: Amount,
    key: Annotated[
        str, typer.Option("--key", help="The same key books the same top-up only once; made up when not given.")
    ] = "",
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add money to a customer's account and print the new balance."""
    minor = amount_of(amount, least=1)
    key = key or new_key()

    async def act(office: Office) -> int:
        async with office.transaction() as tx:
            once = uuid5(TOPUP_KEYS, key)
            balance = await register.topup(tx, customer_id, minor, once)
            # Also for a repeat under the same key, which books nothing: the balance shows it.
            details = {"amount": format_minor(minor), "balance": format_minor(balance), "key": str(once)}
            await audit.write(tx, "customer.topup", f"customer {customer_id}", details)
            return balance

    try:
        balance = run(data, database_url, act)
    except Unreachable as error:
        # It may have been booked before the connection broke: only the key makes a second try safe.
        raise OperatorError(f"{error}; to book it once and no more, repeat with --key {shlex.quote(key)}") from None
    if json:
        screen.print_json({"id": customer_id, "balance": format_minor(balance), "key": key})
    else:
        screen.out.print(f"customer {customer_id} has {format_minor(balance)}")


@app.command()
def dialect(
    customer_id: Annotated[int, typer.Argument(metavar="ID", min=1, max=MAX_ID, help="Id of the customer.")],
    name: Annotated[str, typer.Argument(metavar="DIALECT", help=f"One of {', '.join(one.name for one in DIALECTS)}.")],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Set the dialect in which a customer is answered on the plain path; the path of a dialect always wins."""
    chosen = next((one for one in DIALECTS if one.name == name), None)
    if chosen is None:
        raise OperatorError(f"there is no dialect {name!r}; there are {', '.join(one.name for one in DIALECTS)}")

    async def act(office: Office) -> None:
        async with office.transaction() as tx:
            await register.set_dialect(tx, customer_id, "" if chosen.parent is None else name)
            await audit.write(tx, "customer.dialect", f"customer {customer_id}", {"dialect": name})

    run(data, database_url, act)
    if json:
        screen.print_json({"id": customer_id, "dialect": name})
    else:
        screen.out.print(f"customer {customer_id} is answered in {name}")


@app.command("list")
def list_(json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """List all customers with what they hold."""

    async def act(office: Office) -> list[register.Listed]:
        return await register.everyone(office.pool)

    found = run(data, database_url, act)
    rows = [
        {"id": one.id, "name": one.name, "active": one.active, "balance": format_minor(one.cash),
         "currency": one.currency, "keys": one.keys, "created_at": one.created_at.isoformat(timespec="seconds")}
        for one in found
    ]  # fmt: skip
    if json:
        screen.print_json(rows)
    else:
        columns = ("id", "name", "active", "balance", "currency", "keys", "created_at")
        screen.table(columns, ([row[column] for column in columns] for row in rows))
