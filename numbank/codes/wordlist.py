"""Finds the words of one data file in a text, by kind, in one pass: for lists that are no cues of the recogniser."""

import functools
import tomllib
from importlib import resources

import msgspec
from ahocorasick_rs import AhoCorasick, MatchKind

from numbank.codes.plain import spelled
from numbank.codes.words import joined


class WordList(msgspec.Struct, frozen=True):
    """Words of several kinds. In the file a `*` at a side lets a word go on there."""

    words: tuple[tuple[str, bool, bool], ...]
    automaton: AhoCorasick

    def places(self, shadow: str) -> list[tuple[int, int, str]]:
        """Where the words begin and end (without what an open word goes on with), and their kinds, in no order."""
        if not shadow.isascii():
            shadow = shadow.encode("utf-8", "replace").decode()  # half characters, which no matcher takes
        found = []
        for index, start, end in self.automaton.find_matches_as_indexes(shadow, overlapping=True):
            kind, open_left, open_right = self.words[index]
            if (open_left or not joined(shadow, start)) and (open_right or not joined(shadow, end)):
                found.append((start, end, kind))
        return found

    def kinds(self, shadow: str) -> frozenset[str]:
        """The kinds of words that the text has."""
        return frozenset(kind for _, _, kind in self.places(shadow)) if shadow else frozenset()


@functools.cache
def table(name: str) -> dict[str, list[str]]:
    """The lists of a data file, given as "folder/name"."""
    path = resources.files("numbank.codes") / "data"
    for part in f"{name}.toml".split("/"):
        path = path / part
    lists: dict[str, list[str]] = tomllib.loads(path.read_text("utf-8"))
    return lists


@functools.cache
def word_list(name: str) -> WordList:
    """The words of a data file, given as "folder/name"."""
    rows = [(kind, word) for kind, words in table(name).items() for word in words]
    return WordList(
        words=tuple((kind, word.startswith("*"), word.endswith("*")) for kind, word in rows),
        automaton=AhoCorasick([spelled(word.strip("*")) for _, word in rows], matchkind=MatchKind.Standard),
    )


@functools.cache
def _automaton(name: str, kind: str) -> AhoCorasick:
    return AhoCorasick(table(name)[kind], matchkind=MatchKind.Standard)


def has_part(name: str, kind: str, text: str) -> bool:
    """Whether a text has one of the strings of a list anywhere, also within words."""
    spelled = text if text.isascii() else text.encode("utf-8", "replace").decode()
    return bool(_automaton(name, kind).find_matches_as_indexes(spelled))
