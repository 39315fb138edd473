"""What holds for every text: the form of an answer, and that spelling of digits and invisible characters change nothing."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numbank.codes import Found, recognise
from numbank.codes.judging import judged
from numbank.codes.lexicon import lexicon
from numbank.codes.numbers import number_mask
from numbank.codes.plain import normalise
from numbank.codes.reading import read
from tests.codes.cases_beside import besides
from tests.codes.cases_en_ru import with_code, without_code
from tests.codes.cases_negative import negatives
from tests.codes.cases_negative_words import speaking
from tests.codes.numbers.test_masks_of_numbers import KINDS

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
    "\ufe0f",
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
    "482-913",
    "AB12CD",
    "OTP",
    "ref",
    "Rs.",
    "G-",
    "12:30",
    "21.11.2026",
    "*4829",
    "код",
    "รหัส",
    "验证码",
    "رمز",
    "acme.com/4829",
    "<#>",
    "&lt;",
    "\n",
    ".",
    "-",
    "[",
]
ZEROS = [chr(point) for point in range(0x80, 0x20000) if unicodedata.decimal(chr(point), -1) == 0]
FORMS = [form for forms in KINDS.values() for form in forms.strip().splitlines()]
LONGEST = 11
"""Characters of a code: ten letters and digits, or two groups of four with the dash that belongs to them."""

messages = st.sampled_from(
    [text for _, text in (*with_code(), *negatives(), *speaking(), *besides())] + without_code(),
)
phrases = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
glued = st.lists(st.sampled_from(WORDS), max_size=8).map("".join)
texts = st.one_of(messages, phrases, glued, st.text(max_size=200))


def _has_form(code: str) -> bool:
    return bool(code) and code.isascii() and code.replace("-", "").isalnum() and 3 <= len(code) <= LONGEST


def _stands_in(code: str, plain: str) -> bool:
    """Whether the characters of the code occur in the text in this order, each but for signs behind the one before."""
    at = plain.find(code[0])
    while at >= 0:
        place, left = at, list(code)
        while left and place < len(plain) and (plain[place] == left[0] or plain[place] in " -."):
            if plain[place] == left[0]:
                left.pop(0)
            place += 1
        if not left:
            return True
        at = plain.find(code[0], at + 1)
    return False


@settings(max_examples=300, deadline=None)
@given(texts, st.text(max_size=12))
def test_a_code_is_never_empty_and_has_letters_and_digits_only(text: str, sender: str) -> None:
    found = recognise(text, sender=sender)
    assert 0 <= found.confidence <= 1
    for code in (found.code, found.uncertain, *(scored.code for scored in found.ranked)):
        assert code is None or _has_form(code)
    if found.code is None:
        assert (found.confidence > 0) == (found.uncertain is not None)
    else:
        assert found.uncertain is None


@settings(max_examples=200, deadline=None)
@given(texts)
def test_the_characters_of_a_code_stand_in_the_text_in_order(text: str) -> None:
    plain = normalise(text).text
    for scored in recognise(text).ranked:
        assert _stands_in(scored.code, plain)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_a_candidate_is_never_inside_a_masked_stretch(text: str) -> None:
    plain = normalise(text)
    reading = read(plain, lexicon())
    for one in judged(plain, reading):
        place = one.candidate.start, one.candidate.end
        mask = number_mask(reading, *place)
        if one.veto is None:
            assert reading.masks.reason(*place) is None
            assert mask is None or not mask.is_sure


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(FORMS), st.sampled_from(("", "Acme ", "您好", "สวัสดี ", "\n")), st.sampled_from(("", ". Acme", "\n"))
)
def test_a_number_of_another_kind_is_no_code_wherever_it_stands(form: str, before: str, behind: str) -> None:
    assert recognise(f"{before}{form}{behind}").code is None


@settings(max_examples=200, deadline=None)
@given(texts, st.data())
def test_invisible_characters_change_nothing(text: str, data: st.DataObject) -> None:
    places = data.draw(st.lists(st.tuples(st.integers(0, len(text)), st.sampled_from(INVISIBLE)), max_size=20))
    strewn = text
    for place, invisible in sorted(places, reverse=True):
        strewn = strewn[:place] + invisible + strewn[place:]
    assert recognise(strewn) == recognise(text)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(ZEROS), texts)
def test_the_script_of_the_digits_changes_nothing(zero: str, text: str) -> None:
    table = {ord("0") + value: chr(ord(zero) + value) for value in range(10)}
    assert recognise(text.translate(table)) == recognise(text)


@settings(max_examples=100, deadline=None)
@given(texts)
def test_the_kind_of_line_break_changes_nothing(text: str) -> None:
    lines = text.replace("\r", " ")
    assert recognise(lines.replace("\n", "\r")) == recognise(lines)


@settings(max_examples=100, deadline=None)
@given(texts)
def test_composed_and_decomposed_letters_are_the_same(text: str) -> None:
    assert recognise(unicodedata.normalize("NFD", text)) == recognise(unicodedata.normalize("NFC", text))


@settings(max_examples=100, deadline=None)
@given(texts)
def test_fullwidth_letters_and_digits_are_the_same(text: str) -> None:
    wide = {point: chr(point + 0xFEE0) for point in range(0x21, 0x7F) if chr(point).isalnum()}
    assert recognise(text.translate(wide)) == recognise(text)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(codec=None), max_size=80))
def test_any_text_gives_an_answer(text: str) -> None:
    """Also half characters, control characters and points that are no characters."""
    assert isinstance(recognise(text, sender=text), Found)
