"""Clients that mean no good, on plain sockets: as many as wanted, each doing one bad thing."""

from __future__ import annotations

import resource
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import pytest

HOST = "127.0.0.1"
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: bank\r\n\r\n"
SPARE_FILES = 500
SEGMENT = 1_400


def files_for(count: int) -> None:
    """Let this process open so many sockets; the test is skipped, aloud, where the system does not let it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = count + SPARE_FILES
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"NOT TESTED: {count} connections need {wanted} open files, the hard limit here is {hard}")
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def connect(port: int, *, receive_buffer: int = 0, source: str = "") -> socket.socket:
    """One connection; `receive_buffer` in bytes, for those who do not want to read."""
    client = socket.socket()
    client.settimeout(30)
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        # As on any line that is no loopback: there a window that is less than 64 KB open counts as closed.
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
    if source:
        client.bind((source, 0))
    client.connect((HOST, port))
    return client


@contextmanager
def crowd(
    port: int, count: int, first_bytes: bytes = b"", *, receive_buffer: int = 0, source: str = ""
) -> Iterator[list[socket.socket]]:
    """So many connections, each of which has sent these bytes."""
    clients: list[socket.socket] = []
    try:
        for _ in range(count):
            client = connect(port, receive_buffer=receive_buffer, source=source)
            clients.append(client)
            client.sendall(first_bytes)
        yield clients
    finally:
        for client in clients:
            client.close()


@contextmanager
def dripping(clients: Iterable[socket.socket], drop: bytes, every_s: float = 0.1) -> Iterator[None]:
    """Each client sends one drop again and again; those that were closed are left alone."""
    alive, enough = list(clients), threading.Event()

    def drip() -> None:
        while not enough.wait(every_s):
            for client in list(alive):
                try:
                    client.send(drop)
                except OSError:
                    alive.remove(client)

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def answers(clients: Iterable[socket.socket], within_s: float = 60.0) -> list[bytes]:
    """What each client is sent until it is closed; fails when one is still open then."""
    waiting = {client.fileno(): client for client in clients}
    said = dict.fromkeys(waiting, b"")
    poll = select.poll()
    for file in waiting:
        poll.register(file, select.POLLIN)
    deadline = time.monotonic() + within_s
    while waiting:
        left_s = deadline - time.monotonic()
        assert left_s > 0, f"{len(waiting)} connections are still open"
        for file, _ in poll.poll(left_s * 1000):
            data = b""
            with suppress(OSError):  # a reset is an end too
                data = waiting[file].recv(65_536)
            said[file] += data
            if not data:
                poll.unregister(file)
                del waiting[file]
    return list(said.values())


def readable(clients: Iterable[socket.socket]) -> list[socket.socket]:
    """Those that have something now, or were closed."""
    found = {client.fileno(): client for client in clients}
    poll = select.poll()
    for file in found:
        poll.register(file, select.POLLIN)
    return [found[file] for file, _ in poll.poll(0)]


@contextmanager
def reading(clients: Iterable[socket.socket], bytes_: int, every_s: float = 0.1) -> Iterator[dict[socket.socket, int]]:
    """Each client reads so many bytes again and again; gives how many it has got, negative once it was cut off."""
    got, enough = dict.fromkeys(clients, 0), threading.Event()

    def read() -> None:
        while not enough.wait(every_s):
            for client in readable(one for one, count in got.items() if count >= 0):
                data = b""
                with suppress(OSError):  # a reset is an end too
                    data = client.recv(bytes_)
                got[client] = got[client] + len(data) if data else -1 - got[client]

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield got
    finally:
        enough.set()
        thread.join()


def first_answer(client: socket.socket) -> bytes:
    """The first bytes that come; empty when the connection was closed."""
    try:
        return client.recv(65_536)
    except ConnectionError:
        return b""


def until(condition: Callable[[], bool], what: str, within_s: float = 60.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
