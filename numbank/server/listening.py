"""The address to serve on: understood, proved free, and kept from other servers, before anything else is touched."""

from __future__ import annotations

import errno
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from numbank.errors import OperatorError

# A supervisor that was killed leaves workers that notice it and go: who restarts it at once should not be refused.
PATIENCE_S = 2.0
LOOK_EVERY_S = 0.05


def listen_address(text: str) -> tuple[str, int]:
    """The numeric address and the port of HOST:PORT; IPv6 hosts in brackets, names are looked up (IPv4 first)."""
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65_536:
        raise OperatorError(f"listen address {text!r}: expected HOST:PORT")
    host = host.removeprefix("[").removesuffix("]") or "0.0.0.0"  # noqa: S104  an empty host means everywhere
    try:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):  # UnicodeError: no name of a host can be written like that
        raise OperatorError(f"listen address {text!r}: there is no host {host!r}") from None
    addresses = sorted(found, key=lambda one: one[0] != socket.AF_INET)
    return str(addresses[0][4][0]), int(port)


def free_address(host: str, port: int) -> str:
    """HOST:PORT with this port if it is free now, else with any that is."""
    for wanted in (port, 0):
        with suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, wanted))
            return f"{host}:{probe.getsockname()[1]}"
    raise OperatorError(f"no port of {host} is free")


@contextmanager
def reserved(text: str, option: str = "--listen HOST:PORT") -> Iterator[None]:
    """Hold the listen address for one server; OperatorError when it cannot be had. `option` is how to give another one.

    The workers share the port by SO_REUSEPORT, with which a second server could join them unseen: each would answer
    half of the requests. So the port is tried without it, and then held by a socket that only lets our workers in.
    """
    host, port = listen_address(text)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            guard = _bound(host, port)
            break
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise OperatorError(f"cannot listen on {text}: {error.strerror}") from None
            if time.monotonic() > deadline:
                raise OperatorError(
                    f"cannot listen on {text}: another program serves there; stop it, or give another {option}"
                ) from None
            time.sleep(LOOK_EVERY_S)
    with guard:
        yield


def _bound(host: str, port: int) -> socket.socket:
    """A socket on the address; it never listens, so it gets no connection."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Connections of a server that has just stopped are no reason to refuse; a listening socket is one all the same.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen(1)
    guard = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "linux":  # elsewhere the workers inherit one socket, which nobody can join
            guard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            guard.bind((host, port))
            # From here on only sockets with SO_REUSEPORT of this user fit beside it: those of the workers.
            guard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
            guard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except BaseException:
        guard.close()
        raise
    return guard
