"""Which word a number belongs to: one for codes, or another one, which takes it away."""

import pytest

from numbank.codes import recognise

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("620447", "The number 620447 is your verification code"),
        ("620447", "صحتي: الرقم 620447 هو رقم التحقق الخاص بك"),
        ("650912", "AB-650912 is your Acme verification code."),
        ("482913", "Verifiering Swish: 482913"),
        ("551903", "To sign in: 551903"),
        ("90318", "تأكيد رقم الجوال: 90318"),
        ("450921", "از ۴۵۰۹۲۱ برای ورود به بله استفاده کنید"),
        ("8064", "번호 8064를 입력해 인증을 완료하세요"),
        ("330955", "Dein Fitbit-Konto: 330955 eingeben, um fortzufahren"),
        ("482913", "جهت تایید سفارش کد 482913 را وارد نمایید"),
    ],
)
def test_a_word_that_says_what_a_code_is_for_does_not_own_it(code: str, text: str) -> None:
    assert recognise(text).code == code


@pytest.mark.parametrize(
    "text",
    [
        "Order number 77120 is confirmed with your verification code",
        "หมายเลขเรื่อง 482913: เราได้รับคำถามของคุณเกี่ยวกับรหัสยืนยันแล้ว",
        "For contract 88213 use the form",
        "Payment on card ending 2210, use the app",
        "Enter the code we sent to 07700 900481 to continue.",
    ],
)
def test_a_word_that_has_a_number_of_its_own_does(text: str) -> None:
    assert recognise(text).code is None


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("118046", "Your login code for Acme 118046 (reference: 4471)"),
        ("118046", "رمز الدخول لمرة واحدة ١١٨٠٤٦ (المرجع: 4471)"),
        ("358216", "dtac: OTP ของคุณ 358216 (Ref:6109) ใช้สำหรับเข้าสู่ระบบ dtac app"),
        ("719225", "Acme Bank: To confirm your payment on card ending 2210, use code 719225. Never share it."),
        ("538146", "رقم الطلب 77120: كود تأكيد هاتفك 538146"),
        ("58131", "Your Acme code is 58131. Don't share it - you won't be contacted by us."),
    ],
)
def test_beside_the_code_it_takes_its_own_number_only(code: str, text: str) -> None:
    assert recognise(text).code == code
