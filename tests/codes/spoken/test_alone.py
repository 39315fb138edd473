"""A transcript in which no word owns the number."""

import pytest

from numbank.codes.spoken import hear

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("transcript", "code"),
    [
        ("4 8 2 9", "4829"),
        ("Hello. 4 8 2 9. Goodbye.", "4829"),
        ("Hi. 4 8 2 9. I repeat, 4 8 2 9. Bye.", "4829"),
        ("okay your code is gonna be four eight two nine did you get that", "4829"),
    ],
)
def test_it_is_the_code_where_hardly_anything_else_is_said_or_a_code_is_spoken_of(transcript: str, code: str) -> None:
    assert hear(transcript).code == code


@pytest.mark.parametrize(
    "transcript",
    [
        "Can you fetch the kids at three? The house is one two four nine Maple, next to the church.",
        "It's mom, I'm at the other number, five five five, oh one nine four.",
        "Testing, testing. One, two, three, four.",
        "Nambari ya oda yako ni nne nane mbili tisa moja tatu.",
    ],
)
def test_any_other_number_of_a_call_is_none(transcript: str) -> None:
    assert hear(transcript).code is None


@pytest.mark.parametrize(
    ("transcript", "code"),
    [
        ("Your verification code is 3 19 07.", "31907"),
        ("Votre code confidentiel est le 60 21. Il est valable cinq minutes.", "6021"),
        ("Your code is 4829 13. Again 4829 13.", "482913"),
        ("Your code is 4829 10 minutes. Again 4829 10 minutes.", "4829"),
    ],
)
def test_groups_of_uneven_size_are_one_code(transcript: str, code: str) -> None:
    assert hear(transcript).code == code


@pytest.mark.parametrize(
    "transcript", ["See you at 18 30 in 2 04.", "We have 12 34 56 left", "Flight 4 12 leaves at 18 30"]
)
def test_groups_that_nothing_calls_a_code_are_none(transcript: str) -> None:
    assert hear(transcript).code is None


@pytest.mark.parametrize(
    "transcript",
    [
        "Teslimat kodunuz 4 4 7 1 kurye ile paylaşın",
        "Se slevovým kódem 4 8 2 9 1 3 ušetříte 100 Kč.",
        "PIN safety: never tell anyone your PIN, even us. 6 0 6 6 0",
        "Dress code is black tie, at 1 2 0 4 Park Avenue",
    ],
)
def test_a_word_for_a_code_somewhere_else_makes_a_number_no_code(transcript: str) -> None:
    assert hear(transcript).code is None
