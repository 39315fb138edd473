"""Lets waiting work go on bit by bit, so that the loop hears of other things in between."""

from __future__ import annotations

import asyncio
from collections import deque
from time import perf_counter
from typing import Any

# A turn that is longer than this is long for other reasons: then more go on in the next one, or they would starve.
TURN_S = 0.0003


class Turns:
    """So many go on in one turn of the loop, in the order in which they came: `each`, or `each` for every TURN_S that the
    turn before took. For one loop.

    What a whole set of callers does at once, for each of them longer than a statement takes, keeps the clerk from what the
    database answered meanwhile: first the database waits for the loop, then the loop for the database.
    """

    def __init__(self, each: int) -> None:
        self._each = each
        self._left = each
        self._began = 0.0
        self._waiting: deque[tuple[asyncio.Future[Any], Any]] = deque()
        self._ticks = False

    def give(self, future: asyncio.Future[Any], result: object) -> None:
        """Set a result when it is its turn; never, when nobody waits for it any more."""
        if not self._ticks:
            self._ticks = True
            self._left = self._each
            self._began = perf_counter()
            asyncio.get_running_loop().call_soon(self._tick)
        self._waiting.append((future, result))
        self._go_on()

    async def wait(self) -> None:
        """Return when it is the caller's turn."""
        turn = asyncio.get_running_loop().create_future()
        self.give(turn, None)
        await turn

    def _tick(self) -> None:
        """A turn of the loop has begun."""
        self._ticks = bool(self._waiting)
        if self._ticks:
            now = perf_counter()
            self._left = max(self._each, int(self._each * (now - self._began) / TURN_S))
            self._began = now
            asyncio.get_running_loop().call_soon(self._tick)
            self._go_on()

    def _go_on(self) -> None:
        while self._left and self._waiting:
            future, result = self._waiting.popleft()
            if not future.done():
                future.set_result(result)
                self._left -= 1
