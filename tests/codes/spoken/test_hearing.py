"""Codes that were said: digits one by one, in words, more than once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numbank.codes.spoken import as_numbers, hear, once
from numbank.codes.spoken.runs import HEARD_LIMIT

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


IN_WORDS = [
    ("en", "your code is forty eight twenty nine thirteen", "482913"),
    ("en", "your code is four two double seven nine one", "427791"),
    ("en", "your code is triple four nine one two", "444912"),
    ("en", "your code is four hundred eighty two nine hundred thirteen", "482913"),
    ("en", "Your code is 4 8 2, 9 1 3. I repeat, 4 8 2, 9 1 3.", "482913"),
    ("en", "code: four, eight, two; nine, one, three", "482913"),
    ("en", "press one to repeat your code is seven seven three oh one nine press one to repeat", "773019"),
    ("de", "Ihr Code lautet zweiundvierzig siebenunddreißig elf", "423711"),
    ("nl", "je code is tweeënveertig eenendertig nul zeven", "423107"),
    ("da", "din kode er toogfyrre enogtredive nul syv", "423107"),
    ("fr", "votre code est soixante-dix-huit quatre-vingt-dix-neuf douze", "789912"),
    ("fr", "votre code est quatre-vingt-dix-neuf douze trente et un", "991231"),
    ("fr", "votre code est le 4 8 2 9, je répète, 4 8 2 9", "4829"),
    ("it", "il tuo codice è quarantadue ventuno novantotto", "422198"),
    ("es", "su código es cuarenta y dos, treinta y uno, cero siete", "423107"),
    ("pt", "Seu código é quarenta e dois trinta e um zero sete", "423107"),
    ("pl", "twój kod to czterdzieści dwa trzydzieści jeden zero siedem", "423107"),
    ("ru", "Ваш код сорок два тридцать один ноль семь", "423107"),
    ("ru", "Вам звонят. Последние четыре цифры номера: семь один ноль три", "7103"),
    ("tr", "doğrulama kodunuz kırk iki otuz bir elli", "423150"),
    ("hu", "az ön kódja negyvenkettő harmincegy nulla hét", "423107"),
    ("fi", "vahvistuskoodi on neljä kaksi kolme yksi nolla seitsemän", "423107"),
    ("sq", "Kodi yt është katër dy tre një zero shtatë", "423107"),
    ("zh", "您的验证码是四二三一零七", "423107"),
    ("zh", "您的验证码是:四 二 三 一 零 七,再重复一遍,四 二 三 一 零 七", "423107"),
    ("ja", "あなたの認証コードは、よん、に、さん、いち、ゼロ、なな、です", "423107"),
    ("ja", "認証コードは よんにさんいちゼロなな です", "423107"),
    ("ko", "인증번호는 사이삼일공칠 입니다", "423107"),
    ("th", "รหัสยืนยันของคุณคือ สี่ สอง สาม หนึ่ง ศูนย์ เจ็ด", "423107"),
    ("th", "รหัสของคุณคือสี่สองสามหนึ่งศูนย์เจ็ด", "423107"),
    ("vi", "mã xác thực của bạn là bốn hai ba một không bảy", "423107"),
    ("id", "kode verifikasi anda adalah empat dua tiga satu nol tujuh", "423107"),
    ("ar", "رمز التحقق الخاص بك هو أربعة اثنان ثلاثة واحد صفر سبعة", "423107"),
    ("hi", "आपका कोड है चार दो तीन एक शून्य सात", "423107"),
    ("hi", "आपका ओटीपी है बयालीस इकतीस शून्य सात", "423107"),
]


@pytest.mark.parametrize(("language", "transcript", "code"), IN_WORDS)
def test_numbers_in_words_are_understood_with_and_without_knowing_the_language(
    language: str, transcript: str, code: str
) -> None:
    assert hear(transcript).code == code
    assert hear(transcript, language=language).code == code


def test_a_code_that_is_repeated_with_a_digit_less_is_none() -> None:
    assert hear("Your code is 4 8 2 9 1 3. Once again, your code is 4 8 2 9 1.").code is None
    found = hear("Your verification code is 4 8 2 9 1 3. Once again, 4 8 2 9 1.")
    assert (found.code, found.uncertain) == (None, "482913")


@pytest.mark.parametrize("stop", ["\u06d4", "\u0589", "\u1362", "\u0964", "\u104b", "\u3002"])
def test_the_full_stops_of_all_scripts_end_a_number(stop: str) -> None:
    assert (
        hear(f"your code is four eight two nine one seven{stop} again four eight two nine one seven{stop}").code
        == "482917"
    )


def test_a_code_behind_the_read_part_of_a_transcript_is_no_half_code() -> None:
    lead = "so " * 3000
    transcript = lead[: HEARD_LIMIT - 20] + "your code is 482913."
    assert hear(transcript[:HEARD_LIMIT]).code == "482913"
    assert hear(" " * 4 + transcript).code is None


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
        "your appointment is at nine thirty on the twelfth of may",
        "your balance is four hundred eighty two dollars",
        "we are calling about order four eight two nine one three it will arrive tomorrow",
        "your flight leaves at 14 30 from gate 12",
        "please call us back at one eight hundred five five five one two three four",
        "press one to repeat, press two to speak to an agent",
        "нажмите один, чтобы услышать код еще раз, нажмите два для оператора",
        "appuyez sur un pour répéter, sur deux pour parler à un conseiller",
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


@settings(deadline=None)
@given(st.text(alphabet="0123456789", min_size=4, max_size=8), st.sampled_from([" ", ", ", "-", ". "]))
def test_any_code_is_joined_whatever_separates_its_digits(code: str, separator: str) -> None:
    assert as_numbers(f"code: {separator.join(code)}") == f"code: {once(code)}"


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_heard(text: str) -> None:
    hear(text)
    assert as_numbers(as_numbers(text)).count("\n") == as_numbers(text).count("\n")


@pytest.mark.parametrize(
    ("transcript", "code"),
    [
        # A word beside the digits that is a number in this or another language.
        ("Twój kod to 4 8 2 9 1 3", "482913"),
        ("Vahvistuskoodisi on 4 8 2 9 1 3", "482913"),
        ("Teie kood on 4 8 2 9", "4829"),
        ("kodi yako ni 4 8 2 9 1 3", "482913"),
        ("o seu código é o 4 8 2 9 1 3", "482913"),
        ("Váš kód je to 4 8 2 9", "4829"),
        ("Geben Sie den Code 4 8 2 9 ein.", "4829"),
        ("Geben Sie den Code vier acht zwei neun ein.", "4829"),
        ("Your code is 4 8 2 9 to log in", "4829"),
        ("Your WhatsApp code is 4 8 2 9 on WhatsApp", "4829"),
        ("Su código es 4 8 2 9 once more", "4829"),
        ("인증번호는 4 8 2 9 이 번호를 입력하세요", "4829"),
        ("Mã của bạn là 4 8 2 9 một lần", "4829"),
        ("din kode er fire otte to ni en gang til fire otte to ni", "4829"),
        # Groups with a full stop or "and" between.
        ("Hello. Your Google verification code is 4 8 2. 9 1 3. Goodbye.", "482913"),
        ("您的验证码是四,八,二。九,一,三。", "482913"),
        ("Your WhatsApp code is 4 8 2 and 9 1 3", "482913"),
        ("your code is four eight two, and nine one three. Thank you.", "482913"),
        ("Your code is double 7 4 2 9 1", "774291"),
    ],
)
def test_a_number_is_heard_whole_and_nothing_beside_it(transcript: str, code: str) -> None:
    assert hear(transcript).code == code


@pytest.mark.parametrize(
    "transcript",
    [
        "Your WhatsApp code is 4 8 2 1 3, I repeat 4 8 2 1 4",
        "Your verification code is 4 8 2.",
    ],
)
def test_half_a_code_or_one_that_is_said_in_two_ways_is_not_certain(transcript: str) -> None:
    assert hear(transcript).code is None
