"""Explains what was recognised: the cues, the masks, and of every candidate what speaks for it and against it.

It asks the functions that `recognise` asks, in the same order, and keeps what these throw away; nothing is decided here.
"""

import itertools
import re

import msgspec

from numbank.codes.case import Case
from numbank.codes.decide import (
    BOUND_CONFIDENCE,
    MARGIN,
    POSSIBLE,
    THRESHOLD,
    Found,
    bound_in,
    clear_winner,
    scored,
)
from numbank.codes.judging import Judged, cases_among, judged
from numbank.codes.lexicon import lexicon
from numbank.codes.numbers import number_mask
from numbank.codes.plain import normalise
from numbank.codes.reading import Reading, read
from numbank.codes.scoring import Doubt, doubts_of, evidence_for, less

_NUMBER = re.compile("[0-9]++")
_MOST_NUMBERS = 100


class SeenCue(msgspec.Struct, frozen=True):
    """A cue: its kind (explained in `lexicon`), its words and its place in the plain text."""

    kind: str
    words: str
    start: int
    end: int


class SeenMask(msgspec.Struct, frozen=True):
    """A stretch of the plain text in which nothing is a code, unless the message says so of a number."""

    words: str
    start: int
    end: int
    reason: str


class SeenEvidence(msgspec.Struct, frozen=True):
    """One thing that speaks for a candidate: its points (0 to 1), what lowers them, and what remains."""

    points: float
    why: str
    doubts: tuple[Doubt, ...]
    score: float


class SeenCandidate(msgspec.Struct, frozen=True):
    """What has the form of a code. With a `veto` it is none, and nothing was weighed; `evidence` has the best first."""

    code: str
    start: int
    end: int
    owner: str
    """The word of the lexicon directly before it, with its kind; empty without one."""
    veto: str | None
    evidence: tuple[SeenEvidence, ...]

    @property
    def score(self) -> float:
        return self.evidence[0].score if self.evidence else 0.0


class Explanation(msgspec.Struct, frozen=True):
    """Everything that a decision was made of."""

    text: str
    """The plain spelling of the message, from which codes are cut."""
    is_cut: bool
    """The message was longer than what is read."""
    cues: tuple[SeenCue, ...]
    masks: tuple[SeenMask, ...]
    candidates: tuple[SeenCandidate, ...]
    found: Found
    decision: str
    """Why this is the answer, in one sentence."""


def explain(text: str, *, sender: str = "") -> Explanation:
    """What `recognise` answers for the same arguments, and why."""
    plain = normalise(text)
    reading = read(plain, lexicon())
    candidates = judged(plain, reading, sender)
    cases = cases_among(reading, candidates)
    bound = bound_in(plain)
    found = bound or clear_winner(scored(cases))
    by_place = {case.candidate.start: case for case in cases}
    return Explanation(
        text=plain.text,
        is_cut=plain.is_cut,
        cues=tuple(_cues(reading)),
        masks=tuple(_masks(reading)),
        candidates=tuple(_seen(reading, one, by_place.get(one.candidate.start)) for one in candidates),
        found=found,
        decision=f"the line that binds the code to a site says so ({BOUND_CONFIDENCE})" if bound else _why(found),
    )


def _cues(reading: Reading) -> list[SeenCue]:
    cues = [cue for found in reading.cues.values() for cue in found]
    cues.sort(key=lambda cue: (cue.start, -cue.end, cue.kind))
    return [SeenCue(cue.kind, reading.text[cue.start : cue.end], cue.start, cue.end) for cue in cues]


def _masks(reading: Reading) -> list[SeenMask]:
    """The stretches that are masked before anything is judged, and the numbers that are dates, amounts, phones."""
    masks = [(*span, reason) for span, reason in zip(reading.masks.spans, reading.masks.reasons, strict=True)]
    for number in itertools.islice(_NUMBER.finditer(reading.text), _MOST_NUMBERS):
        mask = None if reading.masks.reason(*number.span()) else number_mask(reading, *number.span())
        if mask is not None:
            masks.append((*number.span(), mask.reason))
    return [SeenMask(reading.text[start:end], start, end, reason) for start, end, reason in sorted(masks)]


def _seen(reading: Reading, one: Judged, case: Case | None) -> SeenCandidate:
    cue, candidate = one.governor.cue, one.candidate
    owner = f"{reading.text[cue.start : cue.end]} ({cue.kind})" if cue else ""
    evidence = _weighed(case) if case and one.veto is None else []
    return SeenCandidate(candidate.code, candidate.start, candidate.end, owner, one.veto, tuple(evidence))


def _weighed(case: Case) -> list[SeenEvidence]:
    seen = []
    for evidence in evidence_for(case):
        doubts = doubts_of(case, evidence)
        seen.append(SeenEvidence(evidence.score, evidence.why, tuple(doubts), less(evidence, doubts).score))
    return sorted(seen, key=lambda evidence: evidence.score, reverse=True)


def _why(found: Found) -> str:
    """The decision of `choose`, in words."""
    if not found.ranked:
        return "no candidate is left"
    best = found.ranked[0]
    if found.code:
        return f"the best score is {best.score}, at least {THRESHOLD}, and no other is nearer than {MARGIN}"
    if found.uncertain:
        return f"the best score is {best.score}, below {THRESHOLD}: a guess, not certain"
    if best.score < POSSIBLE:
        return f"the best score is {best.score}, below {POSSIBLE}"
    return (
        f"{best.code} has {best.score} and {found.ranked[1].code} has {found.ranked[1].score}: less than {MARGIN} apart"
    )
