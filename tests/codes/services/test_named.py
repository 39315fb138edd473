"""Which services a message clearly names."""

import pytest

from numbank.codes import Brands, named_services
from tests.suppliers.reference import brands, services

pytestmark = pytest.mark.unit

BRANDS = Brands.build(
    [
        ("tg", ("Telegram", "телеграм", "tg")),
        ("wa", ("Whatsapp",)),
        ("go", ("Google,youtube,Gmail", "гугл")),
        ("ya", ("Yandex/Uber", "Яндекс")),
        ("ub", ("Uber",)),
        ("me", ("Line messenger", "line")),
        ("bw", ("Signal",)),
        ("vk", ("vk.com", "Вконтакте", "vk")),
        ("ma", ("Mail.ru",)),
        ("am", ("Amazon",)),
        ("lf", ("TikTok/Douyin", "抖音")),
        ("hw", ("Alipay/Alibaba/1688",)),
        ("ok", ("ok.ru", "ok")),
        ("ot", ("Any other", "Любой другой")),
        ("full", ("Full rent",)),
        ("zz", ("Casino/bet/gambling",)),
    ]
)


@pytest.mark.parametrize(
    ("services", "text"),
    [
        ("tg", "Telegram code 48291"),
        ("tg", "Ваш код Telegram: 48291"),
        ("tg", "Телеграм: код 48291"),
        ("go", "G-482913 is your Google verification code."),
        ("go", "482913 is your YouTube code"),
        ("ub ya", "Your Uber code is 4829. Never share it."),
        ("me", "[LINE] 482913 is your code"),
        ("me", "Your Line verification code is 482913"),
        ("bw", "SIGNAL: 482913"),
        ("bw", "Use 482913 to log in to Signal"),
        ("vk", "VK: 482913 — ваш код"),
        ("vk", "Код для входа в VK: 482913"),
        ("ma", "Mail.ru: ваш код 482913"),
        ("am", "482913\n@amazon.co.uk #482913"),
        ("lf", "【抖音】验证码482913，请勿泄露"),
        ("tg wa", "Your code to link WhatsApp with Telegram: 482913"),
    ],
)
def test_names_in_the_text(services: str, text: str) -> None:
    assert named_services(text, "", BRANDS) == set(services.split())


@pytest.mark.parametrize(
    "text",
    [
        "Your code is 482913",
        "Next line: your code is 482913",
        "You have set up Exampla Line and PIN. Code 482913",
        "Exampla Signal code: 482913",
        "The signal is weak. Code 482913",
        "Please stay on the line, your code is 482913",
        "Code 482913 from 1688",
        "ok, the code is 482913",
        "OK: the code is 482913",
        "Your code is 482913. Any other questions? Write to us via WhatsApp",
        "Your code is 482913. Follow our Telegram channel",
        "Ваш код 482913. Вопросы через Telegram",
        "Your code is 482913. https://telegram.example/amazon",
        "Your code is 482913. help@google.example",
        "Download on Google Play. Code 482913",
        "Telegrammed code 482913",
        "INR 500.00 spent at AMAZON on card XX4411",
        "Full rent is due. Your casino bet code is 482913",
    ],
)
def test_texts_that_name_nobody_clearly(text: str) -> None:
    assert named_services(text, "", BRANDS) == set()


@pytest.mark.parametrize(
    ("services", "sender"),
    [
        ("tg", "Telegram"),
        ("tg", "TG"),
        ("wa", "WhatsApp"),
        ("bw", "Signal"),
        ("am", "VM-AMAZON-S"),
        ("go", "GOOGLE-OTP"),
        ("ma", "MAIL.RU"),
        ("ok", "OK"),
        ("lf", "抖音"),
        ("", "79161234567"),
        ("", "1688"),
        ("", "INFOSMS"),
        ("", "Any other"),
        ("", ""),
    ],
)
def test_the_sender_is_a_name(services: str, sender: str) -> None:
    assert named_services("Your code is 482913", sender, BRANDS) == set(services.split())


def test_invisible_characters_do_not_hide_a_name() -> None:
    assert named_services("Ｔｅｌｅ\u200bｇｒａｍ code 482913", "", BRANDS) == {"tg"}


def test_no_services_and_hostile_texts() -> None:
    assert named_services("Telegram code 482913", "Telegram", Brands.build([])) == set()
    assert named_services("\ud800" * 9, "\ud800", BRANDS) == set()


def test_nearly_every_service_of_the_catalogue_is_known_in_its_own_messages() -> None:
    named = [service for service in services().values() if service.code not in ("ot", "full")]
    for pattern in ("Your {} verification code is 482913", "Код {}: 482913"):
        texts = {service.code: pattern.format(service.names[0].split("/")[0]) for service in named}
        known = sum(code in named_services(text, "", brands()) for code, text in texts.items())
        assert known >= 0.98 * len(named)
