"""agent add."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.suppliers.agent import keys

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Agents."""


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
            return await keys.add(tx, name)

    key = run(data, database_url, act)
    if json:
        screen.print_json({"agent": name, "key": key})
    else:
        screen.out.print(f"agent {name}\nkey   {key}", markup=False)
