"""A mail as its candidates are judged: its lines, its words for codes, what it is about."""

import functools
import re
from bisect import bisect_right

import msgspec

from numbank.codes.candidates import Candidate, prefix_start
from numbank.codes.case import Case
from numbank.codes.plain import shadow_of
from numbank.codes.reading import Reading
from numbank.codes.wordlist import table, word_list

_LEAST, _MOST = 4, 8
_SIGNS = " :=-#()[]<>\"'*\u00ab\u201c\u201e\u3010\uff08\u055d"
_GAP = 4
_ACCOUNT = frozenset({"confirm", "reset", "enter"})


class View(msgspec.Struct, frozen=True):
    """A mail whose first line is its subject, as its candidates are judged."""

    reading: Reading
    lines: list[int]
    """Where each line begins."""
    words: list[tuple[int, int]]
    """Words for codes that nothing speaks against, in order: begin and end."""
    word_lines: list[int]
    boxed_codes: frozenset[str]
    """What has a line for itself and could be a code by its form."""
    is_visit: bool
    """The subject is about a purchase, a booking or a ride, and about no code."""
    advert_lines: frozenset[int]
    """Lines about a price or a present."""
    is_of_account: bool
    """The subject is about a confirmation, a password or a log-in."""
    is_advert: bool
    """The subject is about a price or a present, and nothing in the mail can only mean a one-time code."""

    def line_at(self, at: int) -> int:
        return bisect_right(self.lines, at) - 1

    def line_text(self, number: int) -> str:
        end = self.lines[number + 1] - 1 if number + 1 < len(self.lines) else len(self.reading.text)
        return self.reading.text[self.lines[number] : end]

    def speaks_of_code(self, number: int) -> bool:
        """Whether a line has a word for codes."""
        index = bisect_right(self.word_lines, number) - 1
        return index >= 0 and self.word_lines[index] == number

    def is_elsewhere(self, case: Case) -> bool:
        """Whether this is the code of an advertisement, or the "confirmation code" or PIN of a booking."""
        if self.is_advert:
            return True
        if not self.is_visit:
            return False
        cue = case.governor.cue
        if case.candidate.is_mixed or cue is None or cue.kind != "strong":
            return True
        return self.reading.shadow.startswith(_visit_codes(), cue.start)

    def is_behind_word(self, start: int) -> bool:
        """Whether nothing but signs stands between a word for codes and this place."""
        index = bisect_right(self.words, (start, 0)) - 1
        if index < 0:
            return False
        gap = self.reading.text[self.words[index][1] : start]
        return len(gap) <= _GAP and not gap.strip(_SIGNS)


@functools.cache
def _visit_codes() -> tuple[str, ...]:
    return tuple(shadow_of(word.rstrip("*")) for word in table("mail/words")["visit_code"])


def view_of(reading: Reading, cases: list[Case]) -> View:
    """The lines of a mail, its words for codes, and which numbers have a line for themselves."""
    lines = [0, *(match.end() for match in re.finditer(r"\n", reading.text))]
    found = word_list("mail/words").places(reading.shadow)
    words = _words(reading)
    subject = reading.shadow[: lines[1] - 1] if len(lines) > 1 else reading.shadow
    adverts = frozenset(bisect_right(lines, start) - 1 for start, _, kind in found if kind == "advert")
    is_about_code = bool(words) and words[0][0] < len(subject)
    boxed = {
        case.candidate.code
        for case in cases
        if has_form(case.candidate) and not case.candidate.looks_like_year and is_boxed(reading.text, case.candidate)
    }
    return View(
        reading=reading,
        lines=lines,
        words=words,
        word_lines=[bisect_right(lines, start) - 1 for start, _ in words],
        boxed_codes=frozenset(boxed),
        is_visit=not is_about_code and any(start < len(subject) for start, _, kind in found if kind == "visit"),
        advert_lines=adverts,
        is_of_account=not _ACCOUNT.isdisjoint(word_list("links/words").kinds(subject)),
        is_advert=0 in adverts and not reading.cues.get("strong"),
    )


def _words(reading: Reading) -> list[tuple[int, int]]:
    """Where the words for codes are, without those of warnings."""
    nouns = ((noun.start, noun.end) for noun in reading.nouns)
    return [span for span in nouns if not reading.has("warn", reading.sentence_at(span[0])[0], span[0])]


def has_form(candidate: Candidate) -> bool:
    """Whether a mail's code looks like this: 4 to 8 characters, and no small letters."""
    return _LEAST <= len(candidate.code) <= _MOST and (not candidate.is_mixed or candidate.code.isupper())


def is_boxed(text: str, candidate: Candidate) -> bool:
    """Whether nothing but signs stands in the line of the candidate."""
    start = prefix_start(text, candidate.start)
    begin = text.rfind("\n", max(0, start - 12), start)
    end = text.find("\n", candidate.end, candidate.end + 12)
    if (begin < 0 and start > 11) or (end < 0 and len(text) - candidate.end > 11):
        return False
    around = text[begin + 1 : start] + text[candidate.end : end if end >= 0 else len(text)]
    return not any(map(str.isalnum, around))
