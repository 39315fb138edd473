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
    ask        verbs before or behind a code, if the sentence has a purpose or a noun too: "enter"
    join       what one does with a code, before it or behind it, nothing more needed: "register", "sign in with"
    purpose    what a code is good for: "to log in"
    account    of these, the ones of an account, so that the code is for no door and no courier: "to log in"
    warn       begins a warning; the nouns behind it have no number: "never share"
    fresh      says how long something is good: "valid"
    money      the message may be about a payment
    promo      the message may be an advertisement
    month      names of months
    contact    what is verified when it is added: "phone", "email"; a code alone in its sentence then is one
    abbreviation   words whose full stop ends no sentence
"""

import functools
import re
from collections.abc import Iterable, Iterator
from importlib import resources

import msgspec
from ahocorasick_rs import AhoCorasick, MatchKind

from numbank.codes.plain import spelled
from numbank.codes.words import SPACED, word_end

NOUNS = frozenset({"strong", "weak"})
KINDS = (
    "other",  # first: of a word that is several of the first three, the first counts
    "strong",
    "weak",
    "unit",
    "currency",
    "link",
    "topic",
    "general",
    "bare",
    "plain",
    "holder",
    "label",
    "void",
    "elsewhere",
    "ask",
    "join",
    "purpose",
    "account",
    "warn",
    "fresh",
    "money",
    "promo",
    "month",
    "contact",
    "abbreviation",
)
_RIVALS = NOUNS | {"other"}  # of these only the longest counts: the "code" in "promo code" is no code

_BITS = {kind: 1 << number for number, kind in enumerate(KINDS)}
_OPEN_LEFT, _OPEN_RIGHT = 1 << len(KINDS), 2 << len(KINDS)
# Of a data file: the name of a list, a word, or a comment.
_TOKEN = re.compile(r'^([a-z]+) = |"((?:[^"\\]|\\["\\])*+)"|#[^\n]*', re.MULTILINE)

_OF_NO_LANGUAGE = "common.toml"
_MIXED_IN = "en.toml"
_OF_MIXED_TEXTS = sum(_BITS[kind] for kind in ("link", "ask", "plain", "unit", "month"))  # of English in any message
_AGAINST = sum(_BITS[kind] for kind in ("other", "unit", "currency", "holder", "void", "month"))
_OPEN = _OPEN_LEFT | _OPEN_RIGHT
_WITHIN_NUMBERS = _BITS["month"] | _OPEN  # of "21NOV2026"
_LONGEST_SHORT = 3  # characters of words that mean something else in a language nearby: "to", "on", "kun"
_IN_ONE_GO = 200  # words that are spelled together; a text may have 16,384 characters


class Cue(msgspec.Struct, frozen=True):
    """A cue word at a place of the text."""

    kind: str
    start: int
    end: int
    is_stem: bool = False
    """Its word may go on at a side, so it may be a part of a name."""


class _Word(msgspec.Struct, frozen=True):
    """What several words have in common."""

    kinds: tuple[str, ...]
    open_left: bool
    open_right: bool
    is_noun: bool
    meanings: tuple[tuple[int, int], ...] = ()
    """Of a short word, which several languages have by chance, what it is in which: marks and languages."""


class Lexicon(msgspec.Struct, frozen=True):
    """All words of all data files in one automaton. A set of languages is an integer with one bit for each file."""

    words: list[_Word]
    """For each word of the automaton, what it is."""
    languages: list[int]
    """For each word, the languages that have it."""
    automaton: AhoCorasick
    abbreviations: frozenset[str]

    def find(self, shadow: str) -> list[Cue]:
        """The cues of a text; those of one kind in the order of their places.

        A short word counts in the languages of the nouns, and in those of which two longer words are there.
        """
        spans: list[tuple[int, int, _Word]] = []
        doubtful: list[tuple[int, int, _Word]] = []
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
                spans.append((start, minus_end, _word(mark)))
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
    return mark if not against or mark & _BITS["link"] else mark | against | (meanings[0][0] & _OPEN)


def _is_within_number(shadow: str, start: int, end: int) -> bool:
    """Whether it is the middle of letters and digits, as the "tc" of 6TC7UC."""
    return shadow[start - 1 : start].isdigit() and shadow[end : end + 1].isdigit()


@functools.cache
def _word(mark: int) -> _Word:
    """There are a few hundred different marks."""
    kinds = tuple(kind for kind, bit in _BITS.items() if mark & bit)
    rivals = [kind for kind in kinds if kind in _RIVALS]
    kept = tuple(kind for kind in kinds if kind not in rivals[1:])
    return _Word(kept, bool(mark & _OPEN_LEFT), bool(mark & _OPEN_RIGHT), not NOUNS.isdisjoint(kept))


def _place(span: tuple[int, int, _Word]) -> tuple[int, int]:
    return span[:2]


def _resolve(spans: list[tuple[int, int, _Word]]) -> list[Cue]:
    """Cues out of spans: of rivals that overlap, the longer holds the shorter; if they cross, `other` wins."""
    cues: list[Cue] = []
    rivals: list[Cue] = []
    for start, minus_end, word in spans:
        is_stem = word.open_left or word.open_right
        for kind in word.kinds:
            cue = Cue(kind, start, -minus_end, is_stem)
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
    """The lexicon of the package's own data files. The first call takes some tenths of a second."""
    marks: dict[str, int] = {}  # by the word with its stars
    languages: dict[str, int] = {}
    abbreviations: set[str] = set()
    english = 0
    short: dict[str, dict[int, int]] = {}  # the marks of each language
    for number, (name, lists) in enumerate(language_files()):
        language = 0 if name == _OF_NO_LANGUAGE else 1 << number
        english = language if name == _MIXED_IN else english
        for kind, words in lists.items():
            bit = _BITS.get(kind)
            if bit is None:
                raise ValueError(f"{name}: no such kind of cue: {kind}")
            if kind == "abbreviation":
                abbreviations.update(_spelled(words))
                continue  # no cue: only the end of a sentence asks for them
            for word in _spelled(words):
                marks[word] = marks.get(word, 0) | bit
                languages[word] = languages.get(word, 0) | language
                if len(word) <= _LONGEST_SHORT and word[0] in SPACED:
                    meanings = short.setdefault(word, {})
                    meanings[language] = meanings.get(language, 0) | bit
    common = {word for word, meanings in short.items() if 0 in meanings}
    kept: dict[int, int] = {}  # one integer for each of the few sets of languages
    return Lexicon(
        words=[_shared(word, mark, short, english) for word, mark in marks.items()],
        languages=[0 if word in common else kept.setdefault(spoken, spoken) for word, spoken in languages.items()],
        automaton=AhoCorasick([word.strip("*") for word in marks], matchkind=MatchKind.Standard, store_patterns=False),
        abbreviations=frozenset(abbreviations),
    )


def language_files() -> Iterator[tuple[str, dict[str, list[str]]]]:
    """The names and the lists of all data files, in the order of their names."""
    folder = resources.files("numbank.codes") / "data" / "languages"
    for file in sorted(folder.iterdir(), key=lambda path: path.name):
        if file.name.endswith(".toml"):
            yield file.name, _lists(file.read_text("utf-8"))


def _lists(text: str) -> dict[str, list[str]]:
    """The lists of a data file: TOML, but nothing than lists of plain strings. `tomllib` takes ten times as long."""
    lists: dict[str, list[str]] = {}
    words: list[str] = []
    for name, word in _TOKEN.findall(text):
        if name:
            words = lists[name] = []
        elif word:
            words.append(word.replace('\\"', '"').replace("\\\\", "\\") if "\\" in word else word)
    return lists


def rivals_among(files: Iterable[tuple[str, dict[str, list[str]]]]) -> list[str]:
    """Words that are nouns in one list and something else in another, which would make the one of no use."""
    first: dict[str, tuple[str, str]] = {}
    clashes = []
    for name, lists in files:
        for kind in _RIVALS.intersection(lists):
            for word in _spelled(lists[kind]):
                before = first.setdefault(word, (name, kind))
                if before[1] != kind:
                    clashes.append(f"{word!r}: {before[1]} in {before[0]}, {kind} in {name}")
    return sorted(clashes)


def _spelled(words: list[str]) -> Iterator[str]:
    """The words in the spelling of shadows; many at a time, as this is most of the work of loading."""
    for start in range(0, len(words), _IN_ONE_GO):
        yield from spelled("|".join(words[start : start + _IN_ONE_GO])).split("|")


def _shared(word: str, mark: int, short: dict[str, dict[int, int]], english: int) -> _Word:
    """What the word is: one object for all words that are the same, but for short ones."""
    sides = (_OPEN_LEFT if word.startswith("*") else 0) | (_OPEN_RIGHT if word.endswith("*") else 0)
    shared = _word(mark | sides)
    if word not in short:
        return shared
    meanings = [(meaning | sides, language) for language, meaning in short[word].items()]
    helpful = short[word].get(english, 0) & _OF_MIXED_TEXTS
    if helpful:
        meanings.append((helpful | sides, 0))
    return msgspec.structs.replace(shared, meanings=tuple(meanings))
