"""The body of an agent's request: read with a limit, and inflated with a limit where it is gzip."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from numbank.errors import BadRequest, TooLarge

Receive = Callable[[], Awaitable[dict[str, Any]]]

# What an agent still sends of a body that is too large is read and dropped up to here, so that it sees our answer.
DRAIN_FACTOR = 32

GZIP_MAGIC = b"\x1f\x8b"
# A stream may consist of several members, but each costs a decompressor and a copy of the rest: a million tiny ones
# would be a bomb of their own kind.
MAX_MEMBERS = 8


class Gone(Exception):  # noqa: N818  nobody is there to read an error
    """The agent hung up before its body was complete."""


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body; TooLarge (after draining a bounded rest) when it is longer, Gone when it is not whole."""
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            # Half a form would still parse, and half a text would be kept for the whole.
            raise Gone
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


def inflate(body: bytes, limit: int) -> bytes:
    """The content of a gzip body; BadRequest when it is damaged, TooLarge when it would be longer than the limit."""
    pieces: list[bytes] = []
    left = limit
    for _ in range(MAX_MEMBERS):
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            piece = member.decompress(body, left + 1)
        except zlib.error:
            raise BadRequest from None
        if len(piece) > left:
            raise TooLarge
        if not member.eof:
            raise BadRequest
        pieces.append(piece)
        left -= len(piece)
        body = member.unused_data.lstrip(b"\0")  # padding behind the last member is allowed
        if not body:
            return b"".join(pieces)
    raise TooLarge
