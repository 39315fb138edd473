"""Writes small databases in MaxMind's format: a search tree of 24-bit records, the data section, the metadata."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

MARKER = b"\xab\xcd\xefMaxMind.com"
EMPTY = b"\x00" * 16  # between tree and data


def encoded(value: Any) -> bytes:
    """A value of the data section; only the types that a country needs."""
    if isinstance(value, str):
        return _head(2, len(value.encode())) + value.encode()
    if isinstance(value, dict):
        pairs = (encoded(key) + encoded(each) for key, each in value.items())
        return _head(7, len(value)) + b"".join(pairs)
    if isinstance(value, list):
        return _head(11, len(value)) + b"".join(map(encoded, value))
    assert isinstance(value, int)
    size = (value.bit_length() + 7) // 8
    kind = 5 if size <= 2 else 6 if size <= 4 else 9
    return _head(kind, size) + value.to_bytes(size, "big")


def _head(kind: int, size: int) -> bytes:
    assert size < 29
    return bytes([kind << 5 | size]) if kind <= 7 else bytes([size, kind - 7])


def write(path: Path, records: Mapping[str, Any], *, ip_version: int = 6) -> None:
    """A file in which networks have records; IPv4 networks lie below ::/96 of an IPv6 database, as in the real ones."""
    tree: list[list[Any]] = [[None, None]]
    for text, record in records.items():
        found = ip_network(text)
        bits, length = int(found.network_address), found.prefixlen
        width = 32 if ip_version == 4 else 128
        if found.version == 4 and ip_version == 6:
            length += 96
        node = 0
        for depth in range(length):
            side = bits >> (width - 1 - depth) & 1
            if depth == length - 1:
                tree[node][side] = ("data", record)
            elif not isinstance(tree[node][side], int):
                tree.append([None, None])
                tree[node][side] = len(tree) - 1
                node = len(tree) - 1
            else:
                node = tree[node][side]
    data, count = b"", len(tree)
    out = b""
    for pair in tree:
        for side in pair:
            target = count
            if isinstance(side, int):
                target = side
            elif side is not None:
                target = count + len(EMPTY) + len(data)
                data += encoded(side[1])
            out += target.to_bytes(3, "big")
    metadata = {
        "binary_format_major_version": 2, "binary_format_minor_version": 0, "build_epoch": 1_700_000_000,
        "database_type": "Test-Country", "description": {"en": "test"}, "ip_version": ip_version, "languages": ["en"],
        "node_count": count, "record_size": 24,
    }  # fmt: skip
    path.write_bytes(out + EMPTY + data + MARKER + encoded(metadata))


def country(iso: str) -> dict[str, Any]:
    """A record as GeoIP and DB-IP have it."""
    return {"country": {"iso_code": iso}}
