"""Client addresses: whom a header is believed, and what garbage in it does."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.errors import OperatorError
from numbank.policy.clients import FORWARDED, X_FORWARDED_FOR, address, client, hops, networks

pytestmark = pytest.mark.unit

TRUSTED = networks("10.0.0.0/8, ::1, 2001:db8:1::/48", "proxies")


def resolved(peer: str, value: str, header: str = X_FORWARDED_FOR) -> str:
    return str(client(address(peer), hops(header, value) if value else (), TRUSTED))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.1", "192.0.2.1"), (" 192.0.2.1 ", "192.0.2.1"), ("192.0.2.1:4711", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"), ("[2001:db8::1]", "2001:db8::1"), ("[2001:db8::1]:443", "2001:db8::1"),
        ('"[2001:db8::1]:443"', "2001:db8::1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("[::ffff:192.0.2.1]:9", "192.0.2.1"),
        ("::FFFF:C000:0201", "192.0.2.1"), ("fe80::1%eth0", "fe80::1"),
        ("", None), ("unknown", None), ("_hidden", None), ("192.0.2", None), ("192.0.2.1.9", None), ("192.0.2.1:", None),
        ("192.0.2.1:port", None), ("[2001:db8::1", None), ("[2001:db8::1]x", None), ("[2001:db8::1]:port", None),
        ("192.0.2.256", None), ("0x7f000001", None), ("2130706433", None), ("127.1", None), ("192.0.2.01", None),
        ("1" * 500, None), ("192.0.2.1\x00", None), ("١٩٢.0.2.1", None), ("'; drop table", None),
    ],
)  # fmt: skip
def test_addresses_as_proxies_write_them(text: str, found: str | None) -> None:
    assert address(text) == (None if found is None else ip_address(found))


@pytest.mark.parametrize(
    ("peer", "value", "found"),
    [
        # A stranger's header is not read at all.
        ("192.0.2.9", "198.51.100.1", "192.0.2.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        # From the right: what the client itself wrote stands left of what our proxy saw.
        ("10.0.0.1", "203.0.113.7, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2, 10.0.0.3", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        # All hops are ours: the leftmost is the client.
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        # Garbage ends the walk at the last that one of ours vouches for.
        ("10.0.0.1", "garbage", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, garbage", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, garbage, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "198.51.100.1,,10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "garbage, 198.51.100.1", "198.51.100.1"),
        ("::1", "2001:db8:2::7, 2001:db8:1::5", "2001:db8:2::7"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1:9999", "198.51.100.1"),
    ],
)
def test_the_chain_is_walked_from_the_right_as_far_as_it_is_trusted(peer: str, value: str, found: str) -> None:
    assert resolved(peer, value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("for=198.51.100.1;proto=http;by=10.0.0.1", "198.51.100.1"),
        ('For="[2001:db8:2::7]:4711"', "2001:db8:2::7"),
        ("for=203.0.113.7, for=198.51.100.1;by=x, for=10.0.0.2", "198.51.100.1"),
        ("for=unknown", "10.0.0.1"), ("for=_secret, for=10.0.0.2", "10.0.0.2"), ("proto=https", "10.0.0.1"),
        ('for="198.51.100.1', "198.51.100.1"), ("by=198.51.100.1", "10.0.0.1"), (";;=,", "10.0.0.1"),
    ],
)  # fmt: skip
def test_the_standard_header_is_read_where_it_is_the_one_that_proxies_write(value: str, found: str) -> None:
    assert resolved("10.0.0.1", value, FORWARDED) == found


def test_a_header_that_grows_without_end_costs_no_more() -> None:
    assert resolved("10.0.0.1", "1.1.1.1," * 100_000 + "198.51.100.1") == "198.51.100.1"
    assert resolved("10.0.0.1", "10.0.0.2," * 10_000 + "10.0.0.2") == "10.0.0.2"


@given(st.text(max_size=300), st.sampled_from([X_FORWARDED_FOR, FORWARDED]))
def test_whatever_stands_in_a_header_a_stranger_is_itself_and_nothing_crashes(value: str, header: str) -> None:
    assert resolved("192.0.2.9", value, header) == "192.0.2.9"
    resolved("10.0.0.1", value, header)
    # What a client writes cannot move what the proxy adds to the right of it.
    right = "198.51.100.1" if header == X_FORWARDED_FOR else "for=198.51.100.1"
    assert resolved("10.0.0.1", f"{value},{right}", header) == "198.51.100.1"


def test_networks_that_are_none_are_said_in_one_line() -> None:
    for wrong in ("10.0.0.0/33", "proxy.example", "10.0.0.1/8"):
        with pytest.raises(OperatorError, match="is no network"):
            networks(wrong, "setting NUMBANK_TRUSTED_PROXIES")
    assert [str(one) for one in networks("::ffff:10.0.0.0/104, 192.0.2.1,", "x")] == ["10.0.0.0/8", "192.0.2.1/32"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("nonsense", "what: 'nonsense' is no network such as 10.0.0.0/8 or 2001:db8::/32"),
        ("10.0.0.0/33", "what: '10.0.0.0/33' is no network such as 10.0.0.0/8 or 2001:db8::/32"),
        ("10.0.0.1/8", "what: '10.0.0.1/8' is no network: did you mean 10.0.0.0/8?"),
    ],
)
def test_the_line_about_a_network_says_it_once(wrong: str, said: str) -> None:
    with pytest.raises(OperatorError) as caught:
        networks(wrong, "what")
    assert str(caught.value) == said
