"""Messages that carry a code and much else: the code or none, never another number."""

import itertools

import pytest

from numbank.codes import recognise
from tests.codes.cases_en_ru import with_code, without_code

pytestmark = pytest.mark.unit

WARNINGS = ("Never share your OTP with anyone.", "Do not share your PIN, password or OTP.", "Никому не сообщайте код.")
OPEN_LISTS = ("Your code is", "Your codes", "code 1")  # one of their numbers would be a second code


def test_a_number_of_another_message_never_becomes_the_code() -> None:
    others = [text for text in without_code() if not text.startswith(OPEN_LISTS)]
    answers = []
    for (code, text), other in itertools.product(with_code()[::2], others):
        for joined in (f"{text}\n{other}", f"{other}. {text}"):
            answers.append((recognise(joined).code, code, joined))
    assert [answer for answer in answers if answer[0] not in (None, answer[1])] == []
    assert sum(found is not None for found, _, _ in answers) > 0.9 * len(answers)


@pytest.mark.parametrize("warning", WARNINGS)
def test_a_warning_makes_no_code_of_other_numbers(warning: str) -> None:
    others = [text for text in without_code() if not text.startswith(OPEN_LISTS)]
    assert [text for text in others if recognise(f"{warning} {text}").code] == []
    assert [text for text in others if recognise(f"{text}. {warning}").code] == []
