"""A receiver of webhooks on a real socket that behaves as badly as a test wants."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

Behave = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Got(msgspec.Struct, frozen=True):
    """One request that came in."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


def says(status: int, body: bytes = b"", **headers: str) -> Behave:
    """Answer properly."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        fields = {"content-length": str(len(body))} | {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in fields.items())]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return behave


def writes(raw: bytes, then_s: float = 0.0) -> Behave:
    """Write these bytes, wait, close."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        await asyncio.sleep(then_s)

    return behave


def pours(head: bytes, piece: bytes) -> Behave:
    """Write a head, then the same piece for ever."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    return behave


async def hangs(_writer: asyncio.StreamWriter) -> None:
    """Say nothing for longer than any test."""
    await asyncio.sleep(3_600)


OK = says(200)


class Receiver:
    """What came in, and how to answer: `plan` is used up first, then `otherwise`."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.plan: list[Behave] = []
        self.otherwise: Behave = OK
        self.by_path: dict[str, Behave] = {}
        self.port = 0
        self.open = 0
        self.most_open = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def url(self, path: str = "/hook", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def at(self, path: str) -> list[Got]:
        return [one for one in self.got if one.line.split(" ")[1] == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            got = Got(head[0], headers, body)
            self.got.append(got)
            path = head[0].split(" ")[1]
            behave = self.by_path.get(path) or (self.plan.pop(0) if self.plan else self.otherwise)
            await behave(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            self.open -= 1
            self._tasks.discard(task)
            writer.close()

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver for as long as this lasts."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await receiver.stop()
