"""What stands around the bank and is not the bank: suppliers that are asked, receivers of webhooks, senders of messages.

They answer late, twice, wrongly or never, as the seed says. Each keeps books of its own, and says so when the bank's words
do not fit them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from numbank.errors import Refusal
from numbank.hooks.model import Failure
from numbank.hooks.model import Outcome as Try
from numbank.intake.deliver import Intake
from numbank.messages.model import Incoming
from numbank.supply.asking import (
    AlreadyDone,
    Answer,
    Done,
    Held,
    NoStock,
    Outcome,
    Question,
    Refused,
    Rejected,
    Release,
    Unknown,
)
from tests.sim.memory import Sent, Wrong, code_of, text_of

if TYPE_CHECKING:
    from tests.sim.node import Node
    from tests.sim.world import World

FIRST_ASKED = 79_500_000_000


class AskedSupplier:
    """A supplier that has to be asked. `books`: what it gave under which reference, and what it was told of it."""

    def __init__(self, world: World, supplier_id: int) -> None:
        self.world = world
        self.id = supplier_id
        self.asked: set[int] = set()
        self.given: dict[str, int] = {}
        self.ended: dict[str, Outcome] = {}
        self._next = FIRST_ASKED + 100_000 * supplier_id

    def seen_by(self, node: Node) -> SeenBy:
        """The connector of one node."""
        return SeenBy(self, node)

    async def acquire(self, question: Question) -> Answer:
        """A number, late or not, right or wrong, or none."""
        world, chance = self.world, self.world.chance
        world.events += 1
        if question.acquisition_id in self.asked:
            raise Wrong(f"acquisition {question.acquisition_id} was asked for twice")
        self.asked.add(question.acquisition_id)
        what = chance.choices(("number", "none", "rejected", "breaks", "wrong"), (12, 2, 1, 1, 2))[0]
        answer: Answer = NoStock()
        if what in ("number", "wrong"):
            answer = self._give(question, is_wrong=what == "wrong")
            if chance.random() < 0.3:  # the message is quicker than the answer
                world.senders.send(answer.number, (question.service_id,), self.id, after_s=chance.choice((0.0, 0.5)))
        await asyncio.sleep(chance.choice((0.0, 0.0, 0.5, 0.5, 1.0, 4.0, 9.0, 40.0)))
        if what == "breaks":
            raise ConnectionResetError
        return Rejected("not sold") if what == "rejected" else answer

    def _give(self, question: Question, *, is_wrong: bool) -> Held:
        chance = self.world.chance
        self._next += 1
        number = self._next
        if is_wrong:
            number = chance.choice((*self.world.e164s[:5], 12, *(self.given.values())))
        elif self.given and chance.random() < 0.3:
            number = chance.choice(list(self.given.values()))  # one that it gave before
        reference = f"s{self.id}-{question.acquisition_id}"
        if is_wrong and self.given and chance.random() < 0.3:
            reference = chance.choice(list(self.given))  # two answers under one name
        self.given[reference] = number
        return Held(number, reference, 500)

    async def release(self, reference: str, outcome: Outcome) -> Release:
        """Told what became of a number; never two things of one."""
        world, chance = self.world, self.world.chance
        world.events += 1
        if reference not in self.given:
            raise Wrong(f"supplier {self.id} was told of {reference}, which it never gave")
        await asyncio.sleep(chance.choice((0.0, 0.0, 1.0, 30.0)) if world.stormy else 0.0)
        what = chance.random() if world.stormy else 1.0
        if what < 0.1:
            raise ConnectionResetError
        if what < 0.2:
            return chance.choice((Refused("not now"), Unknown()))
        before = self.ended.setdefault(reference, outcome)
        return Done() if before == outcome else AlreadyDone()


class SeenBy(msgspec.Struct, frozen=True):
    """A supplier as one node reaches it: a node that ended hears nothing."""

    supplier: AskedSupplier
    node: Any

    async def acquire(self, question: Question) -> Answer:
        answer: Answer = await self.node.alive(self._guard(self.supplier.acquire(question)))
        return answer

    async def release(self, reference: str, outcome: Outcome) -> Release:
        answer: Release = await self.node.alive(self._guard(self.supplier.release(reference, outcome)))
        return answer

    async def _guard(self, call: Any) -> Any:
        try:
            return await call
        except Wrong as wrong:
            self.supplier.world.fail(wrong)
            raise


class Receivers:
    """Customers' webhook endpoints. They fail, hang, answer late, or lose the answer after they took what came."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.seen: dict[str, int] = {}

    def poster(self, node: Node) -> Any:
        """The transport of one node's sender."""
        return Poster(self, node)

    async def receive(self, url: str, body: bytes, headers: Mapping[str, str]) -> Try:
        """One try, as hooks/post.py tells it."""
        world, chance = self.world, self.world.chance
        world.events += 1
        world.memory.told_by_hook(url, msgspec.json.decode(body))
        what = chance.random() if world.stormy else 1.0
        name = headers["webhook-id"]
        if what < 0.12:
            return Try(500, 5, Failure.STATUS)
        if what < 0.18:
            await asyncio.sleep(10.0)
            return Try(None, 10_000, Failure.TIMEOUT)
        if what < 0.24:
            await asyncio.sleep(8.0)  # late, but it counts
        self.seen[name] = self.seen.get(name, 0) + 1
        if 0.24 < what < 0.30:
            return Try(None, 5, Failure.CLOSED)  # taken, but the answer was lost
        world.memory.heard.add(int(name.removeprefix("msg_")))
        return Try(200, 5, None)


class Poster(msgspec.Struct, frozen=True):
    """What a sender posts through."""

    receivers: Receivers
    node: Any

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Try:
        try:
            outcome: Try = await self.node.alive(self.receivers.receive(url, body, headers))
        except Wrong as wrong:
            self.receivers.world.fail(wrong)
            raise
        return outcome


class Senders:
    """Sites that send messages to numbers. An agent repeats a message until it is acked; some repeat it anyway."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._count = 0
        self._foreign: list[str] = []
        self.open = 0

    def send(
        self, e164: int, services: tuple[int, ...], supplier_id: int, *, after_s: float, lease_id: int = 0
    ) -> None:
        """A message to a number, after a while; it names its service most of the time."""
        chance = self.world.chance
        self._count += 1
        code = code_of(self._count) if chance.random() < 0.8 else None
        text = text_of(code) if code else f"hello {self._count}"
        named = frozenset(services) if chance.random() < 0.7 else frozenset[int]()
        foreign = f"f{self._count}"
        if self._foreign and chance.random() < 0.05:
            foreign = chance.choice(self._foreign)  # an agent that counts from the start again
        self._foreign = [*self._foreign[-5:], foreign]
        sent = Sent(text, e164, named, code, lease_id)
        self.world.memory.sent[text] = sent
        incoming = Incoming(
            supplier_id, foreign, e164, "Site", text, code, 1.0, named, chance.random() < 0.5,
            service=next(iter(named), None),
        )  # fmt: skip
        for _ in range(1 if chance.random() < 0.8 else 2):
            self.open += 1
            self.world.act(self._push(sent, incoming, after_s), "message")

    async def _push(self, sent: Sent, incoming: Incoming, after_s: float) -> None:
        """Until it is acked."""
        world = self.world
        await asyncio.sleep(after_s)
        while True:
            answer = await world.call(lambda bank: bank.deliver.ask(incoming))
            if isinstance(answer, Intake):
                world.memory.acked(sent)
                break
            if isinstance(answer, Refusal) and type(answer).__name__ == "NotFound":
                break
            await asyncio.sleep(world.chance.choice((1.0, 5.0, 20.0)))
        self.open -= 1
        if world.stormy and world.chance.random() < 0.1:
            self.open += 1
            world.act(self._push(sent, incoming, world.chance.choice((1.0, 300.0, 2_000.0))), "again")
