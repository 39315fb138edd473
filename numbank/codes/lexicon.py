"""Knows the cue words of all languages: loads `data/*.toml` once and finds every cue of a text in one pass.

A data file has lists of words by kind; a leading or trailing `*` lets the word continue on that side:

    strong     nouns that can only mean a one-time code: "verification code"
    weak       nouns that may mean one: "code", "PIN"
    other      words that own the number behind them: "promo code", "order", "room", prepositions
    unit       words that own the number before them: "minutes"
    currency   words that make the number beside them an amount
    link       words between a noun and its number: "is"
    topic      of these, the ones that a code can be for: "your OTP for the transaction is"
    general    of the strong nouns, the ones that couriers and meetings use as well: "OTP"
    bare       of the weak nouns, the ones that an unknown word before them turns into another code: "barrier code"
    plain      words that may stand before a bare noun without doing so: "this"
    holder     what a code belongs to that is no account, before or behind the noun: "gate code", "code for the gate"
    label      the same before the noun only, and only before weak ones: "employee code"
    void       says that a code is no good, before the noun or behind the number: "invalid", "has expired"
    elsewhere  where or to whom a code is told that no log-in asks for: "to the courier", "meeting"
    ask        verbs that a code follows, if the sentence has a purpose or a noun too: "enter"
    join       phrases that a code follows, nothing more needed: "register with"
    purpose    what a code is good for: "to log in"
    account    of these, the ones of an account, so that the code is for no door and no courier: "to log in"
    warn       begins a warning; the nouns behind it have no number: "never share"
    fresh      says how long something is good: "valid"
    money      the message may be about a payment
    promo      the message may be an advertisement
    month      names of months
    abbreviation   words whose full stop ends no sentence
"""

import functools
import tomllib
from importlib import resources

import msgspec
from ahocorasick_rs import AhoCorasick, MatchKind

from numbank.codes.plain import shadow_of
from numbank.codes.words import joined, word_end

NOUNS = frozenset({"strong", "weak"})
KINDS = NOUNS | {"other", "unit", "currency", "link", "ask", "join", "purpose", "warn", "fresh", "money", "promo"}
KINDS |= {
    "month",
    "abbreviation",
    "topic",
    "general",
    "bare",
    "plain",
    "holder",
    "label",
    "void",
    "elsewhere",
    "account",
}
_RIVALS = NOUNS | {"other"}  # of these only the longest counts: the "code" in "promo code" is no code


class Cue(msgspec.Struct, frozen=True):
    """A cue word at a place of the text."""

    kind: str
    start: int
    end: int


class _Word(msgspec.Struct, frozen=True):
    kinds: tuple[str, ...]
    open_left: bool
    open_right: bool


class Lexicon(msgspec.Struct, frozen=True):
    """All words of all data files in one automaton."""

    words: tuple[_Word, ...]
    automaton: AhoCorasick
    abbreviations: frozenset[str]

    def find(self, shadow: str) -> list[Cue]:
        """The cues of a text; those of one kind in the order of their places."""
        spans = []
        for index, start, match_end in self.automaton.find_matches_as_indexes(shadow, overlapping=True):
            word = self.words[index]
            end = word_end(shadow, match_end) if word.open_right else match_end
            if (word.open_left or not joined(shadow, start)) and (word.open_right or not joined(shadow, end)):
                spans.append((start, -end, word))
        spans.sort(key=lambda span: span[:2])
        return _resolve(spans)


def _resolve(spans: list[tuple[int, int, _Word]]) -> list[Cue]:
    """Cues out of spans: of rivals that overlap, the longer holds the shorter; if they cross, `other` wins."""
    cues: list[Cue] = []
    rivals: list[Cue] = []
    for start, minus_end, word in spans:
        for kind in word.kinds:
            cue = Cue(kind, start, -minus_end)
            if kind not in _RIVALS:
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


@functools.cache
def lexicon() -> Lexicon:
    """The lexicon of the package's own data files."""
    kinds_of: dict[tuple[str, bool, bool], list[str]] = {}
    for file in sorted((resources.files("numbank.codes") / "data").iterdir(), key=lambda path: path.name):
        if not file.name.endswith(".toml"):
            continue
        for kind, words in tomllib.loads(file.read_text("utf-8")).items():
            if kind not in KINDS:
                raise ValueError(f"{file.name}: no such kind of cue: {kind}")
            for word in words:
                key = (shadow_of(word.strip("*")), word.startswith("*"), word.endswith("*"))
                kinds = kinds_of.setdefault(key, [])
                if kind not in kinds:
                    kinds.append(kind)
                if len(_RIVALS.intersection(kinds)) > 1:
                    raise ValueError(f"{file.name}: {word!r} is already {kinds[0]} and cannot be {kind} too")
    return Lexicon(
        words=tuple(_Word(tuple(kinds), left, right) for (_, left, right), kinds in kinds_of.items()),
        automaton=AhoCorasick([text for text, _, _ in kinds_of], matchkind=MatchKind.Standard),
        abbreviations=frozenset(text for (text, _, _), kinds in kinds_of.items() if "abbreviation" in kinds),
    )
