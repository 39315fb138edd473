"""The HTTP clients of one worker: those who come to a full house are told so, those who never read are cut off.

granian counts connections (its `backpressure`) and just stops accepting when there are too many: whoever comes then waits in
the kernel without a word until an idle one is closed. Here he is told 503 at once, on the same listening socket. Heads and
idle connections are timed by granian itself, bodies where they are read (asgi.py), answers by the kernel (TCP_USER_TIMEOUT)
or, where a client reads a little now and then, by guests.py.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from contextlib import suppress

import structlog

from numbank.server import sockets
from numbank.server.files import most_connections
from numbank.server.listening import listen_address
from numbank.server.metrics import TURNED_AWAY
from numbank.settings import Settings

log = structlog.get_logger("numbank")

LOOK_EVERY_S = 0.25
# Looks at the connections that are older than the time limit: some wait in the kernel during the first.
LOOKS_BACK = 2
# Looks with somebody waiting before the worker is taken for full rather than busy.
PATIENT_LOOKS = 2
# Told off in one look; with those who come meanwhile the next one goes on.
AT_ONCE = 1_024
SAY_EVERY_S = 10.0
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/html; charset=UTF-8\r\ncontent-length: 17\r\n"
    b"retry-after: 1\r\nconnection: close\r\n\r\nTOO_MANY_REQUESTS"
)
# How much of a request is read before it is turned away: what is left unread would reset the connection before the answer.
REQUEST_BYTES = 65_536


class House:
    """Looks after the listening socket that granian opened for this worker."""

    def __init__(self, settings: Settings) -> None:
        self._most = most_connections(settings)
        self._stalled_s = settings.http_stalled_s
        self._address = listen_address(settings.listen)
        self._listening: int | None = None
        self._looks_back = 0
        self._waited = 0
        self._told_since = 0
        self._said_at = float("-inf")

    async def look(self) -> int:
        """One look; gives how many were turned away. What belongs to granian is never held: a stop closes it at once."""
        if self._listening is None:
            self._listening = await asyncio.to_thread(self._find)
            return 0
        if self._looks_back:
            self._looks_back -= 1
            await asyncio.to_thread(self._limit_the_first)
        if (waiting := sockets.waiting(self._listening)) is None:
            self._listening = None
            return 0
        self._waited = self._waited + 1 if waiting else 0
        return await asyncio.to_thread(self._turn_away, self._listening) if self._waited >= PATIENT_LOOKS else 0

    def _find(self) -> int | None:
        """The file of the listening socket, and its time limit set: connections inherit that, from now on."""
        for file, one in sockets.sockets():
            with suppress(OSError):
                if sockets.listens(one) and one.getsockname()[:2] == self._address:
                    sockets.limit(one, self._stalled_s)
                    self._looks_back = LOOKS_BACK
                    return file
        return None

    def _limit_the_first(self) -> None:
        """The time limit of those who connected before the listening socket had it."""
        for _, one in sockets.sockets():
            with suppress(OSError):
                if not sockets.listens(one) and one.getsockname()[1] == self._address[1]:
                    sockets.limit(one, self._stalled_s)

    def _turn_away(self, file: int) -> int:
        """Tell those who wait that the house is full, if it is: a worker that is merely busy accepts them in a moment."""
        if len(os.listdir(sockets.FILES)) < self._most:
            return 0
        told = 0
        with suppress(OSError), socket.socket(fileno=os.dup(file)) as door:
            while told < AT_ONCE:
                _tell(door.accept()[0])  # it never blocks: an error says that nobody waits any more
                told += 1
        if told:
            self._say(told)
        return told

    def _say(self, told: int) -> None:
        TURNED_AWAY.inc(told)
        self._told_since += told
        now = time.monotonic()
        if now - self._said_at >= SAY_EVERY_S:
            log.warning("house_full", connections=self._most, turned_away=self._told_since)
            self._said_at, self._told_since = now, 0


def _tell(client: socket.socket) -> None:
    with client:
        client.setblocking(False)
        with suppress(OSError):
            client.recv(REQUEST_BYTES)
        with suppress(OSError):
            client.send(FULL)
            client.shutdown(socket.SHUT_WR)
