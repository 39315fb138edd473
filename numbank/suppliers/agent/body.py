"""The body of an agent's request, inflated with a limit where it is gzip."""

from __future__ import annotations

import zlib

from numbank.errors import BadRequest, TooLarge

GZIP_MAGIC = b"\x1f\x8b"
# A stream may consist of several members, but each costs a decompressor and a copy of the rest: a million tiny ones
# would be a bomb of their own kind.
MAX_MEMBERS = 8


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
