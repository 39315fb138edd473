"""Asks every mask about a number."""

import re

from numbank.codes.numbers.amounts import amount_mask
from numbank.codes.numbers.dates import date_mask
from numbank.codes.numbers.identifiers import identifier_mask
from numbank.codes.numbers.near import Mask, near
from numbank.codes.numbers.phones import phone_mask
from numbank.codes.reading import Reading

# Two groups of four: where the second is a year or an amount, the first is no part of it: "4829 2026年11月21日".
_FOURS = re.compile("[0-9]{4} [0-9]{4}")

_MASKS = (date_mask, phone_mask, amount_mask, identifier_mask)


def number_mask(reading: Reading, start: int, end: int) -> Mask | None:
    """What the number between the two places is, when it is no code; a sure mask before one that is not."""
    around = near(reading, start, end)
    if _FOURS.fullmatch(around.number):
        is_stamped = around.number[:2] == "20" and not around.before.rpartition("\n")[2].strip()  # "2026 4829 is"
        if is_stamped or number_mask(reading, end - 4, end) is not None:
            return Mask("beside a number of another kind")
    doubtful: Mask | None = None
    for mask in _MASKS:
        found = mask(around)
        if found is not None and found.is_sure:
            return found
        doubtful = doubtful or found
    return doubtful
