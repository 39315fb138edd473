"""Knows how numbers are said in every language: loads `data/spoken/*.toml` once.

A data file has lists; `|` separates words for the same number, a blank belongs to the word:

    digits      0 to 9; a word that ends with `-` is no digit by itself, only a part: the "ein" of "einundzwanzig"
    teens       10 to 19
    tens        20, 30, ... 90
    hundreds    100, 200, ... 900, or one word that multiplies the digit before it
    and         words inside a number: "forty and two", "zweiundvierzig"
    double      the digit that follows is said once for two; triple: for three
    code_intro  what is said directly before a code
    no_digits   phrases whose words are no digits: "one moment"
    times       how words begin that count time: a number before them is no part of a code: "five minutes"
    glued       true where hundreds and what follows are one word: "vierhundertzweiundachtzig"
    numbers     a table of words and their numbers, 10 to 99, that are not made of the words above
    alike       a table of words that sound like a digit, and the digit: "for", which may be a "four" misheard
"""

import functools
import re
import tomllib
from collections.abc import Iterator
from enum import Enum
from importlib import resources

import msgspec

from numbank.codes.plain import spelled

MOST_WORDS = 5
"""Words of one number at most: "quatre vingt dix sept"."""


SHORTEST_GLUED = 7
"""Letters of a word that may be hundreds and more: "centuno"."""


class Part(Enum):
    """What a word can be in a number."""

    UNIT = 0  # 0 to 9
    PAIR = 1  # 10 to 99, complete
    TENS = 2  # 20, 30, ..., to which a unit may be added
    HUNDRED = 3  # 100, 200, ..., to which a pair may be added
    AND = 4
    TIMES = 5  # 2 or 3: so often is the digit behind it meant
    AND_TENS = 6  # 20, 30, ... with "and" glued before, so they are added to the unit before
    TWICE = 7  # a digit, said with its "double" in one word: "doppelsieben"
    ALIKE = 8  # an everyday word that sounds like a digit


class Word(msgspec.Struct, frozen=True):
    """A word, or several, of a number."""

    part: Part
    value: int


class Language(msgspec.Struct, frozen=True):
    """The words of one language, as they are compared: small letters, one blank between, no hyphens."""

    code: str
    words: dict[str, Word]
    has_hundred_factor: bool
    """Its only word for hundreds multiplies: "four hundred"."""
    inside: re.Pattern[str] | None
    """Finds its words where no blanks part words, the longest first."""
    ands: frozenset[str]
    intros: tuple[str, ...]
    no_digits: tuple[str, ...]
    times: tuple[str, ...]
    glued: tuple[str, ...]
    """Words for hundreds that are written in one with what follows them, the longest first."""

    def meaning(self, said: str) -> Word | None:
        """The number that one or several words are, if they are one; of two equal vowels one may be left out."""
        word = self.words.get(said)
        if word is not None or len(said) < SHORTEST_GLUED or not said.startswith(self.glued):
            return word
        for hundred in self.glued:
            if said.startswith(hundred):
                rest = said[len(hundred) :]
                below = self.words.get(rest) or self.words.get(hundred[-1] + rest)
                if below is not None and below.part in _BELOW_HUNDRED and below.value:
                    return Word(Part.PAIR, self.words[hundred].value + below.value)
        return None


_ONLY_GLUED = "-"
_TSHEG = "\u0f0b"  # parts the syllables of Tibetan and Dzongkha, within words and between them
_BELOW_HUNDRED = (Part.UNIT, Part.PAIR, Part.TENS)
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


def _key(said: str) -> str:
    return " ".join(spelled(said).replace(_TSHEG, " ").split())


def _phrase(said: str) -> str:
    return " ".join(spelled(said).split())


def _each(lists: dict[str, list[str]], kind: str, *, glued: bool = False) -> Iterator[tuple[int, str]]:
    for index, words in enumerate(lists.get(kind, [])):
        for word in words.split("|"):
            if glued or not word.endswith(_ONLY_GLUED):
                yield index, _key(word)


def _glued(lists: dict[str, list[str]]) -> Iterator[tuple[str, Word]]:
    """Numbers that are written in one word, in either order: "quarantadue", "zweiundvierzig", "四十二"."""
    digits = list(_each(lists, "digits", glued=True))
    units = [(value, word) for value, word in digits if value]
    for _, double in _each(lists, "double"):
        yield from ((double + digit, Word(Part.TWICE, value)) for value, digit in digits)
    if len(lists.get("hundreds", [])) == 1:
        for _, hundred in _each(lists, "hundreds"):
            yield from ((unit + hundred, Word(Part.HUNDRED, 100 * value)) for value, unit in units)
    ands = [word for _, word in _each(lists, "and")]
    for index, ten in _each(lists, "tens"):
        tens = 10 * (index + 2)
        for glue in ands:
            yield glue + ten, Word(Part.AND_TENS, tens)
        for value, unit in units:
            whole = Word(Part.PAIR, tens + value)
            yield ten + unit, whole
            for glue in ands:
                yield unit + glue + ten, whole
                yield ten + glue + unit, whole
                yield f"{ten} {glue}{unit}", whole


def _words(lists: dict[str, list[str]], numbers: dict[str, int], alike: dict[str, int]) -> dict[str, Word]:
    words = {_key(word): Word(Part.ALIKE, value) for word, value in alike.items()} | dict(_glued(lists))
    words |= {word: Word(Part.TIMES, 2) for _, word in _each(lists, "double")}
    words |= {word: Word(Part.TIMES, 3) for _, word in _each(lists, "triple")}
    words |= {word: Word(Part.AND, 0) for _, word in _each(lists, "and")}
    words |= {word: Word(Part.HUNDRED, 100 * (index + 1)) for index, word in _each(lists, "hundreds")}
    words |= {word: Word(Part.TENS, 10 * (index + 2)) for index, word in _each(lists, "tens")}
    words |= {word: Word(Part.PAIR, index + 10) for index, word in _each(lists, "teens")}
    words |= {_key(word): Word(Part.PAIR, value) for word, value in numbers.items()}
    return words | {word: Word(Part.UNIT, value) for value, word in _each(lists, "digits")}


def language_of(code: str, text: str) -> Language:
    """A language out of the text of its data file."""
    lists = tomllib.loads(text)
    numbers, alike, is_glued = lists.pop("numbers", {}), lists.pop("alike", {}), lists.pop("glued", False)
    words = _words(lists, numbers, alike)
    hundreds = (word for word, found in words.items() if is_glued and found.part is Part.HUNDRED)
    unspaced = sorted((word for word in words if _UNSPACED.match(word)), key=len, reverse=True)
    return Language(
        code=code,
        words=words,
        has_hundred_factor=len(lists.get("hundreds", [])) == 1,
        inside=re.compile("|".join(map(re.escape, unspaced))) if unspaced else None,
        ands=frozenset(word for _, word in _each(lists, "and")),
        intros=tuple(_phrase(intro) for intro in lists.get("code_intro", [])),
        no_digits=tuple(_phrase(phrase) for phrase in lists.get("no_digits", [])),
        times=tuple(_phrase(word) for word in lists.get("times", [])),
        glued=tuple(sorted(hundreds, key=len, reverse=True)),
    )


@functools.cache
def languages() -> tuple[Language, ...]:
    """All languages of the package, English first: of two that explain a transcript equally well the first counts."""
    files = sorted((resources.files("numbank.codes") / "data" / "spoken").iterdir(), key=lambda file: file.name)
    read = [language_of(file.name.removesuffix(".toml"), file.read_text("utf-8")) for file in files]
    return tuple(sorted(read, key=lambda language: language.code != "en"))


@functools.cache
def time_words() -> tuple[str, ...]:
    """How words for minutes and the like begin, in any language."""
    return tuple(sorted({word for language in languages() for word in language.times}))


@functools.cache
def speakers() -> dict[str, tuple[int, ...]]:
    """For the first word of each number, the places in `languages()` of those that say it."""
    found: dict[str, list[int]] = {}
    for place, language in enumerate(languages()):
        said = (word for word, meaning in language.words.items() if meaning.part is not Part.ALIKE)
        for first in dict.fromkeys(word.partition(" ")[0] for word in said):
            found.setdefault(first, []).append(place)
    return {word: tuple(places) for word, places in found.items()}


def speakers_of(said: str) -> tuple[int, ...]:
    """The places in `languages()` of those in which a word is a number or the first word of one."""
    known = speakers().get(said)
    if known is not None or len(said) < SHORTEST_GLUED:
        return known or ()
    return tuple(place for place, language in enumerate(languages()) if language.glued and language.meaning(said))
