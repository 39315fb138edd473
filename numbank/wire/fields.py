"""Bytes -> fields: query, urlencoded form and multipart, merged (protocol.md 12.1, 3).

The query wins over the body, the last of equal names wins, blanks around names are stripped.
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from multipart import MultipartError

from numbank.asgi import multipart_fields
from numbank.errors import TooLarge


def parse_urlencoded(data: bytes, max_fields: int) -> dict[str, str]:
    """Fields of a query or form. Broken escapes stay as they are, broken UTF-8 shows as U+FFFD; both then match nothing."""
    if not data:
        return {}
    if data.count(b"&") >= max_fields:
        raise TooLarge
    if b"%" not in data and b"+" not in data and b" " not in data:
        # Most requests of most clients need no decoding at all; this is the hot path (engine 8).
        text = data.decode("utf-8", "replace")
        return {name: value for name, _, value in [part.partition("=") for part in text.split("&")]}
    pairs = [part.partition(b"=") for part in data.split(b"&")]
    # Blanks alone: other white space would be kept above, and two spellings of one request would differ.
    return {_decode(name).strip(" "): _decode(value) for name, _, value in pairs}


def _decode(raw: bytes) -> str:
    return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8", "replace")


def parse_multipart(body: bytes, content_type: str, max_fields: int) -> dict[str, str]:
    """Fields of a multipart body. What is broken gives the fields before it: the action then misses one and says so."""
    fields: dict[str, str] = {}
    try:
        for name, value in multipart_fields(body, content_type, max_fields):
            fields[name] = value
    except MultipartError:
        return fields
    return fields
