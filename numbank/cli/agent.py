"""agent add, key, revoke."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.customers import audit
from numbank.customers.keys import digest_of
from numbank.errors import OperatorError
from numbank.suppliers.agent import keys

app = typer.Typer(no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Name of the agent; its numbers are added with number add --agent NAME.")],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add an agent and print its key, with which it pushes messages to /agent/api/sms. The key is shown this once."""

    async def act(office: Office) -> str:
        async with office.transaction() as tx:
            key = await keys.add(tx, name)
            await audit.write(tx, "agent.add", f"agent {name}", {})
            return key

    _show(name, run(data, database_url, act), json=json)


@app.command()
def key(
    name: Annotated[str, typer.Argument(help="Name of the agent.")],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Give an agent one more key, so that it can change keys without a pause; the old one works until it is revoked."""

    async def act(office: Office) -> str:
        async with office.transaction() as tx:
            key = await keys.issue(tx, name)
            await audit.write(tx, "agent.key", f"agent {name}", {})
            return key

    _show(name, run(data, database_url, act), json=json)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The agent's key.")],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Revoke an agent's key; on every node within a second."""

    async def act(office: Office) -> str | None:
        async with office.transaction() as tx:
            name = await keys.revoke(tx, digest_of(key))
            if name is not None:
                await audit.write(tx, "agent.revoke", f"agent {name}", {})
            return name

    name = run(data, database_url, act)
    if name is None:
        raise OperatorError("this is not a live key of an agent")
    if json:
        screen.print_json({"agent": name, "revoked": 1})
    else:
        screen.out.print(f"revoked a key of agent {name}", markup=False)


def _show(name: str, key: str, *, json: bool) -> None:
    if json:
        screen.print_json({"agent": name, "key": key})
    else:
        screen.out.print(f"agent {name}\nkey   {key}", markup=False)
