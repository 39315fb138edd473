"""The data files of cues, and how overlapping cues are resolved."""

import tomllib
from importlib import resources
from importlib.resources.abc import Traversable

import pytest

from numbank.codes.lexicon import KINDS, lexicon
from numbank.codes.plain import shadow_of

pytestmark = pytest.mark.unit

FILES = [file for file in (resources.files("numbank.codes") / "data").iterdir() if file.name.endswith(".toml")]


def _found(text: str) -> list[tuple[str, str]]:
    shadow = shadow_of(text)
    return [(cue.kind, shadow[cue.start : cue.end]) for cue in lexicon().find(shadow)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_a_data_file_has_known_kinds_and_no_word_twice(file: Traversable) -> None:
    for kind, words in tomllib.loads(file.read_text("utf-8")).items():
        assert kind in KINDS
        assert len(words) == len(set(words)), kind
        assert all(word == shadow_of(word).strip() and word.strip("*") for word in words), kind


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
