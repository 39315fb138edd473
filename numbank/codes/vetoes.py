"""Says why a candidate cannot be a code: another word owns it, it is masked, or it is one of a list."""

import re

from numbank.codes.candidates import Candidate, prefix_start
from numbank.codes.governor import Governor, walk_ahead
from numbank.codes.mixed import why_mixed_is_none
from numbank.codes.numbers import number_mask
from numbank.codes.ownership import belongs_elsewhere
from numbank.codes.reading import Reading

_CUT_MARGIN = 64  # a number so near to the place where reading stopped may be half a number

# Beside a candidate: a comma and one more number, so the two are members of a list.
_NEXT_IN_LIST = re.compile(r" ?[,;\u3001] ?([0-9]{4,10})(?![0-9])")
_LAST_IN_LIST = re.compile(r"(?<![0-9])([0-9]{4,10}) ?[,;\u3001] ?\Z")
_LIST_SIGNS = frozenset(" ,;\u3001")

# A short word that grammar ties to its number with a dash: Zulu "ngu-482913", "u-4471", Hebrew "in" and "the".
_TIED = re.compile(r"(?:\A|[ (\n])(?:[a-z]{1,4}|[\u05d1\u05d4])-\Z")

_USUAL_LENGTH = 6  # of codes; who counts points or minutes has fewer digits

_NOUNS = ("strong", "weak")
_VERBS = ("ask", "join")


def veto(reading: Reading, candidate: Candidate, governor: Governor) -> str | None:
    """The reason why this is no code, or None."""
    hidden = reading.masks.reason(candidate.start, candidate.end)
    if hidden is not None:
        return hidden
    if belongs_elsewhere(reading, candidate, governor):
        return "owned by another word"
    is_word = candidate.needs_noun and candidate.is_mixed  # "ABC-D3F", which a noun has proved
    mask = None if is_word else number_mask(reading, candidate.start, candidate.end)
    if mask is not None and (mask.is_sure or not _is_said(reading, candidate, governor, of_unit=mask.reason == "unit")):
        return mask.reason
    return (
        _listed(reading.text, candidate)
        or _second_half(reading.text, candidate, governor)
        or _void(reading, candidate)
        or (why_mixed_is_none(reading.text, candidate, governor) if candidate.is_mixed else None)
    )


def _is_said(reading: Reading, candidate: Candidate, governor: Governor, *, of_unit: bool) -> bool:
    """Whether the message says that this is the code: a noun or a verb stands directly before it, a noun directly behind,
    or a word like "is" ties it to a noun that stands before a name.

    Before a unit only where no noun runs into a short number: "code 4829 points", but "your code is 482913 min 5".
    """
    if governor.cue is not None and governor.is_noun:
        is_usual = governor.cue.kind == "strong" and len(candidate.code) >= _USUAL_LENGTH
        return not of_unit or is_usual or governor.link == 2
    at, link = walk_ahead(reading, candidate.end)
    if any(noun is not None and noun.start == at for noun in (reading.first(kind, at, at + 80) for kind in _NOUNS)):
        return True
    if of_unit:
        return False
    if governor.cue is not None and governor.cue.kind in _VERBS:
        return True
    is_tied = governor.link == 2 and any(reading.has(kind, governor.floor, candidate.start) for kind in _NOUNS)
    return link == 2 or is_tied


def is_near_cut(reading: Reading, candidate: Candidate) -> bool:
    """Whether a text that was not read to its end may have cut this candidate."""
    return candidate.end > len(reading.text) - _CUT_MARGIN


def _listed(text: str, candidate: Candidate) -> str | None:
    """A second number of the same length behind a comma: whichever is the code, it cannot be told."""
    ahead = _NEXT_IN_LIST.match(text, candidate.end)
    is_behind = text[candidate.start - 1 : candidate.start] in _LIST_SIGNS
    behind = _LAST_IN_LIST.search(text, max(0, candidate.start - 13), candidate.start) if is_behind else None
    for match in (ahead, behind):
        if match and len(match[1]) == len(candidate.code) and match[1] != candidate.code:
            return "one of a list"
    return None


def _second_half(text: str, candidate: Candidate, governor: Governor) -> str | None:
    """ "AB12-4829": a dash touches it on the left, and what stands before is neither a code word nor a prefix."""
    start = candidate.start
    if text[start - 1 : start] == "-" and text[max(0, start - 2) : start - 1].isalnum():
        owned = governor.is_noun and governor.cue is not None and governor.cue.end == start - 1
        tied = not candidate.is_mixed and _TIED.search(text, max(0, start - 6), start) is not None
        if not owned and not tied and (candidate.is_mixed or prefix_start(text, start) == start):
            return "second half of an identifier"
    return None


def _void(reading: Reading, candidate: Candidate) -> str | None:
    """ "731564 has expired"."""
    cue = reading.first("void", candidate.end, candidate.end + 40)
    if cue is not None and not reading.text[candidate.end : cue.start].strip(" )]*\"'"):
        return "no longer good"
    return None
