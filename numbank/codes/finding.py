"""Finds every cue of a text in one pass, and says which of those that overlap count."""

import msgspec
from ahocorasick_rs import AhoCorasick

from numbank.codes.cues import BITS, OPEN_LEFT, OPEN_RIGHT, RIVALS, Cue, Word, word_of
from numbank.codes.words import SPACED, word_end

_OPEN = OPEN_LEFT | OPEN_RIGHT
_AGAINST = sum(BITS[kind] for kind in ("other", "unit", "currency", "holder", "void", "month"))
_WITHIN_NUMBERS = BITS["month"] | _OPEN  # of "21NOV2026"


class Lexicon(msgspec.Struct, frozen=True):
    """All words of all data files in one automaton. A set of languages is an integer with one bit for each file."""

    words: list[Word]
    """For each word of the automaton, what it is."""
    languages: list[int]
    """For each word, the languages that have it."""
    automaton: AhoCorasick
    abbreviations: frozenset[str]
    numbers: frozenset[str]
    """The long numbers in any of the words."""

    def find(self, shadow: str) -> list[Cue]:
        """The cues of a text; those of one kind in the order of their places.

        A short word counts in the languages of the nouns, and in those of which two longer words are there.
        """
        spans: list[tuple[int, int, Word]] = []
        doubtful: list[tuple[int, int, Word]] = []
        spoken = once = last = 0
        words, languages, spaced = self.words, self.languages, SPACED
        edged = f" {shadow} "  # so that every place has two sides; a message has a hundred matches: no call for most
        for index, start, match_end in self.automaton.find_matches_as_indexes(shadow, overlapping=True):
            word, end = words[index], match_end
            before, first = edged[start], edged[start + 1]
            if not word.open_left and (
                (before in spaced and first in spaced) or (before.isdigit() and first.isdigit())
            ):
                continue
            if word.open_right:
                end = word_end(shadow, end)
            else:
                ending, after = edged[end], edged[end + 1]
                if (ending in spaced and after in spaced) or (ending.isdigit() and after.isdigit()):
                    continue
                if after == "'" and edged[end + 2] == "t":
                    continue  # the "won" of "won't"
            if word.is_noun:
                spoken |= languages[index]
            elif start >= last and not word.meanings:
                spoken |= once & languages[index]
                once |= languages[index]
                last = end
            (doubtful if word.meanings else spans).append((start, -end, word))
        for start, minus_end, word in doubtful:
            mark = _mark_in(word.meanings, spoken or once, once)
            if _is_within_number(shadow, start, -minus_end):
                mark &= _WITHIN_NUMBERS
            if mark & ~_OPEN:
                spans.append((start, minus_end, word_of(mark)))
        spans.sort(key=_place)
        return _resolve(spans)


def _mark_in(meanings: tuple[tuple[int, int], ...], languages: int, perhaps: int) -> int:
    """What a short word is in a text that seems to be in one of the languages; in any, when nothing is known of it.

    What speaks against a number counts in languages as well of which only one longer word is there.
    """
    mark = against = 0
    for meaning, spoken in meanings:
        if not languages or spoken & languages or not spoken:
            mark |= meaning
        elif spoken & perhaps:
            against |= meaning & _AGAINST
    return mark if not against or mark & BITS["link"] else mark | against | (meanings[0][0] & _OPEN)


def _is_within_number(shadow: str, start: int, end: int) -> bool:
    """Whether it is the middle of letters and digits, as the "tc" of 6TC7UC."""
    return shadow[start - 1 : start].isdigit() and shadow[end : end + 1].isdigit()


def _place(span: tuple[int, int, Word]) -> tuple[int, int]:
    return span[:2]


def _resolve(spans: list[tuple[int, int, Word]]) -> list[Cue]:
    """Cues out of spans: of rivals that overlap, the longer holds the shorter; if they cross, `other` wins."""
    cues: list[Cue] = []
    rivals: list[Cue] = []
    for start, minus_end, word in spans:
        is_stem = word.open_left or word.open_right
        for kind in word.kinds:
            cue = Cue(kind, start, -minus_end, is_stem)
            if kind not in RIVALS:
                cues.append(cue)
            elif not rivals or cue.end > rivals[-1].end:
                rivals.append(cue)
    last = len(rivals) - 1
    for index, cue in enumerate(rivals):
        crossed = (index > 0 and rivals[index - 1].end > cue.start and rivals[index - 1].kind == "other") or (
            index < last and rivals[index + 1].start < cue.end and rivals[index + 1].kind == "other"
        )
        if cue.kind == "other" or not crossed:
            cues.append(_joined_to_strong(cue, rivals[index + 1] if index < last else cue))
    return cues


def _joined_to_strong(cue: Cue, following: Cue) -> Cue:
    """A weak noun that runs into a strong one is its beginning: the "ваш код" of "ваш код подтверждения"."""
    is_beginning = cue.kind == "weak" and following.kind == "strong" and following.start < cue.end
    return Cue("strong", cue.start, following.end) if is_beginning else cue
