"""Proposes what could be a code by its form alone: digits, also in groups or behind a prefix, letters and digits."""

import re
from collections.abc import Collection, Iterator, Mapping

import msgspec

from numbank.codes.chains import MAX_LENGTH, MIN_LENGTH, Span, continues, meanings

_LETTERS = "A-Za-z\u00c0-\u024f\u0370-\u052f"  # Latin, Greek, Cyrillic: scripts that would put a blank before a number

# A run of the alphabet with a digit in it. The look-behind lets a run begin only at its own beginning and nothing is
# given back, so each character is looked at a bounded number of times.
_RUN = re.compile(f"(?<![0-9{_LETTERS}])[{_LETTERS}]*+[0-9][0-9{_LETTERS}]*+")

# Letters, a dash, and right behind it the candidate: the G of G-123456.
_PREFIX = re.compile(r"(?<![A-Za-z0-9])[A-Z]{1,8}-\Z")

# "ABC-D3F", "GEU-TAB": two groups of capitals and digits. "ABCD-2345" may be a prefix and a number as well, so it is both.
_DASHED = re.compile(r"(?<![A-Za-z0-9-])[A-Z0-9]{3,5}-[A-Z0-9]{2,5}(?![A-Za-z0-9-])")

_NUMBER = re.compile(r"[0-9]{4,8}(?=[A-Za-z])")
# The ending of a case: "206153n" of Oromo.
_WITH_ENDING = re.compile(r"[0-9]{5,8}(?=[a-z]{1,3}\Z)")
_LONGEST_NOUN = 24


class Candidate(msgspec.Struct, frozen=True):
    """A piece of the text that has the form of a code; `code` is without separators and prefix."""

    code: str
    start: int
    end: int
    is_mixed: bool = False
    """Letters, or letters and digits."""
    needs_noun: bool = False
    """Its form proves so little that a word for a code must own it: "12 3456", "ABC-D3F", letters alone, 3 digits."""

    @property
    def looks_like_year(self) -> bool:
        return len(self.code) == 4 and self.code[:2] in ("19", "20")

    @property
    def looks_like_time(self) -> bool:
        """A year, a time of day as it is said: 2026, 1530."""
        is_clock = len(self.code) == 4 and self.code[:2] < "25" and self.code[2:] < "60" and self.code[3] in "05"
        return self.looks_like_year or is_clock


def candidates(
    text: str, noun_ends: Collection[int], links: Mapping[int, int] | None = None, other_starts: Collection[int] = ()
) -> list[Candidate]:
    """All candidates, in order. `noun_ends` says where code words end: "OTP123456" is a word and a number; `links` where
    words like "is" begin and end: so are "123456is" and "is123456"; `other_starts` where other words begin: "123456Ref".
    """
    found: list[Candidate] = list(_dashed(text)) if "-" in text else []
    chain: list[Span] = []
    for match in _RUN.finditer(text):
        start, end = match.span()
        if end - start > 1 and not match.group().isdigit():
            start, end = _trimmed(text, (start, end), noun_ends, links or {}, other_starts)
        is_number = text[start:end].isdigit()
        if chain and not (is_number and continues(text, chain, start, end)):
            found += _of_chain(text, chain)
            chain = []
        if is_number:
            chain.append((start, end))
        elif MIN_LENGTH <= end - start <= MAX_LENGTH and text[start:end].isascii():
            found.append(Candidate(text[start:end], start, end, is_mixed=True))
    if chain:
        found += _of_chain(text, chain)
    return found


def prefix_start(text: str, start: int) -> int:
    """Where the prefix of the candidate at `start` begins; `start` itself if it has none."""
    if text[start - 1 : start] != "-":
        return start
    match = _PREFIX.search(text, max(0, start - 9), start)
    return match.start() if match else start


def _trimmed(
    text: str, run: Span, noun_ends: Collection[int], links: Mapping[int, int], other_starts: Collection[int]
) -> Span:
    """The run without the words that are glued to its number."""
    start, end = run
    head = next((at for at in range(start + 1, min(end, start + _LONGEST_NOUN)) if at in noun_ends), None)
    if head is None and start in links and text[start : links[start]].islower():
        head = links[start]
    begin = start if head is None else head
    ended = _WITH_ENDING.match(text, begin, end)
    if ended:
        return begin, ended.end()
    number = _NUMBER.match(text, begin)
    tail = number.end() if number else end
    if number and (tail in other_starts or (tail in links and text[tail].islower())):
        return begin, tail
    return (begin, end) if text[begin:end].isdigit() else run


def _of_chain(text: str, chain: list[Span]) -> Iterator[Candidate]:
    for code, start, end, needs_noun in meanings(text, chain):
        yield Candidate(code, start, end, needs_noun=needs_noun)


def _dashed(text: str) -> Iterator[Candidate]:
    for match in _DASHED.finditer(text):
        if not match.group().replace("-", "").isdigit():
            yield Candidate(match.group(), *match.span(), is_mixed=True, needs_noun=True)
