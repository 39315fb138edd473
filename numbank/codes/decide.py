"""Decides which candidate is the code: the best one, if it is good enough and clearly better than every other."""

import msgspec

from numbank.codes.candidates import Candidate, candidates, prefix_start
from numbank.codes.case import Case, Evidence
from numbank.codes.explicit import said
from numbank.codes.governor import Governor, governor_of, walk_ahead
from numbank.codes.lexicon import lexicon
from numbank.codes.masks import bound_line
from numbank.codes.plain import Plain, normalise
from numbank.codes.reading import Reading, read
from numbank.codes.scoring import Source, weigh
from numbank.codes.vetoes import is_near_cut, veto

THRESHOLD = 0.6
"""A score below is no certain code: a wrong code costs the customer an attempt, none costs a look at the text."""

POSSIBLE = 0.45
"""A score below is no code at all; one between is an uncertain code, which a bank hands out only if its operator says so."""

MARGIN = 0.1
"""How much better than every other candidate the best one must be."""

MOST_RANKED = 6
"""How many candidates are kept for who knows more than the text: the lease that gets the message."""

MOST_CANDIDATES = 500
"""How many candidates of a text are looked at; among so many none is clearly the code anyway."""

_FARTHEST_PROOF, _MOST_PROVED = 60, 20

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


def recognise_in(plain: Plain, reading: Reading, sender: str = "") -> Found:
    """The same for a text that is already read; the line that binds a code to a site is looked for as well."""
    return bound_in(plain) or clear_winner(scored(cases_of(plain, reading, sender)))


def bound_in(plain: Plain) -> Found | None:
    """The code that a line of the message binds to a site, which is the sender's own word for it."""
    bound = None if plain.is_cut or "#" not in plain.text else bound_line(plain.text)
    if bound is None:
        return None
    return Found(bound.code, BOUND_CONFIDENCE, ranked=(Scored(bound.code, BOUND_CONFIDENCE),))


class Judged(msgspec.Struct, frozen=True):
    """A candidate, what stands before it, and the reason why it is no code, if there is one."""

    candidate: Candidate
    governor: Governor
    veto: str | None


def cases_of(plain: Plain, reading: Reading, sender: str = "") -> list[Case]:
    """Every candidate that nothing speaks against, with what is known about it."""
    return cases_among(reading, judged(plain, reading, sender))


def cases_among(reading: Reading, candidates: list[Judged]) -> list[Case]:
    """The cases of those candidates that no veto met."""
    free = [one for one in candidates if one.veto is None]
    is_sole = len({one.candidate.code for one in free if not one.candidate.is_mixed}) == 1
    claimed = frozenset(one.governor.cue.start for one in free if one.governor.cue and one.governor.is_noun)
    is_only = len({one.candidate.code for one in free}) == 1
    places = [(one.candidate.start, one.candidate.code) for one in free]
    return [Case(reading, one.candidate, one.governor, is_sole, is_only, places, claimed) for one in free]


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


def judged(plain: Plain, reading: Reading, sender: str = "") -> list[Judged]:
    """All candidates with what stands before them and why they are none; in order, but for those that only a noun proves."""
    own_number = normalise(sender).text.lstrip("+") if sender else ""
    found: list[Judged] = []
    proved: list[Judged] = []
    others = {cue.start for cue in reading.cues.get("other", ())}
    proposed = candidates(plain.text, {noun.end for noun in reading.nouns}, reading.link_starts, others)
    for candidate in (*proposed[:MOST_CANDIDATES], *said(reading)) if reading.nouns else proposed[:MOST_CANDIDATES]:
        governor = governor_of(reading, candidate)
        if plain.is_cut and is_near_cut(reading, candidate):
            reason: str | None = "cut where reading ends"
        elif candidate.code == own_number:
            reason = "the sender's own number"
        elif candidate.needs_noun and not _is_proved(reading, candidate, governor):
            reason = "no word for a code owns it, and its form alone says nothing"
        else:
            reason = veto(reading, candidate, governor)
        one = Judged(candidate, governor, reason)
        found.append(one)
        if candidate.needs_noun and reason is None:
            proved.append(one)
    return _without_parts(plain.text, found, proved) if proved else found


def _is_proved(reading: Reading, candidate: Candidate, governor: Governor) -> bool:
    """Whether a noun stands directly before a candidate or, with a word like "is" between, behind it."""
    if governor.is_noun and governor.cue is not None:
        return governor.link == 2 or not candidate.is_mixed or governor.cue.end in reading.link_ends
    if governor.link == 2 and governor.cue is None and candidate.is_mixed:
        return reading.has("strong", max(governor.floor, candidate.start - _FARTHEST_PROOF), candidate.start)
    at, link = walk_ahead(reading, candidate.end)
    return link == 2 and any(noun.start == at for noun in reading.nouns)


def _without_parts(text: str, found: list[Judged], proved: list[Judged]) -> list[Judged]:
    """A veto for what is only a part of a longer code that a noun owns, and for letters when a number is owned too."""
    for whole in proved[:_MOST_PROVED]:
        begin, end = whole.candidate.start, whole.candidate.end
        for index, one in enumerate(found):
            is_part = begin <= one.candidate.start and one.candidate.end <= end and one is not whole
            if is_part and one.veto is None and prefix_start(text, one.candidate.start) != begin:
                found[index] = msgspec.structs.replace(one, veto="a part of a longer code")
        if whole.candidate.code.isalpha() and any(_is_owned_number(one) for one in found):
            found[found.index(whole)] = msgspec.structs.replace(whole, veto="letters beside a number")
    return found


def _is_owned_number(one: Judged) -> bool:
    return one.veto is None and one.governor.is_noun and any(map(str.isdigit, one.candidate.code))


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
