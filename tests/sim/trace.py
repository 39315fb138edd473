"""What happened in a world, in order: a digest of all of it, and the last lines for whoever has to understand it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from typing import Any

LAST = 60


class Trace:
    """Call it with a line. The digest is equal for two runs exactly if every line was."""

    def __init__(self) -> None:
        self._state = blake2b(digest_size=16)
        self.last: deque[str] = deque(maxlen=LAST)
        self.lines = 0
        self.keep: list[str] | None = None  # all lines, for whoever compares two runs
        self.now: Callable[[], float] = lambda: 0.0

    def __call__(self, line: str) -> None:
        line = f"{self.now():10.3f} {line}"
        self._state.update(line.encode())
        self.last.append(line)
        self.lines += 1
        if self.keep is not None:
            self.keep.append(line)

    def statement(self, node: str, name: str, sql: str, answer: Any) -> None:
        """A statement and how much it gave."""
        self(f"{node}.{name} {_short(sql)} = {size(answer)}")

    @property
    def digest(self) -> str:
        """Of all lines so far."""
        return self._state.hexdigest()


@cache
def _short(sql: str) -> str:
    return " ".join(sql[:90].split())[:64]


def size(answer: Any) -> str:
    """An answer as the trace tells it: how many rows, or the value, or what went wrong."""
    if isinstance(answer, list):
        return f"{len(answer)} rows"
    if isinstance(answer, BaseException):
        return type(answer).__name__
    return str(answer)[:80]
