"""Where a request comes from: the peer of the connection, or what proxies that are ours say about it.

Only one header is read, the one that the operator's proxies write (a setting): a proxy that writes the one passes on the
other as the client sent it. The list is walked from the right, as long as the hops are trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from numbank.errors import OperatorError
from numbank.settings import PREFIX, Settings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

X_FORWARDED_FOR = "x-forwarded-for"
FORWARDED = "forwarded"
# More hops, or a longer header, is nobody's chain of proxies; what is left of it is not looked at.
MOST_HOPS = 32
MOST_CHARACTERS = 2_048
# An address with its port and brackets; longer is garbage before it is parsed.
LONGEST_ADDRESS = 64


def networks(text: str, what: str) -> tuple[Network, ...]:
    """Networks with commas between; OperatorError names `what` and the part that is none."""
    return tuple(network(part, what) for part in filter(None, (piece.strip() for piece in text.split(","))))


def unlimited(settings: Settings) -> tuple[Network, ...]:
    """Those whose addresses may have any number of HTTP connections; OperatorError when one is no network."""
    return (
        *networks(settings.http_open_networks, f"setting {PREFIX}HTTP_OPEN_NETWORKS"),
        *networks(settings.trusted_proxies, f"setting {PREFIX}TRUSTED_PROXIES"),
    )


def network(text: str, what: str) -> Network:
    """One network in CIDR form or one address, IPv4 for mapped ones; OperatorError when it is neither."""
    try:
        found = ip_network(text)
    except ValueError:
        raise OperatorError(f"{what}: {text!r} is no network{_instead(text)}") from None
    mapped = found.network_address.ipv4_mapped if isinstance(found, IPv6Network) else None
    if mapped is not None and found.prefixlen >= 96:
        return IPv4Network((mapped, found.prefixlen - 96))
    return found


def _instead(text: str) -> str:
    """What was meant by an address with bits behind its prefix; else what a network looks like."""
    try:
        return f": did you mean {ip_network(text, strict=False)}?"
    except ValueError:
        return " such as 10.0.0.0/8 or 2001:db8::/32"


def address(text: str) -> Address | None:
    """An address as proxies write it: with a port, brackets, quotes or a zone; None when it is none.

    An IPv4 address that is mapped into IPv6 is the IPv4 address.
    """
    text = text.strip().strip('"')
    if len(text) > LONGEST_ADDRESS:
        return None
    if text.startswith("["):
        text, bracket, port = text[1:].partition("]")
        if not bracket or (port and not _is_port(port)):
            return None
    elif text.count(":") == 1:
        text, _, port = text.partition(":")
        if not _is_port(":" + port):
            return None
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _is_port(text: str) -> bool:
    return text.startswith(":") and text[1:].isascii() and text[1:].isdigit() and len(text) <= 6


def client(peer: Address | None, hops: Iterable[Address | None], trusted: tuple[Network, ...]) -> Address | None:
    """The client's address: the first from the right that is no proxy of ours.

    `hops` are the addresses of the header from the right, None for garbage. What stands left of garbage, or of a hop
    that is not trusted, was written by a stranger: the last address that one of ours vouches for counts.
    """
    found = peer
    for hop in hops:
        if found is None or not within(found, trusted) or hop is None:
            break
        found = hop
    return found


def within(found: Address, trusted: tuple[Network, ...]) -> bool:
    """Whether an address is in one of the networks."""
    return any(found.version == each.version and found in each for each in trusted)


def hops(header: str, value: str) -> Iterator[Address | None]:
    """The addresses of a forwarding header from the right, None for what is no address."""
    if len(value) > MOST_CHARACTERS:
        value = value[-MOST_CHARACTERS:].partition(",")[2]
    parts = value.split(",")
    for part in parts[: -MOST_HOPS - 1 : -1]:
        yield address(part) if header == X_FORWARDED_FOR else _forwarded_for(part)


def _forwarded_for(element: str) -> Address | None:
    """The `for` of one element of a Forwarded header (RFC 7239); None without one, or when it hides who it was."""
    for pair in element.split(";"):
        name, _, value = pair.partition("=")
        if name.strip().lower() == "for":
            return address(value)
    return None
