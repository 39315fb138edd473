"""Which words of a transcript are parts of numbers."""

import pytest

from numbank.codes.spoken import as_numbers

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("transcript", "heard"),
    [
        # Between two digits a word that sounds like one is one.
        ("code four eight to nine one", "code 48291"),
        ("code four ate two nine for one", "code 482941"),
        ("code 4 8 to 9 1", "code 48291"),
        # Behind the digits only where no sentence goes on.
        ("code four eight two nine for.", "code 48294."),
        ("code 4 8 2 9 won.", "code 48291."),
        ("code four eight two nine to log in", "code 4829 to log in"),
        ("code four eight two nine for your account", "code 4829 for your account"),
        # Before them only where nothing else can follow.
        ("the code is for eight two nine", "the code is 4829"),
        ("we ate four eight two nine", "we ate 4829"),
        ("press one for two to go", "press one for two to go"),
    ],
)
def test_a_word_that_sounds_like_a_digit_is_one_where_it_can_be_nothing_else(transcript: str, heard: str) -> None:
    assert as_numbers(transcript) == heard


@pytest.mark.parametrize(
    ("transcript", "heard"),
    [
        ("code 4 eight 2 nine 1 three.", "code 482913."),
        ("code 4 eight two 9", "code 4829"),
        ("code 9 oh 8 8", "code 9088"),
        # A word at one end may be of any language.
        ("kod to 4 8 2 9", "kod to 4829"),
        ("code 4 8 2 9 one", "code 4829 one"),
        ("1 to 5 persons", "1 to 5 persons"),
    ],
)
def test_words_among_single_digits_are_digits_but_not_beside_them(transcript: str, heard: str) -> None:
    assert as_numbers(transcript) == heard


@pytest.mark.parametrize(
    ("transcript", "heard"),
    [
        ("four, um, eight uh two nine", "4829"),
        ("vier ähm acht zwei neun", "4829"),
        ("4... 8... 2... 9...", "4829..."),
        ("four umbrellas eight two nine", "four umbrellas 829"),
    ],
)
def test_what_is_said_to_think_parts_no_number(transcript: str, heard: str) -> None:
    assert as_numbers(transcript) == heard


@pytest.mark.parametrize(
    ("transcript", "heard"),
    [
        ("je code is vier acht twee negen een moment", "je code is 4829 een moment"),
        ("four eight two nine one moment please", "4829 one moment please"),
        ("seu código é quatro oito dois nove um momento", "seu código é 4829 um momento"),
        ("kodunuz dört sekiz iki dokuz bir kez daha dört sekiz iki dokuz", "kodunuz 4829 bir kez daha 4829"),
        ("您的验证码是四八二九一次有效", "您的验证码是4829一次有效"),
        ("four eight two nine one momentous", "48291 momentous"),
    ],
)
def test_a_digit_of_a_phrase_is_none(transcript: str, heard: str) -> None:
    assert as_numbers(transcript) == heard


@pytest.mark.parametrize(
    ("transcript", "heard"),
    [
        ("code six oh two one five minutes", "code 6021 five minutes"),
        ("code 6 0 2 1 5 minutes", "code 6021 5 minutes"),
        ("code six oh two one twenty five minutes", "code 6021 twenty five minutes"),
        ("验证码六零二幺,五分钟内有效", "验证码6021,五分钟内有效"),
        ("認証コードは六〇二一、五分間有効です", "認証コードは6021、五分間有効です"),
        ("Ihr Code ist sechs null zwei eins fünf Minuten gültig", "Ihr Code ist 6021 fünf Minuten gültig"),
        ("tu código es 6 0 2 1 5 minutos", "tu código es 6021 5 minutos"),
        ("code six oh two one five in minutes", "code 60215 in minutes"),
    ],
)
def test_a_number_of_minutes_is_not_glued_to_the_code(transcript: str, heard: str) -> None:
    assert as_numbers(transcript) == heard


@pytest.mark.parametrize(
    ("transcript", "heard"),
    [
        ("รหัสของคุณคือสี่แปดสองเก้าห้ามเปิดเผย", "รหัสของคุณคือ4829ห้ามเปิดเผย"),
        ("รหัส สี่ แปด สอง เก้า สามารถใช้ได้", "รหัส 4829 สามารถใช้ได้"),
        ("验证码四八二九一经使用", "验证码4829一经使用"),
        ("認証コードは四八二九ご入力ください", "認証コードは4829ご入力ください"),
        ("인증번호 사 팔 이 구 이용해 주세요", "인증번호 4829 이용해 주세요"),
    ],
)
def test_the_beginning_of_a_word_is_no_digit_where_blanks_part_no_words(transcript: str, heard: str) -> None:
    assert as_numbers(transcript) == heard


@pytest.mark.parametrize(
    ("transcript", "heard"),
    [
        ("認証コードは六〇四九です", "認証コードは6049です"),
        ("ཨང་རྟགས་འདི དགུ་ཀླད་ཀོར་གཉིས་གཅིག", "ཨང་རྟགས་འདི 9021"),
        ("ang iyong code ay pito tatlo zero lima", "ang iyong code ay 7305"),
        ("vash kod chetyre vosem dva devyat", "vash kod 4829"),
    ],
)
def test_digits_are_found_in_every_spelling(transcript: str, heard: str) -> None:
    assert as_numbers(transcript) == heard
