"""Waiting for processes without a limit, and telling the operator for what."""

import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from numbank.db import ending

Say = Callable[[str], None]


def unfailing(say: Say) -> Say:
    """The same, but a terminal or a pipe that was closed stops nothing: PostgreSQL has to be looked after all the same."""

    def quietly(text: str) -> None:
        with suppress(OSError, ValueError):  # ValueError: a file object that was closed
            say(text)

    return quietly


def wait_until(
    done: Callable[[], bool], say: Say, waiting_for: Callable[[], str], *, whatever_comes: bool = False
) -> None:
    """Wait without a limit (recovery takes what it takes), but tell after 2 s and then every 5 s for what.

    `whatever_comes`: also when the program is told to end.
    """
    began = time.monotonic()
    next_word, pause = 2.0, 0.005
    while not done():
        if not whatever_comes:
            ending.obey()
        waited = time.monotonic() - began
        if waited >= next_word:
            say(f"{waiting_for()} ({waited:.0f} s)")
            next_word += 5.0
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def is_gone(process: psutil.Process) -> bool:
    """Tell whether a process that is not our child is dead; a container's pid 1 may never bury it."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
