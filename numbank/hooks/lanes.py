"""Who may use how many connections, so that a slow endpoint holds up nobody but itself."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable

import msgspec

# An endpoint that is slow, or that nobody knows yet, gets this many at once.
CAUTIOUS = 2
# Endpoints whose pace is remembered; who was not heard of for longest is forgotten and counts as unknown again.
MOST_REMEMBERED = 10_000


class Rooms(msgspec.Struct, frozen=True):
    """How much may be taken now: in all, for the endpoints that are named, for any other one, for all others together."""

    free: int
    hook_ids: list[int]
    rooms: list[int]
    others: int
    strangers: int


class Lanes:
    """Counts what runs. Slow endpoints together never use more than half of all connections, new ones never more than a
    quarter, and a quarter is left for those that are known as quick: whoever makes new ones that hang fills no house."""

    def __init__(self, total: int, per_endpoint: int, slow_s: float, monotonic: Callable[[], float]) -> None:
        self._total = total
        self._per_endpoint = per_endpoint
        self._slow_s = slow_s
        self._monotonic = monotonic
        self._running: dict[int, list[float]] = {}
        self._slow: OrderedDict[int, bool] = OrderedDict()  # by endpoint, whose turn it is first

    def took(self, hook_id: int) -> float:
        """A try begins; gives the mark that ends it."""
        mark = self._monotonic()
        self._running.setdefault(hook_id, []).append(mark)
        return mark

    def ended(self, hook_id: int, mark: float) -> None:
        """A try is over; how long it took tells the pace of its endpoint."""
        running = self._running[hook_id]
        running.remove(mark)
        if not running:
            del self._running[hook_id]
        self._slow[hook_id] = self._monotonic() - mark >= self._slow_s
        if len(self._slow) > MOST_REMEMBERED:
            self._slow.popitem(last=False)

    def rooms(self) -> Rooms:
        """What may be taken now."""
        now = self._monotonic()
        running = Counter({hook_id: len(marks) for hook_id, marks in self._running.items()})
        slow = {hook_id for hook_id, is_slow in self._slow.items() if is_slow}
        slow |= {hook_id for hook_id, marks in self._running.items() if now - marks[0] >= self._slow_s}
        left = self._total // 2 - sum(running[hook_id] for hook_id in slow)
        unheard = [hook_id for hook_id in self._running if hook_id not in self._slow]
        new = [hook_id for hook_id in unheard if hook_id not in slow]
        young, quarter = sum(running[hook_id] for hook_id in new), max(1, self._total // 4)
        strangers = min(quarter, self._total - quarter - sum(running[hook_id] for hook_id in slow)) - young
        rooms: dict[int, int] = {}
        for hook_id in [*self._slow, *(each for each in unheard if each in slow)]:
            if hook_id in slow:
                rooms[hook_id] = max(0, min(CAUTIOUS - running[hook_id], left))
                left -= rooms[hook_id]
            else:
                rooms[hook_id] = max(0, self._per_endpoint - running[hook_id])
        for hook_id in new:
            rooms[hook_id] = max(0, min(CAUTIOUS - running[hook_id], strangers))
            strangers -= rooms[hook_id]
        for hook_id, room in rooms.items():
            if room and hook_id in slow and hook_id in self._slow:
                self._slow.move_to_end(hook_id)  # next time the others come first
        free = self._total - sum(running.values())
        others = min(CAUTIOUS, self._per_endpoint)
        return Rooms(max(0, free), list(rooms), list(rooms.values()), others, max(0, strangers))
