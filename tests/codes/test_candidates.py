"""What has the form of a code: groups, prefixes, words glued to a number, letters and digits."""

import pytest

from numbank.codes import recognise
from numbank.codes.candidates import candidates

pytestmark = pytest.mark.unit


def _proposed(text: str) -> list[str]:
    return [candidate.code for candidate in candidates(text, []) if not candidate.needs_noun]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("482-913", ["482913"]),
        ("482 913", ["482913"]),
        ("48 29 13", ["482913"]),
        ("48-29-13", ["482913"]),
        ("4829 1357", ["48291357"]),
        ("4 8 2 9 1 3", ["482913"]),
        ("4-8-2-9-1-3", ["482913"]),
        ("482913 482913", ["482913"]),
        ("482 913 482 913", ["482913"]),
        ("482 913 5", ["482913"]),
        ("2 482913", ["482913"]),
        ("K-482913", ["482913"]),
        ("4829 1357 4829", []),
        ("48.29.13", []),
        ("482 91 3570", []),
    ],
)
def test_groups_are_one_code_when_codes_are_written_so(text: str, codes: list[str]) -> None:
    assert _proposed(text) == codes


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("482913", "Kode: 4.8.2.9.1.3"),
        ("4829135", "Koden din er 482 9135"),
        ("4829135", "Tu código: 4829-135"),
        ("48291", "Your PIN is 48 291"),
        ("KLM-4T7", "Ihr Bestätigungscode lautet KLM-4T7"),
        ("QRT-7KX", "Login code for Acme: QRT-7KX"),
        ("ZUB-KEM", "Ваш код подтверждения: ZUB-KEM"),
        ("tRfXqm", "您的登录密码为tRfXqm，请勿泄露"),
        ("RT4K2-9QMXC", "Your sign in code: RT4K2-9QMXC"),
        ("206153", "Koodiin keessan 206153n"),
        ("GTNNN7", "Your code is GTNNN7."),
        ("ABC123", "Your code is ABC123."),
        ("FZHWE4", "Your code: FZHWE4"),
        ("XKQPTD", "Votre code de vérification est XKQPTD."),
        ("913", "Your verification code is 913. It expires soon."),
        ("913", "Your verification code is 913"),
        ("9021345678", "Kod weryfikacyjny: 9021345678"),
    ],
)
def test_what_its_form_does_not_show_is_a_code_where_a_noun_owns_it(code: str, text: str) -> None:
    assert recognise(text).code == code


@pytest.mark.parametrize(
    "text",
    [
        "Version 4.8.2.9.1.3 is out",
        "Line 482 9135 was closed",
        "The KLM-4T7 form is ready",
        "Your code is READY",
        "Your verification code is EXPIRED",
        "Your password is WhatsApp",
        "YOUR CODE IS: PLEASE WAIT",
        "Your verification code is 48",
        "Code 913 kameras",
        "Your code: SAVE20",
        "Votre code: NOEL15",
        "Code MAY20 for you",
        "Ihr Code ist gültig",
    ],
)
def test_and_nothing_where_none_does_or_it_may_be_a_word_or_half_a_code(text: str) -> None:
    assert recognise(text).code is None


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("482913", "OTP482913"),
        ("482913", "验证码482913"),
        ("482913", "รหัส482913ของคุณ"),
        ("482913", "Your code is482913"),
        ("482913", "482913is your code"),
        ("482913", "Code#482913"),
        ("482913", "code=482913"),
        ("482913", "🔑 Code 👉 482913"),
        ("482913", "「482913」が認証コードです"),
        ("482913", "Votre code : « 482913 »"),
        ("482913", "Your code is **482913**"),
        ("482913", "รหัส OTP คือ <482913>"),
        ("969374", "รหัส OTP ของคุณคือ AXLM-969374 (Ref: WZFA)"),
    ],
)
def test_signs_and_words_may_touch_the_number(code: str, text: str) -> None:
    assert recognise(text).code == code


def test_more_groups_than_a_code_has_are_no_part_of_one() -> None:
    assert recognise("Your code is 12 34 56 78 90").code is None


def test_a_number_is_not_longer_for_the_day_behind_it() -> None:
    assert recognise("รหัสของคุณคือ 9038 19 Nov 2026").code == "9038"


def test_letters_do_not_compete_with_a_number_that_a_noun_owns() -> None:
    assert recognise("OTP for payment is 482913 (Ref. Code: HJQDT)").code == "482913"
    assert recognise("482913 is your OTP for transaction code 7709").code == "482913"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("482913", "Verification code: 482913 2026-11-21 14:30"),
        ("482913", "OTP: 482913 1500 EUR"),
        ("482913", "โอนเงิน5000.00บ.OTP482913Ref.ABCD"),
    ],
)
def test_what_stands_beside_the_number_is_not_taken_for_a_part_of_it(code: str, text: str) -> None:
    assert recognise(text).code == code


def test_a_prefix_as_long_as_the_number_may_be_a_half_so_nothing_is_sure() -> None:
    assert recognise("Your pairing code: ABCD-2345").code is None
