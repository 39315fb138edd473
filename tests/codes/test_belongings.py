"""Which code words are taken for those of something else, and where a message tells its code to somebody."""

import pytest

from numbank.codes.cues import NOUNS
from numbank.codes.lexicon import lexicon
from numbank.codes.plain import normalise
from numbank.codes.reading import Reading, read

pytestmark = pytest.mark.unit


def _read(text: str) -> Reading:
    return read(normalise(text), lexicon())


def _owner(text: str) -> str | None:
    """The cue that owns the number 7315 of the text, when it is no noun any more."""
    reading = _read(text)
    cue = reading.governors.get(text.index("7315") - 1)
    return reading.shadow[cue.start : cue.end] if cue and cue.kind not in NOUNS else None


@pytest.mark.parametrize(
    ("owner", "text"),
    [
        ("gate code", "gate code 7315"),
        ("check in code", "Check-in code 7315"),
        ("code for the gate", "the code for the gate 7315"),
        ("ride otp", "Ride OTP 7315"),
        ("invalid verification code", "invalid verification code 7315"),
        ("код неверный", "код неверный 7315"),
    ],
)
def test_a_noun_and_what_it_belongs_to_are_one_owner(owner: str, text: str) -> None:
    assert _owner(text) == owner


@pytest.mark.parametrize(
    "text",
    [
        "Gate. Code 7315",
        "lobby\ncode 7315",
        "your code, the gate",
        "code - gate 7315",
        "gate verification code 7315",
        "employee otp 7315",
    ],
)
def test_a_noun_stays_one_behind_a_sign_or_when_it_is_explicit(text: str) -> None:
    assert _read(text).nouns


def test_somebody_counts_unless_the_sentence_only_warns() -> None:
    assert _read("Tell 7315 to the driver").has("elsewhere")
    assert not _read("Never tell it, not even to the driver").has("elsewhere")
    assert _read("Never tell it on the phone. Tell 7315 to the driver").has("elsewhere")


def test_the_mark_of_an_app_counts_at_the_beginning_only() -> None:
    assert _read(" <#> 7315").has_hash
    assert not _read("I paid <#> for 7315").has_hash
