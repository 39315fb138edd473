"""What is known about one candidate when its evidence is weighed, and what a piece of evidence is."""

import re
from collections.abc import Iterable

import msgspec

from numbank.codes.candidates import Candidate
from numbank.codes.cues import Cue
from numbank.codes.governor import Governor
from numbank.codes.reading import Reading


class Case(msgspec.Struct, frozen=True):
    """One candidate that no veto met, with all that is known about it."""

    reading: Reading
    candidate: Candidate
    governor: Governor
    is_sole: bool
    """No other number of the message is left."""
    is_only: bool
    """Nothing else of the message has the form of a code, letters and digits neither."""
    free: list[tuple[int, str]]
    """Where all candidates that no veto met begin, and their codes."""
    claimed: frozenset[int]
    """Nouns (by their start) that stand directly before some candidate and so belong to that one."""

    @property
    def is_single(self) -> bool:
        """Nothing of the same form is left; for letters and digits, nothing at all."""
        return self.is_only if self.candidate.is_mixed else self.is_sole

    def open_nouns(self, found: Iterable[Cue | None], begin: int) -> list[Cue]:
        """Those of the nouns that no number has claimed and before which, from `begin`, no warning stands."""
        return [noun for noun in found if noun and noun.start not in self.claimed and not self.is_warned(noun, begin)]

    def is_warned(self, noun: Cue, begin: int) -> bool:
        """Whether a warning stands before the noun: "never share your code" has no number behind it."""
        return self.reading.has("warn", begin, noun.start)

    def has_rival(self, begin: int, end: int) -> bool:
        """Whether another code may stand between the two places; small letters with a digit are a name: "98point6"."""
        rivals = (code for start, code in self.free if begin <= start < end and code != self.candidate.code)
        return any(not code.islower() for code in rivals)

    def is_unwarned(self, noun: Cue) -> bool:
        """Whether no warning stands in the sentence of the noun."""
        return not self.reading.has("warn", *self.reading.sentence_at(noun.start))

    def quote(self, cue: Cue) -> str:
        return f"'{self.reading.shadow[cue.start : cue.end]}'"

    def ends_sentence(self) -> bool:
        """Whether no word follows the candidate in its sentence."""
        end = self.reading.sentence_at(self.candidate.start)[1]
        rest = self.reading.text[self.candidate.end : min(end, self.candidate.end + 40)]
        return not any(map(str.isalnum, rest))

    def ends_part(self) -> bool:
        """Whether the sentence ends behind the candidate, or a dash or comma parts it from the rest."""
        return self.ends_sentence() or self.reading.text[self.candidate.end :].startswith((" - ", ", "))

    def ends_clause(self) -> bool:
        """Whether the end of the sentence follows the candidate, or how long it is good, a comma and such words, or a
        bracket.
        """
        reading, end = self.reading, self.candidate.end
        if reading.text[end : end + 2] == " (":
            return True
        if reading.text[end : end + 1] in (",", ";"):
            last = reading.sentence_at(self.candidate.start)[1]
            return any(reading.has(kind, end, last) for kind in ("fresh", "warn")) or _has_digit(reading.text[end:last])
        behind = [reading.first(kind, end, end + _FARTHEST_END) for kind in ("fresh", "warn")]
        return any(cue is not None and cue.start <= end + 2 for cue in behind) or self.ends_sentence()


def _has_digit(text: str) -> bool:
    """ "1234, help 920001122": what follows is about a number of its own."""
    return any(map(str.isdigit, text))


class Evidence(msgspec.Struct, frozen=True):
    """How much speaks for a candidate, 0 to 1, and what."""

    score: float
    why: str
    is_strong: bool = False
    """A strong noun speaks for it."""
    is_explicit: bool = False
    """The noun names a log-in or a confirmation; it is none of the general ones."""
    is_beside: bool = False
    """A noun stands directly beside the candidate."""


NONE = Evidence(0.0, "nothing speaks for it")


# The word directly before a noun, in small letters: not the end of a host.
_WORD_BEFORE = re.compile(r"(?:\A|[ \n(])[a-z]{2,}[ -]\Z")
_FARTHEST_END = 40
_LONGEST_WORD = 20
_OF_UNKNOWN = 0.35
"""What the score of "barrier code" loses, when the lexicon does not know the first word."""


def _is_of_unknown(reading: Reading, noun: Cue) -> bool:
    """Whether a word that nobody knows stands before a bare noun; a name would have a capital.

    Not where the message warns against sharing, nor where the sentence says what is done with the code in an account:
    nobody does that for the code of a barrier, so the word is a name.
    """
    if reading.has("warn") or reading.has("purpose", *reading.sentence_at(noun.start)):
        return False
    bare = reading.first("bare", noun.start, noun.end)
    if noun.kind != "weak" or bare is None or bare.start != noun.start:
        return False
    begin = max(0, noun.start - _LONGEST_WORD)
    before = _WORD_BEFORE.search(reading.text, begin, noun.start)
    return before is not None and not reading.has("plain", before.start(), noun.start)


def from_noun(case: Case, noun: Cue, score: float, where: str) -> Evidence:
    if _is_of_unknown(case.reading, noun):
        score -= _OF_UNKNOWN
    strong = noun.kind == "strong"
    explicit = strong and case.reading.first("general", noun.start, noun.end) is None
    is_beside = -1 <= noun.start - case.candidate.end <= 1 or -1 <= case.candidate.start - noun.end <= 1
    why = f"{where} {case.quote(noun)}"
    return Evidence(score, why, is_strong=strong, is_explicit=explicit, is_beside=is_beside)
