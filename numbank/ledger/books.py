"""The books of the ledger as numbers: two for each customer account, and the house's own, which are negative."""

from __future__ import annotations

from enum import IntEnum


class House(IntEnum):
    """House books. Their balances are sums of the journal and may be negative; they exist once per currency."""

    OUTSIDE = -1  # where top-ups come from
    HELD = -2  # taken from customers, not yet earned
    REVENUE = -3  # earned
    CASHBACK = -4  # given to customers as cashback


class Kind(IntEnum):
    """What a transfer is for."""

    TOPUP = 1
    HOLD = 2
    POST = 3
    VOID = 4
    REFUND = 5
    CASHBACK = 6
    ADJUSTMENT = 7


class HoldState(IntEnum):
    """A hold is open once, and ends once: posted or voided, never both."""

    HELD = 0
    POSTED = 1
    VOIDED = 2


def cash_book(account_id: int) -> int:
    """The book of an account's money. The queries compute the same: 2 * id, and 2 * id + 1 for cashback."""
    return 2 * account_id


def cashback_book(account_id: int) -> int:
    """The book of an account's cashback."""
    return 2 * account_id + 1
