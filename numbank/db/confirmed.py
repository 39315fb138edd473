"""A transaction outside of a counter whose commit must be what it seems before anything is told outside of the bank."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from numbank.db.pool import Connection, Pool

if TYPE_CHECKING:
    import asyncpg


class Unconfirmed(ConnectionError):  # noqa: N818  a state of knowledge, not a mistake
    """The commit shows, and a fail-over may undo it: somebody broke its wait for the synchronous standby off."""


@asynccontextmanager
async def confirmed(pool: Pool) -> AsyncIterator[Connection]:
    """A transaction on a connection of the pool. Unconfirmed when PostgreSQL answered its commit with a warning.

    A commit without one stands for all that it could read as well: the standby has what was written before it.
    """
    warnings: list[object] = []

    def hear(_connection: object, message: asyncpg.PostgresLogMessage) -> None:
        if message.severity_en == "WARNING":
            warnings.append(message)

    async with pool.acquire() as connection:
        connection.add_log_listener(hear)
        try:
            async with connection.transaction():
                yield connection
                warnings.clear()  # those of statements are not about the commit
        finally:
            connection.remove_log_listener(hear)
    if warnings:
        raise Unconfirmed
