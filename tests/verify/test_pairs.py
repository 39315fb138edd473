"""Pairs of number and service are remembered as hashes, so many at a time: in one turn or in several the same is found."""

from __future__ import annotations

import pytest

from numbank.activation import verify as activation
from tests.verify.conftest import Break
from tests.verify.damage_to_leases import LEASES
from tests.verify.used_bank import broken

TWICE = next(case for case in LEASES if case.check == "activation.once")
ONCE = [check for check in activation.CHECKS if check.name == "activation.once"]


@pytest.mark.parametrize("most", [1, 10, 1_000_000])
async def test_a_pair_that_is_there_twice_is_found_in_any_number_of_turns(
    break_it: Break, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(activation, "MOST_PAIRS", most)
    (clean,) = await break_it((), ONCE)
    assert clean.differences == 0
    (found,) = await break_it(TWICE.sql, ONCE)
    assert (found.looked_at, found.differences) == (clean.looked_at, 1)
    assert " is in the leases " in found.examples[0]


async def test_what_only_has_the_same_hash_is_no_difference(break_it: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one of two leases may have been cancelled since it was seen."""
    monkeypatch.setattr(activation, "_twice", lambda hashes: [-1])
    assert broken(await break_it((), ONCE)) == {}
    monkeypatch.undo()
    monkeypatch.setattr(activation, "MOST_SUSPECTS", 0)
    (found,) = await break_it(TWICE.sql, ONCE)
    assert (found.differences, found.examples) == (1, ()), "too many to look at are counted"
