"""Addresses and the app's hash are masked, with their reasons; a sentence that lacks a blank is not."""

import pytest

from numbank.codes.masks import bound_line, hash_start, masks_of
from numbank.codes.plain import normalise

pytestmark = pytest.mark.unit


def masked(text: str) -> list[tuple[str, str]]:
    plain = normalise(text).text
    masks = masks_of(plain)
    return [(plain[begin:end], reason) for (begin, end), reason in zip(masks.spans, masks.reasons, strict=True)]


@pytest.mark.parametrize(
    "address",
    [
        "https://acme.com/v/482913?c=771204#a",
        "HTTPS://ACME.COM/482913",
        "http://192.168.10.25:8080/482913",
        "https//acme.com/482913",
        "www.acme.com/482913",
        "acme.com",
        "acme.co.th/t?c=482913",
        "ACME.COM/482913",
        "BIT.LY/482913",
        "acme.com?code=482913",
        "acme.com:8080/482913",
        "tg://login?code=482913",
        "intent://acme.com/482913",
        "https://пример.рф/код?c=482913",
        "https://münchen.de/482913",
        "jane.doe+482913@acme.com",
        "482913@acme.co.uk",
        "12306.cn",
        "163.com",
        "m.4399.com",
    ],
)
def test_addresses_are_masked_as_a_whole(address: str) -> None:
    assert masked(f"Acme {address} acme") == [(address, "address")]


def test_the_path_of_a_host_in_other_letters_is_masked() -> None:
    assert masked("Acme пример.рф/v?c=482913 acme") == [(".рф/v?c=482913", "address")]


@pytest.mark.parametrize(
    "text",
    [
        "Your code is 482913.do not share",
        "Your code is 4829.Please do not share",
        "482913. Acme",
        "12.34 and 1.2.3",
        "и/или 482913",
        "a.b 482913",
        "@ 482913",
    ],
)
def test_a_missing_blank_makes_no_address(text: str) -> None:
    assert not any("4829" in part for part, _ in masked(text))


def test_letters_of_scripts_without_blanks_end_an_address() -> None:
    assert masked("ดูที่https://acme.co/aรหัส 482913") == [("https://acme.co/a", "address")]
    assert masked("请访问acme.cn/a验证码482913") == [("acme.cn/a", "address")]


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("<#> Your code is 482913 FA+9qCX9VSu", "FA+9qCX9VSu"),
        ("Your code is 482913\nFA+9qCX9VSu", "FA+9qCX9VSu"),
        ("Your code is 482913\nFA+9qCX9VSu \n", "FA+9qCX9VSu"),
        ("<#> code 482913 abcdEFGHijk", "abcdEFGHijk"),
        ("<#> 482913 12345abcdef", "12345abcdef"),
        ("รหัส 482913 ใช้ได้5นาทีFA+9qCX9VSu", "FA+9qCX9VSu"),
        ("验证码482913，5分钟内有效FA+9qCX9VSu", "FA+9qCX9VSu"),
        ("Your code is 482913\nQbwSot12oPz", "QbwSot12oPz"),
    ],
)
def test_the_hash_is_masked(text: str, tail: str) -> None:
    words, reason = masked(text)[-1]
    assert (words.rstrip(), reason) == (tail, "hash of an app")


@pytest.mark.parametrize(
    "text",
    [
        "<#> Your code is 482913 do not share",
        "Your code is 482913. Thanks for registration",
        "Acme information",
        "Call us: 12345678901",
        "Your code is ABCDEFGHIJK",
        "",
        "FA+9qCX9VSu",
    ],
)
def test_words_and_numbers_are_no_hash(text: str) -> None:
    assert hash_start(text) is None


def test_reasons_are_asked_by_place() -> None:
    text = "see acme.com/1 or 482913 "
    masks = masks_of(text)
    assert masks.reason(4, 8) == "address"
    assert masks.reason(0, 5) == "address"
    assert masks.reason(0, 4) is None
    assert masks.reason(18, 24) is None
    assert masks.cover(4)
    assert not masks.cover(3)


@pytest.mark.parametrize(
    ("text", "host", "code"),
    [
        ("Your code is 482913.\n\n@acme.com #482913", "acme.com", "482913"),
        ("482913 is your code.\n@login.acme.co.uk #482913 %frame.com", "login.acme.co.uk", "482913"),
        ("482913 is your code.\nacme.com #482913", "acme.com", "482913"),
    ],
)
def test_the_line_bound_to_a_site(text: str, host: str, code: str) -> None:
    bound = bound_line(text)
    assert bound is not None
    assert (bound.host, bound.code) == (host, code)


@pytest.mark.parametrize("text", ["acme.com #482913", "@acme.com #sale", "@acme #482913", "x\n@acme.com 482913"])
def test_other_last_lines_bind_nothing(text: str) -> None:
    assert bound_line(text) is None
