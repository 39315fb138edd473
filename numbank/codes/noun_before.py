"""Evidence from a word for codes before the number: directly, with a word like "is", with words between."""

import re

import msgspec

from numbank.codes.case import NONE, Case, Evidence, from_noun
from numbank.codes.cues import Cue
from numbank.codes.governor import is_said_behind

_GAP_BEFORE, _GAP_LOOSE, _GAP_NAME = 120, 60, 25  # characters between a noun and its number

# Scores by (the noun is strong, link); for links see Governor.link. What is not listed is no evidence.
_DIRECTLY_BEHIND = {
    (True, 0): 0.95,
    (True, 1): 0.95,
    (True, 2): 0.97,
    (False, 0): 0.85,
    (False, 1): 0.88,
    (False, 2): 0.92,
}
_LINKED = {(True, 1): 0.75, (True, 2): 0.92, (False, 1): 0.5, (False, 2): 0.82}
_LOOSE = 0.66
_LONGEST_NAME = 2  # words
_WORD_BEFORE = re.compile(r"([^\W\d_]{2,}) \Z")
_BEHIND_UNKNOWN = 0.5
_TELLING = ("other", "void", "warn", "money", "elsewhere", "promo")
_SURE_LENGTH = 6  # shorter numbers behind a warning are those to report it to
_PREPOSITION = 4
_DOUBTFUL = 0.5


def owned(case: Case) -> Evidence:
    """ "code 1234", "code is 1234", "code: 1234"."""
    cue = case.governor.cue
    if cue is None or not case.governor.is_noun:
        return NONE
    return from_noun(case, cue, _DIRECTLY_BEHIND[cue.kind == "strong", case.governor.link], "directly behind")


def linked(case: Case) -> Evidence:
    """ "your code for the new phone is 1234"; "is" may stand behind the number."""
    cue, link = case.governor.cue, case.governor.link
    if link < 2 and is_said_behind(case.reading, case.candidate):
        link = 2
    noun = _nearest_before(case, _GAP_BEFORE) if link and (cue is None or cue.kind == "other") else None
    if noun is not None and _has_number_of_its_own(case, noun):
        return NONE
    if noun is None and link == 2 and case.is_sole:
        noun = _within_warning(case)
    if noun is None or (case.candidate.is_mixed and link < 2):
        return NONE
    return from_noun(case, noun, _LINKED[noun.kind == "strong", link], "linked, with words between, to")


def _has_number_of_its_own(case: Case, noun: Cue) -> bool:
    """Whether a number with a blank before it stands between: "login code for Example 1234 (reference: 4829)"."""
    return any(
        noun.end <= start < case.candidate.start and code != case.candidate.code and case.reading.text[start - 1] == " "
        for start, code in case.free
    )


def _within_warning(case: Case) -> Cue | None:
    """The noun of "Never share your code with anyone: 123456": a warning, a colon, and the code as the last word."""
    reading, start = case.reading, case.candidate.start
    if len(case.candidate.code) < _SURE_LENGTH or not case.ends_sentence():
        return None
    begin = max(reading.sentence_at(start)[0], start - _GAP_BEFORE)
    return reading.last("strong", begin, start) or reading.last("weak", begin, start)


def loose(case: Case) -> Evidence:
    """ "your login code for Example 1234": a strong noun in the sentence that the only number of the message ends."""
    if not case.is_sole or case.governor.cue is not None:
        return NONE
    noun = _nearest_before(case, _GAP_LOOSE)
    if noun is None or (noun.kind == "weak" and not _leads_to_name(case, noun)):
        return NONE
    if not case.ends_clause() and not is_behind_name(case, noun) and not _leads_to_amount(case):
        return NONE
    is_helpline = len(case.candidate.code) < _SURE_LENGTH and case.reading.has("warn", 0, noun.start)
    evidence = from_noun(case, noun, _DOUBTFUL if is_helpline else _LOOSE, "ends the sentence of")
    if evidence.is_explicit or not _is_behind_unknown(case):
        return evidence
    return msgspec.structs.replace(evidence, score=_BEHIND_UNKNOWN)


def _is_behind_unknown(case: Case) -> bool:
    """Whether a word in small letters that nobody knows stands before the number: "access code of house 1234"."""
    start = case.candidate.start
    word = _WORD_BEFORE.search(case.reading.text, max(0, start - _GAP_NAME), start)
    if word is None or not word[1].islower():
        return False
    behind = (case.reading.last(kind, word.start(1) - _GAP_NAME, start) for kind in case.reading.cues)
    return not any(cue is not None and cue.end == start - 1 for cue in behind)


def _leads_to_amount(case: Case) -> bool:
    """Whether a word follows the number that owns one of its own: "one-time code 1234 amount 50.00"."""
    begin, end = case.candidate.end + 1, case.reading.sentence_at(case.candidate.start)[1]
    owners = (case.reading.first(kind, begin, end) for kind in ("other", "money"))
    return any(
        cue is not None
        and cue.start == begin
        and cue.end - begin >= _PREPOSITION
        and case.reading.text[cue.end + 1 : cue.end + 2].isdigit()
        for cue in owners
    )


def is_behind_name(case: Case, noun: Cue) -> bool:
    """Whether only a name stands between the cue and the number: "Verification code Example 1234 valid for"."""
    reading, start = case.reading, case.candidate.start
    words = reading.text[noun.end : start].split()
    if (
        start - noun.end > _GAP_NAME
        or not 0 < len(words) <= _LONGEST_NAME
        or not all(word[0].isupper() for word in words)
    ):
        return False
    return not any(reading.has(kind, noun.end + 1, start) for kind in _TELLING)


def _leads_to_name(case: Case, noun: Cue) -> bool:
    """Whether "for" follows the noun and the number is near: "code for Example 1234"."""
    preposition = case.reading.first("other", noun.end, case.candidate.start)
    near = case.candidate.start - noun.end <= _GAP_NAME
    return near and preposition is not None and preposition.start == noun.end + 1


def _nearest_before(case: Case, reach: int) -> Cue | None:
    start = case.candidate.start
    begin = max(case.reading.sentence_at(start)[0], start - reach)
    nouns = case.open_nouns((case.reading.last(kind, begin, start) for kind in ("strong", "weak")), begin)
    return max(nouns, key=lambda noun: noun.start, default=None)
