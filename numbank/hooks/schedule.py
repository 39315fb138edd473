"""When a webhook is tried again: at most 8 tries inside 2 hours, with growing gaps (protocol.md 9.1, 12.7)."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from numbank.hooks.model import Event, Failure, Outcome, State, Task

MOST_TRIES = 8
WINDOW_S = 7_200.0
# After the first, the second ... try; together 102 minutes, so that the jitter stays inside the window.
GAPS_S = (10.0, 30.0, 90.0, 300.0, 900.0, 1_800.0, 3_000.0)
# A share of the gap, up or down: endpoints that failed together are not tried together again.
JITTER = 0.15


def next_try(tries: int, started_at: datetime, now: datetime, chance: float, timeout_s: float) -> datetime | None:
    """When to try again after `tries` failures, None to give up. `chance` is a number in [0, 1) that spreads the tries.

    The last try is over inside the window, also when earlier ones came late; a bank that was closed for longer gives a
    delivery the one try that it just had.
    """
    if tries >= MOST_TRIES:
        return None
    gap_s = GAPS_S[tries - 1] * (1 + JITTER * (2 * chance - 1))
    last = started_at + timedelta(seconds=WINDOW_S - timeout_s)
    if now >= last:
        return None
    return min(now + timedelta(seconds=gap_s), last)


class Decision(msgspec.Struct, frozen=True):
    """What becomes of a delivery after a try. `due_at` only while it is pending."""

    state: State
    tries: int
    due_at: datetime | None = None


# Nothing that waiting could change.
FINAL = frozenset({Failure.ERASED, Failure.OFF})


def decide(task: Task, outcome: Outcome, now: datetime, chance: float, timeout_s: float) -> Decision:
    """What a try came to decides: delivered, tried again later, or given up."""
    if outcome.error in FINAL:
        return Decision(State.GIVEN_UP, task.tries)
    tries = task.tries + 1
    if outcome.delivered:
        return Decision(State.DELIVERED, tries)
    if task.event is Event.TEST:
        return Decision(State.GIVEN_UP, tries)  # who tests looks at this one try
    due_at = next_try(tries, task.started_at, now, chance, timeout_s)
    return Decision(State.GIVEN_UP, tries) if due_at is None else Decision(State.PENDING, tries, due_at)
