"""The shape of a message: its plain text without the digits that no rule looks at. What was read in one message holds for
all of its shape, with their own digits (docs/decisions/0015-shapes.md).

Whatever a rule asks of the value of a number is in the shape: each fact of `facts_of`, and which numbers are equal. A number
that may mean more by itself stands in it as it is.
"""

import re
import string
from collections import Counter

from numbank.codes.candidates import Candidate
from numbank.codes.numbers.dates import is_compact_date, is_year
from numbank.codes.numbers.phones import is_of_call_centre

SHORTEST, LONGEST = 4, 8
"""Digits of a number that is left out. Shorter ones count minutes and days, longer ones are phones and accounts."""

MOST_NUMBERS = 24
LONGEST_TEXT = 400
"""Characters of a text that has a shape; a longer one is a story of its own."""

_NUMBER = re.compile("[0-9]++")
_JOINS = frozenset(".,:/'-")  # make one thing of two numbers: an amount, a date, a time, a code in groups
# A host and a code, without the @ that binds them: whether they are bound is asked of the digits (masks.bound_line).
_TAGGED = re.compile(r"(?<![@A-Za-z0-9.-])[A-Za-z0-9.-]+\.[A-Za-z]{2,} #[A-Za-z0-9]{4}")
_LETTERS = frozenset(string.ascii_letters)
_MARK = "\x01"  # no plain text has it

Place = tuple[int, int, str]
"""Begin and end of a number, and the number."""


def facts_of(number: str) -> str:
    """What rules ask of the digits of a number of SHORTEST to LONGEST digits, besides how many there are."""
    if len(number) == SHORTEST:
        return _OF_FOUR[int(number)]
    zero = "z" if number[0] == "0" else ""
    return zero + "d" if len(number) == LONGEST and is_compact_date(number) else zero


def _facts_of_four(number: str) -> str:
    candidate = Candidate(number, 0, SHORTEST)
    year = number[:2] if candidate.looks_like_year else "y" if is_year(number) else ""
    facts = (("z", number[0] == "0"), ("t", candidate.looks_like_time), ("c", is_of_call_centre(number)))
    return year + "".join(name for name, holds in facts if holds)


# Of every number, so that none has to be remembered with its facts.
_OF_FOUR = tuple(_facts_of_four(f"{number:0{SHORTEST}}") for number in range(10**SHORTEST))


def shape_of(text: str, own: str, names: frozenset[str]) -> str | None:
    """A plain text with the facts of its numbers in their places; None if it has no shape.

    `own` is what the sender calls himself by, in the spelling of candidates; `names` the numbers that mean something by
    themselves. Texts of one shape have the same words, and numbers at the same places.
    """
    found = [(*match.span(), match.group()) for match in _NUMBER.finditer(text)]
    if len(found) > MOST_NUMBERS or len(text) > LONGEST_TEXT or ("#" in text and _TAGGED.search(text) is not None):
        return None
    digits = found[0][2] if len(found) == 1 else "".join([number for _, _, number in found])
    is_own = bool(own) and (own in text or own in digits)
    masked = [
        (start, end, number)
        for start, end, number in found
        if SHORTEST <= end - start <= LONGEST and number not in names and _is_apart(text, start, end)
    ]
    if is_own:
        masked = [place for place in masked if place[2] not in own]
    if len(found) > 1:
        masked = _unlike_others(masked, digits)
    pieces = [own if is_own else "", _MARK]
    at = 0
    equal: dict[str, int] = {}
    for start, end, number in masked:
        pieces += (
            text[at:start], _MARK, str(end - start), facts_of(number), f",{equal.setdefault(number, len(equal))}", _MARK,
        )  # fmt: skip
        at = end
    pieces.append(text[at:])
    return "".join(pieces)


def _is_apart(text: str, start: int, end: int) -> bool:
    """Whether no letter of ASCII touches the number, and no sign joins it to another one."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if before in _LETTERS or after in _LETTERS:
        return False
    if before in _JOINS and text[start - 2 : start - 1].isdigit():
        return False
    return not (after in _JOINS and text[end + 1 : end + 2].isdigit())


def _unlike_others(masked: list[Place], digits: str) -> list[Place]:
    """Those that are found among all `digits` of the message only where another one of these is the same: in
    "482913 (482-913)" one code is said twice.
    """
    times = Counter(number for _, _, number in masked)
    return [place for place in masked if _times(place[2], digits) == times[place[2]]]


def _times(number: str, digits: str) -> int:
    """How often the digits have the number, also where it overlaps with itself."""
    times = 0
    at = digits.find(number)
    while at >= 0:
        times += 1
        at = digits.find(number, at + 1)
    return times
