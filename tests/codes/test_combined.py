"""Messages that carry a code and much else: the code or none, never another number."""

import itertools

import pytest

from numbank.codes import recognise
from numbank.codes.lexicon import lexicon
from numbank.codes.plain import normalise
from numbank.codes.reading import read
from tests.codes.cases_en_ru import with_code, without_code

pytestmark = pytest.mark.unit

WARNINGS = ("Never share your OTP with anyone.", "Do not share your PIN, password or OTP.", "Никому не сообщайте код.")
OPEN_LISTS = ("Your code is", "Your codes", "code 1")  # one of their numbers would be a second code


def test_a_number_of_another_message_never_becomes_the_code() -> None:
    others = [text for text in without_code() if not text.startswith(OPEN_LISTS)]
    answers = []
    for (code, text), other in itertools.product(with_code()[::3], others):
        for joined in (f"{text}\n{other}", f"{other}. {text}"):
            answers.append((recognise(joined).code, code, _casts_doubt(other)))
    assert [answer for answer in answers if answer[0] not in (None, answer[1])] == []
    for casts_doubt, least in ((False, 0.9), (True, 0.4)):
        found = [found is not None for found, _, doubted in answers if doubted == casts_doubt]
        assert sum(found) > least * len(found)


def _casts_doubt(text: str) -> bool:
    """Whether the text speaks of offers, doors or couriers: beside it a plain "your code" is no log-in's for sure."""
    reading = read(normalise(text), lexicon())
    return reading.has_percent or reading.has("promo") or reading.has("elsewhere")


@pytest.mark.parametrize("warning", WARNINGS)
def test_a_warning_makes_no_code_of_other_numbers(warning: str) -> None:
    others = [text for text in without_code() if not text.startswith(OPEN_LISTS)]
    assert [text for text in others if recognise(f"{warning} {text}").code] == []
    assert [text for text in others if recognise(f"{text}. {warning}").code] == []
