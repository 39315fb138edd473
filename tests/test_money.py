"""Money to and from text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.money import MAX_MINOR, as_number, format_minor, parse_minor

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("12.5", 125_000), (" 0.0001 ", 1), ("0", 0), ("0.0000", 0), ("1e2", 1_000_000), ("-3", -30_000), ("007", 70_000),
        ("0.00001", None), ("1e999999999", None), ("1e-999999999", None), ("nan", None), ("inf", None), ("", None),
        ("12,5", None), ("0x10", None), ("99999999999999999999", None), ("1 2", None),
    ],
)  # fmt: skip
def test_amounts_are_read_exactly_or_not_at_all(text: str, minor: int | None) -> None:
    assert parse_minor(text) == minor


@pytest.mark.parametrize(
    ("minor", "text"),
    [(125_000, "12.50"), (171_540, "17.154"), (125, "0.0125"), (12_345, "1.2345"), (0, "0.00"), (-100, "-0.01")],
)
def test_amounts_show_two_to_four_decimals(minor: int, text: str) -> None:
    assert format_minor(minor) == text


@given(st.integers(-MAX_MINOR, MAX_MINOR))
def test_what_is_shown_is_read_back(minor: int) -> None:
    assert parse_minor(format_minor(minor)) == minor


@given(st.integers(0, 10**10))
def test_json_numbers_lose_nothing(minor: int) -> None:
    assert round(as_number(minor) * 10_000) == minor
