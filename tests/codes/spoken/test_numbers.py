"""Numbers above nine: pairs, hundreds, and digits that are said once for two."""

import pytest

from numbank.codes.spoken import as_numbers

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("transcript", "heard"),
    [
        ("vierhundertzweiundachtzig neunhundertdreizehn", "482913"),
        ("vierhonderdtweeëntachtig negenhonderddertien", "482913"),
        ("fyrahundraåttiotvå niohundratretton", "482913"),
        ("quattrocentottantadue novecentotredici", "482913"),
        ("négyszáznyolcvankettő kilencszáztizenhárom", "482913"),
        ("neljäsataakahdeksankymmentäkaksi yhdeksänsataakolmetoista", "482913"),
        ("four hundred eighty two nine hundred thirteen", "482913"),
        ("cztery sta osiem", "cztery sta osiem"),
    ],
)
def test_hundreds_are_understood_in_one_word_and_in_several(transcript: str, heard: str) -> None:
    assert as_numbers(transcript) == heard


def test_a_digit_before_a_hundred_belongs_to_it() -> None:
    assert as_numbers("one hundred two hundred") == "100200"
    assert as_numbers("one hundred two three hundred four") == "102304"


@pytest.mark.parametrize(
    ("transcript", "heard"),
    [
        ("four eight double two", "4822"),
        ("triple seven triple eight", "777888"),
        ("double four double zero", "4400"),
        ("doppelsieben vier zwei", "7742"),
        ("doppelnull vier zwei", "0042"),
        ("四 八 两个 二", "4822"),
    ],
)
def test_a_digit_is_said_once_for_two_or_three(transcript: str, heard: str) -> None:
    assert as_numbers(transcript) == heard


def test_thousands_make_no_code() -> None:
    """Who says "thousand" speaks of an amount: a code may begin with a zero, so it is said by digits."""
    assert "482" not in as_numbers("four thousand eight hundred twenty nine")
