"""An event loop whose time is the simulation's: it jumps to the next timer as soon as nobody has anything to do.

Python runs first, always. Only when every task waits is the gate asked for the next statement, and only while a statement is
at the database does the loop wait for a socket. So the order of everything is decided by the seed and never by the machine.
"""

from __future__ import annotations

import asyncio
import heapq
import selectors
from collections.abc import Callable
from itertools import count
from typing import Any

STALL_S = 0.001
"""A statement that takes longer (real seconds) may wait for a lock: somebody should look."""


class Stuck(AssertionError):  # noqa: N818  a state of the world
    """Everybody waits for something that never comes."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` is virtual, in seconds. `listening` > 0: a statement is out, so real sockets are waited for.

    `idle` is called when no task can run and no statement is out; it says whether it found something to do.
    `stalled` is called when the statement that is out takes its time.
    """

    def __init__(self) -> None:
        self.now_s = 0.0
        self.listening = 0
        self.idle: Callable[[], bool] = lambda: False
        self.stalled: Callable[[], None] = lambda: None
        self._turns = count()
        self.tasks: dict[asyncio.Task[Any], None] = {}
        super().__init__(_Patient(self))
        # A node that ended leaves tasks that nobody refers to: as garbage they would end whenever it suits Python.
        self.set_task_factory(self._keep)

    def _keep(self, loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(work, loop=loop, **more)
        self.tasks[task] = None
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self.tasks.pop(task, None)

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
    """Sockets are looked at only when there is nothing else to do."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What the loop does between two rounds of callbacks."""
        if timeout is not None and timeout <= 0:
            return []
        loop = self._loop
        if loop.listening:
            ready: list[tuple[selectors.SelectorKey, Any]] = super().select(STALL_S)
            if not ready:
                loop.stalled()
            return ready
        if loop.idle():
            return []
        if timeout is None:
            raise Stuck("every task waits, and no time will come")
        loop.now_s += timeout
        return []
