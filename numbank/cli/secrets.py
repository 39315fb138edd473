"""secrets rotate: another key for what is sealed in the database."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import Progress

from numbank import secrets
from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.customers import audit
from numbank.db.seals import Seals
from numbank.errors import OperatorError
from numbank.hooks import book
from numbank.software import stock

app = typer.Typer(no_args_is_help=True)

# Licence keys that are sealed again in one transaction: none of them is sold meanwhile.
BATCH = 500


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
    """Seal every secret with a new key; the one that --prepare made, or one made now. A rotation that was cut short is run
    again and goes on with its key."""
    if prepare and drop_old:
        raise OperatorError("give either --prepare or --drop-old")

    async def act(office: Office) -> tuple[int, int, int, int]:
        seals = Seals(office.settings.secrets_path)
        file = await seals.opener(office.pool)  # never with a file that is not this bank's
        if prepare or (file.count == 1 and not drop_old):
            secrets.append_key(seals.path)
        if not prepare and not drop_old:
            secrets.promote_key(seals.path)
        async with office.transaction() as tx:
            count = keys = 0
            if not prepare:
                count = await book.reseal(tx, seals)
                await stock.reseal_pepper(tx, seals)
                keys = await stock.how_many(tx)
            step = "prepare" if prepare else "drop-old" if drop_old else "rotate"
            details = {"step": step, "sealed": count, "licence_keys": keys}
            await audit.write(tx, "secrets.rotate", str(seals.path), details)
        if keys:
            keys = await _reseal_keys(office, seals, keys)
        # Only after the commits: until then the old keys open what is in the database.
        dropped = secrets.drop_old_keys(seals.path) if drop_old else 0
        return count, keys, dropped, secrets.KeyFile.read(seals.path).count

    count, keys, dropped, left = run(data, database_url, act)
    if json:
        screen.print_json({"sealed": count + keys, "dropped_keys": dropped, "keys": left})
    else:
        told = (
            f"sealed the secrets of {count} webhooks and {keys} licence keys, dropped {dropped} keys;"
            f" the file has {left}"
        )
        screen.out.print(told, markup=False)


async def _reseal_keys(office: Office, seals: Seals, total: int) -> int:
    """Seal the licence keys, some at a time, so that sales go on; gives how many. Cut short it is run again."""
    done = last = 0
    with Progress(console=screen.err, disable=not screen.err.is_terminal) as bar:
        task = bar.add_task("sealing licence keys", total=total)
        while True:
            async with office.transaction() as tx:
                count, last = await stock.reseal_some(tx, seals, last, BATCH)
            if not count:
                return done
            done += count
            bar.advance(task, count)
