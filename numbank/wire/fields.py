"""Bytes -> fields: query, urlencoded form and multipart, merged (protocol.md 12.1, 3).

The query wins over the body, the last of equal names wins, blanks around names are stripped.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from multipart import MultipartError, MultipartParser, parse_options_header

from numbank.errors import TooLarge

Receive = Callable[[], Awaitable[dict[str, Any]]]

# What a client still sends of a body that is too large is read and dropped up to here, so that it sees our answer.
DRAIN_FACTOR = 32


def parse_urlencoded(data: bytes, max_fields: int) -> dict[str, str]:
    """Fields of a query or form. Broken escapes stay as they are, broken UTF-8 shows as U+FFFD; both then match nothing."""
    if not data:
        return {}
    parts = data.split(b"&", max_fields)
    if len(parts) > max_fields:
        raise TooLarge
    if b"%" not in data and b"+" not in data:
        # Most requests of most clients need no decoding at all; this is the hot path (engine 8).
        text = data.decode("utf-8", "replace")
        return {name.strip(): value for name, _, value in (part.partition("=") for part in text.split("&"))}
    return {_decode(name).strip(): _decode(value) for name, _, value in (part.partition(b"=") for part in parts)}


def _decode(raw: bytes) -> str:
    return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8", "replace")


def parse_multipart(body: bytes, content_type: str, max_fields: int) -> dict[str, str]:
    """Fields of a multipart body; files count as fields with their content. What is broken gives the fields before it."""
    _, options = parse_options_header(content_type)
    boundary = options.get("boundary")
    fields: dict[str, str] = {}
    if not boundary:
        return fields
    try:
        # One more part than allowed may be read, so that we and not the parser say what is too many.
        parts = MultipartParser(BytesIO(body), boundary, content_length=len(body), part_limit=max_fields + 1)
        for count, part in enumerate(parts):
            if count >= max_fields:
                raise TooLarge
            fields[part.name.strip()] = part.raw.decode("utf-8", "replace")
    except MultipartError:
        # A half-sent form is a form with fewer fields: the action then misses a parameter and says so.
        return fields
    return fields


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body; TooLarge (after draining a bounded rest) when it is longer than the limit."""
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        elif size > limit * DRAIN_FACTOR:
            break
        more = message.get("more_body", False)
    if size > limit:
        raise TooLarge
    return b"".join(chunks)
