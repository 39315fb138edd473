"""What every HTTP door shares: ASGI's types, whole answers, parts of a multipart form; bodies.py has the bodies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import lru_cache
from io import BytesIO
from typing import Any

from multipart import MultipartError, MultipartParser, parse_options_header

from numbank.errors import TooLarge

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Gone(Exception):  # noqa: N818  nobody is there to read an error
    """The client hung up before its body was complete."""


class TooSlow(Gone):
    """The client is still there, but did not send its body in time."""


async def respond(send: Send, status: int, body: bytes, kind: bytes) -> None:
    """One whole answer."""
    await send(answer_start(kind, len(body), status))
    await send({"type": "http.response.body", "body": body})


@lru_cache(maxsize=512)
def answer_start(kind: bytes, length: int, status: int = 200) -> dict[str, Any]:
    """How an answer begins. All that begin alike share it, so nobody may change it."""
    headers = [(b"content-type", kind), (b"content-length", b"%d" % length)]
    return {"type": "http.response.start", "status": status, "headers": headers}


async def respond_gone(send: Send, gone: Gone) -> None:
    """Tell a client that was too slow so, and hang up; there is nobody to tell when it has left."""
    if isinstance(gone, TooSlow):
        headers = [(b"content-length", b"0"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 408, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def multipart_fields(body: bytes, content_type: str, max_fields: int) -> Iterator[tuple[str, str]]:
    """Names and values of a multipart form, files by their content; MultipartError where it breaks, TooLarge if too many."""
    boundary = parse_options_header(content_type)[1].get("boundary")
    if not boundary:
        raise MultipartError("no boundary")
    # One more part than allowed may be read, so that we and not the parser say what is too many.
    parts = MultipartParser(BytesIO(body), boundary, content_length=len(body), part_limit=max_fields + 1)
    for count, part in enumerate(parts):
        if count >= max_fields:
            raise TooLarge
        yield part.name.strip(), part.raw.decode("utf-8", "replace")
