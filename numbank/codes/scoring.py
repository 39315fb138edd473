"""Weighs what speaks for a candidate: the noun before or behind it, a request to enter it, a line of its own."""

import msgspec

from numbank.codes.candidates import Candidate
from numbank.codes.governor import Governor, stands_alone, walk_ahead
from numbank.codes.lexicon import Cue
from numbank.codes.reading import Reading

_GAP_BEFORE, _GAP_AFTER, _GAP_LOOSE = 120, 80, 60  # characters between a noun and its number
_TITLE = 30  # characters of a name before the number: "[Name] 1234"
_USUAL_LENGTH = 8  # longer numbers are codes only where a noun stands directly before them


class Weighed(msgspec.Struct, frozen=True):
    """How much speaks for a candidate, 0 to 1, and what."""

    score: float
    why: str


_NOTHING = Weighed(0.0, "nothing speaks for it")

# noun directly before, by (is strong, link); noun before with words between; noun behind; see Governor.link
_OWNED = {(True, 0): 0.95, (True, 1): 0.95, (True, 2): 0.97, (False, 0): 0.85, (False, 1): 0.88, (False, 2): 0.92}
_LINKED = {(True, 1): 0.75, (True, 2): 0.92, (False, 1): 0.5, (False, 2): 0.82}
_AHEAD = {(True, 0): 0.9, (True, 1): 0.92, (True, 2): 0.94, (False, 0): 0.7, (False, 1): 0.86, (False, 2): 0.9}
_AHEAD_LINKED = {(True, 1): 0.84, (True, 2): 0.92, (False, 1): 0.68, (False, 2): 0.86}


class Case(msgspec.Struct, frozen=True):
    """One candidate with all that is known about it."""

    reading: Reading
    candidate: Candidate
    governor: Governor
    is_sole: bool
    """No other candidate of the message is left."""
    claimed: frozenset[int]
    """Nouns (by their start) that stand directly before some candidate and so belong to that one."""


def weigh(case: Case) -> Weighed:
    """The best reason for the candidate, less what makes it doubtful."""
    reasons = [_owned(case), _linked(case), _ahead(case)]
    if not case.candidate.is_mixed:
        reasons += [_asked(case), _loose(case), _alone(case), _titled(case), _automatic(case), _whole(case)]
    elif case.candidate.code.isupper():
        reasons.append(_alone(case))
    best = max(reasons, key=lambda weighed: weighed.score)
    return Weighed(round(max(0.0, best.score - _doubt(case, best.score)), 3), best.why)


def _doubt(case: Case, score: float) -> float:
    reading, candidate, governor = case.reading, case.candidate, case.governor
    doubt = 0.0
    if len(candidate.code) > _USUAL_LENGTH:
        doubt += 0.15 if governor.is_noun else 0.5
    if candidate.looks_like_year and score < 0.84:
        doubt += 0.2
    if score < 0.8 and reading.has("money"):
        doubt += 0.2
    weak = governor.cue is None or governor.cue.kind != "strong"
    if weak and reading.has("promo") and (candidate.is_mixed or (governor.is_noun and governor.link == 0)):
        doubt += 0.35
    if candidate.is_mixed:
        doubt += 0.05 if candidate.code.isupper() or governor.link == 2 else 0.4
    return doubt


def _is_warned(reading: Reading, noun: Cue, begin: int) -> bool:
    """Whether a warning stands before the noun in its sentence: "never share your code"."""
    return reading.has("warn", begin, noun.start)


def _owned(case: Case) -> Weighed:
    cue = case.governor.cue
    if cue is None or not case.governor.is_noun:
        return _NOTHING
    return Weighed(_OWNED[cue.kind == "strong", case.governor.link], f"directly behind '{_words(case, cue)}'")


def _nearest_before(case: Case, reach: int) -> Cue | None:
    reading, start = case.reading, case.candidate.start
    begin = max(reading.sentence_at(start)[0], start - reach)
    nouns = (reading.last(kind, begin, start) for kind in ("strong", "weak"))
    open_nouns = [
        noun for noun in nouns if noun and noun.start not in case.claimed and not _is_warned(reading, noun, begin)
    ]
    return max(open_nouns, key=lambda noun: noun.start, default=None)


def _linked(case: Case) -> Weighed:
    if not case.governor.link or (case.governor.cue is not None and case.governor.cue.kind != "other"):
        return _NOTHING
    noun = _nearest_before(case, _GAP_BEFORE)
    if noun is None or (case.candidate.is_mixed and case.governor.link < 2):
        return _NOTHING
    return Weighed(_LINKED[noun.kind == "strong", case.governor.link], f"linked to '{_words(case, noun)}' before it")


def _ahead(case: Case) -> Weighed:
    reading = case.reading
    at, link = walk_ahead(reading, case.candidate)
    end = min(reading.sentence_at(case.candidate.start)[1], at + _GAP_AFTER)
    nouns = (reading.first(kind, at, end) for kind in ("strong", "weak"))
    open_nouns = [
        noun for noun in nouns if noun and noun.start not in case.claimed and not _is_warned(reading, noun, at)
    ]
    noun = min(open_nouns, key=lambda noun: noun.start, default=None)
    if noun is None or (noun.start > at and not link):
        return _NOTHING
    table = _AHEAD if noun.start == at else _AHEAD_LINKED
    return Weighed(table[noun.kind == "strong", link], f"before '{_words(case, noun)}'")


def _asked(case: Case) -> Weighed:
    cue, reading = case.governor.cue, case.reading
    if cue is None or cue.kind not in ("ask", "join"):
        return _NOTHING
    why = f"asked for by '{_words(case, cue)}'"
    if cue.kind == "join":
        return Weighed(0.8, why)
    begin, end = reading.sentence_at(case.candidate.start)
    noun = next((found for kind in ("strong", "weak") if (found := reading.first(kind, case.candidate.end, end))), None)
    if (noun and not _is_warned(reading, noun, begin)) or reading.has("purpose", begin, end) or reading.has_hash:
        return Weighed(0.86, why)
    return Weighed(0.75, why) if reading.nouns else _NOTHING


def _loose(case: Case) -> Weighed:
    """A strong noun earlier in the sentence that the only number of the message ends."""
    reading, candidate = case.reading, case.candidate
    end = reading.sentence_at(candidate.start)[1]
    if (
        not case.is_sole
        or case.governor.cue is not None
        or any(map(str.isalnum, reading.text[candidate.end : min(end, candidate.end + 40)]))
    ):
        return _NOTHING
    noun = _nearest_before(case, _GAP_LOOSE)
    return Weighed(0.66, f"ends the sentence of '{_words(case, noun)}'") if noun and noun.kind == "strong" else _NOTHING


def _alone(case: Case) -> Weighed:
    reading, candidate = case.reading, case.candidate
    if not stands_alone(reading, candidate):
        return _NOTHING
    begin, end = reading.sentence_at(candidate.start)
    previous = reading.sentence_at(begin - 1)[0] if begin else 0
    for kind, score in (("strong", 0.86), ("weak", 0.8)):
        noun = reading.first(kind, previous, begin)
        if noun and not _is_warned(reading, noun, previous):
            return Weighed(score, f"alone behind '{_words(case, noun)}'")
    if candidate.is_mixed or not case.is_sole:
        return _NOTHING
    if reading.nouns:
        return Weighed(0.72, "alone in its line, and a noun elsewhere")
    return Weighed(0.68, "alone in its line of a message that expires") if reading.has("fresh") else _NOTHING


def _titled(case: Case) -> Weighed:
    """A name and the number, and the rest of the message speaks of a code: "[Name] 1234. Do not share this code"."""
    reading, candidate = case.reading, case.candidate
    begin, end = reading.sentence_at(candidate.start)
    title = reading.text[: min(candidate.start, _TITLE + 1)].strip()
    if not case.is_sole or begin or not title.endswith((":", "]", "\u3011")) or len(title) > _TITLE:
        return _NOTHING
    if any(map(str.isalnum, reading.text[candidate.end : min(end, candidate.end + 40)])) or not reading.nouns:
        return _NOTHING
    return Weighed(0.66, "behind a name at the beginning")


def _automatic(case: Case) -> Weighed:
    if case.is_sole and case.reading.has_hash:
        return Weighed(0.8, "the only number of a message to an app")
    return _NOTHING


def _whole(case: Case) -> Weighed:
    if case.reading.text.strip() == case.reading.text[case.candidate.start : case.candidate.end]:
        return Weighed(0.8, "the whole message")
    return _NOTHING


def _words(case: Case, cue: Cue) -> str:
    return case.reading.shadow[cue.start : cue.end]
