"""Decides which candidate is the code: the best one, if it is good enough and clearly better than every other."""

import msgspec

from numbank.codes.candidates import Candidate, candidates
from numbank.codes.case import Case, Evidence
from numbank.codes.governor import Governor, governor_of
from numbank.codes.lexicon import lexicon
from numbank.codes.masks import bound_line
from numbank.codes.plain import Plain, normalise
from numbank.codes.reading import Reading, read
from numbank.codes.scoring import Source, weigh
from numbank.codes.vetoes import is_near_cut, veto

THRESHOLD = 0.6
"""A score below is no code: a wrong code costs the customer an attempt, none costs a look at the text."""

MARGIN = 0.1
"""How much better than every other candidate the best one must be."""

_BOUND_CONFIDENCE = 0.99


class Found(msgspec.Struct, frozen=True):
    """What was recognised: ASCII letters and digits or None, and how sure that is (0 to 1; 0 without a code)."""

    code: str | None
    confidence: float


NOTHING = Found(None, 0.0)


def recognise(text: str, *, sender: str = "") -> Found:
    """The one-time code in a message, or none when there is none or it is not clear which one it is."""
    plain = normalise(text)
    bound = None if plain.is_cut else bound_line(plain.text)
    if bound is not None:
        return Found(bound.code, _BOUND_CONFIDENCE)
    return clear_winner(scored(cases_of(plain, read(plain, lexicon()), sender)))


def cases_of(plain: Plain, reading: Reading, sender: str = "") -> list[Case]:
    """Every candidate that nothing speaks against, with what is known about it."""
    judged = _possible(plain, reading, sender)
    is_sole = len({candidate.code for candidate, _ in judged if not candidate.is_mixed}) == 1
    claimed = frozenset(governor.cue.start for _, governor in judged if governor.cue and governor.is_noun)
    return [Case(reading, candidate, governor, is_sole, claimed) for candidate, governor in judged]


def scored(cases: list[Case], further: tuple[Source, ...] = ()) -> dict[str, Evidence]:
    """The best evidence for each code; `further` evidence is weighed like the engine's own."""
    scores: dict[str, Evidence] = {}
    for case in cases:
        weighed = weigh(case, further)
        code = case.candidate.code
        if code not in scores or weighed.score > scores[code].score:
            scores[code] = weighed
    return scores


def possible(text: str, *, sender: str = "") -> frozenset[str]:
    """All that could be a code by its form and that nothing speaks against: no amount, phone, date or piece of a link."""
    plain = normalise(text)
    return frozenset(candidate.code for candidate, _ in _possible(plain, read(plain, lexicon()), sender))


def _possible(plain: Plain, reading: Reading, sender: str) -> list[tuple[Candidate, Governor]]:
    own_number = normalise(sender).text.lstrip("+")
    judged = []
    for candidate in candidates(plain.text, frozenset(noun.end for noun in reading.nouns)):
        governor = governor_of(reading, candidate)
        cut = plain.is_cut and is_near_cut(reading, candidate)
        if not cut and candidate.code != own_number and veto(reading, candidate, governor) is None:
            judged.append((candidate, governor))
    return judged


def clear_winner(scores: dict[str, Evidence]) -> Found:
    """The best code, if it is good enough and clearly better than every other."""
    ranked = sorted(scores, key=lambda code: scores[code].score, reverse=True)
    if not ranked or scores[ranked[0]].score < THRESHOLD:
        return NOTHING
    if len(ranked) > 1 and scores[ranked[0]].score - scores[ranked[1]].score < MARGIN:
        return NOTHING
    return Found(ranked[0], scores[ranked[0]].score)
