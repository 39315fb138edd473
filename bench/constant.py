"""What the HTTP server can do at most: a bare ASGI app that answers a constant of the size of a status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

BODY = b"STATUS_WAIT_CODE"
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/html; charset=UTF-8"), (b"content-length", b"%d" % len(BODY))],
}
END = {"type": "http.response.body", "body": BODY}


def create() -> Callable[..., Awaitable[None]]:
    """The factory for granian."""
    return app


async def app(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[..., Awaitable[None]]
) -> None:
    """Answer the constant to everything."""
    if scope["type"] == "http":
        await send(START)
        await send(END)
    elif scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
