"""Numbers that a message gives side by side: whichever is the code, it cannot be told."""

import pytest

from numbank.codes import recognise
from numbank.codes.explain import explain

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "text",
    [
        "Your codes 48213 and 48214",
        "Code 48213 or 777123",
        "Codes: 482913 / 771823",
        "Your codes are 482913, 771823",
        "Your code:\n482913\n771823",
        "Ваши коды 48213 и 48214",
        "Vos codes: 48213 et 48214",
        "验证码48213或48214",
    ],
)
def test_none_of_several_codes_is_the_code(text: str) -> None:
    assert recognise(text).code is None


@pytest.mark.parametrize(
    "text",
    [
        "Your code is 482913 or enter 482913 again",
        "Your code 482913 and reference 771823",
        "Your code 482913 and 12 others",
        "استخدم رمز التحقق 482913 ملف 77120",
    ],
)
def test_a_number_of_another_kind_beside_it_is_no_second_code(text: str) -> None:
    assert recognise(text).code == "482913"


def test_it_is_said_why() -> None:
    assert {one.veto for one in explain("Your codes 48213 and 48214").candidates} == {"one of several side by side"}
