"""What holds for every transcript."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numbank.codes.spoken import hear

pytestmark = pytest.mark.unit

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
SIGNS = st.sampled_from([" ", ", ", ". ", "-", "\n", ": ", "... ", " and ", " again ", " your code is ", "; "])
SAID = st.lists(st.tuples(SIGNS, st.integers(0, 9), st.booleans()), min_size=1, max_size=24)


@settings(deadline=None)
@given(SAID)
def test_the_digits_of_a_code_occur_in_the_order_in_which_they_are_said(said: list[tuple[str, int, bool]]) -> None:
    words = (f"{sign}{DIGITS[digit] if in_words else digit}" for sign, digit, in_words in said)
    found = hear("your code is" + "".join(words))
    for code in (found.code, found.uncertain):
        assert code is None or code in "".join(str(digit) for _, digit, _ in said)


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from([*DIGITS, "double", "hundred", "forty", "to", "for", "code", "is", ":"]), SIGNS))
)
def test_a_code_has_nothing_but_letters_and_digits(words: list[str]) -> None:
    found = hear("your code is " + " ".join(words))
    assert all(code is None or (code.isascii() and code.isalnum()) for code in (found.code, found.uncertain))


@settings(deadline=None)
@given(st.integers(0, 99_999_999), st.sampled_from([" ", ", ", "\n", " - ", "... "]), st.booleans())
def test_every_code_is_heard_whole_said_once_or_twice(number: int, sign: str, is_twice: bool) -> None:
    code = f"{number:08}"[-6:]
    said = sign.join(DIGITS[int(digit)] for digit in code)
    again = f" Again, your verification code is {said}." if is_twice else ""
    assert hear(f"Your verification code is {said}.{again} Goodbye.").code == code
