"""The decisions about groups, additional services, reactivations and forwarding targets; no database needed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from numbank.activation import additional, multi, reactivation, rules
from numbank.activation.additional import AdditionalRequest
from numbank.activation.further import Parent
from numbank.activation.model import Lease, LeaseRequest, Offer, Origin
from numbank.activation.multi import MultiRequest
from numbank.activation.reactivation import Line
from numbank.activation.states import Event, State
from numbank.activation.targets import MALFORMED, target
from numbank.errors import (
    BadStatus,
    NeverSuccessful,
    NoActivation,
    NotRenewable,
    Refusal,
    RepeatedAdditional,
    ServiceDenied,
    SimOffline,
    WrongAdditional,
    WrongSecurity,
)
from numbank.leases.paying import Charged
from numbank.messages.calls import Kind
from numbank.supply.numbers import FORWARD, SMS
from numbank.supply.shelf import NumberState

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEASE = Lease(
    7, 1, 2, 3, 4, State.PREPARED, None, 0, NOW, NOW + timedelta(seconds=1200), NOW, retry=True, code=None
)  # fmt: skip
TARGET, OTHER = 79_100_000_001, 79_100_000_002


def lease(**changes: Any) -> Lease:
    return msgspec.structs.replace(LEASE, **changes)


@pytest.mark.parametrize(
    ("known", "event", "given", "expected"),
    [
        (None, Event.READY, None, BadStatus),
        (None, Event.READY, MALFORMED, BadStatus),
        (None, Event.READY, TARGET, TARGET),
        (TARGET, Event.READY, None, TARGET),
        (TARGET, Event.READY, OTHER, OTHER),
        (TARGET, Event.READY, MALFORMED, BadStatus),
        (None, Event.AGAIN, None, None),
        (None, Event.AGAIN, TARGET, TARGET),
        (TARGET, Event.AGAIN, MALFORMED, BadStatus),
        (None, Event.FINISH, None, None),
        (TARGET, Event.CANCEL, MALFORMED, TARGET),
        (TARGET, Event.FINISH, OTHER, TARGET),
    ],
)
def test_where_a_forwarded_lease_goes(known: int | None, event: Event, given: int | None, expected: object) -> None:
    decided = target(lease(forward=True, forward_to=known), event, given)
    assert isinstance(decided, BadStatus) if expected is BadStatus else decided == expected


@pytest.mark.parametrize("given", [None, MALFORMED, TARGET])
def test_a_lease_without_forwarding_has_no_target(given: int | None) -> None:
    assert target(lease(), Event.READY, given) is None


@pytest.mark.parametrize("kind", [Kind.FLASH, Kind.VOICE])
@pytest.mark.parametrize("event", [Event.READY, Event.AGAIN, Event.CANCEL])
def test_after_its_call_a_lease_can_only_be_finished(kind: Kind, event: Event) -> None:
    called = lease(kind=kind, state=State.CODE)
    assert isinstance(rules.advance(called, event, NOW), BadStatus)
    finished = rules.advance(called, Event.FINISH, NOW)
    assert isinstance(finished, rules.Change)
    assert finished.to is State.DONE


@pytest.mark.parametrize(("event", "to"), [(Event.READY, State.READY), (Event.CANCEL, State.CANCELLED)])
def test_before_its_call_a_lease_is_like_any_other(event: Event, to: State) -> None:
    change = rules.advance(lease(kind=Kind.FLASH), event, NOW)
    assert isinstance(change, rules.Change)
    assert change.to is to


def test_a_reactivation_is_never_given_back_unused() -> None:
    assert rules.unused_again(lease(), State.CANCELLED, 2)
    assert not rules.unused_again(lease(origin=Origin.REACTIVATION), State.CANCELLED, 2)


@pytest.mark.parametrize(
    ("changes", "request_", "others", "expected"),
    [
        ({}, {}, {}, None),
        ({"state": State.RETRY}, {}, {}, None),
        ({"forward": False}, {}, {}, WrongSecurity),
        ({"state": State.READY}, {}, {}, WrongSecurity),
        ({"state": State.DONE}, {}, {}, WrongSecurity),
        ({}, {"forward_capable": False}, {}, WrongAdditional),
        ({}, {}, {"price": None}, WrongAdditional),
        ({}, {}, {"connected": False}, WrongSecurity),
        ({}, {}, {"at_hand": False}, WrongAdditional),
        ({}, {}, {"served": True}, RepeatedAdditional),
        ({"forward": False}, {"forward_capable": False}, {"served": True}, WrongSecurity),
    ],
)
def test_when_an_additional_service_can_be_had(
    changes: dict[str, Any], request_: dict[str, Any], others: dict[str, Any], expected: type[Refusal] | None
) -> None:
    request = msgspec.structs.replace(AdditionalRequest(1, 7, 5, True, 1200, 0), **request_)
    parent = lease(**({"forward": True, "state": State.CODE} | changes))
    known: dict[str, Any] = {"connected": True, "at_hand": True, "served": False, "price": 500} | others
    assert type(additional.decide(request, parent, **known)) is (expected or type(None))
    assert isinstance(additional.decide(request, None, **known), NoActivation)


PARENT = Parent(
    7, 1, 0, 2, 1, 1, "any", 3, TARGET, Kind.SMS, State.DONE, 7, None, None, None, 1, at_hand=True
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "line", "price", "expected"),
    [
        ({}, Line(NumberState.FREE, None), 100, None),
        ({}, Line(NumberState.FREE, 99), 0, None),
        ({}, Line(NumberState.RESTING, 1), 100, None),
        ({}, Line(NumberState.RESTING, 99), 100, NotRenewable),
        ({}, Line(NumberState.RESTING, None), 100, NotRenewable),
        ({}, Line(NumberState.LEASED, 1), 100, NotRenewable),
        ({}, Line(NumberState.QUARANTINED, 1), 100, NotRenewable),
        ({}, Line(NumberState.OFFLINE, 1), 100, SimOffline),
        ({}, Line(NumberState.OFFLINE, 1), None, NotRenewable),
        ({"at_hand": False}, Line(NumberState.FREE, None), 100, NotRenewable),
        ({"state": State.CANCELLED}, Line(NumberState.FREE, None), 100, NeverSuccessful),
        ({"state": State.CODE}, Line(NumberState.LEASED, 1), 100, NeverSuccessful),
        ({"service_id": 666}, Line(NumberState.FREE, None), 100, ServiceDenied),
    ],
)
def test_when_a_number_can_be_had_again(
    changes: dict[str, Any], line: Line, price: int | None, expected: type[Refusal] | None
) -> None:
    parent = msgspec.structs.replace(PARENT, **changes)
    decided = reactivation.decide(parent, line, price, lambda service_id: service_id != 666)
    assert type(decided) is (expected or type(None))


def part(service_id: int, *, forward: bool = False, operators: frozenset[int] = frozenset()) -> LeaseRequest:
    return LeaseRequest(1, 0, service_id, 1200, 0, forward=forward, operators=operators)


def offer(pool_id: int, price: int, *, operator_id: int = 1, available: int = 5, **more: Any) -> Offer:
    return Offer(price, pool_id, 1, operator_id, "any", available, **more)


def chosen(request: MultiRequest, *offers: list[Offer], fallback: bool = True) -> list[int]:
    return [one.pool_id for one in multi.choose(request, offers, operator_fallback=fallback, limit=8)]


BOTH = MultiRequest((part(2), part(3)))


def test_only_a_pool_that_serves_all_at_their_regular_prices_is_taken() -> None:
    assert chosen(BOTH, [offer(1, 10), offer(2, 10)], [offer(2, 7), offer(3, 7)]) == [2]
    assert chosen(BOTH, [offer(1, 10), offer(2, 11)], [offer(2, 7)]) == []
    assert chosen(BOTH, [offer(1, 10), offer(2, 11, regular=True)], [offer(2, 7)]) == [2]
    assert chosen(BOTH, [offer(1, 10)], []) == []


def test_pools_with_stock_for_all_come_first() -> None:
    assert chosen(BOTH, [offer(1, 10), offer(2, 10)], [offer(1, 7, available=0), offer(2, 7)]) == [2, 1]


def test_a_tier_that_is_used_up_and_a_supplier_that_is_asked_do_not_count() -> None:
    assert chosen(BOTH, [offer(1, 10, remaining=0)], [offer(1, 7)]) == []
    assert chosen(BOTH, [offer(-1, 10)], [offer(-1, 7)]) == []


def test_forwarding_needs_a_pool_that_can() -> None:
    request = MultiRequest((part(2), part(3, forward=True)))
    able = SMS | FORWARD
    pools = [offer(1, 10), offer(2, 10, abilities=able)]
    assert chosen(request, pools, [offer(1, 7), offer(2, 7, abilities=able)]) == [2]


def test_operators_that_do_not_fit_fall_back_together() -> None:
    request = MultiRequest((part(2, operators=frozenset({9})), part(3, operators=frozenset({9}))))
    pools = ([offer(1, 10), offer(2, 10, operator_id=9)], [offer(1, 7)])
    assert chosen(request, *pools) == [1]
    assert chosen(request, *pools, fallback=False) == []
    assert chosen(request, pools[0], [offer(1, 7), offer(2, 8, operator_id=9)]) == [2]


def test_pools_that_were_found_empty_are_not_tried_again() -> None:
    tried = msgspec.structs.replace(BOTH, tried=frozenset({1}))
    assert chosen(tried, [offer(1, 10), offer(2, 10)], [offer(1, 7), offer(2, 7)]) == [2]


def test_cashback_is_spread_over_the_leases() -> None:
    parts = [Charged(100), Charged(50, 20), Charged(30)]
    spread = multi.share_out(parts, Charged(180, 20, cashback=120))
    assert [one.cashback for one in spread] == [100, 20, 0]
    assert [(one.price, one.surcharge) for one in spread] == [(100, 0), (50, 20), (30, 0)]
