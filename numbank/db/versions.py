"""One version row per topic, bumped in the transaction of a change and polled by every node (engine 6).

A cached thing is valid only while the last look at its version is young; a node that was frozen or cut off looks again
before it answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING

import structlog

from numbank.db.pool import Connection, Pool

if TYPE_CHECKING:
    import asyncpg

log = structlog.get_logger("numbank")

BUMP = "update version set value = value + 1 where topic = $1"
READ = "select topic, value from version"
# How long a look waits for the database before it counts as away, and how long a request waits for a look from then on.
LOOK_S = 2.0
PATIENCE_S = 0.7

Changed = Callable[[], Awaitable[None]]


async def bump(connection: Connection, topic: str) -> None:
    """Tell every node that `topic` changed; takes effect with the transaction. The row lock puts changes in order."""
    await connection.execute(BUMP, topic)


class Versions:
    """Polls the versions and calls the subscribers of a topic that changed before it counts as seen."""

    def __init__(
        self,
        pool: Pool,
        *,
        poll_s: float,
        max_age_s: float,
        open_one: Callable[[], Awaitable[asyncpg.Connection[asyncpg.Record]]] | None = None,
    ) -> None:
        """`open_one` opens a connection for the looks alone: those of the pool may all hang on a database that went away,
        and the looks must be the first to see that it is back."""
        self._pool = pool
        self._open = open_one
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._poll_s = poll_s
        self._max_age_s = max_age_s
        self._seen: dict[str, int] = {}
        self._subscribers: dict[str, list[Changed]] = {}
        self._guards: dict[str, list[Changed]] = {}
        self._guarded: dict[str, int] = {}
        self._looked_at = float("-inf")
        self._looking: asyncio.Task[dict[str, int]] | None = None
        self._task: asyncio.Task[None] | None = None
        self._reading = asyncio.Lock()
        self._away = False

    def subscribe(self, topic: str, changed: Changed) -> None:
        """`changed` runs at the first look and after each change of `topic`."""
        self._subscribers.setdefault(topic, []).append(changed)

    def guard(self, topic: str, changed: Changed) -> None:
        """Like `subscribe`, for what must be forgotten or known before the look counts: keys, and what is not sold to whom.

        It is quick, for requests wait for it after a freeze; while it fails nothing is answered from memory.
        """
        self._guards.setdefault(topic, []).append(changed)

    @property
    def fresh(self) -> bool:
        """Whether the last look is young enough to rely on; asked per request, covers a freeze and a lost database."""
        return monotonic() - self._looked_at < self._max_age_s

    async def ensure_fresh(self) -> None:
        """Look now if the last look is too old; raises the connection error if the database cannot be asked.

        TimeoutError at the latest: who asks while the database is known to be away is told so after PATIENCE_S, whatever a
        look still waits for. A node that was only frozen, or is slow, waits for its look.
        """
        until = monotonic() + (PATIENCE_S if self._away else LOOK_S)
        while not self.fresh:
            # A look that somebody else began may itself be too old when it ends: then once more.
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look_at_guards())
                self._looking.add_done_callback(_seen)
            looking = self._looking  # by the time it ends, somebody else may have begun the next
            done, _ = await asyncio.wait([looking], timeout=until - monotonic())
            if not done:
                raise TimeoutError("the database does not answer")
            looking.result()

    async def look(self) -> None:
        """Read all versions, and run the subscribers of those that changed.

        One that fails is run again by the next look and keeps no other topic waiting; its failure is raised in the end.
        """
        failed: Exception | None = None
        for topic, value in (await self._look_at_guards()).items():
            if self._seen.get(topic) != value:
                try:
                    for changed in self._subscribers.get(topic, ()):
                        await changed()
                except Exception as error:  # told below
                    failed = failed or error
                else:
                    self._seen[topic] = value
        if failed is not None:
            raise failed

    async def _look_at_guards(self) -> dict[str, int]:
        """Read all versions and run the guards. Counts as a look, from the moment before the question."""
        started = monotonic()
        try:
            versions = await self._read()
        except BaseException:
            self._away = True
            raise
        self._away = False
        for topic, value in versions.items():
            if self._guarded.get(topic) != value:
                for changed in self._guards.get(topic, ()):
                    await changed()
                self._guarded[topic] = value
        self._looked_at = max(self._looked_at, started)
        return versions

    async def _read(self) -> dict[str, int]:
        if self._open is None:
            return dict(map(tuple, await self._pool.fetch(READ)))
        async with self._reading:
            try:
                async with asyncio.timeout(LOOK_S):
                    if self._connection is None or self._connection.is_closed():
                        self._connection = await self._open()
                    return dict(map(tuple, await self._connection.fetch(READ)))
            except BaseException:
                self._drop()
                raise

    def _drop(self) -> None:
        """Close at once: what broke, or may hang, is not asked again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    def start(self) -> None:
        """Poll in the background."""
        self._task = asyncio.create_task(self._poll(), name="versions")

    async def stop(self) -> None:
        """End the polling."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._drop()

    async def _poll(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:
                # Whatever it is, the next look may succeed; until then the age of the last one tells every request that
                # nothing cached may be trusted.
                log.warning("versions_not_read", error=type(error).__name__)
            await asyncio.sleep(self._poll_s)


def _seen(look: asyncio.Task[dict[str, int]]) -> None:
    """Nobody may be left to see how a look failed; the age of the last one tells it."""
    if not look.cancelled():
        look.exception()
