"""The data files of number words."""

import tomllib
from importlib import resources
from importlib.resources.abc import Traversable

import pytest

from numbank.codes.spoken.words import Part, Word, language_of, languages

pytestmark = pytest.mark.unit

DATA = resources.files("numbank.codes") / "data"
FILES = sorted((DATA / "spoken").iterdir(), key=lambda file: file.name)
# What the numbers' countries speak.
NAMED = """
en ru uk be kk uz ky tg tk zh es pt fr de it nl pl cs sk hu ro bg sr hr sl mk sq el tr az ka hy he ar fa ur ps hi bn pa gu
mr ta te kn ml si ne th lo km my vi id ms fil ja ko mn sw am ha yo zu af sv no da fi et lv lt is ca
"""
LISTS = {
    "digits": 10,
    "teens": 10,
    "tens": 8,
    "hundreds": None,
    "and": None,
    "double": None,
    "triple": None,
    "code_intro": None,
    "no_digits": None,
    "times": None,
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_a_data_file_has_all_numbers_of_its_lists(file: Traversable) -> None:
    lists = tomllib.loads(file.read_text("utf-8"))
    assert all(10 <= number <= 99 for number in lists.pop("numbers", {}).values())
    assert all(0 <= number <= 9 for number in lists.pop("alike", {}).values())
    assert lists.pop("glued", True) is True
    assert lists.keys() <= LISTS.keys()
    assert "digits" in lists
    for kind, words in lists.items():
        assert LISTS[kind] in (None, len(words)), kind
        assert all(word.strip() == word and word for each in words for word in each.split("|")), kind


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_every_digit_of_a_language_keeps_its_value(file: Traversable) -> None:
    language = next(one for one in languages() if f"{one.code}.toml" == file.name)
    units = {word.value for word in language.words.values() if word.part is Part.UNIT}
    assert units == set(range(10))


def test_the_languages_of_the_bank_have_cues_and_number_words() -> None:
    for folder in ("languages", "spoken"):
        there = {file.name.removesuffix(".toml") for file in (DATA / folder).iterdir()}
        assert there >= set(NAMED.split()), folder


def test_numbers_in_one_word_are_made_of_their_parts() -> None:
    german = language_of(
        "de",
        'digits = ["null", "eins|ein", "zwei"]\ntens = ["zwanzig", "dreißig"]\nand = ["und"]\nhundreds = ["hundert"]',
    )
    assert german.words["zweiunddreißig"] == Word(Part.PAIR, 32)
    assert german.words["einundzwanzig"] == Word(Part.PAIR, 21)
    assert german.words["zweihundert"] == Word(Part.HUNDRED, 200)
