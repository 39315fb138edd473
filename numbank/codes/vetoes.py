"""Says why a candidate cannot be a code: it is an amount, a card, a phone, a date, a piece of something longer."""

import re
import unicodedata

from numbank.codes.candidates import Candidate, prefix_start
from numbank.codes.governor import Governor
from numbank.codes.reading import Reading

_CUT_MARGIN = 64  # a number so near to the place where reading stopped may be half a number

# Directly behind a candidate: a dash and a word with a digit in it, so the candidate is the first half of an identifier.
_GOES_ON = re.compile(r"-[A-Za-z]{0,8}[0-9]")

# Letters and digits that are no code: XX1234 (a card), SAVE20 (a promotion), 24x7, 30min, 10th.
_MASKED = re.compile(r"[xX]+[0-9]+|[0-9]+[xX]+[0-9]*")
_WORD_AND_NUMBER = re.compile(r"[A-Za-z]{3,}[0-9]{1,3}")
_NUMBER_AND_UNIT = re.compile(r"[0-9]+[A-Za-z]{1,7}")

_PAIRS = (("/", "path"), ("\\", "path"), (",", "amount"), (".", "amount"), (":", "time"), ("'", "amount"))


def veto(reading: Reading, candidate: Candidate, governor: Governor) -> str | None:
    """The reason why this is no code, or None."""
    if reading.masks.cover(candidate.start):
        return "address"
    if governor.cue is not None and governor.cue.kind == "other" and not _is_topic(reading, governor):
        return "owned by another word"
    touching = _touching(reading.text, candidate) or _dashes(reading.text, candidate, governor)
    return touching or _beside(reading, candidate) or (_mixed(reading.text, candidate) if candidate.is_mixed else None)


def _is_topic(reading: Reading, governor: Governor) -> bool:
    """Whether the owning word only says what a code is for: "your OTP for the transaction is 123456"."""
    cue = governor.cue
    if cue is None or governor.link < 2 or not reading.first("topic", cue.start, cue.end):
        return False
    noun = reading.last("strong", governor.floor, cue.start)
    return noun is not None and cue.start - noun.end <= 60 and "," not in reading.text[noun.end : cue.start]


def is_near_cut(reading: Reading, candidate: Candidate) -> bool:
    """Whether a text that was not read to its end may have cut this candidate."""
    return candidate.end > len(reading.text) - _CUT_MARGIN


def _touching(text: str, candidate: Candidate) -> str | None:
    """What the characters that touch the candidate make of it."""
    before = text[max(0, candidate.start - 2) : candidate.start].rjust(2)
    after = text[candidate.end : candidate.end + 2].ljust(2)
    for sign, reason in _PAIRS:
        other_side = str.isalnum if sign in "/\\" else str.isdigit
        if (before[1] == sign and other_side(before[0])) or (after[0] == sign and other_side(after[1])):
            return reason
    if before[1] == "+" or before == "..":
        return "phone or card"
    if (before[1] == "*") != (after[0] == "*") or after[0] == "#" or before[1] in "\u2022\u2026":
        return "masked or dialled"
    if after[0] in "%\u2030" or after in (" %", "**"):
        return "percentage"
    if "@" in (before[1], after[0]) or (before[1] == "_") != (after[0] == "_"):
        return "address"
    if any(unicodedata.category(sign) == "Sc" for sign in (before.strip()[-1:] or " ") + (after.strip()[:1] or " ")):
        return "amount"
    return None


def _dashes(text: str, candidate: Candidate, governor: Governor) -> str | None:
    if _GOES_ON.match(text, candidate.end):
        return "first half of an identifier"
    start = candidate.start
    if text[start - 1 : start] == "-" and text[max(0, start - 2) : start - 1].isalnum():
        owned = governor.is_noun and governor.cue is not None and governor.cue.end == start - 1
        if not owned and (candidate.is_mixed or prefix_start(text, start) == start):
            return "second half of an identifier"
    return None


def _beside(reading: Reading, candidate: Candidate) -> str | None:
    """What the words beside the candidate make of it: a measure, an amount, a year."""
    start, end, text = candidate.start, candidate.end, reading.text
    for kind in ("unit", "currency"):
        cue = reading.first(kind, end, end + 24)
        if cue is not None and text[end : cue.start] in ("", " ", "-"):
            return kind
    cue = reading.last("currency", start - 12, start)
    if cue is not None and not text[cue.end : start].strip(" .:-"):
        return "currency"
    if candidate.looks_like_year and reading.has("month", max(0, start - 14), start):
        return "date"
    return None


def _mixed(text: str, candidate: Candidate) -> str | None:
    code = candidate.code
    if _MASKED.fullmatch(code) or _WORD_AND_NUMBER.fullmatch(code):
        return "masked or a word with a number"
    if not code.isupper() and _NUMBER_AND_UNIT.fullmatch(code):
        return "number with a unit"
    size = len(code)
    behind, ahead = (
        text[max(0, candidate.start - size - 1) : candidate.start],
        text[candidate.end : candidate.end + size + 1],
    )
    for group in (behind[:-1] if behind[-1:] == " " else "", ahead[1:] if ahead[:1] == " " else ""):
        if len(group) == size and group.isalnum() and not group.isalpha() and group.upper() == group:
            return "one group of several"
    return "part of something longer" if ahead[:1] == "-" and ahead[1:2].isalnum() else None
