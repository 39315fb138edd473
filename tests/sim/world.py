"""One simulated world: nodes of a bank on one database, and everything around them, under one seed.

Simulated: time, chance, ids, the order of all statements of all nodes, connections that break (also during COMMIT), nodes
that end between any two statements and come again, suppliers, receivers, senders, customers.

Real: the bank's counters, desks,
rules, leasing, sweeps, outboxes and sender, their SQL, and PostgreSQL with its locks. Left out: HTTP and the wire, keys,
reading codes in texts, mail servers, voice, the machine's files, and PostgreSQL's own crashes (tests/fire has those).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from numbank.activation.views import Views
from numbank.catalogue.catalogue import Catalogue
from numbank.cli.verify import ALL
from numbank.clock import Chance
from numbank.codes.decide import Found
from numbank.db import checks
from numbank.messages.model import Incoming, Read
from numbank.settings import Settings, load
from tests.sim.checks import Checker
from tests.sim.customers import Customer
from tests.sim.gate import Gate, Odds
from tests.sim.line import Line
from tests.sim.loop import VirtualLoop
from tests.sim.memory import Memory, Wrong
from tests.sim.node import Node, installed
from tests.sim.others import Operator, Renter, Writer
from tests.sim.outside import AskedSupplier, Receivers, Senders
from tests.sim.stock import EPOCH, OWN, Town
from tests.sim.trace import Trace

TICK_S = 120.0
RENTERS = 3
"""Of each account that rents."""
UNSETTLED = """
select exists (select from activation where state < 8) or exists (select from delivery where state = 0)
  or exists (select from acquisition where state in (0, 1, 4)) or exists (select from rent where state < 8)
  or exists (select from mailbox where state < 8) or exists (select from number where state in (1, 2))
"""
OPTIONS: dict[str, object] = {
    "sweep_every_s": 300.0, "stock_fold_s": 700.0, "statistics_fold_s": 1_500.0, "hook_poll_s": 110.0, "cashback_bp": 250,
    "queue_deadline_s": 60.0, "activation_life_s": 1200.0, "mailbox_early_cancel_s": 60.0, "operator_fallback": True,
    "additional_service_prices": "840=0.05",
}  # fmt: skip


class Plan(msgspec.Struct, frozen=True):
    """How long a world is, and what is in it. Which parts a seed has is drawn, so that some worlds are about few things."""

    ticks: int = 3
    sessions: int = 104
    nodes: int = 2


def _ring(heard: asyncio.Future[None]) -> None:
    if not heard.done():
        heard.set_result(None)


class Door:
    """Reads messages again, for the look-back: the world knows what it sent."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def read(self, message: Incoming) -> Read:
        sent = self._world.memory.sent[message.text]
        return Read(Found(sent.code, 1.0 if sent.code else 0.0), sent.services, next(iter(sent.services), None))


class World:
    """Everything of one seed."""

    tick_s = TICK_S

    def __init__(self, seed: int, plan: Plan, town: Town, catalogue: Catalogue, loop: VirtualLoop) -> None:
        self.seed, self.plan, self.town, self.catalogue, self.loop = seed, plan, town, catalogue, loop
        self.chance = Random(seed)
        self.chance_of_bank = Chance(seed)
        self.trace = Trace()
        self.trace.now = loop.time
        self.memory = Memory()
        self.memory.accounts_of_urls = dict(town.urls)
        self.services, self.e164s = town.services, town.e164s
        self.settings: Settings = load({}, database_url="postgresql://sim", **OPTIONS)
        self.events = 0
        self.stormy = True
        self.jumped_s = 0.0
        self._said = -1.0, ""
        self.nodes: list[Node] = []
        self.made = 0
        self.broken: BaseException | None = None
        self._ended = asyncio.Event()
        self.gate: Gate = None  # type: ignore[assignment]  # made when it begins
        self.door: Any = Door(self)
        self._draw()
        self.senders = Senders(self)
        self.receivers = Receivers(self)
        self.asked = [AskedSupplier(self, id_) for id_ in town.asked] if self.asking else []

    def _draw(self) -> None:
        """Which parts this world has, and how bad its weather is."""
        chance = self.chance

        def has(share: float) -> bool:
            return chance.random() < share

        self.asking, self.hooked, self.multi, self.renewing = has(0.5), has(0.5), has(0.5), has(0.5)
        self.renting, self.mailing, self.operating = has(0.35), has(0.35), has(0.5)
        self.max_live = chance.choice((0, 0, 0, 4))
        self.without = set()
        if not self.asking:
            self.without |= {"release", "unanswered"}
        if not self.renting:
            self.without |= {"expire-rents", "expire-rents-stuck"}
        if not self.mailing:
            self.without |= {"mailbox-expire", "mailbox-expire-stuck", "mail-rest"}
        self.odds = Odds(
            *(share * chance.choice((0.0, 1.0, 3.0)) for share in (0.0003, 0.0004, 0.0006, 0.008, 0.015, 0.003))
        )

    # what actors use

    @property
    def now(self) -> str:
        """The bank's time, as the database gets it."""
        at_s = self.loop.time() + self.jumped_s
        if at_s != self._said[0]:
            self._said = at_s, (EPOCH + timedelta(seconds=at_s)).isoformat()
        return self._said[1]

    def monotonic(self) -> float:
        return self.loop.time()

    def new_uuid(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128), version=4)

    def supplier_of(self, e164: int) -> int:
        """Who sends the messages of a number."""
        return OWN if e164 < 79_500_000_000 or not self.asked else (e164 - 79_500_000_000) // 100_000

    async def next_tick(self) -> None:
        """Everybody acts at the same moments, so that there are batches."""
        now = self.loop.time()
        # The loop calls a timer that is due within a nanosecond, so it may be a little before a tick when a tick is now.
        await asyncio.sleep(((now + 0.001) // TICK_S + 1) * TICK_S - now)

    def act(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Somebody outside does something."""

        async def acted() -> None:
            try:
                await work
            except Exception as error:
                self.fail(error)

        self.loop.create_task(acted(), name=name)

    async def call(self, make: Callable[[Any], Awaitable[Any]], patience_s: float = 45.0) -> Any:
        """A request over the network to one of the nodes; None: nothing was heard of it."""
        self.events += 1
        alive = [node for node in self.nodes if not node.dead]
        if not alive:
            await asyncio.sleep(5.0)
            return None
        node = self.chance.choice(alive)

        async def asked() -> Any:
            return await make(node.bank)

        task = node.spawn(asked())
        heard = self.loop.create_future()
        patience = self.loop.call_later(patience_s, _ring, heard)
        task.add_done_callback(lambda _: _ring(heard))
        await heard
        patience.cancel()
        if not task.done() or (self.stormy and self.chance.random() < 0.02):
            return None
        return task.result()

    async def live_of(self, bank: Any, account_id: int) -> Any:
        """The list of what an account has."""
        try:
            return await Views(bank.pool).live(account_id)
        except Exception as error:
            if isinstance(error, AssertionError):
                raise
            return None

    def fail(self, error: BaseException) -> None:
        """The world is wrong: it ends here."""
        if self.broken is None:
            self.broken = error
            self.trace(f"WRONG {error}")
        self._ended.set()

    # nodes

    def start_node(self) -> None:
        """One more node of the bank."""
        self.made += 1
        self.trace(f"node n{self.made} starts")
        self.nodes.append(Node(self, f"n{self.made}"))

    def stop_node(self, node: Node) -> None:
        """A node ends at once; another takes its place after a while."""
        node.dead = True
        self.nodes.remove(node)
        self.gate.forget(node)
        after_s = self.chance.choice((1.0, 20.0, 200.0))
        self.loop.call_later(after_s, self.start_node)

    def _after(self) -> None:
        self.checker.look(calm=self.gate.calm)

    # the run

    async def run(self, lines: list[Line], observer: Line) -> None:
        """All of it; raises what is wrong."""
        with installed(self):
            await self._run(lines, observer)
        self._prove(observer)

    async def _run(self, lines: list[Line], observer: Line) -> None:
        self.observer = observer
        self.checker = Checker(observer, self.memory)
        self.gate = Gate(self.loop, self.chance, self.trace, lines, observer)
        self.gate.clock = lambda: self.now
        self.gate.stop_node = self.stop_node
        self.gate.after = self._after
        self.gate.fail = self.fail
        if not self.hooked:
            observer.execute("delete from hook")
        try:
            for _ in range(self.plan.nodes):
                self.start_node()
            self.gate.odds = self.odds
            self._people()
            await self._until(self.plan.ticks * TICK_S)
            await self._calm_down()
        finally:
            self.gate.close()

    def _people(self) -> None:
        for account_id in self.town.accounts:
            for _ in range(self.plan.sessions):
                self.act(Customer(self, account_id).live(), "customer")
        if self.renting:
            for account_id in self.town.accounts[:4] * RENTERS:
                self.act(Renter(self, account_id).live(), "renter")
        if self.mailing:
            for account_id in self.town.accounts[:4]:
                self.act(Writer(self, account_id).live(), "writer")
        self.act(Operator(self).live(), "operator")

    async def _until(self, at_s: float) -> None:
        """Let time pass, unless something is wrong."""
        try:
            await asyncio.wait_for(self._ended.wait(), at_s - self.loop.time())
        except TimeoutError:
            return
        raise self.broken or AssertionError("ended without a reason")

    async def _calm_down(self) -> None:
        """Nothing goes wrong any more, nobody begins anything; everything that is due happens."""
        self.stormy = False
        self.gate.odds = Odds()
        self.trace("calm")
        self.checker.compare()
        for task in self.loop.unfinished:
            if task.get_name() in ("customer", "renter", "writer", "operator"):
                task.cancel()
        for turn in range(20):
            await self._until(self.loop.time() + 310.0)
            self.jumped_s += 4_000.0 * (1 + turn)
            if self.senders.open == 0 and self.gate.quiet and self._settled():
                self.checker.compare()
                return
        raise Wrong(f"after a long time {self.senders.open} messages are not acked, or something is still due")

    def _settled(self) -> bool:
        """Whether nothing is due any more: no live lease, no delivery, no release, no movement to fold."""
        return not self.observer.fetchval(UNSETTLED)

    def _prove(self, prover: Line) -> None:
        prover.execute(f"set sim.now = '{self.now}'")
        empty = {"software"} | ({"rent"} if not self.renting else set()) | ({"mailbox"} if not self.mailing else set())
        looked = [one for one in ALL if one.name.split(".")[0] not in empty]  # of what no row can be there
        findings = prover.ask(checks.prove_all(checks.Session(prover.connection, checks.SLICE_ROWS), looked))
        wrong = {finding.check: finding.examples for finding in findings if finding.differences}
        if wrong:
            raise Wrong(str(wrong))
        for row in prover.fetch("select id, state from delivery where state = 2 or state = 0"):
            if row["state"] == 0:
                raise Wrong(f"delivery {row['id']} is still due after everything")
        heard = {row[0] for row in prover.fetch("select id from delivery where state = 1")}
        if not heard <= self.memory.heard:
            raise Wrong(f"deliveries {sorted(heard - self.memory.heard)[:5]} count as delivered, and nobody said so")
