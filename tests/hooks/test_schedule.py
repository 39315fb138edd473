"""Eight tries inside two hours, whatever the jitter and however long each try takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.hooks.model import Event, Failure, Outcome, State, Task
from numbank.hooks.schedule import GAPS_S, JITTER, MOST_TRIES, WINDOW_S, decide, next_try

pytestmark = pytest.mark.unit

START = datetime(2026, 1, 1, tzinfo=UTC)
TIMEOUT_S = 10.0


def plan(chances: list[float], durations: list[float], timeout_s: float = TIMEOUT_S) -> list[float]:
    """When the tries begin, in seconds after the first."""
    at, begun = START, []
    for tries, (chance, duration) in enumerate(zip(chances, durations, strict=True), 1):
        begun.append((at - START).total_seconds())
        following = next_try(tries, START, at + timedelta(seconds=duration), chance, timeout_s)
        if following is None:
            break
        at = following
    return begun


CHANCES = st.lists(st.floats(0, 1, exclude_max=True), min_size=8, max_size=8)


@given(CHANCES, st.lists(st.floats(0, TIMEOUT_S), min_size=8, max_size=8))
def test_the_eighth_try_is_over_inside_two_hours_for_every_jitter(chances: list[float], durations: list[float]) -> None:
    begun = plan(chances, durations)
    assert len(begun) == MOST_TRIES
    assert begun[-1] + TIMEOUT_S <= WINDOW_S
    gaps = [later - earlier for earlier, later in pairwise(begun)]
    assert all(later > earlier for earlier, later in pairwise(gaps)), gaps


@given(CHANCES, st.lists(st.floats(0, 5_000), min_size=8, max_size=8), st.floats(0.1, 60))
def test_tries_that_come_late_are_fewer_but_never_outside(
    chances: list[float], durations: list[float], timeout_s: float
) -> None:
    begun = plan(chances, durations, timeout_s)
    assert len(begun) <= MOST_TRIES
    assert begun[-1] + timeout_s <= WINDOW_S + 1e-3


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0 - 1e-9])
def test_the_gaps_spread_by_the_jitter(chance: float) -> None:
    at = next_try(1, START, START, chance, TIMEOUT_S)
    assert at is not None
    assert (at - START).total_seconds() == pytest.approx(GAPS_S[0] * (1 + JITTER * (2 * chance - 1)), rel=1e-6)


def test_there_is_a_gap_after_every_try_but_the_last() -> None:
    assert len(GAPS_S) == MOST_TRIES - 1
    assert next_try(MOST_TRIES, START, START, 0.5, TIMEOUT_S) is None


def task(event: Event = Event.MESSAGE, tries: int = 0) -> Task:
    return Task(1, 1, event, tries, 1, START, "", (), off=False, failing=False)


@pytest.mark.parametrize(
    ("outcome", "one", "state", "tries"),
    [
        (Outcome(200, 5, None), task(), State.DELIVERED, 1),
        (Outcome(200, 5, None), task(tries=7), State.DELIVERED, 8),
        (Outcome(500, 5, Failure.STATUS), task(), State.PENDING, 1),
        (Outcome(None, 5, Failure.TIMEOUT), task(tries=6), State.PENDING, 7),
        (Outcome(500, 5, Failure.STATUS), task(tries=7), State.GIVEN_UP, 8),
        (Outcome(500, 5, Failure.STATUS), task(Event.TEST), State.GIVEN_UP, 1),
        (Outcome(None, 0, Failure.ERASED), task(tries=2), State.GIVEN_UP, 2),
        (Outcome(None, 0, Failure.OFF), task(), State.GIVEN_UP, 0),
    ],
)
def test_what_a_try_came_to_decides(outcome: Outcome, one: Task, state: State, tries: int) -> None:
    decision = decide(one, outcome, START, 0.5, TIMEOUT_S)
    assert (decision.state, decision.tries) == (state, tries)
    assert (decision.due_at is not None) == (state is State.PENDING)
