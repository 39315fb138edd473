"""What holds for every text: the form of an answer, and that spelling of digits and invisible characters change nothing."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numbank.codes import recognise
from tests.codes.cases_en_ru import with_code, without_code

pytestmark = pytest.mark.unit

INVISIBLE = [
    "\u200b",
    "\u200c",
    "\u200d",
    "\u200e",
    "\u200f",
    "\u2060",
    "\u2066",
    "\u2069",
    "\ufeff",
    "\u00ad",
    "\u061c",
]
WORDS = [
    "Your",
    "code",
    "is",
    ":",
    "482913",
    "4829",
    "OTP",
    "ref",
    "Rs.",
    "G-",
    "12:30",
    "код",
    "<#>",
    "\n",
    ".",
    "-",
    "[",
]

messages = st.sampled_from([text for _, text in with_code()] + without_code())
phrases = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
texts = st.one_of(messages, phrases, st.text(max_size=200))


@settings(max_examples=300, deadline=None)
@given(texts, st.text(max_size=12))
def test_a_code_is_never_empty_and_has_letters_and_digits_only(text: str, sender: str) -> None:
    found = recognise(text, sender=sender)
    assert 0 <= found.confidence <= 1
    if found.code is None:
        assert found.confidence == 0
    else:
        assert found.code.isascii()
        assert found.code.isalnum()
        assert 4 <= len(found.code) <= 10


@settings(max_examples=200, deadline=None)
@given(texts, st.data())
def test_invisible_characters_change_nothing(text: str, data: st.DataObject) -> None:
    places = data.draw(st.lists(st.tuples(st.integers(0, len(text)), st.sampled_from(INVISIBLE)), max_size=20))
    strewn = text
    for place, invisible in sorted(places, reverse=True):
        strewn = strewn[:place] + invisible + strewn[place:]
    assert recognise(strewn) == recognise(text)


@pytest.mark.parametrize("zero", ["\uff10", "\u0660", "\u06f0", "\u0966", "\u09e6", "\u17e0", "\u0e50"])
@settings(max_examples=60, deadline=None)
@given(text=texts)
def test_the_script_of_the_digits_changes_nothing(zero: str, text: str) -> None:
    table = {ord("0") + value: chr(ord(zero) + value) for value in range(10)}
    assert unicodedata.decimal(zero) == 0
    assert recognise(text.translate(table)) == recognise(text)


@settings(max_examples=100, deadline=None)
@given(texts)
def test_the_kind_of_line_break_changes_nothing(text: str) -> None:
    lines = text.replace("\r", " ")
    assert recognise(lines.replace("\n", "\r")) == recognise(lines)
