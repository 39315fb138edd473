"""The sweep of due leases: one that cannot be ended does not hold up the others, and is tried again later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from numbank.errors import BadStatus, Unavailable
from numbank.server.sweeping import sweep

pytestmark = pytest.mark.unit


class Due:
    """A pool that knows which leases are due, and a counter that cannot end some of them."""

    def __init__(self, due: Sequence[int], broken: set[int]) -> None:
        self.due = list(due)
        self.broken = broken
        self.asked: list[int] = []

    async def fetch(self, _sql: str, _now: datetime, limit: int, stuck: list[int]) -> list[tuple[int]]:
        return [(one,) for one in self.due if one not in stuck][:limit]

    async def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    async def end(self, row: Any) -> object:
        self.asked.append(row[0])
        if row[0] in self.broken:
            return Unavailable()
        self.due.remove(row[0])
        return BadStatus() if row[0] == 2 else None  # somebody was faster: that is no trouble


def swept(due: Due, batch: int) -> tuple[Any, Any]:
    """The steps of both workers."""
    settings = SimpleNamespace(batch_sweep=batch, sweep_every_s=1.0)
    bank: Any = SimpleNamespace(settings=settings, pool=due, now=due.now)
    expire, forgive = sweep(bank, "test", "select", due.end)
    assert [expire.name, forgive.name] == ["test", "test-stuck"]
    return expire._step, forgive._step


async def test_one_that_cannot_be_ended_does_not_hold_up_the_others() -> None:
    due = Due([1, 2, 3, 4], broken={1})
    expire, forgive = swept(due, batch=2)
    assert [await expire() for _ in range(3)] == [1, 2, 0]
    assert due.asked == [1, 2, 3, 4]
    assert due.due == [1]
    await forgive()
    due.broken.clear()
    assert await expire() == 1
    assert due.due == []
