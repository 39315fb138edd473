"""Codes that no word for codes stands beside: asked for, in their own line, the only number of the message."""

import pytest

from numbank.codes import recognise

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "text",
    [
        "लॉगिन करने के लिए 482913 दर्ज करें",
        "লগইন করতে 482913 লিখুন",
        "உள்நுழைய 482913 ஐ உள்ளிடவும்",
        "లాగిన్ చేయడానికి 482913 నమోదు చేయండి",
        "ログインするには482913を入力してください",
        "로그인하려면 482913을 입력하세요",
        "Giriş yapmak için 482913 girin",
        "Жүйеге кіру үшін 482913 енгізіңіз",
        "لاگ ان کرنے کے لیے 482913 درج کریں",
        "ለመግባት 482913 ያስገቡ",
        "482913 को अपने Acme अकाउंट की पुष्टि के लिए इस्तेमाल करें",
        "482913 <- enter it to add the device",
        "Avec 482913, connecte-toi",
    ],
)
def test_the_verb_may_stand_behind_the_number(text: str) -> None:
    assert recognise(text).code == "482913"


@pytest.mark.parametrize(
    "text",
    [
        "Register with 482913",
        "Mit 482913 registrieren",
        "482913 ile kaydolun",
        "Registrati con 482913",
        "Зарегистрируйтесь с 482913",
        "Zaregistrujte se pomocí 482913",
        "482913で登録",
        "482913 के साथ रजिस्टर करें",
        "Đăng ký bằng 482913",
        "To sign in to Acme: 482913",
        "Acme: 482913 to sign in",
        "Verify your number.\n482913",
        "Authentification Orange 482 913",
        "Авторизация МТС 482 913",
        "Log met 482913 in",
        "Acme Family: enter 482913 to manage supervision",
        "Please enter the number below. 482913 (valid 3 minutes)",
        "아래의 번호를 입력해 주세요. 482913 (유효시간 3분) - 정부24",
    ],
)
def test_a_code_is_what_one_registers_or_signs_in_with(text: str) -> None:
    assert recognise(text).code == "482913"


@pytest.mark.parametrize(
    "text",
    [
        "To register call 482913",
        "To register, send JOIN to 48291",
        "Register in 2026",
        "To confirm your payment on card ending 2210, use the app",
        "To log in from 48291, enter your name",
        "Log in 77120 हमें REG दर्ज करें",
        "Регистрация с 1200 до 1500, кабинет 12",
        "Kirjaudu 2200 mennessä",
        "रजिस्टर करने के लिए 56767 पर REG लिखकर भेजें",
        "Confirm your booking 482913",
        "48291 people registered",
        "Ihre Anfrage 482913 wurde registriert",
        "Ваше обращение 482913 зарегистрировано",
        "आपकी शिकायत 482913 दर्ज की गई है",
        "For contract 88213 use the form",
        "Для вызова лифта используйте 4512",
        "Bank tidak pernah meminta kode OTP Anda. Laporkan ke 14000.",
    ],
)
def test_other_numbers_near_such_words_are_none(text: str) -> None:
    assert recognise(text).code is None


@pytest.mark.parametrize("code", ["7TC4UC", "QD3T6X"])
@pytest.mark.parametrize("said", ["A new phone number was added.", "Telefon eklendi.", "Добавлен номер телефона."])
def test_capitals_and_digits_that_are_a_sentence_are_a_code_where_a_phone_was_added(said: str, code: str) -> None:
    assert recognise(f"{said} {code}").code == code


def test_and_a_guess_where_nobody_knows_what_was_said() -> None:
    assert recognise("Lorem ipsum dolor. QD3T6X").uncertain == "QD3T6X"
    assert recognise("Lorem ipsum dolor: 48291").uncertain == "48291"


@pytest.mark.parametrize(
    "text",
    [
        "Your booking is confirmed. QD3T6X",
        "Your parcel has been sent. QD3T6X",
        "Your car has entered the zone. QD3T6X",
        "Order 482913",
        "Total: 48291",
        "Enjoy 20% off: 482913",
        "Lorem ipsum 48291 dolor 77120",
    ],
)
def test_a_lonely_number_is_not_even_a_guess_beside_words_of_other_things(text: str) -> None:
    found = recognise(text)
    assert found.code is found.uncertain is None


def test_a_number_alone_does_not_take_the_noun_of_another_one() -> None:
    assert recognise("Zadejte 482913 v aplikaci. Jde o dočasný kód. 7712").code in (None, "482913")
    assert recognise("48291: your login code for Acme: 771204").code in (None, "771204")


def test_a_year_is_a_code_where_a_noun_stands_beside_it_only() -> None:
    assert recognise("Kodunuz 2026").code == "2026"
    assert recognise("Sign in with 2026").code is None
