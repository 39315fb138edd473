"""Bodies of requests: whole, of a bounded length, in a bounded time."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from numbank.asgi import Gone, Receive, Scope, TooSlow
from numbank.errors import TooLarge

# What a client still sends of a body that is too large is read and dropped up to here, so that it sees our answer.
DRAIN_FACTOR = 32


class Bodies:
    """Reads the bodies of one door: up to `limit` bytes, within `within_s` seconds each.

    Who came first runs out of time first, so one timer of the loop serves all. A timer for each (`asyncio.timeout`) costs
    more than everything else that is done for a small body.
    """

    def __init__(self, limit: int, within_s: float) -> None:
        self._limit = limit
        self._within_s = within_s
        self._ends: dict[asyncio.Task[Any], float] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def read(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body; TooLarge (after draining a bounded rest) when it is longer than the limit, Gone when it is not
        whole, TooSlow when it is not there in time. For one request of a task at a time.
        """
        length = _declared(scope)
        if length == 0:
            return b""
        reader = cast("asyncio.Task[Any]", asyncio.current_task())
        self._give_time(reader)
        try:
            return await self._whole(receive, length)
        except asyncio.CancelledError:
            if reader in self._ends or reader.uncancel():
                raise  # somebody else wants the task to end
            raise TooSlow from None
        finally:
            self._ends.pop(reader, None)

    def _give_time(self, reader: asyncio.Task[Any]) -> None:
        loop = asyncio.get_running_loop()
        end = self._ends[reader] = loop.time() + self._within_s
        if self._timer is None:
            self._timer = loop.call_at(end, self._stop_the_late)

    def _stop_the_late(self) -> None:
        """Cancel those whose time is over, and come again when that of the next one is."""
        loop = asyncio.get_running_loop()
        self._timer = None
        for reader, end in list(self._ends.items()):
            if end > loop.time():
                self._timer = loop.call_at(end, self._stop_the_late)
                return
            del self._ends[reader]
            reader.cancel()

    async def _whole(self, receive: Receive, length: int | None) -> bytes:
        chunks: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                # Half a form would still parse, and half a text would be taken for the whole.
                raise Gone
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size <= self._limit:
                chunks.append(chunk)
            elif size > self._limit * DRAIN_FACTOR:
                break
            # granian tells of the end in a message of its own: a second way through its threads for every body.
            more = size != length and message.get("more_body", False)
        if size > self._limit:
            raise TooLarge
        return b"".join(chunks)


def _declared(scope: Scope) -> int | None:
    """How long a body is by its head (RFC 9112, 6.3); None where only its end tells."""
    headers = dict(scope["headers"])
    return None if b"transfer-encoding" in headers else int(headers.get(b"content-length", 0))
