"""key revoke."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank.cli import screen
from numbank.cli.access import MAX_ID, Data, DatabaseUrl, Json, Office, run
from numbank.customers import audit, keys, register
from numbank.errors import OperatorError

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """API keys."""


@app.command()
def revoke(
    key: Annotated[str | None, typer.Argument(help="The API key; or give --customer.")] = None,
    customer: Annotated[
        int | None, typer.Option("--customer", min=1, max=MAX_ID, help="Revoke every key of this customer.")
    ] = None,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Revoke one key, or all keys of a customer; on every node within a second."""
    if (key is None) == (customer is None):
        raise OperatorError("give either a key or --customer ID")

    async def act(office: Office) -> tuple[int, int]:
        async with office.transaction() as tx:
            if customer is not None:
                await register.must_exist(tx, customer)
                owner, count = customer, await keys.revoke_all(tx, customer)
            else:
                found = await keys.revoke(tx, keys.digest_of(key or ""))
                if found is None:
                    raise OperatorError("this is not a live key of this bank")
                owner, count = found, 1
            await audit.write(tx, "key.revoke", f"customer {owner}", {"keys": count, "all": customer is not None})
            return owner, count

    owner, count = run(data, database_url, act)
    if json:
        screen.print_json({"customer": owner, "revoked": count})
    else:
        screen.out.print(f"revoked {count} key{'' if count == 1 else 's'} of customer {owner}")
