"""Warnings that are said again and again, as while the database is away: the first at once, then one in a while."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import structlog
from structlog.typing import EventDict

EVERY_S = 10.0
# Different lines that are remembered; whoever has more to say is not held back.
MOST = 1_000
_CHANGES = frozenset({"timestamp", "exc_info"})


class Repeats:
    """A processor of structlog. A warning that equals one of the last ten seconds in every field is not written but
    counted; the next one after them carries the count as `repeated`. Errors are always written.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._said: dict[tuple[tuple[str, str], ...], tuple[float, int]] = {}

    def __call__(self, _logger: object, _method: str, event: EventDict) -> EventDict:
        """The line with its count; DropEvent when it is one of many."""
        if event.get("level") != "warning":
            return event
        now = self._clock()
        what = tuple(sorted((name, str(value)) for name, value in event.items() if name not in _CHANGES))
        at, held_back = self._said.get(what, (float("-inf"), 0))
        if now - at < EVERY_S:
            self._said[what] = at, held_back + 1
            raise structlog.DropEvent
        if len(self._said) >= MOST:
            self._said = {one: told for one, told in self._said.items() if now - told[0] < EVERY_S}
        if len(self._said) < MOST:
            self._said[what] = now, 0
        if held_back:
            event["repeated"] = held_back
        return event
