"""Words for a code before the number, behind it, and with words between."""

import pytest

from numbank.codes import recognise

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("481028", "481028，您的登录验证码，请在2分钟内完成登录。"),
        ("481028", "481028, your login code, expires in 2 min"),
        ("55210", "کد احراز هویت شما در بیت‌پین ۵۵۲۱۰ می‌باشد و تا ۲ دقیقه اعتبار دارد"),
        ("559021", "كلمة السر المؤقتة لعملية الشراء عبر الإنترنت 559021 بمبلغ 1,250.00 جنيه"),
        ("482913", "Verification code Example 482913 valid for 5 min"),
        ("75193", "کد ورود شما در دیجی 75193، پشتیبانی 02191001122"),
        ("482913", "482913 is your 98acme6 security code."),
        ("834027", "[Acme] 834027 결제 인증번호"),
        ("354801", "Acme: Welcome! Use 354801 to log in & get Rs 100 bonus."),
    ],
)
def test_a_noun_may_stand_a_little_off(code: str, text: str) -> None:
    assert recognise(text).code == code


@pytest.mark.parametrize(
    "text",
    [
        "อย่าโอน! มิจฉาชีพอ้างเป็นจนท. ขอ OTP แจ้ง 1441",
        "Your login code Acme 118046 xyz is 4471",
        "1556 رمز شما را هرگز نمی‌پرسد",
        "ओटीपी सेवा 2200 से 0600 तक बंद रहेगी",
        "Your order 48291. Your login code was wrong, 7712 people know it",
    ],
)
def test_but_it_is_not_that_of_any_number(text: str) -> None:
    assert recognise(text).code is None


@pytest.mark.parametrize(
    "text",
    [
        "48291: O teu PIN de acceso é 3222, válido durante 10 minutos.",
        "48291: 903144 kodu ilə 34,50 AZN ödənişi təsdiqləyin",
        "771204 ใส่โค้ด 739201 เพื่อเชื่อมต่อบัญชี Acme",
        "2026 6649 is your login code",
    ],
)
def test_a_number_in_front_does_not_take_the_noun_of_the_next_one(text: str) -> None:
    assert recognise(text).code in (None, "3222", "903144", "739201", "6649")
