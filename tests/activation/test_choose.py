"""Which offers a request tries, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.activation.model import LeaseRequest, Offer
from numbank.activation.rules import charge, choose, discounted, rejects
from numbank.errors import NoBalance, NoBalanceForward, NoNumbers, Refusal, WrongMaxPrice
from numbank.leases.paying import Charged, pay
from numbank.supply.numbers import FORWARD, SMS

pytestmark = pytest.mark.unit


def request(**changes: object) -> LeaseRequest:
    return LeaseRequest(1, 0, 1, 1200, 120, **changes)  # type: ignore[arg-type]


def offer(
    price: int, pool_id: int, *, operator_id: int = 1, available: int = 5, supplier_id: int = 1, **more: object
) -> Offer:
    return Offer(price, pool_id, supplier_id, operator_id, "any", available, **more)  # type: ignore[arg-type]


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


def test_the_tier_marked_regular_is_what_is_paid_without_a_limit() -> None:
    tiers = [offer(10, 1), offer(20, 1, regular=True), offer(30, 1)]
    chosen = choose(request(), tiers, operator_fallback=True, limit=8)
    assert not isinstance(chosen, Refusal)
    assert [one.price for one in chosen] == [20]
    used_up = [offer(10, 1), offer(20, 1, regular=True, remaining=0), offer(30, 1)]
    assert isinstance(choose(request(), used_up, operator_fallback=True, limit=8), NoNumbers)


@pytest.mark.parametrize(
    ("wanted", "price"),
    [
        ({"max_price": 15}, 10), ({"max_price": 100}, 10), ({"free_price": True}, 10),
        ({"free_price": True, "max_price": 10}, 10), ({}, 20),
    ],
)  # fmt: skip
def test_with_free_price_the_cheapest_tier_comes_first(wanted: dict[str, object], price: int) -> None:
    tiers = [offer(30, 1), offer(10, 1, remaining=3), offer(20, 1, regular=True)]
    chosen = choose(request(**wanted), tiers, operator_fallback=True, limit=8)
    assert not isinstance(chosen, Refusal)
    assert [one.price for one in chosen] == [price]


def test_a_tier_that_is_used_up_leads_to_the_next_within_the_limit_of_the_same_pool() -> None:
    tiers = [offer(10, 1, remaining=0), offer(20, 1, regular=True), offer(30, 1)]
    chosen = choose(request(max_price=30), tiers, operator_fallback=True, limit=8)
    assert not isinstance(chosen, Refusal)
    assert [one.price for one in chosen] == [20]
    refused = choose(request(max_price=15), tiers, operator_fallback=True, limit=8)
    assert isinstance(refused, WrongMaxPrice)
    assert refused.cheapest_minor == 20


def test_free_price_without_a_limit_never_says_that_a_limit_is_wrong() -> None:
    assert isinstance(choose(request(free_price=True), [], operator_fallback=True, limit=8), NoNumbers)
    used_up = [offer(10, 1, remaining=0)]
    assert isinstance(choose(request(free_price=True), used_up, operator_fallback=True, limit=8), NoNumbers)


def test_a_pool_that_was_found_empty_is_no_stock_at_a_higher_price() -> None:
    tiers = [offer(10, 1), offer(20, 1)]
    assert isinstance(
        choose(request(max_price=10, tried=frozenset({1})), tiers, operator_fallback=True, limit=8), NoNumbers
    )


def test_a_limit_is_compared_with_the_price_after_the_discount() -> None:
    tiers = [offer(1_000, 1)]
    assert pools(choose(request(max_price=950, discount_bp=500), tiers, operator_fallback=True, limit=8)) == [1]
    refused = choose(request(max_price=949, discount_bp=500), tiers, operator_fallback=True, limit=8)
    assert isinstance(refused, WrongMaxPrice)
    assert refused.cheapest_minor == 950
    assert pools(choose(request(discount_bp=500), tiers, operator_fallback=True, limit=8)) == [1]


def test_forwarding_needs_numbers_that_can() -> None:
    offers = [offer(10, 1), offer(20, 2, abilities=SMS | FORWARD), offer(5, -7)]
    assert pools(choose(request(forward=True), offers, operator_fallback=True, limit=8)) == [2]
    assert isinstance(choose(request(forward=True), offers[:1], operator_fallback=True, limit=8), NoNumbers)


def test_suppliers_can_be_asked_for_and_left_out_and_operators_do_not_bring_them_back() -> None:
    offers = [offer(10, 1, supplier_id=1), offer(10, 2, supplier_id=2), offer(10, 3, supplier_id=3)]
    only = request(supplier_ids=frozenset({2, 9}))
    without = request(except_supplier_ids=frozenset({2}))
    assert pools(choose(only, offers, operator_fallback=True, limit=8)) == [2]
    assert pools(choose(without, offers, operator_fallback=True, limit=8)) == [1, 3]
    other_operator = request(supplier_ids=frozenset({2}), operators=frozenset({77}))
    assert pools(choose(other_operator, offers, operator_fallback=True, limit=8)) == [2]
    assert isinstance(choose(other_operator, offers, operator_fallback=False, limit=8), NoNumbers)


@given(price=st.integers(0, 10**9), bp=st.integers(0, 10_000))
def test_a_discount_is_to_the_nearest_and_never_makes_a_price_negative(price: int, bp: int) -> None:
    exact = price * (10_000 - bp) / 10_000
    assert abs(discounted(price, bp) - exact) <= 0.5 + 1e-6 * exact
    assert 0 <= discounted(price, bp) <= price


def test_a_charge_is_the_discounted_price_and_the_whole_surcharge() -> None:
    assert charge(offer(1_000, 1), request(discount_bp=1_000), 300) == Charged(900)
    assert charge(offer(1_000, 1), request(discount_bp=1_000, forward=True), 300) == Charged(1_200, 300)


@pytest.mark.parametrize(
    ("cash", "cashback", "spends", "paid"),
    [
        (1_200, 0, False, Charged(1_200, 300, 0)), (1_199, 500, False, NoBalanceForward()),
        (900, 0, False, NoBalanceForward()), (899, 9_999, False, NoBalance()), (0, 1_200, True, Charged(1_200, 300, 1_200)),
        (700, 500, True, Charged(1_200, 300, 500)), (699, 500, True, NoBalanceForward()), (100, 700, True, NoBalance()),
        (5_000, 5_000, True, Charged(1_200, 300, 1_200)), (5_000, 0, True, Charged(1_200, 300, 0)),
    ],
)  # fmt: skip
def test_cashback_is_spent_first_where_it_is_spent(
    cash: int, cashback: int, spends: bool, paid: Charged | Refusal
) -> None:
    result = pay(Charged(1_200, 300), cash, cashback, spends_cashback=spends)
    assert type(result) is type(paid)
    assert isinstance(result, Refusal) or result == paid


def test_prefixes_are_compared_with_the_digits() -> None:
    assert rejects(("7911", "7900111"), 79_001_112_233)
    assert not rejects(("7911", "7900111"), 79_001_122_233)
    assert not rejects((), 79_001_112_233)
