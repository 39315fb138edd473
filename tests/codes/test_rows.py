"""What holds for every answer of `python -m numbank.codes`, of SMS, mails and calls alike."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numbank.codes.rows import Kind, Row, answer
from tests.codes.cases_en_ru import with_code, without_code
from tests.codes.test_properties import INVISIBLE, WORDS, ZEROS

pytestmark = pytest.mark.unit

KINDS: list[Kind] = ["sms", "email", "voice"]
NAMES = ["WhatsApp", "Telegram", "[Shopee]", "Google", "four", "double seven", "цифры", "一二"]
texts = st.one_of(
    st.sampled_from([text for _, text in with_code()] + without_code()),
    st.lists(st.sampled_from([*WORDS, *NAMES]), max_size=12).map(" ".join),
)


def _row(kind: Kind, text: str) -> Row:
    return Row(f"Subject: Hello\n\n{text}" if kind == "email" else text, kind=kind)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(KINDS), texts)
def test_a_code_is_never_empty_and_has_no_colon_and_no_line_break(kind: Kind, text: str) -> None:
    read = answer(_row(kind, text))
    for code in (read.code, read.uncertain):
        assert code is None or (code and code.isascii() and code.replace("-", "").isalnum())


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(KINDS), texts, st.data())
def test_invisible_characters_change_nothing_in_any_kind_of_message(kind: Kind, text: str, data: st.DataObject) -> None:
    strewn = text
    places = data.draw(st.lists(st.tuples(st.integers(0, len(text)), st.sampled_from(INVISIBLE)), max_size=20))
    for place, invisible in sorted(places, reverse=True):
        strewn = strewn[:place] + invisible + strewn[place:]
    assert answer(_row(kind, strewn)) == answer(_row(kind, text))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(KINDS), st.sampled_from(ZEROS), texts)
def test_the_script_of_the_digits_changes_nothing_in_any_kind_of_message(kind: Kind, zero: str, text: str) -> None:
    table = {ord("0") + value: chr(ord(zero) + value) for value in range(10)}
    assert answer(_row(kind, text.translate(table))) == answer(_row(kind, text))
