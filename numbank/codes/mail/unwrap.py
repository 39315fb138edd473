"""Finds the address that a tracker's address leads to, where it stands in it; nothing is fetched."""

import base64
import binascii
import functools
import re
import zlib
from collections.abc import Iterator
from urllib.parse import unquote

from numbank.codes.mail.addresses import Address, address_of
from numbank.codes.wordlist import has_part, table

RAW_LIMIT = 8192
"""Characters of a tracker's address that are looked at."""

MOST_WRAPS = 3
_INFLATED_LIMIT = 8192

_SPLIT = re.compile(r"[/?#&;]")
_BASE64 = re.compile(r"[A-Za-z0-9_+/-]{16,}={0,2}")
_IN_JSON = re.compile(r'"(?:url|href|u|l|link|target|redirect|destination)"\s*:\s*"(https?:[^"\s]+)"', re.IGNORECASE)
_PLAIN_URL = re.compile(r"https?://", re.IGNORECASE)
_DEFENSE = re.compile(r"/v3/__(https?:/.+?)__;")
_DEFENSE_HEX = re.compile(r"-([0-9A-Fa-f]{2})")


def unwrapped(address: Address) -> Address:
    """Where the address leads to as far as can be read from it; itself, if it is no tracker's."""
    for _ in range(MOST_WRAPS):
        inner = _inner(address)
        if inner is None:
            break
        address = inner
    return address


def _inner(outer: Address) -> Address | None:
    if _DEFENSE.search(outer.tail) or outer.host.startswith("urldefense."):
        return _of_defense(outer)
    if outer.host.endswith("pstmrk.it"):
        return _without_scheme(outer)
    if says_what_it_does(outer):
        return None
    is_tracker = _is_tracker(outer)
    for value in _values(outer, is_tracker):
        found = _address_in(value, is_tracker)
        if found is not None and found.host != outer.host:
            return found
        if found is not None and is_tracker:
            return found
    return None


@functools.cache
def _list(name: str) -> frozenset[str]:
    return frozenset(table("links/parts")[name])


def says_what_it_does(address: Address) -> bool:
    """Whether the address itself says that it confirms something; what it leads to is for afterwards."""
    own = unquote(address.tail.partition("http")[0]).lower()
    return has_part("links/parts", "path_for", own)


def _is_tracker(address: Address) -> bool:
    labels = set(address.host.split(".")[:-1])
    parts = set(_SPLIT.split(address.tail.lower())[1:4])
    return bool(labels & _list("tracker_hosts") or parts & _list("tracker_paths"))


def _values(outer: Address, is_tracker: bool) -> Iterator[str]:
    """Parts of the address that may hold another: values of the query by their names, of a tracker all parts."""
    for part in _SPLIT.split(outer.tail)[1:]:
        name, is_named, value = part.partition("=")
        if _PLAIN_URL.match(unquote(part[:16])):
            yield part
        elif not is_named or name.lower() in _list("wrapped") or (is_tracker and name.lower() in _list("afterwards")):
            if is_named or is_tracker:
                yield value or part
        elif is_tracker and _BASE64.fullmatch(value):
            yield value


def _address_in(value: str, is_tracker: bool) -> Address | None:
    text = value
    for _ in range(2):
        if _PLAIN_URL.match(text):
            break
        text = unquote(text)
    if _PLAIN_URL.match(text):
        return address_of(text)
    return _address_of_base64(text) if _BASE64.fullmatch(text) and (is_tracker or len(text) > 20) else None


def _address_of_base64(value: str) -> Address | None:
    """An address that is written in base64, by itself or as a value of an object, as trackers do; it may be packed."""
    text = _decoded(value)
    if _PLAIN_URL.match(text):
        return address_of(text.strip())
    for _ in range(2):
        match = _IN_JSON.search(text.replace("\\/", "/"))
        if match:
            return address_of(match[1])
        if '"p"' not in text:
            break
        text = text.replace('\\"', '"')
    return None


def _decoded(value: str) -> str:
    padded = value.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        raw = base64.urlsafe_b64decode(padded + "=" * (-len(padded) % 4))
        if value.startswith("eJ"):
            raw = zlib.decompressobj().decompress(raw, _INFLATED_LIMIT)
        return raw.decode()
    except (binascii.Error, ValueError, zlib.error):
        return ""


def _without_scheme(outer: Address) -> Address | None:
    """The address in one of a tracker that says before it whether it is a secure one: "/3s/example.com%2Fx/..."."""
    schemes = {"3s": "https", "3": "http"}
    _, kind, target, *_ = (*outer.tail.split("/"), "", "")
    return address_of(f"{schemes[kind]}://{unquote(target)}") if kind in schemes else None


def _of_defense(outer: Address) -> Address | None:
    """The address in one that a mail filter wrote in its place: version 3 has it in full, version 2 with signs in code."""
    third = _DEFENSE.search(outer.tail)
    if third:
        inner = third[1]
        return None if "*" in inner else address_of(inner if "://" in inner else inner.replace(":/", "://", 1))
    for part in _SPLIT.split(outer.tail):
        name, _, value = part.partition("=")
        if name == "u" and value.startswith("http"):
            return address_of(unquote(_DEFENSE_HEX.sub(r"%\1", value.replace("_", "/"))))
    return None
