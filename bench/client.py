"""A small HTTP client over persistent connections, for loads at a bounded rate: each request knows when it was due."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from time import monotonic

from bench.harness import BenchError
from bench.machine import HOST

WIRE = "/stubs/handler_api.php?action={action}&api_key={key}"
SMS_PATH = "/agent/api/sms"
IDLE_S = 2.0


class Line:
    """One persistent connection; requests one after the other."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: StreamReader | None = None
        self._writer: StreamWriter | None = None

    async def get(self, path: str) -> bytes:
        """The body of a GET."""
        return await self._ask(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())

    async def push(self, body: bytes) -> bytes:
        """The body that answers an agent's push."""
        head = f"POST {SMS_PATH} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(body)}\r\n\r\n"
        return await self._ask(head.encode() + body)

    async def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()

    async def _ask(self, request: bytes) -> bytes:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(HOST, self._port)
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), None
        )
        if not head.startswith(b"HTTP/1.1 200") or length is None:
            raise BenchError(f"the bank answered {head[:60]!r}")
        return await self._reader.readexactly(length)


class Lines:
    """Connections that are shared: who asks takes the one that was used last, or opens one more."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[tuple[float, Line]] = []

    async def get(self, path: str) -> bytes:
        """The body of a GET."""
        line = await self._take()
        body = await line.get(path)
        self._free.append((monotonic(), line))
        return body

    async def push(self, body: bytes) -> bytes:
        """The body that answers an agent's push."""
        line = await self._take()
        answer = await line.push(body)
        self._free.append((monotonic(), line))
        return answer

    async def close(self) -> None:
        """Hang up everywhere."""
        await asyncio.gather(*(line.close() for _, line in self._free))

    async def _take(self) -> Line:
        """The server ends connections that were idle for long, and a push that meets such an end would be lost."""
        while self._free:
            since, line = self._free.pop()
            if monotonic() - since < IDLE_S:
                return line
            await line.close()
        return Line(self._port)
