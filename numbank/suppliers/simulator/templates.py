"""The texts of `templates.toml` as data: by language, and the house styles of well-known services."""

from __future__ import annotations

import functools
import tomllib
from importlib import resources

import msgspec

from numbank.clock import Chance

DEFAULT = "en"

# How a code may stand in a text: how many digits, and what separates its two halves.
FORMS = {
    "{c4}": (4, ""),
    "{c5}": (5, ""),
    "{c6}": (6, ""),
    "{c8}": (8, ""),
    "{c33}": (6, "-"),
    "{s33}": (6, " "),
}
BRAND = "{brand}"
# Four digits that look like a year are read as one.
YEARS = ("19", "20")


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of one language."""

    branded: tuple[str, ...]
    plain: tuple[str, ...]
    silent: tuple[str, ...]
    silent_plain: tuple[str, ...]


class Style(msgspec.Struct, frozen=True):
    """How one service writes: its sender and its texts by language."""

    sender: str
    texts: dict[str, list[str]]


class Voice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a voice says in one language, with and without a code."""

    coded: tuple[str, ...]
    silent: str


class Book(msgspec.Struct, frozen=True):
    """All templates."""

    senders: tuple[str, ...]
    languages: dict[str, Language]
    language_of: dict[str, str]
    styles: dict[str, Style]
    decoys: tuple[str, ...]
    voice: dict[str, Voice]

    def language(self, iso2: str) -> str:
        """The language of messages to numbers of a country."""
        return self.language_of.get(iso2, DEFAULT)


@functools.cache
def book() -> Book:
    """The book of the package's own data file."""
    text = resources.files("numbank.suppliers.simulator").joinpath("templates.toml").read_text("utf-8")
    tables = tomllib.loads(text)
    countries: dict[str, list[str]] = tables.pop("countries")
    return Book(
        senders=tuple(tables.pop("senders")["plain"]),
        decoys=tuple(tables.pop("decoys")["codes"]),
        voice=msgspec.convert(tables.pop("voice"), dict[str, Voice]),
        language_of={iso2: language for language, isos in countries.items() for iso2 in isos},
        styles={code: Style(style.pop("sender"), style) for code, style in tables.pop("style").items()},
        languages=msgspec.convert(tables, dict[str, Language]),  # every other table is a language
    )


def fill(template: str, brand: str, chance: Chance) -> tuple[str, str | None]:
    """A template with its brand and a code; gives the text and the code (None where it has no place for one)."""
    text, code = template, None
    for place, (size, separator) in FORMS.items():
        if place in text:
            code = _digits(size, chance)
            half = size // 2
            text = text.replace(place, code[:half] + separator + code[half:] if separator else code)
    return text.replace(BRAND, brand), code


def _digits(size: int, chance: Chance) -> str:
    while True:
        digits = f"{chance.below(10**size):0{size}d}"
        if size != len("year") or not digits.startswith(YEARS):
            return digits
