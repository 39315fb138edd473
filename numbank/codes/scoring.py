"""Weighs a candidate: the best evidence for it, less what makes it doubtful."""

from collections.abc import Callable, Iterator

import msgspec

from numbank.codes import noun_before, noun_behind, place_evidence, whole_evidence
from numbank.codes.case import NONE, Case, Evidence
from numbank.codes.explicit import is_like_word
from numbank.codes.reading import has_percent

Source = Callable[[Case], Evidence]
"""One kind of evidence: what of it there is for a candidate."""

_FOR_ALL: tuple[Source, ...] = (noun_before.owned, noun_before.linked, noun_behind.ahead)
_FOR_CAPITALS = (*_FOR_ALL, place_evidence.alone, place_evidence.asked, place_evidence.for_purpose)
_FOR_DIGITS = (
    *_FOR_CAPITALS,
    noun_before.loose,
    whole_evidence.lonely,
    whole_evidence.titled,
    whole_evidence.for_app,
    whole_evidence.whole,
)

_SAID = 0.9  # of evidence that is as good as "the code is"
_USUAL_LENGTH = 8  # longer numbers are codes only where a noun stands directly before them


class Doubt(msgspec.Struct, frozen=True):
    """What lowers the score of a piece of evidence, and by how much (0 to 1)."""

    points: float
    why: str


def weigh(case: Case, further: tuple[Source, ...] = ()) -> Evidence:
    """The strongest single piece of evidence, its score lowered by all doubts."""
    best = NONE
    for evidence in evidence_for(case, further):
        if evidence.score > best.score:  # doubts only lower it
            lowered = less(evidence, doubts_of(case, evidence))
            best = lowered if lowered.score > best.score or best is NONE else best
    return best


def evidence_for(case: Case, further: tuple[Source, ...] = ()) -> Iterator[Evidence]:
    """Every piece of evidence for the candidate, before any doubt."""
    candidate = case.candidate
    sources = _FOR_DIGITS if not candidate.is_mixed else _FOR_CAPITALS if candidate.code.isupper() else _FOR_ALL
    if candidate.needs_noun:
        sources = _FOR_ALL
    for source in (*sources, *further):
        evidence = source(case)
        if evidence.score:
            yield evidence


def less(evidence: Evidence, doubts: list[Doubt]) -> Evidence:
    """The evidence with its score lowered by the doubts."""
    if not doubts:
        return evidence
    score = round(max(0.0, evidence.score - sum(doubt.points for doubt in doubts)), 3)
    return msgspec.structs.replace(evidence, score=score)


def doubts_of(case: Case, evidence: Evidence) -> list[Doubt]:
    """All that speaks against this piece of evidence for the candidate."""
    reading, candidate, governor = case.reading, case.candidate, case.governor
    doubts = []
    if len(candidate.code.replace("-", "")) > _USUAL_LENGTH:
        doubts.append(Doubt(0.15 if governor.is_noun else 0.5, "longer than codes are"))
    if candidate.looks_like_year and evidence.score <= 0.8 and not evidence.is_beside:
        doubts.append(Doubt(0.25, "looks like a year"))
    if evidence.score < 0.8 and len(reading.cues.get("money", [])) > 1:
        doubts.append(Doubt(0.2, "the message is about a payment"))
    if not evidence.is_explicit and _is_told_elsewhere(case):
        doubts.append(Doubt(0.4, "it is told to somebody, to no log-in"))
    elif not evidence.is_strong and _is_offer(case):
        doubts.append(Doubt(0.35, "the message is an offer"))
    if is_like_word(candidate.code):
        doubts.append(Doubt(0.45, "it may be a word"))
    if candidate.is_mixed:
        is_usual = candidate.code.isupper() or governor.link == 2
        is_usual = is_usual or (evidence.score >= _SAID and not case.is_sole)
        doubts.append(Doubt(0.05 if is_usual else 0.4, "letters and digits"))
    return doubts


def _is_told_elsewhere(case: Case) -> bool:
    """Whether the sentence of the candidate, or one beside it, tells the code to somebody, and not to a log-in."""
    reading = case.reading
    begin, end = reading.sentence_at(case.candidate.start)
    if reading.has("account", begin, end):
        return False
    before = reading.sentence_at(begin - 1)[0] if begin else 0
    behind = reading.sentence_at(end)[1] if end < len(reading.text) else end
    return reading.has("elsewhere", before, behind)


def _is_offer(case: Case) -> bool:
    """Whether the message speaks of an offer. A percentage does, unless the message is about an account as well; then
    only in the sentence of the candidate.
    """
    reading, end = case.reading, case.candidate.end
    account = reading.first("account", end, len(reading.text))
    if account is not None and account.start == end + 1:
        return False  # "Use 1234 to log in and get a bonus"
    if reading.has("promo"):
        return True
    if not reading.has_percent:
        return False
    if not any(map(reading.has, ("account", "purpose", "warn", "fresh"))):
        return True
    begin, end = reading.sentence_at(case.candidate.start)
    return has_percent(reading.text[begin:end])
