"""One version row per topic, bumped in the transaction of a change and polled by every node (engine 6).

A cached thing is valid only while the last look at its version is young; a node that was frozen or cut off looks again
before it answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

import structlog

from numbank.db.pool import Connection, Pool

log = structlog.get_logger("numbank")

BUMP = "update version set value = value + 1 where topic = $1"
READ = "select topic, value from version"

Changed = Callable[[], Awaitable[None]]


async def bump(connection: Connection, topic: str) -> None:
    """Tell every node that `topic` changed; takes effect with the transaction. The row lock puts changes in order."""
    await connection.execute(BUMP, topic)


class Versions:
    """Polls the versions and calls the subscribers of a topic that changed before it counts as seen."""

    def __init__(self, pool: Pool, *, poll_s: float, max_age_s: float) -> None:
        self._pool = pool
        self._poll_s = poll_s
        self._max_age_s = max_age_s
        self._seen: dict[str, int] = {}
        self._subscribers: dict[str, list[Changed]] = {}
        self._guards: dict[str, list[Changed]] = {}
        self._guarded: dict[str, int] = {}
        self._looked_at = float("-inf")
        self._looking: asyncio.Task[dict[str, int]] | None = None
        self._task: asyncio.Task[None] | None = None

    def subscribe(self, topic: str, changed: Changed) -> None:
        """`changed` runs at the first look and after each change of `topic`."""
        self._subscribers.setdefault(topic, []).append(changed)

    def guard(self, topic: str, changed: Changed) -> None:
        """Like `subscribe`, for what must be forgotten before the look counts (keys); quick, and never in need of the
        database."""
        self._guards.setdefault(topic, []).append(changed)

    @property
    def fresh(self) -> bool:
        """Whether the last look is young enough to rely on; asked per request, covers a freeze and a lost database."""
        return monotonic() - self._looked_at < self._max_age_s

    async def ensure_fresh(self) -> None:
        """Look now if the last look is too old; raises the connection error if the database cannot be asked."""
        while not self.fresh:
            # A look that somebody else began may itself be too old when it ends: then once more.
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look_at_guards())
            await asyncio.shield(self._looking)

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
        versions: dict[str, int] = dict(map(tuple, await self._pool.fetch(READ)))
        for topic, value in versions.items():
            if self._guarded.get(topic) != value:
                for changed in self._guards.get(topic, ()):
                    await changed()
                self._guarded[topic] = value
        self._looked_at = max(self._looked_at, started)
        return versions

    def start(self) -> None:
        """Poll in the background."""
        self._task = asyncio.create_task(self._poll(), name="versions")

    async def stop(self) -> None:
        """End the polling."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _poll(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:
                # Whatever it is, the next look may succeed; until then the age of the last one tells every request that
                # nothing cached may be trusted.
                log.warning("versions_not_read", error=type(error).__name__)
            await asyncio.sleep(self._poll_s)
