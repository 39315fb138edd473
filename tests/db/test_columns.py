"""Rows as columns."""

from __future__ import annotations

import pytest

from numbank.db.columns import columns

pytestmark = pytest.mark.unit


def test_rows_become_columns() -> None:
    assert columns([(1, "a"), (2, "b")]) == [[1, 2], ["a", "b"]]
    assert columns([(1, "a")], 2) == [[1], ["a"]]


def test_no_rows_are_as_many_empty_columns_as_are_expected() -> None:
    assert columns([], 3) == [[], [], []]
    assert columns([]) == []


def test_rows_of_different_lengths_are_a_bug() -> None:
    with pytest.raises(ValueError, match="argument"):
        columns([(1, 2), (1,)])
