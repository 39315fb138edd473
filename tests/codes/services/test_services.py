"""Whose message it is, for services of the world in many languages."""

import time

import pytest

from numbank.codes import named_services
from numbank.codes.services import own_brands, service_of
from tests.codes.services.cases_services import CALLS, MAILS, NOBODY, NOBODYS_MAILS, SENDERS, SMS, TOLD
from tests.suppliers.reference import brands

pytestmark = pytest.mark.unit

UNSIGNED = "Your code is 482913"


@pytest.mark.parametrize(("service", "text"), SMS)
def test_a_message_is_of_its_service(service: str, text: str) -> None:
    found = service_of(text, "", brands())
    assert found is not None
    assert found.code == service
    named = named_services(text, "", brands())
    assert not named or service in named


def test_almost_all_messages_name_their_service_clearly() -> None:
    clear = sum(service in named_services(text, "", brands()) for service, text in SMS)
    assert clear >= 0.97 * len(SMS)
    assert len({service for service, _ in SMS}) >= 200


@pytest.mark.parametrize(("service", "sender"), SENDERS)
def test_a_message_is_of_its_sender(service: str, sender: str) -> None:
    found = service_of(UNSIGNED, sender, brands())
    assert found is not None
    assert (found.code, found.why) == (service, "the sender")
    assert service in named_services(UNSIGNED, sender, brands())


@pytest.mark.parametrize("text", NOBODY)
def test_a_message_of_nobody_known(text: str) -> None:
    assert service_of(text, "", brands()) is None
    assert named_services(text, "", brands()) == set()


@pytest.mark.parametrize("text", TOLD)
def test_who_is_only_told_of_is_not_named(text: str) -> None:
    assert named_services(text, "", brands()) == set()


@pytest.mark.parametrize(("service", "sender", "text"), MAILS)
def test_a_mail_is_of_its_service(service: str, sender: str, text: str) -> None:
    found = service_of(text, sender, brands(), kind="email")
    assert found is not None
    assert found.code == service


@pytest.mark.parametrize(("sender", "text"), NOBODYS_MAILS)
def test_a_mail_of_nobody_known(sender: str, text: str) -> None:
    assert service_of(text, sender, brands(), kind="email") is None


@pytest.mark.parametrize(("service", "text"), CALLS)
def test_a_call_is_of_its_service(service: str, text: str) -> None:
    found = service_of(text, "", brands(), kind="voice")
    assert found is not None
    assert found.code == service


def test_short_numbers_are_senders_in_their_country_only() -> None:
    assert named_services(UNSIGNED, "32665", brands(), country="US") == {"fb"}
    assert named_services(UNSIGNED, "32665", brands(), country="DE") == set()
    assert named_services(UNSIGNED, "32665", brands()) == set()


@pytest.mark.parametrize(
    ("services", "text"),
    [
        ("ub ya", "Your Uber code is 4829. Pay with PayPal"),
        ("wa", "Your WhatsApp code: 482-913. Do not share it, not even with Facebook"),
        ("aon", "[Binance] Code 482913 to link your Telegram"),
        ("ds", "Your Discord code is 482913 to connect your Spotify account"),
        ("ji", "monobank: код 482913 для привязки Apple ID"),
        ("ge xt", "Your OTP to link Paytm account to Flipkart: 482913"),
    ],
)
def test_other_names_in_the_message_of_a_service(services: str, text: str) -> None:
    assert named_services(text, "", brands()) == set(services.split())


def test_a_bare_name_says_little_under_the_name_of_somebody_else() -> None:
    text = "The Zomato rider is on the way, code 482913"
    assert named_services(text, "", brands()) == {"dy"}
    assert named_services(text, "VM-ACMEBK", brands()) == set()
    assert named_services(text, "VM-OTPMSG", brands()) == set()
    assert named_services(f"Acme: {text}", "", brands()) == set()
    assert named_services(f"[Acme] {text}", "", brands()) == set()
    assert named_services(f"Your code: {text}", "", brands()) == {"dy"}


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("tg", "Telegram code 48291"),
        ("go", "Your Google code is 482913"),
        ("ub", "Your Uber code is 4829"),
        ("vz", "Your Hinge code is 482913"),
        ("ab", "Your Alibaba code is 482913"),
    ],
)
def test_of_services_with_one_name_the_better_known_is_the_answer(code: str, text: str) -> None:
    found = service_of(text, "", brands())
    assert found is not None
    assert found.code == code
    assert found.code in named_services(text, "", brands())


def test_the_site_of_the_code_beats_the_words() -> None:
    found = service_of("Your Google code is 482913\n@discord.com #482913", "", brands())
    assert found is not None
    assert (found.code, found.name) == ("ds", "Discord")
    assert found.confidence > 0.98


def test_everybody_can_have_an_address_at_an_open_site() -> None:
    mail = service_of("Hello\nYour code is 482913", "shop@mail.ru", brands(), kind="email")
    assert mail is None
    bound = service_of("Code 482913\n@e.mail.ru #482913", "", brands())
    assert bound is not None
    assert bound.code == "ma"


def test_the_package_knows_services_without_a_catalogue() -> None:
    found = service_of("482913 is your WhatsApp code")
    assert found is not None
    assert (found.code, found.name) == ("wa", "WhatsApp")
    assert "kp" not in own_brands().titles


def test_names_that_are_no_text_do_no_harm() -> None:
    assert service_of("\ud800" * 9, "\ud800", brands()) is None
    assert service_of("Your code is 482913", "<" * 5_000, brands(), kind="email") is None


@pytest.mark.parametrize(
    "piece",
    [
        "Telegram ",
        "via Telegram ",
        "your signal code ",
        "t.me/telegram ",
        "微信",
        "الواتساب ",
        "[Telegram",
        "- Uber\n",
        "© 2026 ",
    ],
)
def test_a_megabyte_takes_no_time(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        service_of(text, "Acme", brands())
        service_of(text, text, brands(), kind="email")
        times.append(time.perf_counter() - begin)
    assert min(times) < 0.2


def test_invisible_characters_and_digits_of_other_scripts_change_nothing() -> None:
    for service, text in SMS[:60]:
        hidden = "\u200b".join(text).translate({ord("0") + digit: 0x0966 + digit for digit in range(10)})
        found = service_of(hidden, "", brands())
        assert found is not None, hidden
        assert found.code == service, hidden
