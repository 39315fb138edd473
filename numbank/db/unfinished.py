"""The mark of a database that a restore is filling: as long as it is there, nothing serves it and nothing migrates it."""

from __future__ import annotations

from pathlib import Path

from numbank.db.pool import Connection
from numbank.errors import OperatorError

TABLE = "restoring"
MARK = f"create table {TABLE} (source text not null, as_of timestamptz not null, began_at timestamptz default now())"
NOTE = f"insert into {TABLE} (source, as_of) values ($1, $2)"  # noqa: S608  a constant
UNMARK = f"drop table {TABLE}"
MARKED = f"select to_regclass('public.{TABLE}')"
# The folder in a data folder in which the embedded database is restored, until it is whole.
FOLDER = "restore.unfinished"


async def refuse(connection: Connection) -> None:
    """OperatorError when a restore into this database is going on or was cut short."""
    if await connection.fetchval(MARKED) is not None:
        raise OperatorError(
            "a restore into this database is not finished: wait for it, or run the same `numbank restore` again, which"
            " empties the database and starts over"
        )


def refuse_folder(data: Path) -> None:
    """OperatorError when a restore into this data folder is going on or was cut short: no new bank may take its place."""
    if (data / FOLDER).exists():
        raise OperatorError(
            f"a restore into {data} is not finished: wait for it, or run the same `numbank restore` again, which starts"
            f" over; to give it up remove {data / FOLDER}"
        )
