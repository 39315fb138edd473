"""Prices of terms: the line between two rows, rounded half up; which hours can be had."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.errors import BadHours, OperatorError, TooManyHours
from numbank.rent import terms

pytestmark = pytest.mark.unit

TABLE = ((4, 10_000), (24, 30_000), (168, 100_000))


@pytest.mark.parametrize(
    ("hours", "price"),
    [
        (4, 10_000), (5, 11_000), (24, 30_000), (25, 30_486), (168, 100_000), (336, 200_000), (1_344, 800_000),
    ],
)  # fmt: skip
def test_a_term_costs_what_the_line_between_the_rows_says(hours: int, price: int) -> None:
    assert terms.price_of(TABLE, hours) == price


def test_halves_are_rounded_up() -> None:
    assert terms.price_of(((4, 0), (6, 1)), 5) == 1
    assert terms.price_of(((4, 0), (8, 1)), 5) == 0
    assert terms.price_of(((4, 2),), 5) == 3  # 2.5


def test_below_the_first_row_its_price_counts() -> None:
    assert terms.price_of(((12, 700), (24, 900)), 4) == 700


def test_without_a_table_there_is_no_price() -> None:
    assert terms.price_of((), 4) is None
    assert terms.extension_price((), 4, 4) is None


@pytest.mark.parametrize("hours", [4, 5, 1_344])
def test_whole_hours_from_4_to_1344_can_be_had(hours: int) -> None:
    assert terms.refuse_hours(TABLE, hours) is None


@pytest.mark.parametrize("hours", [-4, 0, 1, 2, 3, 1_345, 10**9])
def test_others_cannot(hours: int) -> None:
    assert isinstance(terms.refuse_hours(TABLE, hours), BadHours)


def test_fewer_than_4_only_with_a_row_of_their_own() -> None:
    assert terms.refuse_hours(((2, 500), *TABLE), 2) is None
    assert isinstance(terms.refuse_hours(((2, 500), *TABLE), 3), BadHours)
    assert terms.price_of(((2, 500), *TABLE), 2) == 500


def test_an_extension_past_the_longest_says_how_many_hours_are_left() -> None:
    assert terms.refuse_extension(TABLE, 1_340, 4) is None
    refusal = terms.refuse_extension(TABLE, 1_341, 4)
    assert isinstance(refusal, TooManyHours)
    assert refusal.most_hours == 3


def test_an_extension_by_hours_that_cannot_be_had_is_refused_as_such() -> None:
    assert isinstance(terms.refuse_extension(TABLE, 4, 1_345), BadHours)
    assert isinstance(terms.refuse_extension(TABLE, 1_344, 2), BadHours)


def test_an_extension_costs_the_difference() -> None:
    assert terms.extension_price(TABLE, 4, 20) == 20_000
    assert terms.extension_price(TABLE, 4, 4) == 4_000


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (((4, 10), (5, 9)), "cheaper"), (((0, 1),), "1344"), (((1_345, 1),), "1344"), (((4, -1),), "below 0"),
        (((4, 1), (4, 1)), "twice"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_is_refused(table: terms.Table, says: str) -> None:
    with pytest.raises(OperatorError, match=says):
        terms.check_table(table)


def test_a_table_may_be_flat_and_unsorted_when_it_is_read() -> None:
    terms.check_table(terms.table_of([(24, 10), (4, 10)]))


rows = st.dictionaries(st.integers(1, 1_344), st.integers(0, 10**12), min_size=1, max_size=8)
hours_ = st.integers(1, 1_344)


def _rising(found: dict[int, int]) -> terms.Table:
    table = terms.table_of(zip(sorted(found), sorted(found.values()), strict=True))
    terms.check_table(table)
    return table


@given(rows, hours_)
def test_a_price_is_the_exact_line_to_the_nearest_unit(found: dict[int, int], hours: int) -> None:
    table = _rising(found)
    price = terms.price_of(table, hours)
    assert price is not None
    below = [row for row in table if row[0] <= hours]
    above = [row for row in table if row[0] >= hours]
    if not below:
        exact = Fraction(table[0][1])
    elif not above:
        exact = Fraction(table[-1][1] * hours, table[-1][0])
    elif below[-1] == above[0]:
        exact = Fraction(above[0][1])
    else:
        (low, cheap), (high, dear) = below[-1], above[0]
        exact = cheap + Fraction((dear - cheap) * (hours - low), high - low)
    assert exact - Fraction(1, 2) < price <= exact + Fraction(1, 2)


@given(rows, hours_, hours_)
def test_a_longer_term_never_costs_less(found: dict[int, int], one: int, other: int) -> None:
    table = _rising(found)
    short, long = terms.price_of(table, min(one, other)), terms.price_of(table, max(one, other))
    assert short is not None
    assert long is not None
    assert short <= long


@given(rows, st.lists(st.integers(1, 300), min_size=1, max_size=5))
def test_extensions_add_up_to_the_price_of_all_hours(found: dict[int, int], parts: list[int]) -> None:
    table = _rising(found)
    paid = terms.price_of(table, parts[0]) or 0
    had = parts[0]
    for more in parts[1:]:
        paid += terms.extension_price(table, had, more) or 0
        had += more
    assert paid == terms.price_of(table, had)
