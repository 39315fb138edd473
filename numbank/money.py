"""Money as integers in 1/10,000 of the currency unit ("minor"), and its way to and from text."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

MINOR_PER_UNIT = 10_000
# A balance may never come near the ends of a 64-bit integer, however many top-ups are added up.
MAX_MINOR = 10**15


def parse_minor(text: str) -> int | None:
    """Read a plain decimal such as `12.5` as minor units; None when it is no finite amount of at most four decimals.

    Negative amounts are read as such; the caller decides whether they make sense.
    """
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        return None
    # The exponent is checked before any arithmetic: 1e999999999 is a valid Decimal and would fill the memory.
    if not amount.is_finite() or not -4 <= amount.adjusted() <= 15:
        return 0 if amount.is_finite() and amount == 0 else None
    minor = amount * MINOR_PER_UNIT
    if minor != minor.to_integral_value() or abs(minor) > MAX_MINOR:
        return None
    return int(minor)


def format_minor(minor: int) -> str:
    """Minor units as the wire prints them: a dot, at least two decimals, no more than four (`12.50`, `0.0125`)."""
    sign = "-" if minor < 0 else ""
    units, rest = divmod(abs(minor), MINOR_PER_UNIT)
    decimals = f"{rest:04d}"
    if decimals.endswith("00"):
        decimals = decimals[:2]
    elif decimals.endswith("0"):
        decimals = decimals[:3]
    return f"{sign}{units}.{decimals}"


def as_number(minor: int) -> int | float:
    """Minor units as a JSON number: whole amounts as integers, others with at most four decimals."""
    units, rest = divmod(minor, MINOR_PER_UNIT)
    return units if rest == 0 else minor / MINOR_PER_UNIT
