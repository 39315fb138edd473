"""Connections: the few that clerks own, and a small pool for everything that is not hot."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import asyncpg

from numbank.db.driver import quicken
from numbank.db.hosts import reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool

quicken()

# What the role gets in a migration is repeated here: a restored or foreign database may lack it (engine 6).
SESSION = {
    "application_name": "numbank",
    "timezone": "UTC",
    "jit": "off",
    "idle_in_transaction_session_timeout": "2000",
    "lock_timeout": "1000",
    "statement_timeout": "3000",
}
# Statements that were planned while a table was empty scan it for ever (engine 1.7).
HOT = SESSION | {"enable_seqscan": "off", "plan_cache_mode": "force_generic_plan"}
# The sets of a clerk are small and meet growing tables: only a look-up of each row stays quick. Other joins, planned while
# an index had one page, read it from end to end, which no count of sequential scans shows (measured: batches took three to
# six times as long after 10,000 leases).
CLERK = HOT | {"enable_mergejoin": "off", "enable_hashjoin": "off", "enable_material": "off"}

# A broken or refused connection, whatever layer noticed it.
CONNECTION_ERRORS = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg says when a backend ends while it reads
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.ReadOnlySQLTransactionError,  # no primary any more: the next connection finds the new one
)


# How long one host may take to accept a connection: of a bank that serves, and of a command, which has more patience.
HOST_S = 3.0
PATIENT_HOST_S = 20.0


async def connect(dsn: str, *, hot: bool, command_timeout_s: float) -> asyncpg.Connection[asyncpg.Record]:
    """One connection; `hot` for clerks: no sequential scans, no joins but by look-ups, generic plans."""
    host_s = min(command_timeout_s, HOST_S if hot else PATIENT_HOST_S)
    return await reach(dsn, host_s=host_s, server_settings=CLERK if hot else SESSION, command_timeout=command_timeout_s)


def connector(dsn: str, command_timeout_s: float) -> Callable[[], asyncio.Future[asyncpg.Connection[asyncpg.Record]]]:
    """A function that opens a hot connection; what a counter gets, so that tests can hand it a breaking one."""

    def open_one() -> asyncio.Future[asyncpg.Connection[asyncpg.Record]]:
        return asyncio.ensure_future(connect(dsn, hot=True, command_timeout_s=command_timeout_s))

    return open_one


async def create_pool(dsn: str, *, size: int, command_timeout_s: float, hot: bool = False) -> Pool:
    """The pool for everything beside the counters; opens its first connection at once, the others when needed.

    `hot` for a bank that serves: its statements live as long as those of the clerks, and meet the same growing tables.
    """
    opening: Any = partial(reach, host_s=min(command_timeout_s, HOST_S if hot else PATIENT_HOST_S))
    pool = await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        connect=opening,
        server_settings=HOT if hot else SESSION,
        command_timeout=command_timeout_s,
        max_inactive_connection_lifetime=300,
    )
    return pool
