"""Evidence from the words for a code: before the number, behind it, and with words between."""

import re
import unicodedata

import msgspec

from numbank.codes.case import NONE, Case, Evidence, from_noun
from numbank.codes.governor import is_said_behind, walk_ahead
from numbank.codes.lexicon import Cue

_GAP_BEFORE, _GAP_AFTER, _GAP_LOOSE, _GAP_NAME = 120, 80, 60, 25  # characters between a noun and its number

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
_DIRECTLY_BEFORE = {
    (True, 0): 0.9,
    (True, 1): 0.92,
    (True, 2): 0.94,
    (False, 0): 0.7,
    (False, 1): 0.86,
    (False, 2): 0.9,
}
_LINKED_AHEAD = {(True, 1): 0.84, (True, 2): 0.92, (False, 1): 0.68, (False, 2): 0.86}
_LOOSE = 0.66
_NAME = re.compile(r" [A-Z][\w.]+(?: [A-Z][\w.]+)? ")
_WORD_BEFORE = re.compile(r"([^\W\d_]{2,}) \Z")
_BEHIND_UNKNOWN = 0.5
_TELLING = ("other", "void", "warn", "money", "elsewhere", "promo")
_SURE_LENGTH = 6  # shorter numbers behind a warning are those to report it to
_BEHIND_NAME = 0.75
_DOUBTFUL = 0.5
_TITLE_ENDS = ":]\u3011)>"


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
    if noun is None and link == 2 and case.is_sole:
        noun = _within_warning(case)
    if noun is None or (case.candidate.is_mixed and link < 2):
        return NONE
    return from_noun(case, noun, _LINKED[noun.kind == "strong", link], "linked, with words between, to")


def _within_warning(case: Case) -> Cue | None:
    """The noun of "Never share your code with anyone: 123456": a warning, a colon, and the code as the last word."""
    reading, start = case.reading, case.candidate.start
    if len(case.candidate.code) < _SURE_LENGTH or not case.ends_sentence():
        return None
    begin = max(reading.sentence_at(start)[0], start - _GAP_BEFORE)
    return reading.last("strong", begin, start) or reading.last("weak", begin, start)


def ahead(case: Case) -> Evidence:
    """ "1234 is your code", "1234 code", "1234 - the code"."""
    reading = case.reading
    at, link = walk_ahead(reading, case.candidate.end)
    end = min(reading.sentence_at(case.candidate.start)[1], at + _GAP_AFTER)
    nouns = case.open_nouns((reading.first(kind, at, end) for kind in ("strong", "weak")), at)
    noun = min(nouns, key=lambda noun: noun.start, default=None)
    if noun is None:
        return NONE
    if noun.start > at and not link:
        return _behind_name(case, noun, at)
    table = _DIRECTLY_BEFORE if noun.start == at else _LINKED_AHEAD
    score = table[noun.kind == "strong", link]
    if not any(map(str.isalpha, reading.text[case.candidate.end : noun.start])) and _leads_on(case, noun):
        score = _DOUBTFUL
    if not link and len(case.candidate.code) < _SURE_LENGTH and _warns_behind(case, noun):
        score = _DOUBTFUL
    return from_noun(case, noun, score, "before")


def _warns_behind(case: Case, noun: Cue) -> bool:
    """ "1930 your OTP is never asked for": the sentence of a short number warns behind the noun: it is a helpline."""
    return case.reading.has("warn", noun.end, case.reading.sentence_at(noun.start)[1])


def _leads_on(case: Case, noun: Cue) -> bool:
    """Whether another code may stand behind the noun, which then is that one's: "4829: your code for Example: 1234"."""
    end = case.reading.sentence_at(noun.start)[1]
    behind = case.reading.sentence_at(end)[1] if end < len(case.reading.text) else end
    return case.has_rival(noun.end, behind)


def _behind_name(case: Case, noun: Cue, at: int) -> Evidence:
    """ "1234 Example login code", "917460快手验证码": the only number begins the sentence, and letters alone follow."""
    reading, begin = case.reading, case.reading.sentence_at(case.candidate.start)[0]
    between = reading.text[at : noun.start]
    before = reading.text[begin : case.candidate.start].rstrip()
    is_first = not before or before[-1] in _TITLE_ENDS
    if noun.kind != "strong" or not case.is_sole or not is_first or len(between) > _GAP_NAME:
        return NONE
    if not all(letter.isalpha() or letter == " " or unicodedata.combining(letter) for letter in between):
        return NONE
    return from_noun(case, noun, _BEHIND_NAME, "before a name and")


def loose(case: Case) -> Evidence:
    """ "your login code for Example 1234": a strong noun in the sentence that the only number of the message ends."""
    if not case.is_sole or case.governor.cue is not None:
        return NONE
    noun = _nearest_before(case, _GAP_LOOSE)
    if noun is None or (noun.kind == "weak" and not _leads_to_name(case, noun)):
        return NONE
    if not case.ends_clause() and not _is_name(case, noun):
        return NONE
    evidence = from_noun(case, noun, _LOOSE, "ends the sentence of")
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


def _is_name(case: Case, noun: Cue) -> bool:
    """Whether only a name stands between the noun and the number: "Verification code Example 1234 valid for"."""
    reading, start = case.reading, case.candidate.start
    if start - noun.end > _GAP_NAME or not _NAME.fullmatch(reading.text, noun.end, start):
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
