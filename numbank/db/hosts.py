"""Reaching the one server that may be written to, of the several that an address names: after a fail-over it is another.

asyncpg tries the hosts of an address one after the other within one time limit, so that a host that is switched off
takes all of it. Here each has its own limit, and the next begins before the first has failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import asyncpg

if TYPE_CHECKING:
    Opening = asyncio.Task[asyncpg.Connection[asyncpg.Record]]

# A host that answers needs less; after this the next is tried beside it.
NEXT_S = 0.25
ATTRIBUTE = "target_session_attrs"
DEFAULT_PORT = 5432

# The host that took us last, by address: most likely it still is the one.
_last: dict[str, tuple[str, int]] = {}


def hosts_of(dsn: str) -> list[tuple[str, int]]:
    """Host and port of each of several servers that a URL names; empty when it names one, or none. ValueError: no port."""
    url = urlsplit(dsn)
    query = parse_qs(url.query)
    listed = url.netloc.rpartition("@")[2].split(",")
    if listed == [""]:
        listed = ",".join(query.get("host", [])).split(",")
    ports = ",".join(query.get("port", [])).split(",")
    if len(listed) < 2:  # the driver does well with one
        return []
    hosts = []
    for turn, one in enumerate(listed):
        name, colon, port = one.rpartition(":")
        if not colon or one.endswith("]"):
            name, port = one, ports[turn] if len(ports) == len(listed) else ports[0]
        hosts.append((name.strip("[]"), int(port or DEFAULT_PORT)))
    return hosts


async def reach(dsn: str, *, host_s: float, **options: Any) -> asyncpg.Connection[asyncpg.Record]:
    """A connection to the server of an address that takes writes, unless the address names other attributes itself.

    A host that does not answer for `host_s` seconds is away. Raises what the host says when there is one, and what the last
    one says when none of several can be had.
    """
    if ATTRIBUTE not in dsn:
        options[ATTRIBUTE] = "read-write"
    hosts = hosts_of(dsn)
    if not hosts:
        return await asyncpg.connect(dsn, timeout=host_s, **options)
    hosts.sort(key=lambda host: host != _last.get(dsn))
    running: dict[Opening, tuple[str, int]] = {}
    failed: BaseException | None = None
    try:
        for turn, (name, port) in enumerate(hosts, 1):
            opening = asyncpg.connect(dsn, host=name, port=port, timeout=host_s, **options)
            running[asyncio.ensure_future(opening)] = (name, port)
            while running:
                wait_s = NEXT_S if turn < len(hosts) else None
                ended, _ = await asyncio.wait(running, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
                for task in ended:
                    host = running.pop(task)
                    failed = task.exception()
                    if failed is None:
                        _last[dsn] = host
                        return task.result()
                if turn < len(hosts):
                    break
    finally:
        await _give_up(running)
    assert failed is not None  # noqa: S101  there were hosts, and each of them failed
    raise failed


async def _give_up(running: Iterable[Opening]) -> None:
    """Nobody waits for these any more; one that has just been opened is closed."""
    for task in running:
        task.cancel()
    for opened in await asyncio.gather(*running, return_exceptions=True):
        if isinstance(opened, asyncpg.Connection):
            opened.terminate()
