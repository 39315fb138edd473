"""Evidence from a word for codes behind the number: "1234 is your code", "1234, your login code"."""

import unicodedata

from numbank.codes.case import NONE, Case, Evidence, from_noun
from numbank.codes.cues import Cue
from numbank.codes.governor import walk_ahead

_GAP_AFTER, _GAP_NAME = 80, 25  # characters between the number and its noun

# Scores by (the noun is strong, link); for links see Governor.link. What is not listed is no evidence.
_DIRECTLY_BEFORE = {
    (True, 0): 0.9,
    (True, 1): 0.92,
    (True, 2): 0.94,
    (False, 0): 0.7,
    (False, 1): 0.86,
    (False, 2): 0.9,
}
_LINKED_AHEAD = {(True, 1): 0.84, (True, 2): 0.92, (False, 1): 0.68, (False, 2): 0.86}
_OF_CODES = ("link", "purpose", "account", "join", "fresh", "ask", "topic", "plain")
_SURE_LENGTH = 6  # shorter numbers before a warning are those to report it to
_BEHIND_NAME = 0.75
_PREPOSITION = 4
_DOUBTFUL = 0.5
_TITLE_ENDS = ":]\u3011)>"


def ahead(case: Case) -> Evidence:
    """ "1234 is your code", "1234 code", "1234 - the code"."""
    reading = case.reading
    end = case.candidate.end
    if reading.text[end : end + 1] == "," and case.is_sole:
        return _behind_comma(case)
    at, link = walk_ahead(reading, end)
    end = min(reading.sentence_at(case.candidate.start)[1], at + _GAP_AFTER)
    nouns = case.open_nouns((reading.first(kind, at, end) for kind in ("strong", "weak")), at)
    noun = min(nouns, key=lambda noun: noun.start, default=None)
    if noun is None or case.has_rival(case.candidate.end, noun.start):
        return NONE
    if noun.start > at and not link:
        return _behind_name(case, noun, at)
    table = _DIRECTLY_BEFORE if noun.start == at else _LINKED_AHEAD
    score = table[noun.kind == "strong", link]
    is_title = reading.text[case.candidate.end : case.candidate.end + 1] == ":"
    is_beside = not any(map(str.isalpha, reading.text[case.candidate.end : noun.start]))
    if (is_beside and _leads_on(case, noun)) or (is_title and case.has_rival(noun.end, len(reading.text))):
        score = _DOUBTFUL
    if not link and len(case.candidate.code) < _SURE_LENGTH and _goes_on(case, noun):
        score = _DOUBTFUL
    return from_noun(case, noun, score, "before")


def _behind_comma(case: Case) -> Evidence:
    """ "1234, your login code, is good for": the only number begins the message or follows its title."""
    reading, candidate = case.reading, case.candidate
    at, _ = walk_ahead(reading, candidate.end + 1)
    noun = reading.first("strong", at, at + _GAP_NAME)
    before = reading.text[: candidate.start].rstrip()
    is_first = not before or (before[-1] in _TITLE_ENDS and len(before) <= _GAP_NAME)
    if (
        noun is None
        or not is_first
        or any(not sign.isalpha() and sign != " " for sign in reading.text[at : noun.start])
    ):
        return NONE
    return from_noun(case, noun, _BEHIND_NAME, "before a comma and")


def _goes_on(case: Case, noun: Cue) -> bool:
    """ "1930 your OTP is never asked for", "1930 if your OTP is asked for": a helpline. The sentence of a short number warns
    behind the noun, or goes on with words of which none says what the code is for.
    """
    reading = case.reading
    end = reading.sentence_at(noun.start)[1]
    if reading.has("warn", noun.end, end):
        return True
    if noun.start <= case.candidate.end + 1:
        return False
    known = any(
        cue.end - cue.start <= _PREPOSITION for cue in reading.cues.get("other", ()) if noun.end <= cue.start < end
    )
    known |= any(reading.has(kind, noun.end - 1, end) for kind in _OF_CODES)
    return not known and any(map(str.isalnum, reading.text[noun.end : end]))


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
