"""Proposes what is a code only because the message says so: letters without a digit, three digits alone.

"Your password is gVtFmd": a noun, a word like "is" or a colon, and right behind it the code.
"""

import re
from collections.abc import Iterator

from numbank.codes.candidates import Candidate
from numbank.codes.cues import Cue
from numbank.codes.governor import walk_ahead
from numbank.codes.reading import Reading

_LETTERS = re.compile(
    r"(?<![A-Za-z0-9\u00c0-\u052f])(?:[A-Za-z]{4,10}|[0-9]{3})"
    r"(?![A-Za-z0-9\u00c0-\u052f]|[-.,' ][0-9]|[-.,'][A-Za-z]| ?[%/])"
)
_CHANGES = re.compile(r"(?<=[a-z])[A-Z]|(?<=[A-Z])[a-z]")
_CAMEL = re.compile(r"(?:[A-Z][a-z]+)+")
_MOST_NOUNS = 20  # what more say is no clear answer, and their number is the sender's
_FEWEST_CHANGES = 3
_VOWELS = frozenset("AEIOUY")
_CONSONANTS = re.compile(r"[^AEIOUY]{3}|[AEIOUY]{3}")


def said(reading: Reading) -> Iterator[Candidate]:
    """The candidates that a noun leads to and that no form would show."""
    seen: set[int] = set()
    for noun in reading.nouns[:_MOST_NOUNS]:
        at, link = walk_ahead(reading, noun.end)
        if (link < 2 and noun.end not in reading.link_ends) or at in seen:
            continue
        seen.add(at)
        match = _LETTERS.match(reading.text, at)
        if match and not reading.masks.cover(at) and _is_code(reading, noun, match.group(), at):
            yield Candidate(match.group(), at, match.end(), is_mixed=not match.group().isdigit(), needs_noun=True)


def is_like_word(code: str) -> bool:
    """Whether letters could be a word or a name, in capitals: "EXPIRED" and no "XKQPTD"."""
    vowels = sum(letter in _VOWELS for letter in code)
    return code.isalpha() and code.isupper() and vowels > 1 and _CONSONANTS.search(code) is None


def _is_code(reading: Reading, noun: Cue, word: str, at: int) -> bool:
    if word.isdigit():
        return noun.kind == "strong"
    if any(reading.starts(kind, at) for kind in reading.cues):
        return False
    if word.isupper():
        before = reading.text[noun.start : noun.end]
        return not before.isupper() or len(before) <= _FEWEST_CHANGES
    return len(_CHANGES.findall(word)) >= _FEWEST_CHANGES and not _CAMEL.fullmatch(word)
