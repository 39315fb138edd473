"""Judges what could be a code before anything is weighed: why it is none, or what is known about it."""

import functools

import msgspec

from numbank.codes.candidates import Candidate, candidates, prefix_start
from numbank.codes.case import Case
from numbank.codes.explicit import said
from numbank.codes.governor import Governor, governor_of, walk_ahead
from numbank.codes.plain import Plain, normalise
from numbank.codes.reading import Reading
from numbank.codes.several import side_by_side
from numbank.codes.vetoes import is_near_cut, veto

MOST_CANDIDATES = 500
"""How many candidates of a text are looked at; among so many none is clearly the code anyway."""

_SENDER_LIMIT = 320
_FARTHEST_PROOF, _MOST_PROVED = 60, 20


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


def own_number(sender: str) -> str:
    """A sender as a candidate would be spelled."""
    return _number_of(sender[:_SENDER_LIMIT])


@functools.lru_cache(4_096)
def _number_of(sender: str) -> str:
    """Few senders write most messages."""
    return normalise(sender).text.lstrip("+")


def judged(plain: Plain, reading: Reading, sender: str = "") -> list[Judged]:
    """All candidates with what stands before them and why they are none; in order, but for those that only a noun proves."""
    own = own_number(sender)
    found: list[Judged] = []
    proved: list[Judged] = []
    others = {cue.start for cue in reading.cues.get("other", ())}
    proposed = candidates(plain.text, {noun.end for noun in reading.nouns}, reading.link_starts, others)
    for candidate in (*proposed[:MOST_CANDIDATES], *said(reading)) if reading.nouns else proposed[:MOST_CANDIDATES]:
        governor = governor_of(reading, candidate)
        if plain.is_cut and is_near_cut(reading, candidate):
            reason: str | None = "cut where reading ends"
        elif candidate.code == own:
            reason = "the sender's own number"
        elif candidate.needs_noun and not _is_proved(reading, candidate, governor):
            reason = "no word for a code owns it, and its form alone says nothing"
        else:
            reason = veto(reading, candidate, governor)
        one = Judged(candidate, governor, reason)
        found.append(one)
        if candidate.needs_noun and reason is None:
            proved.append(one)
    if len(found) > 1:
        found = _without_several(plain.text, found)
    return _without_parts(plain.text, found, proved) if proved else found


def _without_several(text: str, found: list[Judged]) -> list[Judged]:
    """A veto for numbers that are given side by side: whichever is the code, it cannot be told."""
    beside = side_by_side([one.candidate for one in found if one.veto is None], text)
    several = "one of several side by side"
    return [
        msgspec.structs.replace(one, veto=several) if one.candidate.start in beside and one.veto is None else one
        for one in found
    ]


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
