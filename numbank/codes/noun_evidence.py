"""Evidence from the words for a code: before the number, behind it, and with words between."""

from numbank.codes.case import NONE, Case, Evidence, from_noun
from numbank.codes.governor import walk_ahead
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


def owned(case: Case) -> Evidence:
    """ "code 1234", "code is 1234", "code: 1234"."""
    cue = case.governor.cue
    if cue is None or not case.governor.is_noun:
        return NONE
    return from_noun(case, cue, _DIRECTLY_BEHIND[cue.kind == "strong", case.governor.link], "directly behind")


def linked(case: Case) -> Evidence:
    """ "your code for the new phone is 1234"."""
    cue, link = case.governor.cue, case.governor.link
    noun = _nearest_before(case, _GAP_BEFORE) if link and (cue is None or cue.kind == "other") else None
    if noun is None or (case.candidate.is_mixed and link < 2):
        return NONE
    return from_noun(case, noun, _LINKED[noun.kind == "strong", link], "linked, with words between, to")


def ahead(case: Case) -> Evidence:
    """ "1234 is your code", "1234 code", "1234 - the code"."""
    reading = case.reading
    at, link = walk_ahead(reading, case.candidate)
    end = min(reading.sentence_at(case.candidate.start)[1], at + _GAP_AFTER)
    nouns = case.open_nouns((reading.first(kind, at, end) for kind in ("strong", "weak")), at)
    noun = min(nouns, key=lambda noun: noun.start, default=None)
    if noun is None or (noun.start > at and not link):
        return NONE
    table = _DIRECTLY_BEFORE if noun.start == at else _LINKED_AHEAD
    return from_noun(case, noun, table[noun.kind == "strong", link], "before")


def loose(case: Case) -> Evidence:
    """ "your login code for Example 1234": a strong noun in the sentence that the only number of the message ends."""
    if not case.is_sole or case.governor.cue is not None or not case.ends_sentence():
        return NONE
    noun = _nearest_before(case, _GAP_LOOSE)
    if noun is None or (noun.kind == "weak" and not _leads_to_name(case, noun)):
        return NONE
    return from_noun(case, noun, _LOOSE, "ends the sentence of")


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
