"""What cashback a charge earns, and how a refund takes it back: plain arithmetic on 1/10,000 of the currency."""

from __future__ import annotations

import msgspec

WHOLE_BP = 10_000


class TakenBack(msgspec.Struct, frozen=True):
    """Where cashback is taken from when its charge is refunded."""

    cashback: int
    cash: int


def earned(charge: int, rate_bp: int) -> int:
    """The cashback of a charge, rounded down: never more than its share, and nothing for less than 1/10,000."""
    return charge * rate_bp // WHOLE_BP


def taken_back(credited: int, cashback_there: int) -> TakenBack:
    """Take back what was credited from the cashback that is there (with what the refund gave), the rest from the cash.

    The rest is never more than the refunded cash: what was credited is a part of the charge, and the charge's cashback
    part is among what is there.
    """
    from_cashback = min(credited, cashback_there)
    return TakenBack(from_cashback, credited - from_cashback)
