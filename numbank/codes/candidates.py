"""Proposes what could be a code by its form alone: digits, also in groups or behind a prefix, letters and digits."""

import re
from collections.abc import Iterator

import msgspec

MIN_LENGTH, MAX_LENGTH = 4, 10
_LETTERS = "A-Za-z\u00c0-\u024f\u0370-\u052f"  # Latin, Greek, Cyrillic: scripts that would put a blank before a number

# A run of the alphabet with a digit in it. The look-behind lets a run begin only at its own beginning and nothing is
# given back, so each character is looked at a bounded number of times.
_RUN = re.compile(f"(?<![0-9{_LETTERS}])[{_LETTERS}]*+[0-9][0-9{_LETTERS}]*+")

# Letters, a dash, and right behind it the candidate: the G of G-123456.
_PREFIX = re.compile(r"(?<![A-Za-z0-9])[A-Z]{1,8}-\Z")

_ONE_BY_ONE = range(4, 9)
_GROUPINGS = {(3, 3), (4, 4), (2, 2, 2), (2, 2, 2, 2)}


class Candidate(msgspec.Struct, frozen=True):
    """A piece of the text that has the form of a code; `code` is without separators and prefix."""

    code: str
    start: int
    end: int
    is_mixed: bool = False  # letters and digits

    @property
    def looks_like_year(self) -> bool:
        return len(self.code) == 4 and self.code[:2] in ("19", "20")


def candidates(text: str, noun_ends: frozenset[int]) -> list[Candidate]:
    """All candidates, in order. `noun_ends` says where code words end: "OTP123456" is a word and a number."""
    found: list[Candidate] = []
    chain: list[tuple[int, int]] = []
    for match in _RUN.finditer(text):
        start, end = match.span()
        head = next((at for at in range(start + 1, min(end, start + 24)) if at in noun_ends), None)
        if head is not None and text[head:end].isdigit():
            start = head
        is_number = text[start:end].isdigit()
        if chain and not (is_number and _continues(text, chain, start)):
            found += _of_chain(text, chain)
            chain = []
        if is_number:
            chain.append((start, end))
        elif MIN_LENGTH <= end - start <= MAX_LENGTH and text[start:end].isascii():
            found.append(Candidate(text[start:end], start, end, is_mixed=True))
    return found + list(_of_chain(text, chain))


def prefix_start(text: str, start: int) -> int:
    """Where the prefix of the candidate at `start` begins; `start` itself if it has none."""
    match = _PREFIX.search(text, max(0, start - 9), start)
    return match.start() if match else start


def _continues(text: str, chain: list[tuple[int, int]], start: int) -> bool:
    """Whether the number at `start` is one blank or dash behind the chain, and the chain has used the same so far."""
    end = chain[-1][1]
    if start - end != 1 or text[end] not in " -":
        return False
    return len(chain) == 1 or text[chain[0][1]] == text[end]


def _of_chain(text: str, chain: list[tuple[int, int]]) -> Iterator[Candidate]:
    """What a chain of numbers may mean: one code in groups or said twice, a code beside a small number, or nothing."""
    if not chain:
        return
    groups = [text[start:end] for start, end in chain]
    sizes = tuple(map(len, groups))
    whole = (chain[0][0], chain[-1][1])
    if len(groups) == 1:
        if MIN_LENGTH <= sizes[0] <= MAX_LENGTH:
            yield Candidate(groups[0], *whole)
    elif len(groups) <= 3 and sizes[0] > 4 and len(set(groups)) == 1 and sizes[0] <= MAX_LENGTH:
        yield Candidate(groups[0], *whole)
    elif sizes in _GROUPINGS or (len(sizes) in _ONE_BY_ONE and max(sizes) == 1):
        yield Candidate("".join(groups), *whole)
    elif len(groups) == 2 and text[chain[0][1]] == " ":
        yield from _beside_small(groups, chain)


def _beside_small(groups: list[str], chain: list[tuple[int, int]]) -> Iterator[Candidate]:
    small, large = sorted((0, 1), key=lambda index: len(groups[index]))
    if len(groups[small]) <= 2 and MIN_LENGTH <= len(groups[large]) <= MAX_LENGTH:
        yield Candidate(groups[large], *chain[large])
