"""Finds the word that owns the number behind it ("room 1234", "code is 1234") and what links the two."""

import msgspec

from numbank.codes.candidates import Candidate, prefix_start
from numbank.codes.lexicon import NOUNS, Cue
from numbank.codes.reading import Reading

REACH = 40
"""Characters of blanks, signs and link words that are walked over at most."""

_SIGNS = frozenset(" :=-#.()[]<>{}\"'*|~\u00ab\u00bb\u201c\u201d\u201e\u2116\u300c\u300d\u300e\u300f\u3010\u3011\n")
_STRONG_LINKS = frozenset(":=")
_LOOSE_LINKS = frozenset('-([<{"*\u00ab\u201c\u201e\u3010')


class Governor(msgspec.Struct, frozen=True):
    """What stands directly before a candidate."""

    cue: Cue | None
    """The owning word, when one of the lexicon stands there."""
    link: int
    """0 nothing between, 1 a dash or bracket, 2 a colon or a word like "is"."""
    floor: int
    """How far back the sentence of the candidate goes."""

    @property
    def is_noun(self) -> bool:
        return self.cue is not None and self.cue.kind in NOUNS


def stands_alone(reading: Reading, candidate: Candidate) -> bool:
    """Whether the candidate has its sentence or line for itself."""
    begin, end = reading.sentence_at(candidate.start)
    if candidate.start - begin > REACH or end - candidate.end > REACH:
        return False
    start = prefix_start(reading.text, candidate.start)
    around = reading.text[begin:start] + reading.text[candidate.end : end]
    return not any(map(str.isalnum, around))


def governor_of(reading: Reading, candidate: Candidate) -> Governor:
    """Walks back from the candidate over signs and link words, not beyond its sentence; alone in it, a line more."""
    text, at = reading.text, candidate.start
    floor = reading.sentence_at(at)[0]
    if floor and text[floor - 1] == "\n" and stands_alone(reading, candidate):
        floor = reading.sentence_at(floor - 1)[0]
    if at - 1 not in reading.governors:
        at = prefix_start(text, at)
    link, lowest, crossed = 0, max(floor, at - REACH), False
    while at > lowest:
        if at in reading.governors:
            return Governor(reading.governors[at], link, floor)
        sign = text[at - 1]
        if at in reading.link_ends:
            at, link = reading.link_ends[at], 2
        elif sign in _SIGNS and not (crossed and sign == "."):
            link = max(link, 2 if sign in _STRONG_LINKS else 1 if sign in _LOOSE_LINKS else 0)
            crossed |= sign == "\n"
            at -= 1
        else:
            break
    return Governor(reading.governors.get(at), link, floor)


def walk_ahead(reading: Reading, candidate: Candidate) -> tuple[int, int]:
    """Walks from the candidate over signs and link words to the next word; the place, and the link as in `Governor`."""
    text, at, link = reading.text, candidate.end, 0
    limit = min(len(text), at + REACH)
    while at < limit:
        if at in reading.link_starts and (at > candidate.end or not text[at].isascii()):
            at, link = reading.link_starts[at], 2
        elif text[at] in _SIGNS and text[at] not in ".\n":
            link = max(link, 2 if text[at] in _STRONG_LINKS else 1 if text[at] in "-(" else 0)
            at += 1
        else:
            break
    return at, link
