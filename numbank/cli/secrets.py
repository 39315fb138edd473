"""secrets rotate: another key for what is sealed in the database."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank import secrets
from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.customers import audit
from numbank.db.seals import Seals
from numbank.errors import OperatorError
from numbank.hooks import book

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """The key file."""


@app.command()
def rotate(
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Only put a new key into the file, to copy it to the other nodes first.")
    ] = False,
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="Take all keys but the sealing one out of the file: the last step.")
    ] = False,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Seal every secret with a new key; the one that --prepare made, or one made now."""
    if prepare and drop_old:
        raise OperatorError("give either --prepare or --drop-old")

    async def act(office: Office) -> tuple[int, int, int]:
        seals = Seals(office.settings.secrets_path)
        file = await seals.opener(office.pool)  # never with a file that is not this bank's
        if prepare or (file.count == 1 and not drop_old):
            secrets.append_key(seals.path)
        if not prepare and not drop_old:
            secrets.promote_key(seals.path)
        async with office.transaction() as tx:
            count = 0 if prepare else await book.reseal(tx, seals)
            step = "prepare" if prepare else "drop-old" if drop_old else "rotate"
            await audit.write(tx, "secrets.rotate", str(seals.path), {"step": step, "sealed": count})
        # Only after the commit: until then the old keys open what is in the database.
        dropped = secrets.drop_old_keys(seals.path) if drop_old else 0
        return count, dropped, secrets.KeyFile.read(seals.path).count

    count, dropped, left = run(data, database_url, act)
    if json:
        screen.print_json({"sealed": count, "dropped_keys": dropped, "keys": left})
    else:
        told = f"sealed the secrets of {count} webhooks, dropped {dropped} keys; the file has {left}"
        screen.out.print(told, markup=False)
