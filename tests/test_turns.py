"""Work that is let go on bit by bit."""

from __future__ import annotations

import asyncio
import time

import pytest

from numbank.turns import TURN_S, Turns

pytestmark = pytest.mark.unit

EACH = 2


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a turn takes on this machine."""
    monkeypatch.setattr("numbank.turns.perf_counter", lambda: 0.0)


class Clock:
    """Counts the turns of the loop."""

    def __init__(self) -> None:
        self.turn = 0
        self._next()

    def _next(self) -> None:
        self.turn += 1
        self._handle = asyncio.get_running_loop().call_soon(self._next)

    def stop(self) -> None:
        self._handle.cancel()


async def begun(turns: Turns, clock: Clock, name: int, seen: list[tuple[int, int]]) -> None:
    await turns.wait()
    seen.append((clock.turn, name))


@pytest.mark.usefixtures("still")
async def test_so_many_begin_in_a_turn_of_the_loop_in_the_order_in_which_they_came() -> None:
    turns, clock, seen = Turns(EACH), Clock(), list[tuple[int, int]]()
    await asyncio.gather(*(begun(turns, clock, name, seen) for name in range(7)))
    clock.stop()
    assert [name for _, name in seen] == list(range(7))
    when = [turn for turn, _ in seen]
    assert max(when.count(turn) for turn in when) == EACH
    assert when == sorted(when)


@pytest.mark.usefixtures("still")
async def test_who_comes_while_others_wait_is_behind_them() -> None:
    turns, clock, seen = Turns(EACH), Clock(), list[tuple[int, int]]()
    first = [asyncio.create_task(begun(turns, clock, name, seen)) for name in range(5)]
    await asyncio.sleep(0)
    assert [name for _, name in seen] == [0, 1]
    last = asyncio.create_task(begun(turns, clock, 9, seen))
    await asyncio.gather(*first, last)
    clock.stop()
    assert [name for _, name in seen] == [0, 1, 2, 3, 4, 9]


@pytest.mark.usefixtures("still")
async def test_results_are_given_in_their_turns_too_but_not_to_who_went_away() -> None:
    turns, loop = Turns(EACH), asyncio.get_running_loop()
    futures: list[asyncio.Future[int]] = [loop.create_future() for _ in range(6)]
    futures[3].cancel()
    for name, future in enumerate(futures):
        turns.give(future, name)
    given = [[name for name, future in enumerate(futures) if future.done() and not future.cancelled()]]
    while len(given[-1]) < 5:
        await asyncio.sleep(0)
        given.append([name for name, future in enumerate(futures) if future.done() and not future.cancelled()])
    assert given == [[0, 1], [0, 1, 2, 4], [0, 1, 2, 4, 5]]
    assert [future.result() for future in futures if not future.cancelled()] == [0, 1, 2, 4, 5]


async def test_long_turns_let_more_go_on() -> None:
    """A worker whose turns are long for other reasons, such as many polls, would starve those who wait."""
    turns, clock, seen = Turns(EACH), Clock(), list[tuple[int, int]]()

    def busy() -> None:
        until = time.perf_counter() + 10 * TURN_S
        while time.perf_counter() < until:
            pass
        handles.append(asyncio.get_running_loop().call_soon(busy))

    handles = [asyncio.get_running_loop().call_soon(busy)]
    await asyncio.gather(*(begun(turns, clock, name, seen) for name in range(102)))
    clock.stop()
    handles[-1].cancel()
    assert [name for _, name in seen] == list(range(102))
    assert seen[-1][0] - seen[0][0] <= 100 / (10 * EACH) + 1


async def test_who_comes_alone_does_not_wait() -> None:
    turns = Turns(EACH)
    for _ in range(3):
        waiting = turns.wait()
        with pytest.raises(StopIteration):  # it is over with its first step
            waiting.send(None)
        await asyncio.sleep(0)


@pytest.mark.usefixtures("still")
async def test_who_went_away_takes_nobody_s_turn() -> None:
    turns, clock, seen = Turns(EACH), Clock(), list[tuple[int, int]]()
    tasks = [asyncio.create_task(begun(turns, clock, name, seen)) for name in range(6)]
    await asyncio.sleep(0)
    for gone in tasks[2:4]:
        gone.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    clock.stop()
    assert [name for _, name in seen] == [0, 1, 4, 5]
    assert seen[2][0] == seen[3][0], "in one turn, though two of four were gone"
