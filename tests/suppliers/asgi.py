"""Calls an ASGI handler as a server does, without a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

Handler = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class Reply(msgspec.Struct, frozen=True):
    """What the handler answered."""

    status: int
    body: bytes
    headers: dict[bytes, bytes]

    @property
    def error(self) -> str:
        """The reason in an ERROR answer."""
        answer = msgspec.json.decode(self.body)
        assert answer["status"] == "ERROR"
        assert set(answer) == {"status", "error"}
        return str(answer["error"])


async def call(
    handler: Handler,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    headers: Sequence[tuple[bytes, bytes]] = (),
    hang_up: bool = False,
    chunk: int = 65_536,
) -> Reply | None:
    """One request; None when the handler did not answer. `hang_up`: the peer goes away before its last chunk."""
    chunks = [body[start : start + chunk] for start in range(0, len(body), chunk)] or [b""]
    messages = [
        {"type": "http.request", "body": piece, "more_body": index < len(chunks) - 1}
        for index, piece in enumerate(chunks)
    ]
    if hang_up:
        messages = [*({**message, "more_body": True} for message in messages), {"type": "http.disconnect"}]
    length = (b"content-length", b"%d" % (len(body) + hang_up))
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": [length, *headers]}
    await handler(scope, receive, send)
    if not sent:
        return None
    start, *rest = sent
    return Reply(start["status"], b"".join(message["body"] for message in rest), dict(start["headers"]))
