"""Reads the address of an endpoint: what is accepted is written down in one canonical form, everything odd is refused."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from string import hexdigits
from urllib.parse import quote, urlsplit

import idna
import msgspec

from numbank.hooks.model import HookRefused
from numbank.hooks.networks import Network, refused

MAX_URL = 2_048
DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_PORT = 65_535
# Kept as they are in path and query; everything else is percent-encoded.
PLAIN = "/%:@!$&'()*+,;=-._~?[]|"


class Rules(msgspec.Struct, frozen=True):
    """What the operator allows: ports, and networks that are open although private."""

    ports: tuple[tuple[int, int], ...]
    allowed: tuple[Network, ...] = ()

    def port(self, port: int) -> bool:
        """Whether webhooks may go to a port."""
        return any(low <= port <= high for low, high in self.ports)


class Target(msgspec.Struct, frozen=True):
    """An address in its parts; the host without brackets."""

    scheme: str
    host: str
    port: int
    path: str  # with the query

    @property
    def url(self) -> str:
        """The canonical form."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


def parse_ports(text: str) -> tuple[tuple[int, int], ...]:
    """Ports and spans of ports with commas between (`80,8000-8999`); ValueError for anything else."""
    spans = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        low, _, high = part.partition("-")
        span = (int(low), int(high or low))
        if not 1 <= span[0] <= span[1] <= MAX_PORT:
            raise ValueError(part)
        spans.append(span)
    return tuple(spans)


def parse_url(text: str, rules: Rules) -> Target:
    """Read an address. HookRefused says in one line what is wrong; names are looked up only when it is used."""
    if len(text) > MAX_URL:
        raise HookRefused(f"the address is longer than {MAX_URL} characters")
    if any(each.isspace() or not each.isprintable() or each in '\\"<>^`{}' for each in text):
        raise HookRefused("the address has blanks or characters that an address cannot have")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise HookRefused("the address cannot be read") from None
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise HookRefused("the address must begin with https:// or http://")
    if "@" in parts.netloc:
        raise HookRefused("the address must hold no user name or password")
    if parts.fragment or "#" in text:
        raise HookRefused("the address must hold no fragment")
    port = DEFAULT_PORTS[scheme] if port is None else port
    if not rules.port(port):
        raise HookRefused(f"port {port} is not allowed for webhooks")
    host = _host(parts.netloc, parts.hostname or "", rules.allowed)
    path = quote(parts.path or "/", safe=PLAIN) + (f"?{quote(parts.query, safe=PLAIN)}" if parts.query else "")
    target = Target(scheme, host, port, path)
    if len(target.url) > MAX_URL:  # what was encoded has grown
        raise HookRefused(f"the address is longer than {MAX_URL} characters when it is encoded")
    return target


def _host(netloc: str, host: str, allowed: Sequence[Network]) -> str:
    if netloc.startswith("["):
        behind = netloc.partition("]")[2]
        if behind and not behind.startswith(":"):
            raise HookRefused("the host of the address is no name")
        return _literal(host, allowed)
    if not host or "%" in host:
        raise HookRefused("the address has no host, or one that is encoded")
    try:
        # Folds what only looks different: full-width digits and dots become plain ones.
        name = idna.encode(host, uts46=True, transitional=False).decode() if not host.isascii() else host.lower()
    except idna.IDNAError:
        raise HookRefused("the host of the address is no name") from None
    name = name.removesuffix(".")
    labels = name.split(".")
    if _numeric(labels[-1]):
        # 127.1, 0x7f000001, 2130706433 and 0177.0.0.1 are all 127.0.0.1 to somebody's resolver: only the plain form passes.
        return _literal(name, allowed)
    if any(not _label(label) for label in labels) or len(name) > 253:
        raise HookRefused("the host of the address is no name")
    return name


def _literal(host: str, allowed: Sequence[Network]) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        raise HookRefused("the host of the address is a number in a form that is not accepted") from None
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise HookRefused("the host of the address has a zone")
    if refused(address, allowed) is not None:
        raise HookRefused("webhooks must not reach this address")
    return str(address)


def _numeric(label: str) -> bool:
    if label.isdigit():
        return True
    return label.startswith("0x") and all(each in hexdigits for each in label[2:])


def _label(label: str) -> bool:
    return 0 < len(label) <= 63 and all(each.isalnum() or each in "-_" for each in label) and label.isascii()
