"""What a service costs and how many are left: tiers over shared pools, the regular price, operators, kinds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.catalogue.tiers import CALL, SMS, VOICE, Book, Pool, Price, Row, Stock

pytestmark = pytest.mark.unit

SERVICE = 7


def row(price: int, offer_id: int, *, supplier: int = 1, operator: int = 0, regular: bool = False, limited: bool = False,
        kind: int = SMS, asked: bool = False, service: int = SERVICE) -> Row:  # fmt: skip
    return Row(service, kind, supplier, operator, price, offer_id, regular, limited, asked)


def pool(free: int, *, supplier: int = 1, operator: int = 10, abilities: int = 1, gone: int = 0) -> Pool:
    return Pool(supplier, operator, abilities, free, {SERVICE: gone} if gone else {})


def stock(rows: list[Row], pools: list[Pool], remaining: dict[int, int] | None = None) -> Stock:
    book = Book()
    book.add(sorted(rows, key=lambda one: (one.service_id, one.kind, one.supplier_id, one.operator_id, one.price)))
    return Stock(0, book.seal(), pools, remaining or {})


def price(rows: list[Row], pools: list[Pool], remaining: dict[int, int] | None = None) -> Price | None:
    return stock(rows, pools, remaining).price(SERVICE)


def known(found: Price | None) -> Price:
    assert found is not None
    return found


def test_tiers_over_one_pool_share_it_the_cheapest_first() -> None:
    found = known(price([row(100, 1, limited=True), row(200, 2, limited=True), row(300, 3)], [pool(10)], {1: 4, 2: 3}))
    assert found.tiers == ((100, 4), (200, 3), (300, 3))
    assert (found.cost, found.count) == (100, 4)


def test_the_regular_price_is_the_marked_one_and_counts_what_is_left_at_it_alone() -> None:
    rows = [row(100, 1, limited=True), row(200, 2, regular=True)]
    found = known(price(rows, [pool(10)], {1: 4}))
    # Who buys at the regular price only can have all ten; the map shares them out.
    assert (found.cost, found.count, found.tiers) == (200, 10, ((100, 4), (200, 6)))


def test_the_cheapest_of_several_marked_prices_is_regular() -> None:
    rows = [row(300, 1, regular=True), row(200, 2, supplier=2, regular=True), row(100, 3, supplier=3)]
    found = known(price(rows, [pool(1), pool(2, supplier=2), pool(4, supplier=3)]))
    assert (found.cost, found.count) == (200, 2)


def test_a_regular_tier_that_is_used_up_counts_nothing() -> None:
    found = known(price([row(100, 1, regular=True, limited=True), row(200, 2)], [pool(5)], {1: 0}))
    assert (found.cost, found.count, found.tiers) == (100, 0, ((100, 0), (200, 5)))


def test_an_operators_own_tiers_beat_those_of_any_operator() -> None:
    rows = [row(100, 1), row(500, 2, operator=20)]
    found = known(price(rows, [pool(4), pool(6, operator=20)]))
    assert (found.cost, found.count, found.tiers) == (100, 4, ((100, 4), (500, 6)))


def test_a_price_of_any_operator_without_a_pool_of_its_own_is_nobodys_price() -> None:
    found = known(price([row(100, 1), row(500, 2, operator=20)], [pool(6, operator=20)]))
    assert (found.cost, found.count) == (500, 6)


def test_a_price_without_pools_shows_only_where_there_is_no_other() -> None:
    assert known(price([row(100, 1)], [])).count == 0
    found = known(price([row(100, 1), row(200, 2, supplier=2)], [pool(3, supplier=2)]))
    assert (found.cost, found.count) == (200, 3)


def test_a_supplier_that_has_to_be_asked_has_a_price_and_no_count() -> None:
    found = known(price([row(100, 1, asked=True), row(200, 2, supplier=2)], [pool(3, supplier=2)]))
    assert (found.cost, found.count, found.tiers) == (100, 0, ((100, 0), (200, 3)))


def test_numbers_that_a_service_has_seen_do_not_count_for_it() -> None:
    assert known(price([row(100, 1)], [pool(10, gone=4), pool(5, operator=11, gone=9)])).count == 6


def test_only_some_operators() -> None:
    rows = [row(100, 1), row(500, 2, operator=20)]
    pools = [pool(4, operator=10), pool(6, operator=20), pool(2, operator=30)]
    whole = stock(rows, pools)
    assert known(whole.of(frozenset({20})).price(SERVICE)).tiers == ((500, 6),)
    assert known(whole.of(frozenset({10, 30})).price(SERVICE)).tiers == ((100, 6),)
    assert known(whole.of(frozenset({99})).price(SERVICE)).count == 0
    assert whole.of(frozenset()) is whole


def test_calls_need_numbers_that_take_calls() -> None:
    rows = [row(100, 1), row(200, 2, kind=CALL), row(300, 3, kind=VOICE)]
    found = stock(rows, [pool(5), pool(2, operator=11, abilities=3), pool(1, operator=12, abilities=2)])
    assert [known(found.price(SERVICE, kind)).count for kind in (SMS, CALL, VOICE)] == [7, 3, 3]
    assert found.price(8) is None


def test_suppliers_are_told_apart() -> None:
    rows = [row(100, 1), row(200, 2, limited=True), row(100, 3, supplier=2, limited=True)]
    found = known(price(rows, [pool(5), pool(9, supplier=2)], {2: 1, 3: 4}))
    assert found.suppliers == ((1, ((100, 5), (200, 0))), (2, ((100, 4),)))
    assert found.tiers == ((100, 9), (200, 0))


rows_of_services = st.lists(
    st.builds(
        row,
        st.sampled_from([100, 200, 300]),
        st.integers(1, 1_000_000),
        supplier=st.integers(1, 2),
        operator=st.sampled_from([0, 0, 10, 11]),
        regular=st.booleans(),
        limited=st.booleans(),
        service=st.integers(1, 3),
    ),
    max_size=12,
    unique_by=(lambda one: (one.service_id, one.supplier_id, one.operator_id, one.price), lambda one: one.offer_id),
)
pools = st.lists(
    st.builds(
        Pool,
        st.integers(1, 2),
        st.sampled_from([10, 11, 12]),
        st.just(1),
        st.integers(0, 9),
        st.dictionaries(st.integers(1, 3), st.integers(0, 9)),
    ),
    max_size=5,
    unique_by=lambda one: (one.supplier_id, one.operator_id),
)


@given(rows_of_services, pools, st.integers(0, 5))
def test_counts_never_add_up_to_more_than_there_is_and_both_ways_agree(
    rows: list[Row], there: list[Pool], left: int
) -> None:
    found = stock(rows, there, {one.offer_id: left for one in rows})
    prices = list(found.prices())
    assert [(one.service_id, one.cost, one.count) for one in prices] == list(found.briefs())
    for one in prices:
        unseen = sum(max(0, pool.free - pool.gone.get(one.service_id, 0)) for pool in there)
        assert 0 <= sum(count for _, count in one.tiers) <= unseen
        assert one.count <= unseen
        assert sum(count for _, counts in one.suppliers for _, count in counts) == sum(count for _, count in one.tiers)
