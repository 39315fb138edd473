"""One simulated world: customers lease, messages come, clocks jump, nodes stop before their commit; then all is proved."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any
from uuid import UUID

import asyncpg

from numbank.activation.advance import AdvanceDesk
from numbank.activation.desk import LeaseDesk
from numbank.activation.model import AdvanceRequest, LeaseRequest
from numbank.activation.states import Event
from numbank.cli.verify import ALL
from numbank.clock import new_uuid
from numbank.customers import register
from numbank.db import checks
from numbank.db.counter import Again, Answers
from numbank.db.pool import HOT
from numbank.intake.deliver import DeliverDesk
from numbank.ledger import journal
from numbank.messages.model import Incoming
from numbank.supply import numbers
from numbank.supply.supplier import Suppliers
from tests.support import Shop

SERVICES = ("tg", "wa", "vk")
LIFE_S, WINDOW_S, COOL_DOWN_S, UNUSED_REST_S = 1200.0, 120.0, 120.0, 3600.0
EVENTS = (Event.READY, Event.AGAIN, Event.FINISH, Event.CANCEL)


class World:
    """State is in the database; this holds what chance needs to choose from."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record], seed: int) -> None:
        self.connection = connection
        self.random = Random(seed)
        self.suppliers = Suppliers()
        self.lease_desk = LeaseDesk(self.suppliers, operator_fallback=True, claim_pools=2)
        self.advance_desk = AdvanceDesk(
            self.suppliers, cool_down_s=COOL_DOWN_S, unused_rest_s=UNUSED_REST_S, unused_tries=2
        )
        self.deliver_desk = DeliverDesk(frozenset)
        self.offset_s = 0.0
        self.accounts: list[int] = []
        self.services: list[int] = []
        self.leases: list[tuple[int, int]] = []
        self.e164s: list[int] = []
        self.pushed: list[Incoming] = []
        self.log: list[str] = []

    async def build(self) -> None:
        """Three customers (one poor), three services, two pools of scarce numbers at two prices."""
        shop = Shop(self.connection)
        for balance in (100_000, 100_000, 2_500):
            async with self.connection.transaction():
                self.accounts.append((await register.add(self.connection, "sim", currency=840, balance=balance))[0])
        for operator, how_many in (("mts", self.random.randint(2, 6)), ("beeline", self.random.randint(1, 4))):
            first = 79_000_000_000 + 1_000 * len(self.e164s)
            self.e164s += await shop.numbers(how_many, operator=operator, first=first)
        await shop.offer(*SERVICES, price=1_000, operator="mts")
        await shop.offer(*SERVICES, price=self.random.choice((1_000, 1_500)), operator="beeline")
        await shop.offer("tg", price=0, country=1)
        self.services = [shop.catalogue.by_code[code].id for code in SERVICES]

    async def step(self) -> None:
        """One thing happens."""
        acts: tuple[tuple[int, Callable[[], Awaitable[None]]], ...] = (
            (6, self.lease), (6, self.deliver), (6, self.advance), (2, self.expire), (3, self.wake), (2, self.fold),
            (4, self.tick), (1, self.topup),
        )  # fmt: skip
        act = self.random.choices([act for _, act in acts], [weight for weight, _ in acts])[0]
        self.log.append(act.__name__)
        await act()

    async def run(self, serve: Callable[..., Awaitable[Answers[Any]]], requests: Sequence[Any]) -> Sequence[Any]:
        """A batch as the counter runs it; sometimes the node stops before the commit, and everything is undone."""
        results: Sequence[Any] = []
        left = list(requests)
        for _ in range(20):
            transaction = self.connection.transaction()
            await transaction.start()
            answers = await serve(self.connection, left)
            if not answers.keep or self.random.random() < 0.1:
                await transaction.rollback()
                if answers.keep:
                    return []
            else:
                await transaction.commit()
            results = [*results, *(one for one in answers.results if not isinstance(one, Again))]
            left = [one.request for one in answers.results if isinstance(one, Again)]
            if not left:
                return results
        raise AssertionError("a request asks again for ever")

    async def lease(self) -> None:
        chance = self.random
        orders = [UUID(int=chance.randrange(5)) if chance.random() < 0.3 else None for _ in range(4)]
        requests: dict[tuple[int, UUID] | int, LeaseRequest] = {}
        for turn in range(self.random.randint(1, 4)):
            account_id, order = self.random.choice(self.accounts), orders[turn]
            request = LeaseRequest(
                account_id, self.random.choice((0, 0, 0, 1)), self.random.choice(self.services), LIFE_S, WINDOW_S,
                max_price=self.random.choice((None, None, 500, 1_200)), order=order,
            )  # fmt: skip
            requests[(account_id, order) if order is not None else turn] = request
        for result in await self.run(self.lease_desk.serve, list(requests.values())):
            if hasattr(result, "e164"):
                self.leases.append((result.id, result.account_id))

    async def deliver(self) -> None:
        batch = []
        for _ in range(self.random.randint(1, 4)):
            if self.pushed and self.random.random() < 0.25:
                batch.append(self.random.choice(self.pushed))
                continue
            code = str(self.random.randrange(10_000, 99_999)) if self.random.random() < 0.7 else None
            named = frozenset({self.random.choice(self.services)}) if self.random.random() < 0.3 else frozenset[int]()
            e164 = self.random.choice([*self.e164s, 79_999_999_999])
            foreign_id = str(self.random.randrange(30))
            batch.append(
                Incoming(1, foreign_id, e164, "sim", f"text {code}", code, 1.0, named, self.random.random() < 0.3)
            )
        self.pushed += batch
        await self.run(self.deliver_desk.serve, batch)

    async def advance(self) -> None:
        if not self.leases:
            return
        chosen = {}
        for lease_id, owner in self.random.choices(self.leases[-12:], k=self.random.randint(1, 4)):
            account_id = owner if self.random.random() < 0.9 else self.random.choice(self.accounts)
            chosen[lease_id] = AdvanceRequest(lease_id, self.random.choice(EVENTS), account_id)
        await self.run(self.advance_desk.serve, list(chosen.values()))

    async def expire(self) -> None:
        rows = await self.connection.fetch(
            "select id from activation where state < 8 and due_at <= bank_now() order by id"
        )
        if rows:
            await self.run(self.advance_desk.serve, [AdvanceRequest(row[0], Event.EXPIRE) for row in rows])

    async def wake(self) -> None:
        async with self.connection.transaction():
            await numbers.wake(self.connection, await self.connection.fetchval("select bank_now()"), 100)

    async def fold(self) -> None:
        async with self.connection.transaction():
            await numbers.fold(self.connection)

    async def tick(self) -> None:
        """The clock moves on by seconds, minutes or hours."""
        self.offset_s += self.random.choice((10.0, 130.0, 700.0, 1_300.0, 4_000.0))
        await self.connection.execute("select set_config('numbank.clock_offset_s', $1, false)", str(self.offset_s))

    async def topup(self) -> None:
        async with self.connection.transaction():
            await journal.topup(self.connection, self.random.choice(self.accounts), 1_000, new_uuid())


async def simulate(dsn: str, seed: int, steps: int) -> None:
    """Run a world and prove everything after each step; an AssertionError names the seed that replays it."""
    connection = await asyncpg.connect(dsn, server_settings=HOT | {"idle_in_transaction_session_timeout": "0"})
    prover = await asyncpg.connect(dsn)
    try:
        await prover.execute(checks.SESSION)
        world = World(connection, seed)
        await world.build()
        for step in range(steps):
            await world.step()
            findings = await checks.prove_all(checks.Session(prover, checks.SLICE_ROWS), ALL)
            wrong = {finding.check: finding.examples for finding in findings if finding.differences}
            assert not wrong, f"seed {seed} step {step} {world.log[-5:]}: {wrong}"
    finally:
        await connection.close()
        await prover.close()
