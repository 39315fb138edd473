"""Signals that end the program: noted at once, obeyed at the next safe place.

An exception out of a signal handler may come at any step. It loses a process that is just being started, and it breaks
asyncpg's callbacks so badly that Python crashes (both seen under load), and then a PostgreSQL is left alone.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_EVERY_S = 0.1

# Signals are the process's own, and so is what came.
_noted: list[int] = []


@contextmanager
def noted() -> Iterator[None]:
    """For as long as this lasts, Ctrl-C, SIGTERM and a closed terminal are noted; a signal that was ignored stays so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(number: int, _frame: FrameType | None) -> None:
        _noted.append(number)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # nohup
            signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _noted.clear()


def wanted() -> bool:
    """Whether the end was asked for."""
    return bool(_noted)


def obey() -> None:
    """A safe place: SystemExit if the end was asked for. Other threads than the first go on, they are ended by it."""
    if _noted and threading.current_thread() is threading.main_thread():
        raise SystemExit(128 + _noted[0])


def run(work: Coroutine[Any, Any, T]) -> T:
    """asyncio.run, which is cancelled when the end is asked for."""
    return asyncio.run(_run(work))


async def _run(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.ensure_future(work)
    while not (await asyncio.wait([task], timeout=LOOK_EVERY_S))[0]:
        if _noted:
            task.cancel()
            await asyncio.wait([task])
    if task.cancelled():
        obey()
    return task.result()
