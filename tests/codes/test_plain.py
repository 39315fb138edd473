"""The plain spelling: what is folded, what is dropped, and what is left as it is."""

import unicodedata

import pytest

from numbank.codes.plain import LIMIT, normalise, shadow_of, spelled

pytestmark = pytest.mark.unit

ZEROS = [point for point in range(0x20000) if unicodedata.decimal(chr(point), -1) == 0]


@pytest.mark.parametrize("zero", ZEROS, ids=hex)
def test_decimal_digits_of_every_script_become_ascii_digits(zero: int) -> None:
    assert normalise("".join(chr(zero + digit) for digit in range(10))).text == "0123456789"


@pytest.mark.parametrize("sign", ["①", "⑴", "❶", "²", "₂", "Ⅳ", "½"])
def test_signs_that_only_look_like_digits_of_a_code_stay(sign: str) -> None:
    assert normalise(f"{sign}482913").text == f"{sign}482913"


def test_letters_are_not_taken_for_digits_nor_the_other_way_round() -> None:
    assert normalise("O0 l1 І1").text == "O0 l1 І1"


@pytest.mark.parametrize(
    "invisible",
    [
        "\u200b",
        "\u200c",
        "\u200d",
        "\u2060",
        "\u00ad",
        "\u200e",
        "\u200f",
        "\u061c",
        "\u2066",
        "\u2069",
        "\u202a",
        "\u202c",
        "\ufeff",
        "\ufe0f",
        "\u20e3",
        "\u034f",
        "\u115f",
        "\u3164",
        "\U000e0067",
        "\U000e0100",
    ],
)
def test_what_nobody_sees_is_dropped(invisible: str) -> None:
    assert normalise(f"{invisible}48{invisible}2913{invisible}").text == "482913"


@pytest.mark.parametrize("blank", ["\u00a0", "\u2002", "\u2009", "\u202f", "\u205f", "\u3000", "\u2800", "\t", "\x00"])
def test_every_blank_is_one_blank(blank: str) -> None:
    assert normalise(f"482{blank}913").text == "482 913"


@pytest.mark.parametrize("line_break", ["\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_every_line_break_is_one_line_break(line_break: str) -> None:
    assert normalise(f"482{line_break}913").text == "482\n913"


@pytest.mark.parametrize("dash", ["-", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212", "\ufe63", "\uff0d"])
def test_every_dash_is_one_dash(dash: str) -> None:
    assert normalise(f"482{dash}913").text == "482-913"


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("ＡＢ１２ＣＤ", "AB12CD"),
        ("𝗖𝗼𝗱𝗲 𝟰𝟴", "Code 48"),
        ("4️⃣8️⃣", "48"),
        ("co\u0301digo", "código"),
        ("ко\u0301д", "код"),
        ("ﬁle", "file"),
        ("ﻛﻮﺩ", "كود"),
        ("ｺｰﾄﾞ", "コード"),
        ("تاییـد", "تایید"),
        ("رَمْز", "رمز"),
        ("קוֹד", "קוד"),
        ("می\u200cشود", "میشود"),
        ("ยืนยันคํา", "ยืนยันคำ"),
        ("เเละ", "และ"),
        ("\u0958", "\u0915\u093c"),
        ("482913，5", "482913, 5"),
        ("482913، صالح", "482913, صالح"),
        ("&lt;#&gt; 48&amp;2&nbsp;9&#8203;13&#1641;", "<#> 48&2 9139"),
        ("&unknown; & 48", "&unknown; & 48"),
        ("コード４８２ー９１３", "コード482-913"),
        ("İSTANBUL", "ISTANBUL"),
    ],
)
def test_one_spelling(raw: str, plain: str) -> None:
    assert normalise(raw).text == plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("كد تاييد", "کد تایید"),
        ("رمز التفعيل", "رمز التفعیل"),
        ("تأكيد", "تاكيد"),
        ("ONAY ŞIFRESI", "onay şifresi"),
        ("ΚΩΔΙΚΟΣ", "κωδικός"),
        ("cod de autentificare ţ", "cod de autentificare ț"),
        ("Verification-Code", "verification code"),
        ("ещё", "еще"),
    ],
)
def test_one_shadow_for_spellings_of_one_word(one: str, other: str) -> None:
    assert normalise(one).shadow == normalise(other).shadow


def test_accents_that_tell_words_apart_stay_in_the_shadow() -> None:
    assert normalise("mã").shadow != normalise("ma").shadow


@pytest.mark.parametrize("text", ["İIıi ς Σ ẞ ﬃ \u0130x", "ΌΔΟΣ", "\u1e9e\u0149\u01f0", "K\u212b"])
def test_a_shadow_is_as_long_as_its_text(text: str) -> None:
    plain = normalise(text)
    assert len(plain.shadow) == len(plain.text)


def test_every_character_has_a_shadow_of_its_length() -> None:
    longer = [point for point in range(0x20000) if len(shadow_of(plain := normalise(chr(point)).text)) != len(plain)]
    assert longer == []


def test_words_of_lists_are_spelled_as_texts_are() -> None:
    assert spelled("می\u200cشود") in normalise("تایید می\u200cشود").shadow
    assert spelled("Código") in normalise("TU CO\u0301DIGO").shadow


def test_marks_without_end_cost_no_more_than_others() -> None:
    assert len(normalise("e" + "\u0323\u0301" * 50_000).text) < 10


def test_a_text_is_cut_where_reading_stops() -> None:
    assert not normalise("1" * LIMIT).is_cut
    plain = normalise("1" * (LIMIT + 1))
    assert plain.is_cut
    assert len(plain.text) == LIMIT
