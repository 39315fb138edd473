"""What is taken for a code in English and Russian messages, and what is not."""

import pytest

from numbank.codes import recognise
from tests.codes.cases_elsewhere import elsewhere, log_in
from tests.codes.cases_en_ru import with_code, without_code

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("code", "text"), with_code())
def test_finds_the_code(code: str, text: str) -> None:
    assert recognise(text).code == code


@pytest.mark.parametrize("text", without_code())
def test_finds_none(text: str) -> None:
    assert recognise(text).code is None


@pytest.mark.parametrize(("family", "text"), elsewhere())
def test_a_code_that_no_log_in_asks_for_is_none(family: str, text: str) -> None:
    assert recognise(text).code is None, family


@pytest.mark.parametrize(("code", "text"), log_in())
def test_a_log_in_that_speaks_of_such_things_keeps_its_code(code: str, text: str) -> None:
    assert recognise(text).code == code


@pytest.mark.parametrize("text", ["", " ", "\n", "\x00", ":", "\ud800", "\u200b", "482913\ud800", "@ #", "<#>"])
def test_takes_any_text(text: str) -> None:
    found = recognise(text, sender=text)
    assert found.code in (None, "482913")


def test_confidence_grows_with_the_evidence() -> None:
    alone = recognise("482913").confidence
    linked = recognise("Your verification code is 482913").confidence
    bound = recognise("Your verification code is 482913\n@acme.com #482913").confidence
    assert 0 < alone < linked < bound <= 1


def test_the_domain_bound_line_wins() -> None:
    assert recognise("Your PIN is 1111, your code is 2222\n\n@acme.com #4829").code == "4829"


def test_two_equal_codes_are_no_decision_but_one_said_twice_is() -> None:
    assert recognise("Your code is 482913. Your code is 771204.").code is None
    assert recognise("Your code is 482913. Enter 482913 to log in.").code == "482913"


def test_the_senders_own_number_is_no_code() -> None:
    assert recognise("Acme code 40404", sender="40404").code is None
    assert recognise("Acme code 40405", sender="40404").code == "40405"


def test_a_name_of_letters_and_digits_is_no_code() -> None:
    assert recognise("X5ID: 482913 is your code").code == "482913"
    assert recognise("Код X5ID: 482913").code == "482913"


def test_other_digits_and_invisible_characters_read_as_plain_ones() -> None:
    assert recognise("Your code is ４８２９１３").code == "482913"
    assert recognise("Your code is ٤٨٢٩١٣").code == "482913"
    assert recognise("Your code is ४८२९१३").code == "482913"
    assert recognise("Your co\u00adde is \u206648\u200b29\u206013\u2069").code == "482913"
    assert recognise("Your code is\u00a04\ufe0f\u20e38\ufe0f\u20e32\ufe0f\u20e39\ufe0f\u20e3").code == "4829"
    assert recognise("Your code:\u2009482\u2011913").code == "482913"


def test_texts_glued_to_scripts_without_blanks() -> None:
    assert recognise("您的验证码为482913，5分钟内有效").code == "482913"
    assert recognise("인증번호[482913]를 입력하세요").code == "482913"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("482913", "Tu código de verificación es 482913"),
        ("482913", "Seu código de acesso é 482913"),
        ("482913", "Votre code de vérification est 482913"),
        ("482913", "Ihr Bestätigungscode lautet 482913"),
        ("482913", "Doğrulama kodunuz: 482913"),
        ("482913", "Kode verifikasi Anda adalah 482913"),
        ("482913", "رمز التحقق: 482913"),
        ("482913", "Voer deze code in: 482913"),
        ("482913", "Enter the code below to log in: 482913"),
        ("482913", "Twój kod to 482913"),
        ("482913", "Vahvistuskoodisi on 482913"),
        ("482913", "Sinu kinnituskood on 482913"),
        ("482913", "確認コードは「482913」です"),
        (None, "The meeting is in room 482913"),
        (None, "Code promo 482913"),
        (None, "Gutscheincode 482913 einlösen"),
        (None, "Pedido 482913 enviado"),
    ],
)
def test_first_words_of_further_languages(code: str | None, text: str) -> None:
    assert recognise(text).code == code
