"""Rates show amounts in other currencies, rounded half up; what cannot be one is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.catalogue import rates
from numbank.catalogue.rates import Rates
from numbank.errors import OperatorError

pytestmark = pytest.mark.unit

TABLE = Rates(840, {978: Decimal("0.92"), 643: Decimal("91.25"), 392: Decimal("0.00005")})


@pytest.mark.parametrize(
    ("minor", "wanted", "expected"),
    [
        (10_000, 978, (9_200, 978)),
        (10_000, 643, (912_500, 643)),
        (10_000, 840, (10_000, 840)),
        (10_000, None, (10_000, 840)),
        (10_000, 156, (10_000, 840)),  # no rate: as it is
        (10_000, 392, (1, 392)),  # 0.5 rounds up
        (9_999, 392, (0, 392)),
        (0, 978, (0, 978)),
        (-10_000, 978, (-9_200, 978)),
    ],
)
def test_an_amount_of_the_banks_currency_in_another(minor: int, wanted: int | None, expected: tuple[int, int]) -> None:
    assert TABLE.shown(minor, 840, wanted) == expected


def test_between_two_other_currencies_it_goes_through_the_banks_own() -> None:
    assert TABLE.shown(9_200, 978, 643) == (912_500, 643)
    assert TABLE.shown(9_200, 978, 840) == (10_000, 840)
    assert TABLE.shown(9_200, 156, 840) == (9_200, 156)


@given(st.integers(0, 10**15), st.sampled_from([978, 643, 840]))
def test_a_dearer_price_is_never_shown_as_a_cheaper_one(minor: int, wanted: int) -> None:
    assert TABLE.shown(minor, 840, wanted)[0] <= TABLE.shown(minor + 1, 840, wanted)[0]


@pytest.mark.parametrize("text", ["EUR", "eur", " 978 ", "978"])
def test_a_currency_has_letters_and_a_number(text: str) -> None:
    found = rates.currency(text)
    assert found is not None
    assert (found.number, found.letters) == (978, "EUR")


def test_zeros_in_front_of_a_number_may_be_left_out() -> None:
    assert rates.currency("8") == rates.currency("008") == rates.currency("ALL")


@pytest.mark.parametrize("text", ["", "xyz", "0", "1000", "-978", "978.0", "９７８", "null"])
def test_what_is_no_currency(text: str) -> None:
    assert rates.currency(text) is None
    with pytest.raises(OperatorError, match="is no currency"):
        rates.existing(text)


@pytest.mark.parametrize("text", ["0.92", " 1 ", "91.25", "1e-9", "1000000000", "0.000000000001e3"])
def test_what_is_a_rate(text: str) -> None:
    assert rates.parse_rate(text) == Decimal(text.strip())


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "x", "nan", "inf", "1e99", "1e999999999", "1e-999999999", "0.0000000000001", "1,5"]
)
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(OperatorError, match="is no rate"):
        rates.parse_rate(text)
