"""A connection to PostgreSQL that is driven by hand: asyncpg's own, without an event loop.

The simulator has one statement at the database at a time and nothing else to do meanwhile, so this thread just waits for the
answer. asyncpg's coroutines run until they wait for it; what the socket brings is given to its protocol. That is several
times cheaper than tasks, futures and a selector for each of the thousands of statements of a world.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

import asyncpg

STALL_S = 0.001
"""A statement that takes longer (real seconds) may wait for a lock: somebody should look."""

READ_BYTES = 262_144


class _Still(asyncio.SelectorEventLoop):
    """Runs while a connection is opened, and never again; what asyncpg calls back later is called at once."""

    still = False

    def call_soon(  # type: ignore[override]  # typeshed ties *args to the callback with a type variable tuple
        self, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> Any:
        """While it runs: soon. Afterwards: now."""
        if not self.still:
            return super().call_soon(callback, *args, context=context)
        callback(*args)
        return None

    def call_later(  # type: ignore[override]  # as above
        self, delay: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """While it runs: later. Afterwards: never, for its time stands still."""
        if not self.still:
            return super().call_later(delay, callback, *args, context=context)
        return asyncio.TimerHandle(delay, callback, args, self)


class Line:
    """One connection. `say` sends, `answered` waits; then `error` or `result` is there. The rest does both at once."""

    def __init__(self, loop: _Still, connection: Any) -> None:
        self.connection = connection
        self.pid: int = connection.get_server_pid()
        self.busy = False
        self.result: Any = None
        self.error: BaseException | None = None
        self._loop = loop
        self._talk: Generator[Any, None, Any] | Coroutine[Any, Any, Any] | None = None
        transport = connection._transport
        transport.pause_reading()
        self._protocol = transport.get_protocol()
        self._socket = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
        # Sends wait until all is sent; reads give up after a moment.
        self._socket.setblocking(True)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, int(STALL_S * 1e6)))
        self._ahead: bytearray | None = None  # what came of the answer to what was sent ahead
        self._state = os.open(f"/proc/{self.pid}/stat", os.O_RDONLY)
        loop.still = True

    @classmethod
    def open(cls, dsn: str, settings: dict[str, str]) -> Line:
        """Connect. Statements stay prepared for ever: their age would be counted in a time that stands still."""
        loop = _Still()
        connection = loop.run_until_complete(
            asyncpg.connect(
                dsn, server_settings=settings, statement_cache_size=2_000, max_cached_statement_lifetime=0, loop=loop
            )
        )
        return cls(loop, connection)

    def close(self) -> None:
        """Away at once, whatever it does; the server rolls back what was open."""
        self._loop.still = False
        self.connection.terminate()
        if self._talk is not None:
            self._talk.close()
            self._waiter.cancelled() or self._waiter.exception()  # nobody asks any more
        self._socket.close()
        os.close(self._state)
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def say(self, talk: Awaitable[Any]) -> None:
        """Begin a call of asyncpg's connection, up to where it waits for the server."""
        assert not self.busy
        self.busy = True
        self.result = self.error = None
        self._talk = talk if isinstance(talk, Coroutine) else talk.__await__()
        self._on()

    def ahead(self, sql: str) -> None:
        """Send statements without arguments right before what is said next; nobody waits for their answer alone."""
        text = sql.encode() + b"\0"
        self._socket.sendall(b"Q" + struct.pack("!I", 4 + len(text)) + text)
        self._ahead = bytearray()

    def answered(self) -> bool:
        """Wait for the server for a moment; whether the call is over."""
        while self.busy:
            try:
                data = self._socket.recv(READ_BYTES)
            except BlockingIOError:
                return False
            if not data:
                raise ConnectionResetError(f"PostgreSQL closed connection {self.pid}")
            if self._ahead is not None:
                data = self._behind(data)
            self._protocol.data_received(data)
            if self._waiter.done():
                self._on()
        return True

    def _behind(self, data: bytes) -> bytes:
        """What is left when the answer to what was sent ahead is taken away: messages up to "ready for the next"."""
        assert self._ahead is not None
        self._ahead += data
        place = 0
        while len(self._ahead) >= place + 5:
            kind = self._ahead[place : place + 1]
            end = place + 1 + int.from_bytes(self._ahead[place + 1 : place + 5])
            if kind == b"E":
                raise AssertionError(f"PostgreSQL did not like what was sent ahead: {bytes(self._ahead[place:end])!r}")
            if kind == b"Z" and len(self._ahead) >= end:
                rest, self._ahead = bytes(self._ahead[end:]), None
                return rest
            place = end
        return b""

    def asleep(self) -> bool:
        """Whether its backend does nothing just now, so that it may be waiting for a lock."""
        state = os.pread(self._state, 256, 0)
        return state[state.rindex(b")") + 2 : state.rindex(b")") + 3] == b"S"

    def _on(self) -> None:
        assert self._talk is not None
        try:
            while True:
                self._waiter = self._talk.send(None)
                if not self._waiter.done():
                    return
        except StopIteration as end:
            self.result = end.value
        except Exception as error:
            self.error = error
        self.busy = False
        self._talk = None

    def ask(self, talk: Awaitable[Any]) -> Any:
        """The whole of a call, or of anything that waits for nothing but this connection."""
        self.say(talk)
        while not self.answered():
            pass
        if self.error is not None:
            raise self.error
        return self.result

    def execute(self, sql: str, *args: Any) -> Any:
        return self.ask(self.connection.execute(sql, *args))

    def fetch(self, sql: str, *args: Any) -> Any:
        return self.ask(self.connection.fetch(sql, *args))

    def fetchrow(self, sql: str, *args: Any) -> Any:
        return self.ask(self.connection.fetchrow(sql, *args))

    def fetchval(self, sql: str, *args: Any) -> Any:
        return self.ask(self.connection.fetchval(sql, *args))
