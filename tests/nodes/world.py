"""Two to four `numbank serve` on one database, customers who ask all of them at once, and an agent that pushes."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from numbank.catalogue import edit
from numbank.cli.verify import ALL
from numbank.db.checks import run
from numbank.db.pool import connect
from numbank.suppliers.agent import keys as agents
from numbank.supply.numbers import FORWARD, RENT, SMS
from tests.fire.fleet import SETTINGS
from tests.rent.support import terms
from tests.server.live import Live
from tests.support import Shop

ALL_KINDS = SMS | FORWARD | RENT
PRICE = 1_000
# A client waits longer than the longest that a node is frozen here (60 s).
PATIENCE_S = 120.0
_countries = count(100)
_messages = count(1)


class Node(Live):
    """A node that can be frozen: its processes get no time, its connections stay open."""

    def freeze(self) -> None:
        """SIGSTOP to all of its processes."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT to all of them."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGCONT)

    @property
    def base(self) -> str:
        """Where its paths begin."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def started(nodes: Sequence[Node]) -> Iterator[Sequence[Node]]:
    """Start nodes side by side; stop those that still run."""
    try:
        with ThreadPoolExecutor(len(nodes)) as threads:
            list(threads.map(Node.start, nodes))
        yield nodes
    finally:
        for node in nodes:
            if node.process is not None and node.process.poll() is None:
                node.thaw()
                node.process.send_signal(signal.SIGTERM)
        for node in nodes:
            if node.process is not None:
                node.process.wait(60)


@asynccontextmanager
async def beside(*nodes: Node) -> AsyncIterator[Sequence[Node]]:
    """The same while others of this loop go on."""
    running = started(nodes)
    yield await asyncio.to_thread(running.__enter__)
    await asyncio.to_thread(running.__exit__, None, None, None)


class World:
    """The nodes, a shop to fill their bank, an agent whose numbers they lend, and a client for each node."""

    def __init__(self, nodes: Sequence[Node], shop: Shop, dsn: str, agent_key: str) -> None:
        self.nodes, self.shop, self.dsn, self.agent_key = nodes, shop, dsn, agent_key
        limits = httpx.Limits(max_connections=48, max_keepalive_connections=48)
        self._clients = [httpx.AsyncClient(base_url=node.base, timeout=PATIENCE_S, limits=limits) for node in nodes]

    @property
    def db(self) -> asyncpg.Connection[asyncpg.Record]:
        return self.shop.connection

    async def country(self) -> int:
        """A country of its own for one test, in which everything can be had."""
        country = next(_countries)
        await self.shop.catalogue.load(self.db)  # type: ignore[arg-type]
        while country not in self.shop.catalogue.countries:
            country = next(_countries)
        async with self.db.transaction():
            await edit.country(self.db, country, visible=True, retry=True, multi_service=True)
        await terms(self.shop, "full", country=country)
        return country

    async def stock(self, numbers: int, *services: str, country: int) -> list[int]:
        """Numbers of the agent and prices for services, known to all nodes."""
        found = await self.shop.numbers(numbers, country=country, supplier="modem", abilities=ALL_KINDS)
        await self.shop.offer(*services, country=country, supplier="modem", price=PRICE)
        await self.shop.counted()
        await asyncio.sleep(0.6)  # the catalogue's version is polled every 250 ms
        return found

    async def ask(self, node: int, key: str, action: str, **params: object) -> str:
        """One call to one node (their numbers go round)."""
        fields = {"api_key": key, "action": action} | {name: str(value) for name, value in params.items()}
        answer = await self._clients[node % len(self._clients)].get("/stubs/handler_api.php", params=fields)
        return answer.text

    async def lease(self, node: int, key: str, service: str, country: int, **params: object) -> tuple[int, int]:
        """A lease that must be had; id and number."""
        answer = await self.ask(node, key, "getNumber", service=service, country=country, **params)
        word, _, rest = answer.partition(":")
        assert word == "ACCESS_NUMBER", answer
        lease_id, e164 = rest.split(":")
        return int(lease_id), int(e164)

    async def push(self, node: int, e164: int, text: str, sms_id: object = None) -> str:
        """A message of the agent at one node; the answer."""
        body = {
            "action": "PUSH_SMS", "key": self.agent_key, "smsId": sms_id or f"own-{next(_messages)}", "phone": e164,
            "phoneFrom": "Service", "text": text,
        }  # fmt: skip
        return (await self._clients[node % len(self._clients)].post("/agent/api/sms", json=body)).text

    async def hook(self, key: str, url: str, node: int = 0) -> int:
        """A new webhook of a customer; its id."""
        answer = await self._clients[node].post("/v1/hooks", json={"url": url}, headers={"X-API-Key": key})
        assert answer.status_code == 201, answer.text
        made: int = answer.json()["hook"]["id"]
        return made

    async def ready(self, node: int) -> tuple[int, str]:
        """What /readyz of a node says."""
        answer = await self._clients[node].get("/readyz")
        return answer.status_code, answer.text

    async def proved(self) -> None:
        """Everything that `numbank verify` proves holds."""

        async def open_one() -> Any:
            return await connect(self.dsn, hot=False, command_timeout_s=60)

        wrong = {one.check: one.examples for one in await run(open_one, ALL) if one.differences}
        assert not wrong, wrong

    async def close(self) -> None:
        """Hang up."""
        await asyncio.gather(*(client.aclose() for client in self._clients))


def environment(folder: Path) -> dict[str, str]:
    """What all nodes of a bank have in common."""
    shared = {f"NUMBANK_{name}": value for name, value in SETTINGS.items() if not name.startswith("SMTP")}
    return shared | {"NUMBANK_SECRETS_FILE": str(folder / "secrets.key")}


@asynccontextmanager
async def world(dsn: str, how_many: int, **more: str) -> AsyncIterator[World]:
    """Nodes on this database for as long as this lasts."""
    with tempfile.TemporaryDirectory(prefix="numbank-nodes-") as name:
        folder = Path(name)
        connection = await asyncpg.connect(dsn)
        async with connection.transaction():
            agent_key = await agents.add(connection, "modem")
        nodes = [Node(["--database-url", dsn], **(environment(folder) | more)) for _ in range(how_many)]
        with started(nodes):
            here = World(nodes, Shop(connection), dsn, agent_key)
            try:
                yield here
            finally:
                await here.close()
                await connection.close()
