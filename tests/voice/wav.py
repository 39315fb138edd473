"""Sounds for tests, and an HTTP server that has recordings."""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


def tone(seconds: float = 0.5, rate: int = 8_000, hertz: float = 440.0) -> list[int]:
    """Samples of a tone."""
    return [int(8_000 * math.sin(2 * math.pi * hertz * at / rate)) for at in range(int(seconds * rate))]


def wav(
    data: bytes, *, code: int = 1, channels: int = 1, rate: int = 8_000, bits: int = 16, before: bytes = b""
) -> bytes:
    """A WAV file around samples as bytes; `before` are chunks ahead of the data."""
    align = channels * bits // 8
    form = struct.pack("<HHIIHH", code, channels, rate, rate * align, align, bits)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + before + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def pcm16(samples: list[int]) -> bytes:
    """Samples as they stand in a WAV file."""
    return struct.pack(f"<{len(samples)}h", *samples)


class Recorder:
    """A supplier's server. `answers` are whole HTTP answers by path; `asked` is what was asked for."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.port = 0

    def put(self, path: str, body: bytes, *, status: str = "200 OK", kind: str = "audio/wav", more: str = "") -> str:
        """Have something at a path; gives its address."""
        head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{more}\r\n"
        self.answers[path] = head.encode() + body
        return self.url(path)

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request on one connection; a path that is not there hangs."""
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1].decode()
        self.asked.append(path)
        answer = self.answers.get(path)
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def recorder() -> AsyncIterator[Recorder]:
    """A supplier's server on this machine."""
    here = Recorder()
    server = await asyncio.start_server(here.serve, "127.0.0.1", 0)
    here.port = server.sockets[0].getsockname()[1]
    try:
        yield here
    finally:
        server.close()
