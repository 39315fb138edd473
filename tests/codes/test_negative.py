"""Numbers that are no codes are not taken for one, and codes beside them are still found."""

import pytest

from numbank.codes import recognise
from tests.codes.cases_beside import besides
from tests.codes.cases_negative import negatives
from tests.codes.cases_negative_words import speaking

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("family", "text"), negatives())
def test_numbers_of_other_kinds_are_no_codes(family: str, text: str) -> None:
    assert recognise(text).code is None, family


@pytest.mark.parametrize(("family", "text"), speaking())
def test_words_for_codes_alone_make_no_number_a_code(family: str, text: str) -> None:
    assert recognise(text).code is None, family


@pytest.mark.parametrize(("code", "text"), besides())
def test_a_code_beside_other_numbers_or_like_one_is_found(code: str, text: str) -> None:
    assert recognise(text).code == code
