"""Lets waiting work begin bit by bit, so that the loop hears of other things in between."""

from __future__ import annotations

import asyncio
from collections import deque


class Turns:
    """At most `each` begin in one turn of the loop, in the order in which they came. For one loop.

    What a whole set of callers does at once, for each of them longer than a statement takes, keeps the clerk from what the
    database answered meanwhile: first the database waits for the loop, then the loop for the database.
    """

    def __init__(self, each: int) -> None:
        self._each = each
        self._left = each
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._ticks = False

    async def wait(self) -> None:
        """Return when it is the caller's turn."""
        loop = asyncio.get_running_loop()
        if not self._ticks:
            self._ticks = True
            loop.call_soon(self._tick)
        if self._left and not self._waiting:
            self._left -= 1
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _tick(self) -> None:
        """A turn of the loop has begun."""
        self._left = self._each
        self._ticks = bool(self._waiting)
        if self._ticks:
            asyncio.get_running_loop().call_soon(self._tick)
        while self._left and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._left -= 1
