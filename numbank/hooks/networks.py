"""Which addresses webhooks may reach. Pure; nothing but public unicast addresses, unless the operator allows a network.

The tables are those of IANA's special-purpose registries, and not `is_private`, whose meaning changed between Pythons.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

REFUSED_V4: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),  # with the metadata service of most clouds
        ("168.63.129.16/32", "metadata"),  # Azure's, at an address that looks public
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),  # with Oracle's metadata service
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),  # with the broadcast address
    )
)
# Of IPv6 only global unicast is public; these are the exceptions inside of it.
PUBLIC_V6 = IPv6Network("2000::/3")
REFUSED_V6: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(network), kind)
    for network, kind in (
        ("2001::/32", "Teredo tunnel"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4 tunnel"),
        ("3fff::/20", "documentation"),
    )
)
MAPPED = IPv6Network("::ffff:0:0/96")
# Networks with IPv6 only reach IPv4 through this prefix, public addresses too: what counts is the address inside.
NAT64 = IPv6Network("64:ff9b::/96")
# ISATAP puts an IPv4 address behind 0:5efe into the host half of any prefix.
ISATAP = frozenset({0x00005EFE, 0x02005EFE})
LOW_32 = 0xFFFF_FFFF


def refused(address: Address, allowed: Sequence[Network] = ()) -> str | None:
    """Why webhooks must not reach an address, None when they may. `allowed` are networks that the operator opened."""
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return "address with a zone"
    if any(address in network for network in allowed):
        return None
    if isinstance(address, IPv4Address):
        return _kind(address, REFUSED_V4)
    if address in MAPPED or address in NAT64:
        return refused(IPv4Address(int(address) & LOW_32), allowed)
    if address not in PUBLIC_V6:
        return "not a public IPv6 address"
    if (int(address) >> 32) & LOW_32 in ISATAP:
        return "ISATAP tunnel"
    return _kind(address, REFUSED_V6)


def _kind(address: Address, table: Sequence[tuple[Network, str]]) -> str | None:
    return next((kind for network, kind in table if address in network), None)


def parse_networks(text: str) -> tuple[Network, ...]:
    """Networks with commas between; ValueError names the one that is none."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def parse_address(text: str) -> Address:
    """An address in its one plain spelling; ValueError for everything else."""
    return ip_address(text)
