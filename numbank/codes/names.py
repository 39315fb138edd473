"""Keeps the names of all services ready for one pass over a message."""

import functools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from types import MappingProxyType

import msgspec
from ahocorasick_rs import AhoCorasick, MatchKind

from numbank.codes.plain import normalise, shadow_of

_SEVERAL = re.compile(r"[/,;|]|(?<=\w)\+(?=\w)")  # "Instagram+Threads", "TikTok/Douyin": a row may hold several names
_SHORTEST, _DISTINCTIVE = 2, 5
_NO_BLANKS = "\u2e80"  # from here on: scripts in which two characters can be a whole name


class Name(msgspec.Struct, frozen=True):
    """One name and all services that have it."""

    services: frozenset[str]
    is_everyday: bool
    """It is an everyday word too, or very short: written without a capital it is just that."""
    is_distinctive: bool
    """It is neither, and long enough to be meant wherever it stands."""


class Brands(msgspec.Struct, frozen=True):
    """The names of the catalogue; built once, then only read."""

    names: tuple[Name, ...]
    automaton: AhoCorasick
    by_key: Mapping[str, frozenset[str]]
    """Services by name without blanks and signs, as senders and hosts spell it."""

    @classmethod
    def build(cls, rows: Iterable[tuple[str, Sequence[str]]]) -> "Brands":
        """Rows of the catalogue: the service's code and its names in any language, aliases among them."""
        services: dict[str, set[str]] = {}
        keys: dict[str, set[str]] = {}
        words = brand_words()
        for code, names in rows:
            if code in words["no_service"]:
                continue
            for name in _spellings(names):
                if name in words["never"] or key_of(name).isdigit():
                    continue
                keys.setdefault(key_of(name), set()).add(code)
                if len(name) >= _SHORTEST and name not in words["sender_only"]:
                    services.setdefault(name, set()).add(code)
        keys.pop("", None)
        return cls(
            names=tuple(_named(name, codes) for name, codes in services.items()),
            automaton=AhoCorasick(list(services), matchkind=MatchKind.Standard),
            by_key=MappingProxyType({key: frozenset(codes) for key, codes in keys.items()}),
        )


@functools.cache
def brand_words() -> Mapping[str, frozenset[str]]:
    """The lists of `data/brands/words.toml`."""
    text = (resources.files("numbank.codes") / "data" / "brands" / "words.toml").read_text("utf-8")
    return {kind: frozenset(map(shadow_of, words)) for kind, words in tomllib.loads(text).items()}


def key_of(name: str) -> str:
    """A name as senders spell it: letters and digits only."""
    return "".join(filter(str.isalnum, shadow_of(normalise(name).text)))


def _spellings(names: Sequence[str]) -> Iterator[str]:
    for row in names:
        plain = shadow_of(normalise(row).text)
        for piece in _SEVERAL.split(plain):
            if name := " ".join(piece.split()):
                yield name


def _named(name: str, services: set[str]) -> Name:
    letters = sum(map(str.isalpha, name))
    everyday = name in brand_words()["ordinary"] or (len(name) < 3 and name[0] < _NO_BLANKS)
    return Name(frozenset(services), everyday, not everyday and (letters >= _DISTINCTIVE or name[0] >= _NO_BLANKS))
