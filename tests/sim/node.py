"""One simulated node: the bank's own counters, desks, sweeps, leasing and webhook sender, wired as in the server.

Only what touches the world outside is replaced: connections (database.py), suppliers and receivers (injected transports),
the key file, clocks and chance. `end` is a kill -9: nothing of the node runs on, not even what stands in a `finally`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock, patch
from zoneinfo import ZoneInfo

import structlog

from numbank import turns as turns_module
from numbank.clock import Chance
from numbank.db import commits as commits_module
from numbank.db import counter as counter_module
from numbank.db.counter import Watch
from numbank.hooks import sender as sender_module
from numbank.hooks.lanes import Lanes
from numbank.hooks.payload import Wording
from numbank.hooks.rentals import Endpoints
from numbank.hooks.sender import Sender
from numbank.hooks.url import Rules
from numbank.messages.habits import Habits
from numbank.messages.rules import CodeRules
from numbank.policy.policy import Policy
from numbank.server import bank as bank_module
from numbank.server import mailboxes as mailboxes_module
from numbank.server.asking import asking_workers, leasing
from numbank.server.background import workers
from numbank.server.bank import Bank
from numbank.server.mailboxes import mailbox_workers
from numbank.server.periodic import Periodic
from numbank.server.rent import rent_workers
from numbank.supply import claim
from numbank.supply.asking import AskedSuppliers
from numbank.supply.supplier import Suppliers
from tests.sim.database import Pool, Session

if TYPE_CHECKING:
    from tests.sim.world import World

# What is left out: it looks at statistics of the server, at wall clocks, or at nothing that is simulated.
LEFT_OUT = {
    "analyze",
    "lease-ids",
    "grow",
    "price-lists",
    "habits",
    "habits-read",
    "batch-marks",
    "lease-marks",
    "mail-certificate",
}
HOOKS_EVERY_S = 1.0

whose: ContextVar[Node] = ContextVar("whose")


class KeyFile:
    """Seals nothing: secrets are not what is simulated."""

    def open(self, sealed: bytes) -> str:
        return "whsec_" + "A" * 32

    def seal(self, _secret: str) -> bytes:
        return b"sealed"


class Seals:
    """A key file that is always there."""

    async def opener(self, _connection: object) -> KeyFile:
        return KeyFile()

    async def sealer(self, _connection: object) -> KeyFile:
        return KeyFile()

    async def trouble(self, _connection: object) -> None:
        return None


class Alarm(Watch):
    """A counter that meets a bug, or a request that poisons a batch, ends the world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def failed(self, counter: str, kind: str, error: BaseException | None) -> None:
        self._world.trace(f"{counter} {kind} {type(error).__name__}")
        if kind in ("bug", "poison"):
            self._world.fail(AssertionError(f"the counter {counter} met a {kind}: {error!r}"))


class SimBank(Bank):
    """The bank of one node, opened without sockets, files and threads."""

    def open(self, world: World, node: Node) -> None:
        """What `start` does, from what is shared by all nodes of this process."""
        pool: Any = Pool(world.gate, node)
        seals: Any = Seals()
        settings = self.settings
        self.pool, self.seals, self.catalogue = pool, seals, world.catalogue
        self.policy = Policy(settings)
        self.simulator = None
        self.endpoints = Endpoints(pool, seals, Rules(((443, 443),), ()), 10)
        self.suppliers = Suppliers()
        self.asked = AskedSuppliers(settings.supplier_hard_s)
        for supplier in world.asked:
            self.asked.register(supplier.id, supplier.seen_by(node))
        self.habits = Habits()
        self.code_rules = CodeRules(habits=self.habits)
        self._counters()
        self.leasing = leasing(self)
        self.mail = Mock()  # no mail server
        self.door = world.door  # reads messages again, for the look-back
        sender = Sender(
            pool, seals, world.receivers.poster(node), Wording(ZoneInfo("UTC"), "none"),
            Lanes(16, 8, 1.0, world.monotonic), timeout_s=settings.hook_timeout_s, poll_s=settings.hook_poll_s,
            disable_after=settings.hook_disable_after,
        )  # fmt: skip
        sender._chance = world.chance_of_bank
        self.sender = sender
        chosen = [*workers(self), *asking_workers(self), *mailbox_workers(self), *rent_workers(self)]
        self.background = [one for one in chosen if one.name not in LEFT_OUT | world.without]
        if world.hooked:
            self.background.append(Periodic("hooks", sender.step, HOOKS_EVERY_S))

    def begin(self) -> None:
        """Start clerks and workers."""
        for clerk in self._clerks:
            clerk.start()
        for worker in self.background:
            worker.start()


class Node:
    """A process of the bank. `dead` once it ended; a new one takes its place later."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.dead = False
        self.bank = SimBank(world.settings, Alarm(world))
        self._context = copy_context()
        self._context.run(whose.set, self)
        self.skew_s = 0.0
        with patched(self):
            self.bank.open(world, self)
        self._context.run(self.bank.begin)

    def jump(self, seconds: float) -> None:
        """Its own clock jumps; the database's does not."""
        self.skew_s += seconds

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Something that this node does for somebody."""
        return asyncio.get_running_loop().create_task(work, context=self._context)

    async def alive(self, answer: Awaitable[Any]) -> Any:
        """What comes from outside; a node that ended meanwhile never hears it."""
        result = await answer
        if self.dead:
            await asyncio.get_running_loop().create_future()
        return result


class patched:  # noqa: N801  used like a function
    """While a node is made: its counters open sessions of the simulation."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def __enter__(self) -> None:
        chance = self._node.world.chance
        self._patches: list[Any] = [
            patch.object(bank_module, "connector", self._connector),
            patch.object(mailboxes_module, "Chance", lambda: Chance(chance.randrange(2**32))),
        ]
        for one in self._patches:
            one.start()

    def _connector(self, _dsn: str, _timeout_s: float) -> Callable[[], Awaitable[Any]]:
        async def open_one() -> Any:
            return Session(self._node.world.gate, self._node, "clerk")

        return open_one

    def __exit__(self, *_: object) -> None:
        for one in self._patches:
            one.stop()


@contextmanager
def installed(world: World) -> Iterator[None]:
    """Time, chance and ids of the bank's modules are this world's; afterwards everything is as it was."""

    def monotonic() -> float:
        return world.loop.time() + whose.get().skew_s

    logging = structlog.get_config()
    structlog.configure(processors=[_drop], cache_logger_on_first_use=False)
    try:
        with (
            patch.object(counter_module, "monotonic", monotonic),
            patch.object(sender_module, "monotonic", monotonic),
            patch.object(turns_module, "perf_counter", monotonic),
            patch.object(counter_module, "new_uuid", world.new_uuid),
            patch.object(commits_module, "new_uuid", world.new_uuid),
            patch.object(claim, "_chance", Chance(world.chance.randrange(2**32))),
        ):
            yield
    finally:
        structlog.configure(**logging)


def _drop(_logger: object, _name: str, _event: Any) -> Any:
    """What the bank logs in a world is of no interest; what would be an alarm comes from `Alarm`."""
    raise structlog.DropEvent
