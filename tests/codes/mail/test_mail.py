"""What a mail is worth: its code, else the link that confirms something, else nothing."""

import collections
import functools
import gc
import json
import pathlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numbank.codes.mail import MailFound, read_mail
from numbank.codes.mail.html_text import links_of, page_of, text_of
from numbank.codes.mail.links import links_in
from numbank.codes.mail.text import READ_LIMIT, body_of
from numbank.codes.plain import normalise
from tests.codes.mail import cases_mail, cases_mail_more, cases_mail_second, holdout_mail
from tests.codes.mail.cases_mail import TOKEN, Mail, box, button

pytestmark = pytest.mark.unit

SAMPLE = pathlib.Path(__file__).parents[4] / "shared" / "data" / "otp_samples.jsonl"
NAME = "{0.name}".format
WRITTEN = (cases_mail, cases_mail_more, cases_mail_second)


def _read(mail: Mail) -> MailFound:
    return read_mail(mail.subject, mail.text, mail.html, mail.sender)


@pytest.mark.parametrize("mail", [mail for module in WRITTEN for mail in module.with_code()], ids=NAME)
def test_finds_the_code(mail: Mail) -> None:
    found = _read(mail)
    assert found.code == mail.value
    assert found.value == mail.value
    assert 0.6 <= found.confidence < 1


@pytest.mark.parametrize("mail", [mail for module in WRITTEN for mail in module.with_link()], ids=NAME)
def test_finds_the_link_where_there_is_no_code(mail: Mail) -> None:
    found = _read(mail)
    assert found.code is None
    assert found.value == found.link == mail.value
    assert 0.5 < found.confidence < 1


@pytest.mark.parametrize("mail", [mail for module in WRITTEN for mail in module.without_value()], ids=NAME)
def test_finds_nothing(mail: Mail) -> None:
    assert _read(mail).value is None


def test_a_mail_with_both_is_worth_its_code_and_tells_its_link() -> None:
    found = read_mail(
        "Confirm", None, box("482913", "Your code", f"<a href='{TOKEN}'>Confirm e-mail</a>"), "a@acme.example"
    )
    assert (found.code, found.link, found.value) == ("482913", TOKEN, "482913")


def test_bodies_that_agree_are_surer() -> None:
    alone = read_mail("Acme", "Your code is 482913", None, "")
    both = read_mail("Acme", "Your code is 482913", "<p>Your code is <b>482913</b></p>", "")
    assert alone.code == both.code == "482913"
    assert alone.confidence < both.confidence < 1


def test_bodies_that_contradict_each_other_have_no_code() -> None:
    assert read_mail("Acme", "Your code is 482913", "<p>Your code is <b>771204</b></p>", "").code is None
    assert read_mail("482913 is your code", "Hello", "<p>Your code is <b>771204</b></p>", "").code is None


def test_html_in_the_plain_body_is_read_as_html() -> None:
    assert read_mail("Acme", box("482913", "Your code", hidden="Your code is 111222"), None, "").code == "482913"


def test_the_site_of_the_lease_tells_two_links_apart() -> None:
    html = button(TOKEN, "Confirm", "Hi", f"<a href='{TOKEN.replace('acme', 'other')}'>Confirm</a>")
    assert read_mail("Hi", None, html, "x@mailer.example").link is None
    assert read_mail("Hi", None, html, "x@mailer.example", site="acme.example").link == TOKEN


def test_what_earlier_mails_said_is_cut() -> None:
    assert body_of("new\n\nOn 2 March 2026 Jane wrote:\n> old\n") == "new"
    assert body_of("new\nAm 02.03.2026 um 10:11 schrieb Jane:\nold") == "new"
    assert body_of("new\n-----Original Message-----\nold") == "new"
    assert body_of("> all\n> quoted") == "> all\n> quoted"
    assert body_of("On 2 March 2026 Jane wrote:\nwhole") == "On 2 March 2026 Jane wrote:\nwhole"
    assert body_of("I wrote:\nsomething new") == "I wrote:\nsomething new"


def test_a_body_is_lines_of_bounded_length() -> None:
    assert body_of(" a \r\n\r\n\t b\u00a0 c \u200b\n") == "a\nb c"
    assert body_of("4\n8\n2\n9") == "4 8 2 9"
    assert body_of("go to https://acme.example/x/123456789012345678901234 now") == "go to https://acme.example/ now"
    long = body_of("word 1234\n" * READ_LIMIT)
    assert READ_LIMIT - 20 < len(long) <= READ_LIMIT
    assert long.endswith("1234")
    assert body_of("x" * READ_LIMIT * 2) == ""


def test_a_code_behind_the_bound_is_not_looked_for() -> None:
    assert read_mail("Acme", "news " * READ_LIMIT + "\nYour code is 482913", None, "").code is None


def test_an_ordinary_mail_takes_a_moment() -> None:
    rows = "".join(
        f"<tr><td style='padding:{n}px'><a href='https://acme.example/p/{n}'>Item {n}</a></td></tr>" for n in range(120)
    )
    html = box("482913", "Your verification code", f"<table>{rows}</table>" + "<!-- padding -->" * 400)
    assert 17_000 < len(html) < 24_000
    read_mail("Acme", None, html, "")  # tables are loaded once
    assert min(_seconds("Acme", None, html) for _ in range(5)) < 0.012  # 0.003 s on a quiet machine


def _seconds(subject: str, text: str | None, html: str | None) -> float:
    begin = time.thread_time()
    read_mail(subject, text, html, "a@acme.example")
    return time.thread_time() - begin


@pytest.fixture(autouse=True)
def _no_garbage_collection() -> Iterator[None]:
    """What other tests left on the heap would be counted as time of these mails."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    ("subject", "text", "code"),
    [
        ("Чек об оплате", "Заказ 118822 на сумму 2 350 руб. Код авторизации 004471. Карта *2041.", None),
        ("Your receipt", "Order 20931, $12.00. Authorization code 004471.", None),
        ("Вход", "Код авторизации 004471", "004471"),
        ("आपका ऑर्डर भेज दिया गया", "ऑर्डर 20931882, राशि ₹1,499, पिन कोड 110001.", None),
        ("배송 안내", "운송장번호 620012345678, 현관 비밀번호 4471 확인.", None),
        ("लॉगिन", "आपका पासकोड 4471 है। किसी को न बताएं।", "4471"),
        ("登录验证", "验证码:290573,5分钟内有效。", "290573"),
        ("登录验证", "验证码:290 573,10分钟内有效。", "290573"),
        ("결제", "验证码 金额290573,5元", None),
        ("로그인 확인", "로그인 코드는 9021입니다. 주문번호 20261122-3391", "9021"),
        ("邮箱验证", "请在页面输入以下数字完成验证\n8 1 3 0 4 4\n客服热线 95188", "813044"),
    ],
)
def test_codes_of_receipts_doors_and_places_are_none(subject: str, text: str, code: str | None) -> None:
    assert read_mail(subject, text, None, "a@acme.example").code == code


HOSTILE = {
    "codes": "code 482913\n",
    "quotes": "> ",
    "heads of quotes": "On 1 wrote:\n",
    "links": f"{TOKEN} ",
    "links in brackets": "<https://a.bc/\n",
    "links that end with brackets": "https://a.bc/" + ")" * 65_000,
    "boxes": "4\n",
    "dashed": "ABC-D3F\n",
    "words": "code ",
    "line breaks": "\r\n",
    "digits": "1",
    "zero width": "\u200b",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_megabyte_of_plain_text_is_read_in_a_moment(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    assert min(_seconds("your code", text, None) for _ in range(3)) < 0.3


PIECES = [
    *(
        "Your",
        "code",
        "is",
        ":",
        "482913",
        "4829",
        "код",
        "\n",
        ".",
        "<p>",
        "</p>",
        "<td>",
        "<b>",
        "&shy;",
        TOKEN,
        "confirm",
    ),
    *(
        f"<a href='{TOKEN}'>",
        "</a>",
        "> ",
        "ABC-D3F",
        "<div style='display:none'>",
        "</div>",
        "\u200b",
        "\ud800",
        "receipt",
    ),
    "On 1 wrote:\n",
]
mails = st.one_of(st.none(), st.text(max_size=120), st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join))


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=6).map(" ".join)),
    mails,
    mails,
    st.text(max_size=12),
)
def test_a_code_is_in_the_visible_text_and_a_link_is_one_of_the_mails(
    subject: str, text: str | None, html: str | None, sender: str
) -> None:
    found = read_mail(subject, text, html, sender)
    assert (found.value is None and found.uncertain is None) == (found.confidence == 0)
    assert 0 <= found.confidence < 1
    visible = f"{subject}\n{text or ''}\n{text_of(html or '')}\n{text_of(text or '')}"
    if found.code is not None:
        assert found.code
        assert not set(found.code) & set(":\r\n ")
        assert found.code.replace("-", "") in "".join(filter(str.isalnum, normalise(visible).text))
    if found.link is not None:
        pages = [page_of(html or ""), page_of(text or "")]
        places = [
            *links_of(html or ""),
            *links_of(text or ""),
            *links_in(text or ""),
            *(link for page in pages for link in links_in(page.text)),
        ]
        assert found.link in {link.url for link in places}


def _rates(mails: list[Mail]) -> "collections.Counter[str]":
    return collections.Counter(_outcome(_read(mail).value, mail.value) for mail in mails)


def _outcome(found: str | None, expected: str | None) -> str:
    if found == expected:
        return "right"
    if found is None:
        return "missed"
    return "wrong" if expected else "false positive"


def test_mails_that_the_rules_were_not_made_for() -> None:
    codes, links, none = map(_rates, (holdout_mail.with_code(), holdout_mail.with_link(), holdout_mail.without_value()))
    assert codes["wrong"] + links["wrong"] == 0
    assert codes["right"] >= 0.9 * codes.total()
    assert links["right"] >= 0.9 * links.total()
    assert none["false positive"] <= 0.04 * none.total()


@functools.cache
def _sample() -> dict[str, "collections.Counter[str]"]:
    outcomes: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for line in SAMPLE.read_text("utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        if row["kind"] != "email":
            continue
        head, blank, body = row["text"].partition("\n\n")
        subject, body = (
            (head.removeprefix("Subject: "), body) if blank and head.startswith("Subject:") else ("", row["text"])
        )
        is_html = row["format"] == "html"
        found = read_mail(subject, None if is_html else body, body if is_html else None, "")
        kind = "code" if row["expected"] else "link" if row.get("link") else "none"
        outcomes[kind][_outcome(found.value, row["expected"] or row.get("link"))] += 1
    return outcomes


@pytest.mark.skipif(not SAMPLE.exists(), reason=f"the labelled messages are not here: {SAMPLE}")
def test_the_sample_of_labelled_mails() -> None:
    codes, links, none = (_sample()[kind] for kind in ("code", "link", "none"))
    assert codes["wrong"] + links["wrong"] + none["false positive"] == 0
    assert codes["right"] >= 0.94 * codes.total()
    assert links["missed"] == 0


@pytest.mark.parametrize(
    "body",
    [
        "Hello,<br>Your code: <b>482913</b>",
        "<p>Your code:</p><p>482913</p>",
        "<span>482913</span> is your verification code",
        "<center><h1>4<i></i>8<i></i>2913</h1></center> Your login code",
        "```html\n<div>Your code: 482<!-- 77 -->913</div>",
    ],
)
def test_a_body_of_bare_elements_is_read_as_html(body: str) -> None:
    assert read_mail("Acme", body, None, "no-reply@acme.example").code == "482913"


def test_a_code_whose_word_was_lost_begins_a_sentence_of_a_mail_about_an_account() -> None:
    body = (
        "Bonjour Ann,\n\nVous avez demandé un nouveau mot de passe. K7XQ2M) Si ce n'était pas vous, ignorez ce message."
    )
    assert read_mail("Réinitialiser le mot de passe", body, None, "").code == "K7XQ2M"


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Notre catalogue", "Le voici. K7XQ2M) Bonne lecture."),
        ("Confirm your email", "Hello. K7XQ2M) or P4RT9W) is your seat."),
        ("Reset your password", "The article K7XQ2M is in your basket."),
        ("Reset your password", "Thanks. ORDER2041 is on its way."),
    ],
)
def test_capitals_and_digits_elsewhere_are_none(subject: str, body: str) -> None:
    assert read_mail(subject, body, None, "").code is None


@pytest.mark.parametrize(
    "body",
    [
        "Your code is 482=\n913.",
        "Your code is 48=\r\n2913.",
        "Your code is 4829=\n13",
        "<p style=3D'color:red'>Your code: <b>482=\n913</b></p>",
    ],
)
def test_a_code_that_the_transport_broke_is_whole(body: str) -> None:
    assert read_mail("Verify", body, None, "").code == "482913"


def test_an_invisible_character_at_the_end_of_a_line_changes_nothing() -> None:
    body = "482913 is new at Acme{}\n code"
    assert read_mail("Hello", body.format(" \u200b"), None, "") == read_mail("Hello", body.format(""), None, "")
