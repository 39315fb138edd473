"""The walk of a bookmark: everything once, in order, nothing left behind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.supply.shelf import Shelf, hashed_start

pytestmark = pytest.mark.unit


@given(st.integers(0, 300), st.integers(0, 2**31), st.integers(0, 2**31), st.lists(st.integers(1, 40), min_size=1))
def test_the_walk_meets_every_seq_exactly_once(last_seq: int, pool_id: int, service_id: int, sizes: list[int]) -> None:
    start = hashed_start(pool_id, service_id, last_seq)
    shelf = Shelf(pool_id, service_id, start, start, 0, last_seq)
    met: list[int] = []
    turn = 0
    while not shelf.finished:
        window = shelf.window(sizes[turn % len(sizes)])
        assert 0 < len(window) <= sizes[turn % len(sizes)]
        for seq in window:
            shelf.pass_by(seq)
        met += window
        turn += 1
    assert sorted(met) == list(range(1, last_seq + 1))
    assert shelf.window(10) == []


@given(st.integers(1, 100), st.integers(1, 100))
def test_numbers_that_are_added_later_come_in_their_turn(before: int, more: int) -> None:
    start = hashed_start(1, 1, before)
    shelf = Shelf(1, 1, start, start, 0, before)
    for seq in shelf.window(before):
        shelf.pass_by(seq)
    assert shelf.finished
    shelf.last_seq += more
    assert shelf.window(more + 1) == list(range(before + 1, before + more + 1))


def test_services_of_one_pool_start_at_different_places() -> None:
    starts = {hashed_start(1, service_id, 1_000_000) for service_id in range(50)}
    assert len(starts) == 50
