"""Language tags as clients write them, and the language of a country."""

from __future__ import annotations

import pytest

from numbank.catalogue import tables
from numbank.catalogue.languages import DEFAULT, main_language, parse_tag, table

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        ("ru", "ru"), ("EN", "en"), ("pt-br", "pt-BR"), ("pt_BR", "pt-BR"), ("cmn-Hans-CN", "cmn-Hans-CN"),
        ("CMN-HANS-cn", "cmn-Hans-CN"), ("es-419", "es-419"), ("zh-Hant", "zh-Hant"), ("fil", "fil"),
    ],
)  # fmt: skip
def test_known_tags_get_their_usual_spelling(tag: str, shown: str) -> None:
    assert parse_tag(tag) == shown


@pytest.mark.parametrize(
    "tag", ["", "x", "xx", "zzz", "english", "en-", "en--US", "en-USA", "en-US-x-y", "e n", "рус", "en\0", "-en", "123"]
)
def test_what_is_no_language_is_none(tag: str) -> None:
    assert parse_tag(tag) is None


def test_the_table_names_countries_and_languages_that_there_are() -> None:
    known = {row["iso2"] for row in tables.rows("countries")}
    assert len(table().main.keys() & known) >= len(table().main) - 1
    assert all(parse_tag(language) == language for language in table().main.values())
    assert (main_language("RU"), main_language("br"), main_language("US")) == ("ru", "pt", DEFAULT)
    assert len(table().known) > 180
