"""Finds the word that owns the number behind it ("room 1234", "code is 1234") and what links the two."""

import re
from collections.abc import Iterable

import msgspec

from numbank.codes.candidates import Candidate, prefix_start
from numbank.codes.cues import NOUNS, Cue
from numbank.codes.reading import Reading

REACH = 40
"""Characters of blanks, signs and link words that are walked over at most."""

_SIGNS = frozenset(" :=-#.()[]<>{}\"'*|~_\u00ab\u00bb\u2039\u203a\u201c\u201d\u201e\u201f\u2116\n") | frozenset(
    map(chr, (*range(0x3008, 0x3012), *range(0x3014, 0x301C), 0x055D, 0xFE55))  # 「」 and their like; two rare colons
)
_STRONG_LINKS = frozenset(":=\u055d\ufe55\u2192\u27a1")
_LOOSE_LINKS = frozenset('-([<{"*\u00ab\u201c\u201e') | frozenset(map(chr, range(0x3008, 0x301C, 2)))
_PICTURES = range(0x2190, 0x2C00), range(0x1F000, 0x1FB00)  # arrows, keys, locks, pointing hands

# Of a sender's name: "[Acme Card] 482913". The name owns nothing.
_TITLE = re.compile(r"[ \n]*+(?:<#>)?[ ]?[\[\u3010(<]")
_TITLE_ENDS = "]\u3011)>"

# Between "register" and its number: "registrieren mit", "register with the".
_SMALL_WORDS = re.compile(r"(?: [^\W\d_]{1,4}){0,2}[ :]{0,2}")
_ARTICLE = re.compile(r" [^\W\d_]{1,5} ?")
_LONGEST_SMALL = 12
_LONGEST_PREPOSITION = 2
_LEAST_OVER_PREPOSITION = 5  # shorter numbers behind one are years, and numbers to send to


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
            break
        sign = text[at - 1]
        if at in reading.link_ends:
            at, link = reading.link_ends[at], 2
        elif is_sign(sign) and not (crossed and sign == "."):
            link = max(link, 2 if sign in _STRONG_LINKS else 1 if sign in _LOOSE_LINKS else 0)
            crossed |= sign == "\n"
            at -= 1
        else:
            break
    cue = reading.governors.get(at)
    if cue is not None and cue.kind == "other" and _is_title(text, floor, cue):
        cue = None
    is_long = len(candidate.code) >= _LEAST_OVER_PREPOSITION
    if cue is None:
        cue = _joined_by_small_words(reading, floor, at)
    elif cue.kind == "other" and cue.end - cue.start <= _LONGEST_PREPOSITION and is_long:
        cue = _joined_by_small_words(reading, floor, at, ("join",)) or cue
    return Governor(cue, link, floor)


def is_sign(sign: str) -> bool:
    """Whether a word and its number are not parted by this character."""
    return sign in _SIGNS or (sign > "\u2100" and any(ord(sign) in pictures for pictures in _PICTURES))


def _is_title(text: str, floor: int, cue: Cue) -> bool:
    """Whether the cue stands in the brackets that the message or the line begins with, at their end."""
    return text[cue.end : cue.end + 1] in _TITLE_ENDS and _TITLE.match(text, floor, cue.start) is not None


def _joined_by_small_words(reading: Reading, floor: int, at: int, kinds: Iterable[str] = ("join", "ask")) -> Cue | None:
    """The "register" of "register with 1234", with words between that no data file has to know."""
    for kind in kinds:
        pattern = _SMALL_WORDS if kind == "join" else _ARTICLE
        verb = reading.last(kind, max(floor, at - REACH), at)
        is_near = verb is not None and at - verb.end <= _LONGEST_SMALL
        if verb and is_near and pattern.fullmatch(reading.text, verb.end, at):
            return verb
    return None


def walk_ahead(reading: Reading, begin: int) -> tuple[int, int]:
    """Walks from the end of a candidate over signs and link words to the next word: its place, and the link as in
    `Governor`.
    """
    text, at, link = reading.text, begin, 0
    limit = min(len(text), at + REACH)
    while at < limit and at not in reading.noun_starts:
        if at in reading.link_starts and (at > begin or not text[at].isascii()):
            at, link = reading.link_starts[at], 2
        elif is_sign(text[at]) and text[at] not in ".\n":
            link = max(link, 2 if text[at] in _STRONG_LINKS else 1 if text[at] in "-(" else 0)
            at += 1
        else:
            break
    return at, link


def is_said_behind(reading: Reading, candidate: Candidate) -> bool:
    """Whether a word like "is" follows the candidate and ends the sentence or its part ("1234 is, and valid for"): verbs
    stand there in Hindi.
    """
    at, link = walk_ahead(reading, candidate.end)
    if link < 2 or not any(map(str.isalpha, reading.text[candidate.end : at])):
        return False
    end = reading.sentence_at(candidate.start)[1]
    return at >= end - 1 or reading.text[at] in ",;" or reading.has("fresh", at, end)
