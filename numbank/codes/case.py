"""What is known about one candidate when its evidence is weighed, and what a piece of evidence is."""

import re
from collections.abc import Iterable

import msgspec

from numbank.codes.candidates import Candidate
from numbank.codes.governor import Governor
from numbank.codes.lexicon import Cue
from numbank.codes.reading import Reading


class Case(msgspec.Struct, frozen=True):
    """One candidate that no veto met, with all that is known about it."""

    reading: Reading
    candidate: Candidate
    governor: Governor
    is_sole: bool
    """No other number of the message is left."""
    claimed: frozenset[int]
    """Nouns (by their start) that stand directly before some candidate and so belong to that one."""

    def open_nouns(self, found: Iterable[Cue | None], begin: int) -> list[Cue]:
        """Those of the nouns that no number has claimed and before which, from `begin`, no warning stands."""
        return [noun for noun in found if noun and noun.start not in self.claimed and not self.is_warned(noun, begin)]

    def is_warned(self, noun: Cue, begin: int) -> bool:
        """Whether a warning stands before the noun: "never share your code" has no number behind it."""
        return self.reading.has("warn", begin, noun.start)

    def quote(self, cue: Cue) -> str:
        return f"'{self.reading.shadow[cue.start : cue.end]}'"

    def ends_sentence(self) -> bool:
        """Whether no word follows the candidate in its sentence."""
        end = self.reading.sentence_at(self.candidate.start)[1]
        rest = self.reading.text[self.candidate.end : min(end, self.candidate.end + 40)]
        return not any(map(str.isalnum, rest))


class Evidence(msgspec.Struct, frozen=True):
    """How much speaks for a candidate, 0 to 1, and what."""

    score: float
    why: str
    is_strong: bool = False
    """A strong noun speaks for it."""
    is_explicit: bool = False
    """The noun names a log-in or a confirmation; it is none of the general ones."""


NONE = Evidence(0.0, "nothing speaks for it")


# The word directly before a noun, in small letters: not the end of a host.
_WORD_BEFORE = re.compile(r"(?:\A|[ \n(])[a-z]{2,}[ -]\Z")
_LONGEST_WORD = 20
_OF_UNKNOWN = 0.35
"""What the score of "barrier code" loses, when the lexicon does not know the first word."""


def _is_of_unknown(reading: Reading, noun: Cue) -> bool:
    """Whether a word that nobody knows stands before a bare noun; a name would have a capital.

    Not where the message warns against sharing: nobody does that for the code of a barrier, so the word is a name.
    """
    if reading.has("warn"):
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
    return Evidence(score, f"{where} {case.quote(noun)}", is_strong=strong, is_explicit=explicit)
