"""How a command reaches the bank: the database it names, the running embedded one, or one that it starts for itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
import typer

from numbank.catalogue.catalogue import Catalogue
from numbank.cli.screen import say
from numbank.db import ending, migrate
from numbank.db.embedded import NotRunning, attach
from numbank.db.opening import Unreachable, one_line, opened
from numbank.db.pool import CONNECTION_ERRORS, Connection, Pool, create_pool
from numbank.errors import OperatorError
from numbank.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

Data = Annotated[str | None, typer.Option("--data", help="Data folder of the embedded database (NUMBANK_DATA).")]
DatabaseUrl = Annotated[str | None, typer.Option("--database-url", help="Any PostgreSQL >= 15 (NUMBANK_DATABASE_URL).")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

# What the columns can hold; more is refused before the database is asked.
MAX_ID = 2**63 - 1
MAX_COUNTRY = 2**31 - 1


class Office(msgspec.Struct):
    """What a command works with."""

    settings: Settings
    pool: Pool
    catalogue: Catalogue

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One transaction of an operator's act; not bound to the short time-outs of the counters."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute("set local statement_timeout = 0")
            # Not for ever: what a stopped command has locked is free again after this.
            await connection.execute("set local idle_in_transaction_session_timeout = '30s'")
            await connection.execute("set local lock_timeout = '30s'")
            yield connection


@contextmanager
def located(data: str | None, database_url: str | None) -> Iterator[Settings]:
    """The settings with a database that answers."""
    settings = load(data=data, database_url=database_url)
    if settings.database_url:
        yield settings
        return
    try:
        yield msgspec.structs.replace(settings, database_url=attach(settings.data_dir))
    except NotRunning:
        if not (settings.data_dir / "pg").is_dir():
            raise
        # The bank is closed, but its books are there: open the database for this one command.
        from numbank.server.serve import database  # noqa: PLC0415  granian is only loaded where it is needed

        with database(settings, say) as running:
            yield running


def run(data: str | None, database_url: str | None, act: Callable[[Office], Awaitable[T]]) -> T:
    """Carry out a command's act against the bank."""
    with located(data, database_url) as settings:
        return ending.run(_act(settings, act))


async def _act(settings: Settings, act: Callable[[Office], Awaitable[T]]) -> T:
    url = settings.database_url
    pool = await opened(url, create_pool(url, size=4, command_timeout_s=3600))
    try:
        async with pool.acquire() as connection:
            await migrate.check(connection)
        catalogue = Catalogue()
        await catalogue.load(pool)
        return await act(Office(settings, pool, catalogue))
    except CONNECTION_ERRORS as error:
        if isinstance(error, ValueError):  # asyncpg's word for a value that no column could take
            raise OperatorError(f"the database cannot take this: {one_line(error)}") from None
        raise Unreachable(f"the connection to the database broke: {one_line(error)}") from None
    finally:
        await pool.close()
