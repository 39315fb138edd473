"""The fault plan: parsed from its setting, drawn by the seed, turned into messages."""

from __future__ import annotations

from collections import Counter

import pytest

from numbank.clock import Chance
from numbank.errors import OperatorError
from numbank.suppliers.simulator.plan import LATE_BY_S, Fault, Faults, Order, chance_for, plan, plan_more
from tests.suppliers.reference import services, writer

pytestmark = pytest.mark.unit

ORDER = Order(100_000_007, services()["ub"], "GB", 1200.0)


def planned(fault: Fault | None, delay_s: float = 3.0) -> list[tuple[float, str]]:
    """When what comes under which id."""
    return [(one.delay_s, one.foreign_id) for one in plan(ORDER, fault, writer(), Chance(1), delay_s)]


def test_the_setting_of_the_documentation() -> None:
    faults = Faults.parse("never=0.1,late=0.05,twice=0.1,wrong=0.02,nocode=0.1,two=0.05")
    assert dict(faults.shares) == {
        Fault.NEVER: 0.1, Fault.LATE: 0.05, Fault.TWICE: 0.1, Fault.WRONG: 0.02, Fault.NOCODE: 0.1, Fault.TWO: 0.05
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", " , ", "never=0"])
def test_no_faults(text: str) -> None:
    faults = Faults.parse(text)
    assert {faults.draw(Chance(seed)) for seed in range(100)} == {None}


@pytest.mark.parametrize(
    "text", ["sometimes=0.1", "never=0.6,late=0.6", "never=2", "never", "never=-1", "=1", "never=x"]
)
def test_what_the_setting_cannot_be(text: str) -> None:
    with pytest.raises(OperatorError):
        Faults.parse(text)


def test_all_shares_may_be_one_together() -> None:
    assert len(Faults.parse(",".join(f"{fault}={1 / 6}" for fault in Fault)).shares) == len(Fault)


def test_shares_come_true() -> None:
    faults = Faults.parse("never=0.1,two=0.3")
    drawn = Counter(faults.draw(chance_for(1, lease_id)) for lease_id in range(100_000_000, 100_010_000))
    assert drawn[Fault.NEVER] == pytest.approx(1_000, abs=120)
    assert drawn[Fault.TWO] == pytest.approx(3_000, abs=200)
    assert drawn[None] == 10_000 - drawn[Fault.NEVER] - drawn[Fault.TWO]


def test_what_comes_when() -> None:
    assert planned(None) == [(3.0, "100000007-0")]
    assert planned(Fault.NEVER) == []
    assert planned(Fault.LATE) == [(1200.0 + LATE_BY_S, "100000007-0")]
    assert planned(Fault.TWICE) == [(3.0, "100000007-0"), (6.0, "100000007-0")]
    assert planned(Fault.NOCODE) == [(3.0, "100000007-0")]
    assert planned(Fault.TWO) == [(3.0, "100000007-0"), (6.0, "100000007-1")]
    assert planned(Fault.WRONG) == [(3.0, "100000007-1"), (6.0, "100000007-0")]


def test_twice_is_the_very_same_message_and_two_are_not() -> None:
    first, second = plan(ORDER, Fault.TWICE, writer(), Chance(1), 3.0)
    assert (first.sender, first.text) == (second.sender, second.text)
    first, second = plan(ORDER, Fault.TWO, writer(), Chance(1), 3.0)
    assert first.text != second.text


def test_further_codes_have_ids_of_their_own() -> None:
    ids = [plan_more(ORDER, turn, writer(), Chance(1), 3.0).foreign_id for turn in (1, 2)]
    assert ids == ["100000007-more-1", "100000007-more-2"]
    assert not set(ids) & {foreign_id for _, foreign_id in planned(Fault.TWO)}
