"""A message is read once for its code and its services."""

import pytest

from numbank.codes import named_services, recognise
from numbank.codes.message import read_message
from numbank.codes.services import Brands, Hint, HintKind
from tests.suppliers.reference import brands

pytestmark = pytest.mark.unit

ROWS = [("aa", ("Acme",)), ("bb", ("Beta",))]


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("Your Telegram code is 48291", ""),
        ("Your code is 482913", "VM-AMAZON-S"),
        ("482913 is your code\n@discord.com #482913", ""),
        ("Your parcel 482913 is on its way", "DHL"),
        ("", ""),
    ],
)
def test_it_is_what_both_readers_say(text: str, sender: str) -> None:
    read = read_message(text, sender, brands())
    assert read.found == recognise(text, sender=sender)
    assert read.services == named_services(text, sender, brands())
    assert read.senders <= read.services


@pytest.mark.parametrize("sender", ["Telegram", "VM-TELEGRAM-S", "telegram"])
def test_the_words_say_whose_code_it_is_where_the_sender_is_another(sender: str) -> None:
    read = read_message("Your WhatsApp code is 482913", sender, brands())
    assert read.services == {"wa"}
    assert read.service is not None
    assert read.service.code == "wa"
    assert "tg" in read.senders
    unsaid = read_message("Your code is 482913", sender, brands())
    assert "tg" in unsaid.services & unsaid.senders


def test_a_call_is_heard() -> None:
    read = read_message("Your WhatsApp code is four eight two nine one three", "", brands(), kind="voice")
    assert read.found.code == "482913"
    assert read.services == {"wa"}


def test_a_template_shows_the_code_where_words_do_not() -> None:
    known = Brands.build(ROWS, [Hint("aa", HintKind.TEMPLATE, "Table 12 or lounge {code}")])
    text = "Table 12 or lounge 482913"
    assert recognise(text).code is None
    read = read_message(text, "", known)
    assert read.found.code == "482913"
    assert read.service is not None
    assert (read.service.code, read.service.why) == ("aa", "a known template")


@pytest.mark.parametrize("text", ["Welcome, your lounge is open", "Welcome, https", "Welcome, 12.50 EUR paid"])
def test_a_template_never_invents_a_code(text: str) -> None:
    known = Brands.build(ROWS, [Hint("aa", HintKind.TEMPLATE, "Welcome, {code}")])
    assert read_message(text, "", known).found.code is None


def test_the_bound_line_beats_a_template() -> None:
    known = Brands.build(ROWS, [Hint("aa", HintKind.TEMPLATE, "Welcome, {code}")])
    assert read_message("Welcome, 111222\n@beta.example #482913", "", known).found.code == "482913"


def test_a_template_of_another_country_shows_nothing() -> None:
    known = Brands.build(ROWS, [Hint("aa", HintKind.TEMPLATE, "Table 12 or lounge {code}", "DE")])
    assert read_message("Table 12 or lounge 482913", "", known, country="DE").found.code == "482913"
    assert read_message("Table 12 or lounge 482913", "", known, country="FR").found.code is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your Taptap Send code is 482913", "482913"),
        ("4829 is your happn code", "4829"),
        ("[Shopee] 482913", "482913"),
        ("Ticketmaster: 482-913", "482913"),
        ("【携程旅行】482913", "482913"),
    ],
)
def test_the_name_of_a_service_is_just_a_name(text: str, code: str) -> None:
    read = read_message(text, "", brands())
    assert read.found.code == code
    assert read.services


@pytest.mark.parametrize(
    "text",
    [
        "Amazon: order 482913 has been shipped",
        "Shopee: 12.12 sale! 50% off",
        "[Shopee] 482913 482914",
        "Flipkart: share OTP 2290 with the Wishmaster to get your order",
        "Z-BOX: zásilku vyzvednete heslem 778812",
        "Dolap şifresi 3391",
        "Packeta",
    ],
)
def test_the_name_of_a_service_makes_no_code(text: str) -> None:
    assert read_message(text, "", brands()).found.code is None
