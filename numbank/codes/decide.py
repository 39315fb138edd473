"""Decides which candidate is the code: the best one, if it is good enough and clearly better than every other."""

import msgspec

from numbank.codes.case import Case, Evidence
from numbank.codes.judging import cases_of, judged
from numbank.codes.lexicon import lexicon
from numbank.codes.masks import bound_line
from numbank.codes.plain import Plain, normalise
from numbank.codes.reading import read
from numbank.codes.scoring import Source, weigh

THRESHOLD = 0.6
"""A score below is no certain code: a wrong code costs the customer an attempt, none costs a look at the text."""

POSSIBLE = 0.45
"""A score below is no code at all; one between is an uncertain code, which a bank hands out only if its operator says so."""

MARGIN = 0.1
"""How much better than every other candidate the best one must be."""

MOST_RANKED = 6
"""How many candidates are kept for who knows more than the text: the lease that gets the message."""

BOUND_CONFIDENCE = 0.99
"""Of the code that a line binds to its site: it is the sender's own word."""


class Scored(msgspec.Struct, frozen=True):
    """A candidate and what its evidence comes to, 0 to 1."""

    code: str
    score: float


class Found(msgspec.Struct, frozen=True):
    """What was recognised: ASCII letters and digits or None, and how sure that is (0 to 1; 0 without a code).

    `uncertain` is a code below THRESHOLD that is the best guess; then `code` is None and the confidence is the guess's.
    `ranked`: the best candidates, best first.
    """

    code: str | None
    confidence: float
    uncertain: str | None = None
    ranked: tuple[Scored, ...] = ()


NOTHING = Found(None, 0.0)


def recognise(text: str, *, sender: str = "") -> Found:
    """The one-time code in a message, or none when there is none or it is not clear which one it is."""
    plain = normalise(text)
    return bound_in(plain) or clear_winner(scored(cases_of(plain, read(plain, lexicon()), sender)))


def bound_in(plain: Plain) -> Found | None:
    """The code that a line of the message binds to a site, which is the sender's own word for it."""
    bound = None if plain.is_cut or "#" not in plain.text else bound_line(plain.text)
    if bound is None:
        return None
    return Found(bound.code, BOUND_CONFIDENCE, ranked=(Scored(bound.code, BOUND_CONFIDENCE),))


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
    reading = read(plain, lexicon())
    return frozenset(one.candidate.code for one in judged(plain, reading, sender) if one.veto is None)


def clear_winner(scores: dict[str, Evidence]) -> Found:
    """The best code, if it is good enough and clearly better than every other."""
    good = (Scored(code, evidence.score) for code, evidence in scores.items() if evidence.score)
    ranked = sorted(good, key=_score, reverse=True)
    return choose(tuple(ranked[:MOST_RANKED]))


def choose(ranked: tuple[Scored, ...]) -> Found:
    """Decides between candidates, best first."""
    best = ranked[0] if ranked else None
    is_clear = best is not None and (len(ranked) == 1 or best.score - ranked[1].score >= MARGIN)
    if best is None or not is_clear or best.score < POSSIBLE:
        return Found(None, 0.0, ranked=ranked)
    if best.score < THRESHOLD:
        return Found(None, best.score, best.code, ranked)
    return Found(best.code, best.score, ranked=ranked)


def _score(scored: Scored) -> float:
    return scored.score
