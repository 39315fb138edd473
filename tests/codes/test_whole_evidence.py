"""The message as a whole: its only number, and all that is said around it taken together.

The words of the first tests are of no language: what is seen there is seen in any.
"""

import pytest

from numbank.codes import recognise
from numbank.codes.explain import explain

pytestmark = pytest.mark.unit

LOREM = "Lorem ipsum dolor sit amet"


def _why(text: str) -> str:
    return next(one.evidence[0].why for one in explain(text).candidates if one.evidence)


@pytest.mark.parametrize(
    "text",
    [
        f"{LOREM}: 482913",
        f"482913 {LOREM.lower()}",
        f"{LOREM}. 482913 (valid 3 minutes)",
        f"[Acme] 482913 {LOREM}. Do not share it with anyone",
        f"Acme: 482913 {LOREM}, never share it",
        "【Acme】482913，5分钟内有效",
        "[Acme] 482913 ห้ามแชร์กับใคร",
        "[Acme] 482913 第三者に教えないでください",
    ],
)
def test_the_only_number_is_a_code_or_a_guess(text: str) -> None:
    found = recognise(text)
    assert found.code or found.uncertain == "482913"


@pytest.mark.parametrize(
    ("surer", "text"),
    [
        (f"482913 {LOREM} (valid 3 minutes)", f"482913 {LOREM}"),
        (f"482913 {LOREM}, do not share it", f"482913 {LOREM}"),
        (f"482913 {LOREM}. Verify your account", f"482913 {LOREM}"),
        (f"{LOREM}: 48291", f"{LOREM} 48291 {LOREM}"),
        ("[Acme] 482913", f"482913 {LOREM}"),
        (f"{LOREM}: 482913", f"{LOREM}: 48291"),
        (f"{LOREM} {LOREM}: 482913", f"{LOREM} {LOREM} {LOREM} {LOREM}: 482913"),
        (f"{LOREM}: 482913", f"{LOREM}: 482913 {LOREM}"),
    ],
)
def test_each_sign_makes_it_surer(surer: str, text: str) -> None:
    assert recognise(surer).confidence > recognise(text).confidence


@pytest.mark.parametrize(
    "text",
    [
        "Confirmation Acme: 482913",
        "Bestätigung Kleinmarkt: 482913",
        "[Acme] 482913",
        "Acme: 482913",
        "Код для вашего нового телефона подошёл 482913",
        "Your code. Lorem ipsum 482913",
        "[Acme] 482913 do not share it with anyone",
        "482913 gilt bis 14:35",
        "Don't share this OTP! 482913 valid for 60 s",
    ],
)
def test_enough_signs_make_it_certain(text: str) -> None:
    assert recognise(text).code == "482913"


@pytest.mark.parametrize(
    "text",
    [
        f"{LOREM} 482913 dolor 77120",
        f"{LOREM}: 2026",
        f"{LOREM}: 1530",
        f"{LOREM}: 48291 kg",
        "Enjoy 20% off: 482913",
        "Order 482913",
        "Kaydınız alındı: 448123",
        "We never ask for your code. 2123 4567",
        "Nunca compartas tu código. Info 123456",
        "Vi beder aldrig om din kode. 70 12 34 56",
        "Never tell anyone your PIN, even us. 60660",
        "Nennen Sie niemandem Ihre TAN. Sperr-Notruf 116116",
        "Jangan pernah bagikan kode OTP Anda. Halo BCA 1500888",
    ],
)
def test_no_code_beside_other_numbers_and_words_nor_where_to_report_a_misuse(text: str) -> None:
    assert recognise(text).code is None


def test_four_digits_need_a_word_for_codes() -> None:
    assert recognise(f"{LOREM}: 4829").uncertain is None
    assert recognise("Dein Code! Lorem ipsum: 4829").code == "4829"
    assert recognise("Dein Code! Lorem ipsum: 1530").code is None


def test_money_is_something_else_but_where_a_word_for_codes_is() -> None:
    assert recognise("Lorem POS ipsum dolor: 482913").uncertain is None
    assert recognise("Lorem POS ipsum. Your code! Dolor 482913").code == "482913"


def test_a_measure_without_a_number_of_its_own_is_nothing_else() -> None:
    assert recognise("Lorem SMS ipsum: 482913").code == "482913"


def test_a_code_for_an_app_and_a_code_for_itself_are_certain() -> None:
    assert _why("482913") == "the whole message"
    assert recognise("<#> Lorem 482913 ipsum\nFA+9qCX9VSu").code == "482913"
