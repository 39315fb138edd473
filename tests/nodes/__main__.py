"""`python -m tests.nodes --leases 1000000`: a rolling upgrade and proofs on a bank with as many leases, under load."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import asyncpg
import msgspec

from bench.grown_fill import fill_grown
from numbank.catalogue import offers
from numbank.db.embedded import EmbeddedServer
from numbank.suppliers.agent import keys as agents
from tests.nodes.rolling import Newer, Told, lives
from tests.nodes.world import Node, World, environment, started
from tests.server.live import NUMBANK
from tests.support import Shop

CLIENTS = 4
CALM_S = 5.0
COUNTRY = 43
T = TypeVar("T")


def say(text: str) -> None:
    """One line now."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def _felt(told: Told, what: str, act: Callable[[], Awaitable[T]]) -> T:
    """Do something, and say what customers felt meanwhile."""
    since = time.monotonic()
    done = await act()
    until = time.monotonic()
    count = sum(since <= at <= until for at, _ in told.took)
    say(
        f"{what}: {until - since:.1f} s, {count} answers, p99 {told.p99_ms(since, until):.0f} ms,"
        f" slowest {told.slowest_ms(since, until):.0f} ms, {len(told.wrong)} refused or wrong so far {told.wrong[:3]}"
    )
    return done


async def _verified(dsn: str) -> None:
    began = time.monotonic()
    verify = await asyncio.create_subprocess_exec(NUMBANK, "verify", "--json", "--database-url", dsn, stdout=PIPE)
    found = msgspec.json.decode((await verify.communicate())[0])
    slow = sorted(found["checks"], key=lambda one: -one["seconds"])[:6]
    named = ", ".join(f"{one['check']} {one['seconds']:.1f} s of {one['looked_at']}" for one in slow)
    say(f"verify took {time.monotonic() - began:.1f} s; slowest: {named}")
    if not found["clean"]:
        raise SystemExit(f"differences: {[one for one in found['checks'] if one['differences']]}")


async def _upgrade(
    dsn: str, folder: Path, nodes: list[Node], agent_key: str, connection: asyncpg.Connection[asyncpg.Record]
) -> Told:
    here = World(nodes, Shop(connection), dsn, agent_key)
    await here.stock(50_000, "tg", country=COUNTRY)
    told, over = Told(), asyncio.Event()
    keys = [(await here.shop.customer(10**10))[1] for _ in range(CLIENTS)]
    clients = [asyncio.create_task(lives(here, node, key, COUNTRY, told, over)) for node in (0, 1) for key in keys]
    await _felt(told, "two nodes, nothing else", lambda: asyncio.sleep(CALM_S))
    await _felt(told, "verify while serving", lambda: _verified(dsn))
    with tempfile.TemporaryDirectory() as name:
        newer = Newer(Path(name))
        say(await _felt(told, "migrations under load", lambda: newer.migrate(dsn)))
        fresh = newer.node(dsn, **environment(folder))
        await _felt(told, "a new node starts beside them", lambda: asyncio.to_thread(fresh.start))
        await _felt(told, "old and new side by side", lambda: asyncio.sleep(CALM_S))
        over.set()
        await asyncio.gather(*clients)
        await asyncio.to_thread(fresh.stop)
    await here.close()
    return told


async def _connected(dsn: str) -> tuple[asyncpg.Connection[asyncpg.Record], str]:
    connection = await asyncpg.connect(dsn)
    async with connection.transaction():
        agent_key = await agents.add(connection, "modem")
        await offers.operator(connection, COUNTRY, "any")
    return connection, agent_key


async def run(dsn: str, folder: Path) -> Told:
    """The proof alone, then under load, then the upgrade."""
    await _verified(dsn)
    connection, agent_key = await _connected(dsn)
    nodes = [Node(["--database-url", dsn], **environment(folder)) for _ in range(2)]
    with started(nodes):
        told = await _upgrade(dsn, folder, nodes, agent_key, connection)
    await connection.close()
    await _verified(dsn)
    return told


def main() -> None:
    """Fill a bank in a folder if there is none, and play."""
    parser = argparse.ArgumentParser(prog="python -m tests.nodes", description=__doc__)
    parser.add_argument("--leases", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the bank is kept; of no use after the upgrade")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="numbank-rolling-") as name:
        folder = given.folder or Path(name)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        filled = folder / "filled"
        if not filled.exists():
            with EmbeddedServer.start(folder / "data", lambda _: None, durable=False, shared_buffers="1GB") as server:
                asyncio.run(fill_grown(server.dsn, given.leases, 20_000_000, say))
            filled.touch()
        with EmbeddedServer.start(folder / "data", lambda _: None, durable=True) as server:
            told = asyncio.run(run(server.dsn, folder))
    if told.wrong:
        raise SystemExit(f"{len(told.wrong)} were refused or wrong: {told.wrong[:10]}")


if __name__ == "__main__":
    main()
