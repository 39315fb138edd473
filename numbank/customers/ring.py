"""Who a key belongs to, looked up in memory; what was revoked works on no node after a second (engine 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from numbank.db.pool import Pool
from numbank.db.reads import answered
from numbank.db.versions import Versions

Owner = TypeVar("Owner")

# Wrong keys are remembered too, so that hammering with them costs no query; bounded, for anybody can make them up.
MAX_REMEMBERED = 100_000


class Ring(Generic[Owner]):
    """Owners by the digests of their keys. Everything is forgotten when any key of the topic changes, and nothing is used
    that was not checked lately.

    query   gives the owner's columns for a digest, no row for a key that is not ours
    """

    def __init__(self, pool: Pool, versions: Versions, *, topic: str, query: str, owner: Callable[..., Owner]) -> None:
        self._pool = pool
        self._versions = versions
        self._query = query
        self._owner = owner
        self._known: dict[bytes, Owner | None] = {}
        self._generation = 0
        versions.guard(topic, self._forget)

    def cached(self, digest: bytes) -> Owner | None:
        """The owner if the answer is at hand and fresh; None means ask `find`."""
        return self._known.get(digest) if self._versions.fresh else None

    @answered
    async def find(self, digest: bytes) -> Owner | None:
        """The owner of a key, None for a key that is not ours. Unavailable if nobody can tell."""
        await self._versions.ensure_fresh()
        if digest in self._known:
            return self._known[digest]
        generation = self._generation
        row = await self._pool.fetchrow(self._query, digest)
        owner = self._owner(*row) if row is not None else None
        if generation == self._generation:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            self._known[digest] = owner
        return owner

    async def _forget(self) -> None:
        self._generation += 1
        self._known.clear()
