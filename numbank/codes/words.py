"""Tells where words begin and end, in scripts that put blanks between words and in those that do not."""

import re
import unicodedata
from collections.abc import Iterable

_LONGEST_ENDING = 24
_DIGITS = frozenset("0123456789")
_BEYOND = "\u0e00"  # Thai and what comes after it: few scripts of those put blanks between words

# Letters, and the signs for vowels that belong to the letter before them, of all scripts that part words.
SPACED = frozenset(
    chr(point)
    for points in (range(0x41, ord(_BEYOND)), range(0x10A0, 0x1100), range(0x1200, 0x1380), range(0x1E00, 0x2000))
    for point in points
    if unicodedata.category(chr(point))[0] in "LM"
)


LONG_NUMBER = 4
"""Digits of a number that may be a code by its form."""

_NUMBER = re.compile(rf"(?<![0-9])[0-9]{{{LONG_NUMBER},}}+")


def numbers_in(words: Iterable[str]) -> frozenset[str]:
    """All numbers of LONG_NUMBER digits or more that stand in words or names."""
    return frozenset(_NUMBER.findall("|".join(words)))


def word_end(shadow: str, at: int) -> int:
    """Where the word ends that `at` is in, at most a long ending further on."""
    if not joined(shadow, at):
        return at
    last = min(len(shadow), at + _LONGEST_ENDING)
    among = SPACED if shadow[at] in SPACED else _DIGITS
    while at < last and shadow[at] in among:
        at += 1
    return at


def joined(shadow: str, at: int) -> bool:
    """Whether the characters beside `at` are letters of one word, in a script that puts blanks between words, or
    digits of one number.
    """
    if not 0 < at < len(shadow):
        return False
    before, after = shadow[at - 1], shadow[at]  # asked for every word of a list that a mail has: no call for most
    if before in SPACED:
        return after in SPACED
    return before.isdigit() and after.isdigit()
