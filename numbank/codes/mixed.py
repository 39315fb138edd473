"""Says why letters and digits together are no code: a promotion, a measure, a part of something longer."""

import re

from numbank.codes.candidates import Candidate
from numbank.codes.governor import Governor

# Letters and digits that are no code: SAVE20 (a promotion), 30min, 10th.
_WORD_AND_NUMBER = re.compile(r"[A-Za-z]{3,}(?:[0-9]{1,3}|20[0-9]{2})|[A-Za-z]?[a-z]{3,}[0-9]+")
_NUMBER_AND_UNIT = re.compile(r"[0-9]+[A-Za-z]{1,7}")

# Directly behind letters and digits: a number of its own, or a colon; so they are a name, "X5ID: 1234".
_NAME_ENDS = re.compile(r":| ?-? ?[0-9]{4,8}(?![0-9A-Za-z])")


def why_mixed_is_none(text: str, candidate: Candidate, governor: Governor) -> str | None:
    """The reason why this candidate of letters and digits is no code, or None."""
    code = candidate.code
    is_said = governor.cue is not None and governor.cue.kind == "strong" and governor.link == 2
    if _WORD_AND_NUMBER.fullmatch(code) and not is_said:
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
