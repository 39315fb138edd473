"""The long run of kills: nodes of one bank die under load, at named commits and at random moments, again and again."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from tests.conftest import prepare
from tests.fire import checks, points
from tests.fire import node as dying
from tests.fire.client import Line
from tests.fire.fleet import Fleet, Node
from tests.fire.load import Load
from tests.fire.postgres import Cluster, own_folder
from tests.fire.town import Town, build
from tests.hooks.receiver import Receiver, receiving

CUSTOMERS = 10
REACH_S = 3.0
# Until a worker that was killed is back at work.
START_S = 15.0
# One in so many kills is at a random moment.
RANDOM_SHARE = 0.2
# In so many of them the whole node dies; else a worker, which its supervisor replaces.
WHOLE_SHARE = 0.5
Say = Callable[[str], None]


class Stage(msgspec.Struct):
    """A bank of several nodes under load, and where its things are."""

    folder: Path
    dsn: str
    fleet: Fleet
    town: Town
    line: Line
    load: Load
    receiver: Receiver

    async def prove(self) -> None:
        """End the load and compare everything."""
        await self.load.end()
        await checks.prove(self.dsn, self.load, self.receiver.got, self.folder / "supplied")


@asynccontextmanager
async def stage(
    folder: Path,
    dsn: str,
    nodes: list[Node],
    *,
    seed: int,
    customers: int = CUSTOMERS,
    check_dsn: str = "",
    embedded: bool = False,
) -> AsyncIterator[Stage]:
    """Open a bank on a database, fill it, and let the customers begin. `check_dsn`: where it is looked into."""
    fleet = Fleet(folder, nodes)
    async with receiving() as receiver:
        try:
            if embedded:  # its database runs only while it does
                await asyncio.to_thread(nodes[0].start)
            else:
                await prepare(check_dsn or dsn)
            town = await build(check_dsn or dsn, folder, customers)
            for node in nodes:
                node.tell(**{dying.ASKED_ID: str(town.asked_id)})
            if embedded:
                await asyncio.to_thread(nodes[0].stop)
            await asyncio.to_thread(fleet.raise_the_dead)
            line = Line([f"http://127.0.0.1:{node.port}" for node in nodes])
            load = Load(line, town, [node.smtp_port for node in nodes], seed)
            for customer in town.customers:
                assert await line.hook(customer.key, receiver.url())
            load.start()
            yield Stage(folder, check_dsn or dsn, fleet, town, line, load, receiver)
            await asyncio.to_thread(fleet.stop)
            await line.close()
        finally:
            fleet.end()


@asynccontextmanager
async def separate(*, seed: int, nodes: int = 2, customers: int = CUSTOMERS) -> AsyncIterator[tuple[Stage, Cluster]]:
    """A bank on a PostgreSQL of its own that several nodes share."""
    folder = own_folder("numbank-fire-")
    cluster = Cluster(own_folder("numbank-fire-pg-"))
    try:
        await asyncio.to_thread(cluster.create)
        made = [Node(["--database-url", cluster.dsn], folder) for _ in range(nodes)]
        async with stage(folder, cluster.dsn, made, seed=seed, customers=customers) as opened:
            yield opened, cluster
    finally:
        cluster.remove()
        shutil.rmtree(folder, ignore_errors=True)


class Killer:
    """Kills by plan: all named moments in an order of chance, then again; a share at random moments."""

    def __init__(self, on: Stage, seed: int, say: Say = lambda _: None) -> None:
        self._stage = on
        self._chance = random.Random(seed)
        self._say = say
        self._plan: list[tuple[str, str]] = []
        self.hit: Counter[tuple[str, str]] = Counter()
        self.missed: Counter[tuple[str, str]] = Counter()
        self.at_random = 0
        self.slowest_start_s = 0.0

    @property
    def turns(self) -> int:
        """How often a customer was served from beginning to end."""
        return self._stage.load.turns

    @property
    def kills(self) -> int:
        """How many deaths there were."""
        return self.at_random + self.hit.total()

    async def kill(self) -> None:
        """One death and what follows it."""
        if self._chance.random() < RANDOM_SHARE:
            await asyncio.sleep(self._chance.random() * 0.2)
            await self._somebody()
        elif not await self._named():
            return
        took = await asyncio.to_thread(self._stage.fleet.raise_the_dead)
        self.slowest_start_s = max(took, self.slowest_start_s)
        if self._stage.load.broken:
            await self._stage.load.end()

    async def _somebody(self) -> None:
        node = self._chance.choice(self._stage.fleet.nodes)
        await asyncio.to_thread(node.kill if self._chance.random() < WHOLE_SHARE else node.kill_worker)
        self.at_random += 1

    async def _named(self) -> bool:
        """A death at the next named moment; False when nobody came by."""
        if not self._plan:
            self._plan = [(place, moment) for place in points.PASSED for moment in points.STAGES]
            self._chance.shuffle(self._plan)
        place, moment = self._plan.pop()
        fleet = self._stage.fleet
        fleet.order(
            place,
            moment,
            self._chance.randint(1, 3) if place.startswith("clerk-") else 1,
            "node" if self._chance.random() < WHOLE_SHARE else "worker",
        )
        at_start = place in points.AT_START
        if at_start:
            await asyncio.to_thread(self._chance.choice(fleet.nodes).kill_worker)
            self.at_random += 1
        hit = await asyncio.to_thread(fleet.carried_out, START_S if at_start else REACH_S) or not fleet.take_back()
        (self.hit if hit else self.missed)[place, moment] += 1
        self._say(f"{'killed at' if hit else 'nobody came by'} {place} {moment}")
        return hit or at_start


async def run(kills: int, seed: int, say: Say, *, until: float = float("inf")) -> Killer:
    """Kill until there were so many deaths or the time (monotonic) is over; proves everything at the end."""
    async with separate(seed=seed) as (on, _):
        killer = Killer(on, seed, say)
        while killer.kills < kills and time.monotonic() < until:
            await killer.kill()
        await on.prove()
    return killer
