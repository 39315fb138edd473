"""What a rental of so many hours costs by the operator's table of terms, and which hours are possible. Pure.

Prices are 1/10,000 of the currency, hours are whole (protocol.md 12.4).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise

from numbank.errors import BadHours, OperatorError, Refusal, TooManyHours

# Fewer hours than LEAST are rented only where the table has that very term.
LEAST_HOURS = 4
MOST_HOURS = 1_344

# A table: (hours, price), sorted by hours.
Table = tuple[tuple[int, int], ...]


def table_of(rows: Iterable[tuple[int, int]]) -> Table:
    """A table from (hours, price) in any order."""
    return tuple(sorted(rows))


def price_of(table: Table, hours: int) -> int | None:
    """The price of so many hours, None without any term.

    Between two terms it lies on the line between them, rounded half up; below the first term it is the first one's price,
    above the last one it goes on at the last one's price per hour.
    """
    if not table:
        return None
    place = bisect_left(table, (hours, -1))
    if place == len(table):
        last, price = table[-1]
        return _half_up(price * hours, last)
    after, dearer = table[place]
    if place == 0 or after == hours:
        return dearer
    before, cheaper = table[place - 1]
    return cheaper + _half_up((dearer - cheaper) * (hours - before), after - before)


def extension_price(table: Table, had: int, more: int) -> int | None:
    """What it costs to go from the hours of a live rental to so many more: never less than nothing."""
    total, paid = price_of(table, had + more), price_of(table, had)
    return None if total is None or paid is None else max(0, total - paid)


def refuse_hours(table: Table, hours: int) -> Refusal | None:
    """BadHours where no such term can be rented."""
    if LEAST_HOURS <= hours <= MOST_HOURS or (0 < hours < LEAST_HOURS and any(row[0] == hours for row in table)):
        return None
    return BadHours()


def refuse_extension(table: Table, had: int, more: int) -> Refusal | None:
    """BadHours for a term that cannot be rented, TooManyHours when the total would pass what is possible."""
    return refuse_hours(table, more) or (TooManyHours(MOST_HOURS - had) if had + more > MOST_HOURS else None)


def check_table(table: Table) -> None:
    """OperatorError when a term is out of bounds, has no price, stands there twice, or a longer one costs less."""
    for hours, price in table:
        if not 1 <= hours <= MOST_HOURS:
            raise OperatorError(f"a term has 1 to {MOST_HOURS} hours, not {hours}")
        if price < 0:
            raise OperatorError(f"the term of {hours} h has a price below 0")
    for (hours, price), (longer, cheaper) in pairwise(table):
        if longer == hours:
            raise OperatorError(f"the term of {hours} h stands there twice")
        if cheaper < price:
            raise OperatorError(f"{longer} h would cost less than {hours} h: a longer term is never cheaper")


def _half_up(numerator: int, denominator: int) -> int:
    """A quotient of whole numbers that are not negative, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)
