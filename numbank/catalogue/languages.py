"""Languages of calls: which tags there are, and the main language of each country (protocol.md 12.2, 24)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

import msgspec

# BCP 47 without extensions: language, script, region.
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})([-_](?P<script>[a-z]{4}))?([-_](?P<region>[a-z]{2}|[0-9]{3}))?", re.IGNORECASE
)

DEFAULT = "en"


class Languages(msgspec.Struct, frozen=True):
    """The table: known languages, and that of each country by its ISO 3166 code."""

    known: frozenset[str]
    main: dict[str, str]


@cache
def table() -> Languages:
    """`data/languages.toml`."""
    text = resources.files("numbank.catalogue").joinpath("data", "languages.toml").read_text("utf-8")
    read = tomllib.loads(text)
    main = {country: language for language, countries in read["main"].items() for country in countries.split()}
    return Languages(frozenset(read["codes"].split()), main)


def parse_tag(tag: str) -> str | None:
    """A tag in its usual spelling (`cmn-Hans-CN`, `pt-BR`, `ru`); None when there is no such language."""
    found = _TAG.fullmatch(tag)
    if found is None or found["language"].lower() not in table().known:
        return None
    parts = (found["language"].lower(), (found["script"] or "").title(), (found["region"] or "").upper())
    return "-".join(filter(None, parts))


def main_language(iso2: str) -> str:
    """The language in which services call the numbers of a country."""
    return table().main.get(iso2.upper(), DEFAULT)
