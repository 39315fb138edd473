"""Says why letters and digits together are no code: a promotion, a measure, a part of something longer."""

import re

from numbank.codes.candidates import Candidate
from numbank.codes.governor import Governor

# Letters and digits that are no code: SAVE20 (a promotion), 30min, 10th.
_WORD_AND_NUMBER = re.compile(r"[A-Za-z]{3,}(?:[0-9]{1,3}|20[0-9]{2})|[A-Za-z]?[a-z]{3,}[0-9]+")
_UNSAYABLE = re.compile(r"[B-DF-HJ-NP-TV-XZ]{4}|^[B-DF-HJ-NP-TV-XZ]{3,}$")
_FEW, _OF_A_YEAR = 3, 4
_USUAL = range(5, 9)
_NUMBER_AND_UNIT = re.compile(r"[0-9]+[A-Za-z]{1,7}")

# Directly behind letters and digits: a number of its own, or a colon; so they are a name, "X5ID: 1234".
_NAME_ENDS = re.compile(r":| ?-? ?[0-9]{4,8}(?![0-9A-Za-z])")


def _is_said(code: str, governor: Governor) -> bool:
    """Whether the message says that this is a code; a bare "code" may be that of an offer, if people can say it: SAVE20."""
    if governor.cue is None or not governor.is_noun:
        return False
    if governor.cue.kind == "strong" and governor.link == 2:
        return True
    return (
        code.isupper()
        and (governor.link == 2 or governor.cue.kind == "strong" or len(code) in _USUAL)
        and not _is_saying(code)
    )


def _is_saying(code: str) -> bool:
    """Whether letters and a number are like those of an offer: a word that can be said, and a round number or a year."""
    word, number = code.rstrip("0123456789"), code.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return _UNSAYABLE.search(word) is None and (len(word) > _FEW or int(number) % 5 == 0 or len(number) == _OF_A_YEAR)


def why_mixed_is_none(text: str, candidate: Candidate, governor: Governor) -> str | None:
    """The reason why this candidate of letters and digits is no code, or None."""
    code = candidate.code
    if _WORD_AND_NUMBER.fullmatch(code) and not _is_said(code, governor):
        return "a word with a number"
    if not code.isupper() and _NUMBER_AND_UNIT.fullmatch(code):
        return "number with a unit"
    if _NAME_ENDS.match(text, candidate.end):
        return "a name before a number"
    size = len(code)
    behind, ahead = (
        text[max(0, candidate.start - size - 1) : candidate.start],
        text[candidate.end : candidate.end + size + 1],
    )
    for group in (behind[:-1] if behind[-1:] == " " else "", ahead[1:] if ahead[:1] == " " else ""):
        if len(group) == size and group.isalnum() and not group.isalpha() and group.upper() == group:
            return "one group of several"
    return "part of something longer" if ahead[:1] == "-" and ahead[1:2].isalnum() else None
