"""The guard at the moment of connecting: a name is looked up once, every address is checked, and the connection goes to a
checked address itself. There is no second lookup that could answer otherwise, so rebinding a name gains nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import httpcore
from httpcore import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream

from numbank.hooks.model import Failure
from numbank.hooks.networks import Address, parse_address, refused
from numbank.hooks.sips import Sips
from numbank.hooks.url import Rules

Lookup = Callable[[str, int], Awaitable[list[str]]]

# Addresses of one name that are tried; a name with more is somebody's joke.
MOST_ADDRESSES = 16
# So long an address may swallow what it gets while others wait: a network without a way to IPv6 still has names with both.
PATIENCE_S = 2.0


class Refused(Exception):  # noqa: N818  a no, told to the log of the endpoint
    """The connection was not made, and why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


class Resolver:
    """Looks names up in threads of its own: names that hang must not hold up what else uses threads.

    Callers who ask for the same name at once share one lookup.
    """

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="hook-dns")
        self._asked: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    async def __call__(self, host: str, port: int) -> list[str]:
        """The addresses of a name; Refused when it has none."""
        key = (host, port)
        asked = self._asked.get(key)
        if asked is None:
            asked = asyncio.get_running_loop().run_in_executor(self._threads, _addresses, host, port)
            self._asked[key] = asked
            asked.add_done_callback(lambda done: self._answered(key, done))
        # A caller whose time is over must not take the answer away from the others.
        return await asyncio.shield(asked)

    def _answered(self, key: tuple[str, int], done: asyncio.Future[list[str]]) -> None:
        self._asked.pop(key, None)
        if not done.cancelled():
            done.exception()  # looked at, so that nobody complains when all callers have gone

    def close(self) -> None:
        """Let go of the threads; a lookup that hangs ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused(Failure.NO_ADDRESS) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guard(AsyncNetworkBackend):
    """The network as webhooks see it (a backend of httpcore). `plain` is the backend behind it; an address that does not
    answer within `patience_s` is left for the next one."""

    def __init__(
        self, rules: Rules, lookup: Lookup, plain: AsyncNetworkBackend | None = None, *, patience_s: float = PATIENCE_S
    ) -> None:
        self._rules = rules
        self._lookup = lookup
        self._plain = plain or httpcore.AnyIOBackend()
        self._patience_s = patience_s

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to a checked address of a host; Refused when the port or any of its addresses must not be reached."""
        if not self._rules.port(port):
            raise Refused(Failure.REFUSED_ADDRESS)
        addresses = (await self._checked(host, port))[:MOST_ADDRESSES]
        error: Exception = Refused(Failure.NO_ADDRESS)
        for left, address in zip(range(len(addresses) - 1, -1, -1), addresses, strict=True):
            patience_s = self._patience_s if left else timeout
            try:
                return Sips(
                    await self._plain.connect_tcp(str(address), port, patience_s, local_address, socket_options)
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's signature
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Webhooks never go to sockets of this machine."""
        del path, timeout, socket_options
        raise Refused(Failure.REFUSED_ADDRESS)

    async def sleep(self, seconds: float) -> None:
        """Part of httpcore's port."""
        await asyncio.sleep(seconds)

    async def _checked(self, host: str, port: int) -> list[Address]:
        try:
            addresses = [parse_address(host)]
        except ValueError:
            # One address that must not be reached spoils the name: nobody knows which one would count.
            addresses = [parse_address(text) for text in await self._lookup(host, port)]
        if any(refused(address, self._rules.allowed) is not None for address in addresses):
            raise Refused(Failure.REFUSED_ADDRESS)
        return addresses
