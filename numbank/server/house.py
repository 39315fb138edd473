"""The HTTP clients of one worker: those who come to a full house are told so, those who never read are cut off.

granian counts connections (its `backpressure`) and just stops accepting when there are too many: whoever comes then waits in
the kernel without a word until an idle one is closed. Here he is told 503 at once, on the same listening socket. Heads and
idle connections are timed by granian itself, bodies where they are read (asgi.py), answers by the kernel (TCP_USER_TIMEOUT).
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from contextlib import suppress

import structlog

from numbank.server.files import most_connections
from numbank.server.listening import listen_address
from numbank.server.metrics import TURNED_AWAY
from numbank.settings import Settings

log = structlog.get_logger("numbank")

LOOK_EVERY_S = 0.25
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
FILES = "/proc/self/fd"
# struct tcp_info of Linux: 8 bytes, then numbers of 4; of a listening socket the fifth is how many wait to be accepted.
INFO_SIZE, WAITING_AT = 8 + 5 * 4, 8 + 4 * 4
# Linux only, as are the numbers above; elsewhere nobody is told off and the kernel's own times hold.
USER_TIMEOUT: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)


class House:
    """Looks after the listening socket that granian opened for this worker."""

    def __init__(self, settings: Settings) -> None:
        self._most = most_connections(settings)
        self._stalled_ms = int(settings.http_stalled_s * 1000)
        self._address = listen_address(settings.listen)
        self._listening: int | None = None
        self._waited = 0
        self._told_since = 0
        self._said_at = float("-inf")

    async def look(self) -> int:
        """One look; gives how many were turned away. What belongs to granian is never held: a stop closes it at once."""
        if self._listening is None:
            self._listening = await asyncio.to_thread(self._find)
        elif (waiting := self._waiting(self._listening)) is None:
            self._listening = None
        else:
            self._waited = self._waited + 1 if waiting else 0
            if self._waited >= PATIENT_LOOKS:
                return await asyncio.to_thread(self._turn_away, self._listening)
        return 0

    def _find(self) -> int | None:
        """The file of the listening socket, and its time limit set: connections inherit that."""
        with suppress(FileNotFoundError):
            for name in os.listdir(FILES):
                if self._is_ours(int(name)):
                    return int(name)
        return None

    def _is_ours(self, file: int) -> bool:
        try:
            with socket.socket(fileno=os.dup(file)) as one:
                if not one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    return False
                if one.family not in (socket.AF_INET, socket.AF_INET6) or one.getsockname()[:2] != self._address:
                    return False
                if USER_TIMEOUT is not None:
                    one.setsockopt(socket.IPPROTO_TCP, USER_TIMEOUT, self._stalled_ms)
                return True
        except OSError:  # no socket, or closed meanwhile
            return False

    @staticmethod
    def _waiting(file: int) -> int | None:
        """How many wait to be accepted; None when the socket listens no more."""
        try:
            with socket.socket(fileno=os.dup(file)) as one:
                if not one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    return None
                info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_SIZE)
        except OSError:
            return None
        waiting: int = struct.unpack_from("=I", info, WAITING_AT)[0]
        return waiting

    def _turn_away(self, file: int) -> int:
        """Tell those who wait that the house is full, if it is: a worker that is merely busy accepts them in a moment."""
        if len(os.listdir(FILES)) < self._most:
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
