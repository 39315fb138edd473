"""The database as a simulated node sees it: connections and a pool whose every statement goes through the gate.

A handful of real connections stand behind all of them. One is borrowed from "begin" to the end of the transaction.
"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any, Self

import asyncpg
import msgspec

if TYPE_CHECKING:
    from tests.sim.gate import Gate, Real
    from tests.sim.node import Node

_backends = count(1_000_001)


class Statement(msgspec.Struct, eq=False):
    """One call that waits at the gate. `how` is the method of asyncpg's connection."""

    session: Session
    how: str
    sql: str
    args: tuple[Any, ...]
    future: asyncio.Future[Any]

    @property
    def ends(self) -> bool:
        """Whether it ends a transaction."""
        return self.sql.endswith("commit") or self.sql == "rollback"

    @property
    def writes(self) -> bool:
        """Whether it may have changed something."""
        return not self.sql.startswith(("select", "begin", "rollback"))


class Session:
    """What asyncpg calls a connection, as far as the bank uses it."""

    def __init__(self, gate: Gate, node: Node, name: str) -> None:
        self._gate = gate
        self.node = node
        self.name = name
        self.backend = next(_backends)
        self.real: Real | None = None
        self.begun = False  # a transaction of which the server has not heard yet
        self.broken = False
        self.wrote = False  # in the transaction that is open

    async def _say(self, how: str, sql: str, *args: Any) -> Any:
        if self.broken:
            raise asyncpg.InterfaceError("connection is closed")
        return await self._gate.say(self, how, sql, args)

    async def execute(self, sql: str, *args: Any) -> Any:
        return await self._say("execute", sql, *args)

    async def fetch(self, sql: str, *args: Any) -> Any:
        return await self._say("fetch", sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        return await self._say("fetchrow", sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        return await self._say("fetchval", sql, *args)

    async def executemany(self, sql: str, rows: Any) -> Any:
        return await self._say("executemany", sql, list(rows))

    def transaction(self) -> Transaction:
        return Transaction(self)

    def get_server_pid(self) -> int:
        return self.backend

    def add_log_listener(self, _listener: object) -> None:
        """No server here warns of anything."""

    def remove_log_listener(self, _listener: object) -> None:
        """Nor did it."""

    def is_closed(self) -> bool:
        return self.broken

    def terminate(self) -> None:
        """Closed at once; what it had open is rolled back by the server."""
        self.broken = True
        self._gate.let_go(self)

    async def close(self) -> None:
        self.terminate()


class Transaction:
    """`async with connection.transaction()`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def __aenter__(self) -> Self:
        await self._session.execute("begin")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, asyncio.CancelledError | GeneratorExit):
            self._session.terminate()
        elif not self._session.broken:
            await self._session.execute("commit" if kind is None else "rollback")


class Pool:
    """What asyncpg calls a pool: a session for every caller."""

    def __init__(self, gate: Gate, node: Node) -> None:
        self._gate = gate
        self._node = node

    def acquire(self) -> Acquired:
        return Acquired(Session(self._gate, self._node, "pool"))

    async def execute(self, sql: str, *args: Any) -> Any:
        return await Session(self._gate, self._node, "pool").execute(sql, *args)

    async def fetch(self, sql: str, *args: Any) -> Any:
        return await Session(self._gate, self._node, "pool").fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        return await Session(self._gate, self._node, "pool").fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        return await Session(self._gate, self._node, "pool").fetchval(sql, *args)


class Acquired:
    """`async with pool.acquire()`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def __aenter__(self) -> Session:
        return self._session

    async def __aexit__(self, *_: object) -> None:
        self._session.terminate()
