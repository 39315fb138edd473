"""Rates: one second's worth at once, then as many as the limit, for each customer alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.policy import rates
from numbank.policy.rates import Buckets, Flood

pytestmark = pytest.mark.unit


def test_a_burst_of_one_second_passes_and_no_more() -> None:
    buckets = Buckets()
    assert [buckets.take(1, 3, 100.0) for _ in range(5)] == [True, True, True, False, False]
    assert buckets.take(2, 3, 100.0)
    assert [buckets.take(1, 3, 100.34) for _ in range(2)] == [True, False]
    assert [buckets.take(1, 3, 200.0) for _ in range(4)] == [True, True, True, False]


@given(st.integers(1, 50), st.lists(st.floats(0, 0.2), min_size=1, max_size=300))
def test_no_span_of_time_holds_more_than_its_share_and_a_full_bucket(per_s: int, gaps: list[float]) -> None:
    buckets, now, taken = Buckets(), 1_000.0, []
    for gap in gaps:
        now += gap
        if buckets.take(7, per_s, now):
            taken.append(now)
    for first, start in enumerate(taken):
        for last in range(first, len(taken)):
            assert last - first + 1 <= per_s * (taken[last] - start) + per_s + 1e-3


@given(st.integers(1, 1_000))
def test_a_full_bucket_gives_its_whole_limit(per_s: int) -> None:
    buckets = Buckets()
    assert sum(buckets.take(1, per_s, 5_000_000.0) for _ in range(per_s + 5)) == per_s


def test_wrong_keys_are_counted_by_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MOST_REMEMBERED", 3)
    flood = Flood(2)
    for _ in range(2):
        assert not flood.over("192.0.2.1", 10.0)
        flood.note("192.0.2.1", 10.0)
    assert flood.over("192.0.2.1", 11.0)
    assert not flood.over("192.0.2.2", 11.0)
    assert not flood.over("192.0.2.1", 71.0)
    for turn in range(10):
        flood.note(f"198.51.100.{turn}", 12.0)
    assert not flood.over("192.0.2.1", 12.0)  # forgotten rather than remembered without a bound
