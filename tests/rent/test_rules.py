"""The decisions about rentals: the state table, extensions, messages, refunds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.errors import (
    BadRentStatus,
    NotCancellable,
    RentCancelled,
    RentDead,
    RentFinished,
    RentRevoked,
    ServiceDenied,
)
from numbank.messages.model import Fate, Incoming, Medium
from numbank.rent import rules
from numbank.rent.states import TABLE, Charge, Event, State
from numbank.supply.shelf import NumberState

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TG, WA = 1, 2
FRESH = rules.Lease(
    7, 1, 0, TG, 1, 1, 5, 79_100_000_000, 840, 4, 10_000, State.FRESH, 0, False, None, 0, NOW, NOW + HOUR / 3,
    NOW + 4 * HOUR, full=False,
)  # fmt: skip
FIRM = msgspec.structs.replace(FRESH, state=State.FIRM, messages=1)
FULL = msgspec.structs.replace(FRESH, full=True)
TABLE_OF_TERMS = ((4, 10_000), (24, 30_000))


def sms(text: str = "hello", *services: int, medium: Medium = Medium.SMS) -> Incoming:
    return Incoming(1, "x", FRESH.e164, "s", text, None, 0.0, frozenset(services), medium=medium)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_what_is_not_in_the_table_is_refused_and_what_is_over_stays_so(state: State, event: Event) -> None:
    lease = msgspec.structs.replace(FRESH, state=state)
    late = NOW + 5 * HOUR
    result = rules.advance(lease, event, NOW if event is Event.CANCEL else late)
    over = {State.FINISHED: RentFinished, State.CANCELLED: RentCancelled, State.REVOKED: RentRevoked}
    if state in over:
        assert isinstance(result, over[state])
    elif (state, event) in TABLE:
        step = TABLE[state, event]
        assert result == rules.Change(step.to, step.charge)
    else:
        assert isinstance(result, NotCancellable if event is Event.CANCEL else BadRentStatus)


def test_a_cancel_is_possible_until_the_window_ends() -> None:
    last = FRESH.cancel_until - timedelta(microseconds=1)
    assert rules.advance(FRESH, Event.CANCEL, last) == rules.Change(State.CANCELLED, Charge.VOID)
    assert isinstance(rules.advance(FRESH, Event.CANCEL, FRESH.cancel_until), NotCancellable)
    assert rules.advance(FRESH, Event.WINDOW, FRESH.cancel_until) == rules.Change(State.FIRM, Charge.POST)
    assert isinstance(rules.advance(FRESH, Event.WINDOW, last), BadRentStatus)


def test_it_ends_when_its_hours_are_over() -> None:
    assert isinstance(rules.advance(FIRM, Event.EXPIRE, FIRM.ends_at - timedelta(microseconds=1)), BadRentStatus)
    assert rules.advance(FIRM, Event.EXPIRE, FIRM.ends_at) == rules.Change(State.FINISHED, Charge.NONE)


def test_the_sweep_looks_at_the_end_of_the_window_then_at_the_end() -> None:
    assert FRESH.due_at == FRESH.cancel_until
    assert FIRM.due_at == FIRM.ends_at


@pytest.mark.parametrize(
    ("state", "last", "at_hand", "again"),
    [
        (NumberState.FREE, None, True, True), (NumberState.FREE, 2, True, True), (NumberState.RESTING, 1, True, True),
        (NumberState.RESTING, 2, True, False), (NumberState.RESTING, None, True, False),
        (NumberState.LEASED, 1, True, False), (NumberState.OFFLINE, 1, True, False),
        (NumberState.QUARANTINED, 1, True, False), (NumberState.FREE, 1, False, False),
    ],
)  # fmt: skip
def test_a_finished_one_begins_anew_on_a_number_that_is_free_or_rests_from_him(
    state: NumberState, last: int | None, at_hand: bool, again: bool
) -> None:
    finished = msgspec.structs.replace(FRESH, state=State.FINISHED)
    price = rules.extend(finished, rules.Line(state, last, at_hand), TABLE_OF_TERMS, 24, lambda _: True)
    assert price == 30_000 if again else isinstance(price, RentDead)


@pytest.mark.parametrize("state", [State.CANCELLED, State.REVOKED])
def test_what_was_cancelled_or_revoked_is_dead(state: State) -> None:
    over = msgspec.structs.replace(FRESH, state=state)
    line = rules.Line(NumberState.FREE, 1, at_hand=True)
    assert isinstance(rules.extend(over, line, TABLE_OF_TERMS, 4, lambda _: True), RentDead)


def test_what_is_not_sold_any_more_does_not_go_on() -> None:
    assert isinstance(rules.extend(FIRM, None, (), 4, lambda _: True), RentDead)
    assert isinstance(rules.extend(FIRM, None, TABLE_OF_TERMS, 4, lambda _: False), ServiceDenied)
    assert rules.extend(FIRM, None, TABLE_OF_TERMS, 20, lambda service: service == TG) == 20_000


@pytest.mark.parametrize(
    ("lease", "incoming", "any_service", "fate", "named"),
    [
        (FRESH, sms("x", TG), False, Fate.ATTACHED, TG),
        (FRESH, sms("x"), False, Fate.ATTACHED, None),
        (FRESH, sms("x", WA), False, Fate.OTHER_SERVICE, None),
        (FRESH, sms("x", WA), True, Fate.ATTACHED, WA),
        (FRESH, sms("x", TG, WA), False, Fate.ATTACHED, TG),
        (FULL, sms("x", WA), False, Fate.ATTACHED, WA),
        (FULL, sms("x"), False, Fate.ATTACHED, None),
        (FULL, sms("  "), False, Fate.NO_TEXT, None),
        (FULL, sms("", medium=Medium.CALL), False, Fate.OTHER_KIND, None),
        (msgspec.structs.replace(FULL, calls=True), sms("", medium=Medium.CALL), False, Fate.ATTACHED, None),
        (msgspec.structs.replace(FULL, state=State.FINISHED), sms("x"), False, Fate.NO_LEASE, None),
    ],
)  # fmt: skip
def test_who_gets_a_message(
    lease: rules.Lease, incoming: Incoming, any_service: bool, fate: Fate, named: int | None
) -> None:
    found, taken = rules.receive(lease, incoming, any_service=any_service, now=NOW)
    assert found is fate
    assert (taken is not None) == (fate is Fate.ATTACHED)
    if taken is not None:
        assert (taken.to, taken.charge, taken.named) == (State.FIRM, Charge.POST, named)


def test_a_further_message_pays_nothing_more() -> None:
    assert rules.receive(FIRM, sms(), any_service=False, now=NOW) == (
        Fate.ATTACHED, rules.Taken(State.FIRM, Charge.NONE, None)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lease", "again"),
    [
        (FRESH, True), (FIRM, False), (FULL, True), (msgspec.structs.replace(FULL, messages=9, tries=99), True),
        (msgspec.structs.replace(FRESH, tries=1), False), (msgspec.structs.replace(FRESH, tries=rules.USED_BEFORE), False),
    ],
)  # fmt: skip
def test_which_numbers_serve_the_same_service_again(lease: rules.Lease, again: bool) -> None:
    assert rules.unused_again(lease, State.FINISHED, 2) is again


@given(st.integers(0, 10**12), st.integers(1, 1_344), st.integers(-10, 2_000 * 3600))
def test_the_unused_part_is_the_exact_share_and_never_more_than_was_paid(price: int, hours: int, gone_s: int) -> None:
    lease = msgspec.structs.replace(FRESH, price=price, hours=hours, ends_at=NOW + timedelta(hours=hours))
    part = rules.unused_part(lease, NOW + timedelta(seconds=gone_s))
    left = max(0, hours * 3600 - gone_s)
    assert 0 <= part <= price
    assert part == min(price, (2 * price * left + hours * 3600) // (2 * hours * 3600))


@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=6), st.data())
def test_a_refund_is_shared_out_over_the_latest_charges_first(prices: list[int], data: st.DataObject) -> None:
    amount = data.draw(st.integers(0, sum(prices)))
    charges = list(enumerate(prices, 1))
    shares = rules.share_out(amount, charges)
    assert sum(part for _, part in shares) == amount
    assert [hold_id for hold_id, _ in shares] == [hold_id for hold_id, _ in charges][::-1]
    assert all(0 <= part <= dict(charges)[hold_id] for hold_id, part in shares)
