"""Finds numbers that a message gives side by side, so that none of them is the code: "your codes 1234 and 5678"."""

import functools
import itertools
import re

from numbank.codes.candidates import Candidate
from numbank.codes.wordlist import table

_LONGEST = 8  # characters between two of them


@functools.cache
def _between() -> re.Pattern[str]:
    """A comma, a slash, a line break, or a word like "and"."""
    words = "|".join(map(re.escape, table("numbers/joined")["words"]))
    return re.compile(rf" ?[,;/\n] ?|[ ,;]{{0,2}}(?:{words}) ?", re.IGNORECASE)


def side_by_side(found: list[Candidate], text: str) -> set[int]:
    """Where those of the candidates begin that stand beside another number of about their length."""
    numbers = sorted((one for one in found if one.code.isdigit()), key=lambda one: one.start)
    beside: set[int] = set()
    for one, other in itertools.pairwise(numbers):
        is_near = 0 < other.start - one.end <= _LONGEST and abs(len(one.code) - len(other.code)) <= 1
        if is_near and one.code != other.code and _between().fullmatch(text, one.end, other.start):
            beside |= {one.start, other.start}
    return beside
