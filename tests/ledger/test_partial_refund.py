"""What of a partial refund goes back to cash and what to cashback: in the proportion in which it was paid."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from numbank.ledger.journal import split

pytestmark = pytest.mark.unit

money = st.integers(0, 10**15)


@given(money, money, st.data())
def test_the_parts_are_the_proportion_to_the_nearest_unit(cash: int, cashback: int, data: st.DataObject) -> None:
    assume(cash + cashback > 0)
    amount = data.draw(st.integers(0, cash + cashback))
    to_cash, to_cashback = split(cash, cashback, amount)
    assert to_cash + to_cashback == amount
    assert 0 <= to_cash <= cash
    assert 0 <= to_cashback <= cashback
    assert abs(to_cash - Fraction(amount * cash, cash + cashback)) <= Fraction(1, 2)


@given(money, money)
def test_all_goes_back_to_where_it_came_from(cash: int, cashback: int) -> None:
    assert split(cash, cashback, None) == split(cash, cashback, cash + cashback) == (cash, cashback)


@pytest.mark.parametrize("amount", [-1, 11])
def test_more_than_was_paid_cannot_go_back(amount: int) -> None:
    with pytest.raises(ValueError, match="cannot be given back"):
        split(7, 3, amount)
