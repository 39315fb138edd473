"""Which offers a request tries, and in which order."""

from __future__ import annotations

import pytest

from numbank.activation.model import LeaseRequest, Offer
from numbank.activation.rules import choose
from numbank.errors import NoNumbers, Refusal, WrongMaxPrice

pytestmark = pytest.mark.unit


def request(**changes: object) -> LeaseRequest:
    return LeaseRequest(1, 0, 1, 1200, 120, **changes)  # type: ignore[arg-type]


def offer(price: int, pool_id: int, *, operator_id: int = 1, available: int = 5) -> Offer:
    return Offer(price, pool_id, 1, operator_id, "any", available)


def pools(chosen: list[Offer] | Refusal) -> list[int]:
    assert not isinstance(chosen, Refusal)
    return [one.pool_id for one in chosen]


def test_the_cheapest_price_is_tried_first_and_stock_before_emptiness() -> None:
    offers = [offer(20, 1), offer(10, 2, available=0), offer(10, 4), offer(10, 3)]
    assert pools(choose(request(), offers, operator_fallback=True, limit=8)) == [3, 4, 2]


def test_what_was_tried_is_not_tried_again() -> None:
    offers = [offer(10, 1), offer(10, 2)]
    assert pools(choose(request(tried=frozenset({1})), offers, operator_fallback=True, limit=8)) == [2]
    everything = choose(request(tried=frozenset({1, 2})), offers, operator_fallback=True, limit=8)
    assert isinstance(everything, NoNumbers)


def test_without_a_limit_only_the_regular_price_is_paid() -> None:
    offers = [offer(10, 1, available=0), offer(50, 2)]
    assert pools(choose(request(), offers, operator_fallback=True, limit=8)) == [1]
    assert isinstance(choose(request(tried=frozenset({1})), offers, operator_fallback=True, limit=8), NoNumbers)
    limited = request(tried=frozenset({1}), max_price=50)
    assert pools(choose(limited, offers, operator_fallback=True, limit=8)) == [2]


def test_the_number_of_pools_is_bounded() -> None:
    offers = [offer(10, pool_id) for pool_id in range(1, 100)]
    assert len(pools(choose(request(), offers, operator_fallback=True, limit=8))) == 8


def test_an_operator_that_does_not_fit_falls_back_unless_the_setting_says_no() -> None:
    offers = [offer(10, 1, operator_id=1), offer(5, 2, operator_id=2)]
    assert pools(choose(request(operators=frozenset({1})), offers, operator_fallback=True, limit=8)) == [1]
    assert pools(choose(request(operators=frozenset({9})), offers, operator_fallback=True, limit=8)) == [2]
    strict = choose(request(operators=frozenset({9})), offers, operator_fallback=False, limit=8)
    assert isinstance(strict, NoNumbers)


@pytest.mark.parametrize(
    ("max_price", "offers", "cheapest"),
    [
        (9, [offer(10, 1), offer(20, 2)], 10),
        (9, [offer(10, 1, available=0), offer(20, 2)], 20),
        (9, [offer(10, 1, available=0)], None),
        (-1, [offer(10, 1)], 10),
        (9, [], None),
    ],
)
def test_a_limit_below_all_stock_names_the_cheapest(max_price: int, offers: list[Offer], cheapest: int | None) -> None:
    refused = choose(request(max_price=max_price), offers, operator_fallback=True, limit=8)
    if cheapest is None:
        assert isinstance(refused, NoNumbers)
    else:
        assert isinstance(refused, WrongMaxPrice)
        assert refused.cheapest_minor == cheapest


def test_the_limit_itself_is_allowed_and_dearer_stock_is_named_only_when_the_cheap_is_gone() -> None:
    offers = [offer(10, 1, available=0), offer(20, 2)]
    assert pools(choose(request(max_price=10), offers, operator_fallback=True, limit=8)) == [1]
    gone = choose(request(max_price=10, tried=frozenset({1})), offers, operator_fallback=True, limit=8)
    assert isinstance(gone, WrongMaxPrice)
    assert gone.cheapest_minor == 20


def test_a_supplier_is_asked_only_when_no_pool_of_its_price_is_left_and_before_a_dearer_one() -> None:
    offers = [offer(10, -7, available=1), offer(10, 3, available=0), offer(10, -5, available=1), offer(20, 4)]
    tried: list[int] = []
    for _ in range(4):
        wanted = request(tried=frozenset(tried), max_price=20)
        chosen = pools(choose(wanted, offers, operator_fallback=True, limit=8))
        assert len(chosen) == 1
        tried += chosen
    assert tried == [3, -5, -7, 4]
