"""A transaction outside of a counter whose commit must be what it seems before anything is told outside of the bank."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from numbank.db.commits import Warned
from numbank.db.pool import Connection, Pool


class Unconfirmed(ConnectionError):  # noqa: N818  a state of knowledge, not a mistake
    """The commit shows, and a fail-over may undo it: somebody broke its wait for the synchronous standby off."""


@asynccontextmanager
async def confirmed(pool: Pool) -> AsyncIterator[Connection]:
    """A transaction on a connection of the pool. Unconfirmed when PostgreSQL answered its commit with a warning.

    A commit without one stands for all that it could read as well: the standby has what was written before it.
    """
    warned = Warned()
    async with pool.acquire() as connection:
        connection.add_log_listener(warned)
        try:
            async with connection.transaction():
                yield connection
                warned.heard = False  # what statements were warned of is not about the commit
        finally:
            connection.remove_log_listener(warned)
    if warned.heard:
        raise Unconfirmed
