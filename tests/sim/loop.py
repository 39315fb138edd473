"""An event loop whose time is the simulation's: it jumps to the next timer as soon as nobody has anything to do.

Python runs first, always. Only when every task waits is the gate asked for the next statement; it waits for the answer and
nothing runs meanwhile. So the order of everything is decided by the seed and never by the machine.
"""

from __future__ import annotations

import asyncio
import heapq
import selectors
from collections.abc import Callable
from itertools import count
from typing import Any

FEW = 1_000


class Stuck(AssertionError):  # noqa: N818  a state of the world
    """Everybody waits for something that never comes."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` is virtual, in seconds. `idle` is called when no task can run; it says whether it did something."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.idle: Callable[[], bool] = lambda: False
        self._turns = count()
        self.tasks: list[asyncio.Task[Any]] = []
        self._many = FEW
        super().__init__(_Patient(self))
        # A node that ended leaves tasks that nobody refers to: as garbage they would end whenever it suits Python.
        self.set_task_factory(self._keep)

    def _keep(self, loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(work, loop=loop, **more)
        self.tasks.append(task)
        if len(self.tasks) > self._many:
            self.tasks = self.unfinished
            self._many = FEW + 2 * len(self.tasks)
        return task

    @property
    def unfinished(self) -> list[asyncio.Task[Any]]:
        """Tasks that still run, in the order in which they began."""
        return [task for task in self.tasks if not task.done()]

    def call_at(  # type: ignore[override]  # typeshed ties *args to the callback with a type variable tuple
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """Timers of one moment go off in the order in which they were set; asyncio's own heap leaves that open."""
        timer = _Timer(when, callback, args, self, context)
        timer.turn = next(self._turns)
        heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined]
        timer._scheduled = True  # type: ignore[attr-defined]
        return timer

    def time(self) -> float:
        """Virtual seconds since the world began."""
        return self.now_s


class _Timer(asyncio.TimerHandle):
    """A timer that knows its turn."""

    turn = 0

    def __lt__(self, other: Any) -> bool:
        return (self._when, self.turn) < (other._when, other.turn)  # type: ignore[attr-defined]


class _Patient(selectors.EpollSelector):
    """There are no sockets: a round of callbacks without anything to do is a turn of the gate, or time passes."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What the loop does between two rounds of callbacks."""
        if timeout is not None and timeout <= 0:
            return []
        loop = self._loop
        if loop.idle():
            return []
        if timeout is None:
            raise Stuck("every task waits, and no time will come")
        loop.now_s += timeout
        return []
