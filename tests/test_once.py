"""Work that several callers want at the same time is done once."""

from __future__ import annotations

import asyncio

import pytest

from numbank.once import Once

pytestmark = pytest.mark.unit


async def test_callers_at_the_same_time_share_the_work_and_later_ones_do_it_again() -> None:
    once = Once()
    begun: list[str] = []
    both, gate = asyncio.Event(), asyncio.Event()

    async def make() -> int:
        begun.append("x")
        if len(begun) == 2:
            both.set()
        await gate.wait()
        return len(begun)

    callers = [asyncio.create_task(once("a", make)) for _ in range(3)]
    other = asyncio.create_task(once("b", make))
    await both.wait()
    gate.set()
    assert (await asyncio.gather(*callers), await other) == ([2, 2, 2], 2)
    assert begun == ["x", "x"]
    assert await once("a", make) == 3


async def test_a_failure_reaches_everybody_and_is_not_kept() -> None:
    once = Once()

    async def broken() -> int:
        raise LookupError("nothing there")

    async def whole() -> int:
        return 1

    found = await asyncio.gather(once("a", broken), once("a", broken), return_exceptions=True)
    assert [type(one) for one in found] == [LookupError, LookupError]
    assert await once("a", whole) == 1


async def test_a_caller_who_goes_away_does_not_take_the_work_along() -> None:
    once = Once()
    gate = asyncio.Event()

    async def make() -> int:
        await gate.wait()
        return 1

    first, second = asyncio.create_task(once("a", make)), asyncio.create_task(once("a", make))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    gate.set()
    assert first.cancelled()
    assert await second == 1
