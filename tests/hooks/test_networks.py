"""What webhooks may reach: every kind of address that is not public is refused, in every disguise."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.hooks.networks import parse_networks, refused

pytestmark = pytest.mark.unit

REFUSED = [
    # loopback, unspecified, broadcast
    "127.0.0.1", "127.0.0.53", "127.255.255.254", "0.0.0.0", "0.1.2.3", "255.255.255.255", "::", "::1",
    # private
    "10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255", "fc00::1", "fdff::1",
    # carrier-grade NAT, with a cloud's metadata service in it
    "100.64.0.1", "100.127.255.255", "100.100.100.200",
    # link-local and metadata
    "169.254.0.1", "169.254.169.254", "169.254.170.2", "169.254.169.123", "168.63.129.16", "192.0.0.192", "fd00:ec2::254",
    "fd20:ce::254", "fe80::1", "fe80::a9fe:a9fe", "febf::1", "fec0::1",
    # documentation, benchmarking, reserved, relays
    "192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1", "198.19.255.255", "192.0.0.8", "192.88.99.1", "240.0.0.1",
    "250.1.2.3", "2001:db8::1", "3fff::1", "3fff:fff::1", "100::1", "2001:2::1", "2001:10::1", "2001:20::1", "5f00::1",
    # multicast
    "224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1",
    # an IPv4 address inside: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP
    "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "::127.0.0.1", "::a9fe:a9fe",
    "::ffff:0:127.0.0.1", "::ffff:0:169.254.169.254", "::ffff:0:8.8.8.8", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254", "64:ff9b:1::1", "64:ff9b:1:a00::1", "2002:7f00:1::1", "2002:a9fe:a9fe::1",
    "2002:808:808::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2a00:1450:4001::5efe:7f00:1",
    "2a00:1450:4001:0:200:5efe:a00:1",
    # a zone picks a network card of ours
    "fe80::1%eth0", "2a00:1450:4001:82a::200e%1",
]  # fmt: skip

PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.255.255.255",
    "128.0.0.1", "169.253.255.255", "169.255.0.1", "172.15.255.255", "172.32.0.1", "192.167.255.255", "192.169.0.1",
    "198.17.255.255", "198.20.0.1", "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001:82a::200e", "2003::1",
    "2001:4860:4860::8888", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_public_is_refused(text: str) -> None:
    assert refused(ip_address(text)) is not None


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public_may_be_reached(text: str) -> None:
    assert refused(ip_address(text)) is None


def test_the_tables_have_their_sixty_rows() -> None:
    assert len(set(REFUSED)) == len(REFUSED) >= 60


@given(st.integers(0, 2**32 - 1))
def test_whatever_python_calls_not_global_is_refused_of_ipv4(number: int) -> None:
    address = IPv4Address(number)
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert refused(address) is not None


@given(st.integers(0, 2**128 - 1) | st.integers(0, 2**32 - 1).map(lambda low: (0xFFFF << 32) | low))
def test_whatever_python_calls_private_is_refused_of_ipv6(number: int) -> None:
    address = IPv6Address(number)
    inner = address.ipv4_mapped
    private = address.is_private or address.is_multicast or address.is_link_local or address.is_loopback
    if (private and inner is None) or (inner is not None and not inner.is_global):
        assert refused(address) is not None


def test_the_operator_opens_networks_for_tests() -> None:
    allowed = parse_networks("10.1.0.0/16, fd00::/8,127.0.0.1")
    for text in ("10.1.2.3", "fd12::1", "127.0.0.1", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3"):
        assert refused(ip_address(text), allowed) is None
    for text in ("10.2.0.1", "127.0.0.2", "169.254.169.254", "fe80::1", "2002:a01:203::1"):
        assert refused(ip_address(text), allowed) is not None


@pytest.mark.parametrize("text", ["10.0.0.1/8", "localhost", "10.0.0.0/33", "a/b"])
def test_what_is_no_network_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_networks(text)
