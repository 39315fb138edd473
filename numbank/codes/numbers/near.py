"""A number with what stands around it, as the masks see it, and what a mask is."""

import re

import msgspec

from numbank.codes.reading import Reading

AROUND = 24
"""Characters looked at on either side of a number."""

# Digits joined by one sign each, no blank: an amount, a date, a time, a version. At most AROUND characters go on.
_GOES_ON = re.compile(r"(?:[.,:/'-][0-9]++){1,8}+")
_COMES_FROM = re.compile(r"(?<![0-9])(?:[0-9]{1,8}[.,:/'-]){1,4}\Z")

_DIGIT_AND_SIGN = re.compile(r"[0-9][.,:/']\Z")
_SIGN_AND_DIGIT = re.compile(r"[.,:/'][0-9]")

_INNER = re.compile(r"[.,:/'-]")


class Mask(msgspec.Struct, frozen=True):
    """Why a number is no code."""

    reason: str
    is_sure: bool = True
    """False: only its form or place says so; where the message says that the number is the code, it is one."""


class Near(msgspec.Struct, frozen=True):
    """A candidate's place and its neighbourhood, of the plain text."""

    reading: Reading
    start: int
    end: int
    number: str
    """The candidate as it is written, with its blanks and dashes."""
    before: str
    after: str
    parts: tuple[str, ...]
    """The digits of the run that the candidate is in or is, when it is joined to more by signs: 21, 11, 2026."""
    signs: str
    """The signs between the parts: ".."."""

    @property
    def is_joined_before(self) -> bool:
        return _DIGIT_AND_SIGN.search(self.before) is not None

    @property
    def is_half_joined(self) -> bool:
        """Whether the first or the last of several groups is itself a piece of something: the "30 7021" of "14:30 7021"."""
        return " " in self.number and (self.is_joined_before or _SIGN_AND_DIGIT.match(self.after) is not None)

    @property
    def is_joined(self) -> bool:
        """Whether signs join the candidate to more digits: it is a piece of something."""
        return len(self.parts) > 1 and len("".join(self.parts)) > sum(map(str.isdigit, self.number))


def near(reading: Reading, start: int, end: int) -> Near:
    text = reading.text
    before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    number = text[start:end]
    parts: tuple[str, ...] = ()
    signs = ""
    if not number.isalpha() and " " not in number:
        ahead = _GOES_ON.match(after) if after[:1] in ".,:/'-" else None
        behind = _COMES_FROM.search(before) if before[-1:] in ".,:/'-" else None
        run = (behind.group() if behind else "") + number + (ahead.group() if ahead else "")
        if len(run) > len(number) or not number.isdigit():
            parts, signs = tuple(_INNER.split(run)), "".join(_INNER.findall(run))
    return Near(reading, start, end, number, before, after, parts, signs)
