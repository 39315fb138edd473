"""A TCP proxy in front of a database whose cable can be cut: reset, or silent as a switched-off machine."""

from __future__ import annotations

import asyncio
import socket
import struct

# SO_LINGER with no time: a close becomes a reset.
AT_ONCE = struct.pack("ii", 1, 0)


class Proxy:
    """Passes bytes on until it is told otherwise. Use `async with`."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._refuses = False

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def reset(self) -> None:
        """Every connection breaks by a reset."""
        for writer in list(self._writers):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            writer.transport.abort()

    def refuse(self) -> None:
        """Reset what there is and whatever comes, until `heal`."""
        self._refuses = True
        self.reset()

    def silence(self) -> None:
        """Pass no byte on in either direction, and break nothing: what a cable that was pulled looks like."""
        self._flows.clear()

    def heal(self, *, forget: bool = False) -> None:
        """Pass everything on again; `forget`: the connections of before are gone for good, as after a reboot."""
        self._refuses = False
        if forget:
            for task in self._tasks:
                task.cancel()
        self._flows.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        other: asyncio.StreamWriter | None = None
        try:
            await self._flows.wait()
            if self._refuses:
                self.reset()
                return
            back, other = await asyncio.open_connection("127.0.0.1", self._to)
            self._writers.add(other)
            both = [asyncio.create_task(self._pass_on(reader, other)), asyncio.create_task(self._pass_on(back, writer))]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in both:
                    way.cancel()
                await asyncio.gather(*both, return_exceptions=True)
        except OSError:
            return
        finally:
            for one in filter(None, (writer, other)):
                self._writers.discard(one)
                one.transport.abort()
            self._tasks.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await self._flows.wait()
            writer.write(data)
            await writer.drain()
