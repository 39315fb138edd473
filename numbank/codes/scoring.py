"""Weighs a candidate: the best evidence for it, less what makes it doubtful."""

from collections.abc import Callable

import msgspec

from numbank.codes import noun_evidence, place_evidence
from numbank.codes.case import Case, Evidence

Source = Callable[[Case], Evidence]
"""One kind of evidence: what of it there is for a candidate."""

_FOR_ALL: tuple[Source, ...] = (noun_evidence.owned, noun_evidence.linked, noun_evidence.ahead)
_FOR_CAPITALS = (*_FOR_ALL, place_evidence.alone)
_FOR_DIGITS = (
    *_FOR_CAPITALS,
    noun_evidence.loose,
    place_evidence.asked,
    place_evidence.titled,
    place_evidence.for_app,
    place_evidence.whole,
)

_USUAL_LENGTH = 8  # longer numbers are codes only where a noun stands directly before them


def weigh(case: Case, further: tuple[Source, ...] = ()) -> Evidence:
    """The strongest single piece of evidence, its score lowered by all doubts."""
    candidate = case.candidate
    sources = _FOR_DIGITS if not candidate.is_mixed else _FOR_CAPITALS if candidate.code.isupper() else _FOR_ALL
    weighed = (_lowered(case, source(case)) for source in (*sources, *further))
    return max(weighed, key=lambda evidence: evidence.score)


def _lowered(case: Case, evidence: Evidence) -> Evidence:
    doubt = _doubt(case, evidence) if evidence.score else 0.0
    return msgspec.structs.replace(evidence, score=round(max(0.0, evidence.score - doubt), 3)) if doubt else evidence


def _doubt(case: Case, evidence: Evidence) -> float:
    reading, candidate, governor = case.reading, case.candidate, case.governor
    doubt = 0.0
    if len(candidate.code) > _USUAL_LENGTH:
        doubt += 0.15 if governor.is_noun else 0.5
    if candidate.looks_like_year and evidence.score < 0.8:
        doubt += 0.2
    if evidence.score < 0.8 and len(reading.cues.get("money", [])) > 1:
        doubt += 0.2
    if not evidence.is_explicit and _is_told_elsewhere(case):
        doubt += 0.4
    elif not evidence.is_strong and (reading.has("promo") or reading.has_percent):
        doubt += 0.35
    if candidate.is_mixed:
        doubt += 0.05 if candidate.code.isupper() or governor.link == 2 else 0.4
    return doubt


def _is_told_elsewhere(case: Case) -> bool:
    """Whether the sentence of the candidate, or one beside it, tells the code to somebody, and not to a log-in."""
    reading = case.reading
    begin, end = reading.sentence_at(case.candidate.start)
    if reading.has("account", begin, end):
        return False
    before = reading.sentence_at(begin - 1)[0] if begin else 0
    behind = reading.sentence_at(end)[1] if end < len(reading.text) else end
    return reading.has("elsewhere", before, behind)
