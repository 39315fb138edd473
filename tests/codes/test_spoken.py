"""Codes that were said: digits one by one, in words, more than once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.codes.spoken import as_numbers, hear, once

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("transcript", "code"),
    [
        ("Your verification code is 1 2 3 4", "1234"),
        ("Your verification code is 1, 2, 3, 4, 5, 6. Again, your code is 1, 2, 3, 4, 5, 6.", "123456"),
        ("your code is 4-8-2-9", "4829"),
        ("your code is 4. 8. 2. 9.", "4829"),
        ("your code is one two three four", "1234"),
        ("Your code is: Nine, Niner, oh, zero. Goodbye", "9900"),
        ("hello your code is four eight two nine four eight two nine", "4829"),
        ("4 8 2 9 1 4 8 2 9 1 4 8 2 9 1", "48291"),
        ("Ваш код: четыре, восемь, два, девять, один", "48291"),
        ("Tu código es cuatro ocho dos nueve", "4829"),
        ("Ihr Code lautet vier acht zwo neun", "4829"),
        ("votre code est quatre huit deux neuf", "4829"),
        ("Ваш код п'ять шість сім вісім", "5678"),
        ("Your code is 482913", "482913"),
        ("Hello. 4829. Goodbye.", "4829"),
        ("4829", "4829"),
        ("Your Telegram code is 4 8 2 9 1. Once again, 4 8 2 9 1.", "48291"),
    ],
)
def test_a_code_is_heard_however_it_is_said(transcript: str, code: str) -> None:
    assert hear(transcript).code == code


@pytest.mark.parametrize(
    "transcript",
    [
        "",
        "hello",
        "one moment please",
        "press one to hear it again",
        "room 12 at five",
        "4829 or 5930",
        "one two many",
        "your balance is 1500 roubles",
        "$1500",
        "on 2024-01-05",
        "call 12345678#",
        "see example.com/4829",
        "save 4829%",
    ],
)
def test_nothing_is_made_up(transcript: str) -> None:
    assert hear(transcript).code is None


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("it is one or two", "it is one or two"),
        ("at 1, 2 and 3", "at 1, 2 and 3"),
        ("call 12 34 56", "call 12 34 56"),
        ("1 2 3 4. 5 people", "1234. 5 people"),
        ("a 1 2 3 b", "a 123 b"),
    ],
)
def test_only_runs_of_three_single_digits_are_joined(text: str, joined: str) -> None:
    assert as_numbers(text) == joined


@given(st.text(alphabet="0123456789", min_size=4, max_size=8), st.sampled_from([" ", ", ", "-", ". "]))
def test_any_code_is_joined_whatever_separates_its_digits(code: str, separator: str) -> None:
    assert as_numbers(f"code: {separator.join(code)}") == f"code: {once(code)}"


@given(st.text(max_size=200))
def test_any_text_can_be_heard(text: str) -> None:
    hear(text)
    assert as_numbers(as_numbers(text)).count("\n") == as_numbers(text).count("\n")
