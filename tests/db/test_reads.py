"""Reads beside the counters refuse like a counter does."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from numbank.db import reads
from numbank.errors import Overloaded, Unavailable

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "error",
    [ConnectionRefusedError(), TimeoutError(), asyncpg.TooManyConnectionsError("x"), asyncpg.QueryCanceledError("x")],
)
async def test_a_database_that_does_not_answer_is_a_refusal(error: Exception) -> None:
    @reads.answered
    async def read() -> int:
        raise error

    with pytest.raises(Unavailable):
        await read()


async def test_no_more_wait_than_the_bound_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "MOST_WAITING", 2)
    gate = asyncio.Event()

    @reads.answered
    async def read() -> int:
        await gate.wait()
        return 1

    waiting = [asyncio.ensure_future(read()) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await read()
    gate.set()
    assert await asyncio.gather(*waiting) == [1, 1]
    assert await read() == 1
