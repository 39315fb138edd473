"""The data files of cues, and how overlapping cues are resolved."""

import tomllib
from collections.abc import Iterable
from importlib import resources
from importlib.resources.abc import Traversable

import pytest

from numbank.codes.cues import KINDS, RIVALS
from numbank.codes.lexicon import language_files, lexicon
from numbank.codes.plain import normalise, shadow_of, spelled
from numbank.codes.reading import read

pytestmark = pytest.mark.unit

FILES = [
    file for file in (resources.files("numbank.codes") / "data" / "languages").iterdir() if file.name.endswith(".toml")
]


def _rivals_among(files: Iterable[tuple[str, dict[str, list[str]]]]) -> list[str]:
    """Words that are nouns in one list and something else in another, which would make the one of no use."""
    first: dict[str, tuple[str, str]] = {}
    clashes = []
    for name, lists in files:
        for kind in RIVALS.intersection(lists):
            for word in map(spelled, lists[kind]):
                before = first.setdefault(word, (name, kind))
                if before[1] != kind:
                    clashes.append(f"{word!r}: {before[1]} in {before[0]}, {kind} in {name}")
    return sorted(clashes)


def _found(text: str) -> list[tuple[str, str]]:
    shadow = shadow_of(text)
    return [(cue.kind, shadow[cue.start : cue.end]) for cue in lexicon().find(shadow)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_a_data_file_has_known_kinds_and_no_word_twice(file: Traversable) -> None:
    for kind, words in tomllib.loads(file.read_text("utf-8")).items():
        assert kind in KINDS
        assert len(words) == len(set(words)), kind
        assert all(word == word.lower().strip() and word.strip("*") and "|" not in word for word in words), kind


def test_no_word_is_a_noun_in_one_language_and_something_else_in_another() -> None:
    assert _rivals_among(language_files()) == []


def test_a_word_of_the_wrong_length_or_place_is_no_cue() -> None:
    assert ("weak", "code") not in _found("some encode is here")
    assert ("weak", "code") in _found("the code-here")


def test_the_longer_cue_holds_the_shorter() -> None:
    assert ("other", "promo code") in _found("promo code")
    assert ("weak", "code") not in _found("promo code")
    assert ("strong", "verification code") in _found("Verification-Code")


def test_where_cues_cross_the_one_that_is_no_code_wins() -> None:
    assert [kind for kind, _ in _found("ваш код скидки") if kind in ("strong", "weak", "other")] == ["other"]


def test_an_open_word_reaches_to_its_end() -> None:
    assert ("strong", "код авторизации") in _found("Код авторизации")


def test_a_short_word_counts_in_the_languages_of_the_message() -> None:
    assert ("other", "to") in _found("the verification code was sent to")
    assert ("other", "to") not in _found("twój kod weryfikacyjny to")
    assert ("link", "to") in _found("twój kod weryfikacyjny to")
    assert ("link", "is") in _found("รหัสยืนยัน is")


def test_the_middle_of_letters_and_digits_is_no_cue_but_a_month() -> None:
    assert [cue for cue in _found("6tc7uc") if cue[1] == "tc"] == []
    assert ("month", "nov") in _found("21nov2026")


def test_a_part_of_a_name_is_no_cue() -> None:
    reading = read(normalise("Ваш код BonusLink: 4829"), lexicon())
    assert not reading.has("promo")
    assert read(normalise("Ваш бонус: 4829"), lexicon()).has("promo")
