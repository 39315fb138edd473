"""The lexicon: the cue words of all languages, out of the data files `data/languages/*.toml`.

What the lists of a file mean is said in `cues`; how words are found in a text, in `finding`.
"""

import functools
import tomllib
from collections.abc import Iterator
from importlib import resources

import msgspec
from ahocorasick_rs import AhoCorasick, MatchKind

from numbank.codes.cues import BITS, OPEN_LEFT, OPEN_RIGHT, Word, word_of
from numbank.codes.finding import Lexicon
from numbank.codes.plain import spelled
from numbank.codes.words import SPACED, numbers_in

_OF_NO_LANGUAGE = "common.toml"
_MIXED_IN = "en.toml"
_OF_MIXED_TEXTS = sum(BITS[kind] for kind in ("link", "ask", "plain", "unit", "month"))  # of English in any message
_LONGEST_SHORT = 3  # characters of words that mean something else in a language nearby: "to", "on", "kun"
_IN_ONE_GO = 200  # words that are spelled together; a text may have 16,384 characters


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
            bit = BITS.get(kind)
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
        numbers=numbers_in((*marks, *abbreviations)),
    )


def language_files() -> Iterator[tuple[str, dict[str, list[str]]]]:
    """The names and the lists of all data files, in the order of their names."""
    folder = resources.files("numbank.codes") / "data" / "languages"
    for file in sorted(folder.iterdir(), key=lambda path: path.name):
        if file.name.endswith(".toml"):
            yield file.name, tomllib.loads(file.read_text("utf-8"))


def _spelled(words: list[str]) -> Iterator[str]:
    """The words in the spelling of shadows; many at a time, as this is most of the work of loading."""
    for start in range(0, len(words), _IN_ONE_GO):
        yield from spelled("|".join(words[start : start + _IN_ONE_GO])).split("|")


def _shared(word: str, mark: int, short: dict[str, dict[int, int]], english: int) -> Word:
    """What the word is: one object for all words that are the same, but for short ones."""
    sides = (OPEN_LEFT if word.startswith("*") else 0) | (OPEN_RIGHT if word.endswith("*") else 0)
    shared = word_of(mark | sides)
    if word not in short:
        return shared
    meanings = [(meaning | sides, language) for language, meaning in short[word].items()]
    helpful = short[word].get(english, 0) & _OF_MIXED_TEXTS
    if helpful:
        meanings.append((helpful | sides, 0))
    return msgspec.structs.replace(shared, meanings=tuple(meanings))
