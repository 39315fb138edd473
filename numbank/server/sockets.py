"""What the kernel tells of the TCP sockets of this process, also of those that granian holds. Linux only.

Each is looked at through a file of our own that is closed at once: what belongs to granian is never held, and a number of a
file that is another socket meanwhile is noticed.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import struct
import termios
from collections.abc import Iterator
from contextlib import suppress

import msgspec

FILES = "/proc/self/fd"
# struct tcp_info: 8 bytes, 24 numbers of 4, then numbers of 8. Of a listening socket the fifth is how many wait.
INFO_SIZE, WAITING_AT, SENT_AT, HEARD_AT, ACKED_AT = 136, 8 + 4 * 4, 8 + 9 * 4, 8 + 11 * 4, 8 + 24 * 4 + 2 * 8
# Linux only, as are the numbers above; elsewhere nobody is looked at and the kernel's own times hold.
USER_TIMEOUT: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)
SPARE_S = 5
LONGEST_MS = 24 * 3_600 * 1_000
# Close by throwing away what was not sent: without it the kernel would go on sending to a client that hardly reads.
AT_ONCE = struct.pack("ii", 1, 0)


class Flow(msgspec.Struct, frozen=True):
    """A connection as the kernel sees it. `acked`, `heard`: bytes that the client has taken and has sent so far.

    `owed`: what it has not taken yet of what the worker wrote; `sent_ms`, `heard_ms`: since when nothing went out, came in.
    """

    acked: int
    heard: int
    owed: int
    sent_ms: int
    heard_ms: int


def sockets() -> Iterator[tuple[int, socket.socket]]:
    """The TCP sockets of this process with their files, each as one of our own; what is closed meanwhile is passed over."""
    for name in os.listdir(FILES) if os.path.isdir(FILES) else ():
        with suppress(OSError):
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            with socket.socket(fileno=os.dup(int(name))) as one:
                if one.family in (socket.AF_INET, socket.AF_INET6) and one.type == socket.SOCK_STREAM:
                    yield int(name), one


def listens(one: socket.socket) -> bool:
    """Whether it is a door and no connection."""
    return bool(one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def waiting(file: int) -> int | None:
    """How many wait to be accepted; None when the socket listens no more."""
    try:
        with socket.socket(fileno=os.dup(file)) as one:
            if not listens(one):
                return None
            found: int = struct.unpack_from("=I", _info(one), WAITING_AT)[0]
    except OSError:
        return None
    return found


def flow(one: socket.socket) -> Flow:
    """How a connection goes; OSError when it is gone."""
    info = _info(one)
    acked, heard = struct.unpack_from("=QQ", info, ACKED_AT)
    owed = struct.unpack("=i", fcntl.ioctl(one, termios.TIOCOUTQ, bytes(4)))[0]
    sent_ms, heard_ms = (struct.unpack_from("=I", info, at)[0] for at in (SENT_AT, HEARD_AT))
    return Flow(acked=acked, heard=heard, owed=owed, sent_ms=sent_ms, heard_ms=heard_ms)


def limit(one: socket.socket, stalled_s: float) -> None:
    """How long the kernel waits for a client that takes nothing; connections inherit it from the door.

    Twice as long as the looks do (guests.py), for it counts from the first time that the client was full, also where he has
    taken much since (Linux 6.18). Those who are closed already, with an answer on its way, only the kernel sees.
    """
    if USER_TIMEOUT is not None:
        one.setsockopt(socket.IPPROTO_TCP, USER_TIMEOUT, int((2 * stalled_s + SPARE_S) * 1000))


def bear_with(one: socket.socket) -> None:
    """A client who takes his time, but enough: the kernel shall not count any more, for the looks do."""
    if USER_TIMEOUT is not None:
        with suppress(OSError):  # it is gone
            one.setsockopt(socket.IPPROTO_TCP, USER_TIMEOUT, LONGEST_MS)


def cut(one: socket.socket, *, at_once: bool) -> None:
    """End a connection of granian, which then closes its own file; `at_once` throws away what the client has not taken."""
    with suppress(OSError):
        if at_once:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        one.shutdown(socket.SHUT_RDWR)


def _info(one: socket.socket) -> bytes:
    return one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_SIZE)
