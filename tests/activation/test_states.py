"""The state table, read as the documents read it (protocol.md 7.1, 12.2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from numbank.activation import rules
from numbank.activation.model import Lease
from numbank.activation.states import DELIVERED, FIRST_ENDED, LIVE, TABLE, Charge, Event, State
from numbank.errors import BadStatus, EarlyCancel, NoActivation

pytestmark = pytest.mark.unit

START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = timedelta(seconds=120)
AFTER = START + WINDOW
OVER = START + timedelta(seconds=1200)


def lease(state: State, *, ended_by: Event | None = None, retry: bool = True, code: str | None = None) -> Lease:
    return Lease(1, 1, 1, 1, 1, state, ended_by, 0, START + WINDOW, START + timedelta(seconds=1200), START, retry, code)


def test_a_hold_is_posted_by_the_first_message_and_voided_by_an_end_without_one() -> None:
    for (state, event), step in TABLE.items():
        undelivered = state not in DELIVERED
        if event is Event.MESSAGE:
            assert (step.charge is Charge.POST) == undelivered
        elif step.to is State.CANCELLED:
            assert undelivered
            assert step.charge is Charge.VOID
        else:
            assert step.charge is Charge.NONE


def test_a_delivered_activation_never_becomes_cancelled_and_an_ended_one_never_moves() -> None:
    for (state, _), step in TABLE.items():
        assert state in LIVE
        assert not (state in DELIVERED and step.to is State.CANCELLED)


def test_every_live_state_ends_when_its_time_is_over() -> None:
    assert all(TABLE[state, Event.EXPIRE].to >= FIRST_ENDED for state in LIVE)


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("event", list(Event))
def test_what_is_not_in_the_table_is_refused(state: State, event: Event) -> None:
    decided = rules.advance(lease(state), event, OVER)
    if (state, event) in TABLE:
        assert isinstance(decided, rules.Change)
        assert decided.to is TABLE[state, event].to
    else:
        assert isinstance(decided, NoActivation if state is State.ORDERING else BadStatus)


@pytest.mark.parametrize(("state", "event"), [key for key, step in TABLE.items() if step.guarded])
def test_a_guarded_step_is_refused_inside_the_window_and_not_at_its_end(state: State, event: Event) -> None:
    assert isinstance(rules.advance(lease(state), event, AFTER - timedelta(microseconds=1)), EarlyCancel)
    assert isinstance(rules.advance(lease(state), event, AFTER), rules.Change)


@pytest.mark.parametrize("state", LIVE)
def test_nothing_expires_before_its_time(state: State) -> None:
    assert isinstance(rules.advance(lease(state), Event.EXPIRE, OVER - timedelta(microseconds=1)), BadStatus)


def test_a_further_message_needs_a_country_that_allows_it() -> None:
    assert isinstance(rules.advance(lease(State.CODE, retry=False), Event.AGAIN, AFTER), BadStatus)
    assert isinstance(rules.advance(lease(State.RETRY, retry=False), Event.AGAIN, AFTER), BadStatus)


@pytest.mark.parametrize("state", [State.DONE, State.CANCELLED])
@pytest.mark.parametrize("ended_by", list(Event))
@pytest.mark.parametrize("event", list(Event))
def test_only_the_event_that_ended_it_may_be_repeated(state: State, ended_by: Event, event: Event) -> None:
    decided = rules.advance(lease(state, ended_by=ended_by), event, AFTER)
    if event == ended_by:
        assert decided == rules.Change(state, Charge.NONE, ended=True, idle=True)
    else:
        assert isinstance(decided, BadStatus)


@pytest.mark.parametrize(
    ("state", "old", "new", "to", "shown"),
    [
        (State.PREPARED, None, "1", State.CODE, "1"),
        (State.READY, None, None, State.CODE, None),
        (State.RESEND, None, "1", State.CODE, "1"),
        (State.CODE, "1", "2", State.CODE, "2"),
        (State.CODE, "1", None, State.CODE, "1"),
        (State.CODE, None, "2", State.CODE, "2"),
        (State.RETRY, "1", "2", State.CODE, "2"),
        (State.RETRY, "1", None, State.RETRY, "1"),
    ],
)
def test_which_code_shows_after_a_message(
    state: State, old: str | None, new: str | None, to: State, shown: str | None
) -> None:
    decided = rules.receive(lease(state, code=old), new, AFTER)
    assert isinstance(decided, tuple)
    change, code = decided
    assert (change.to, code) == (to, shown)


def test_a_number_is_given_back_unused_only_a_few_times() -> None:
    silent = lease(State.READY)
    assert rules.unused_again(silent, State.CANCELLED, 2)
    assert not rules.unused_again(silent, State.CANCELLED, 1)
    assert not rules.unused_again(silent, State.DONE, 2)
