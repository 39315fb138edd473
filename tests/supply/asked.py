"""A supplier that has to be asked, played by a script; and a bank in which customers meet it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import asyncpg

from numbank.cli.verify import ALL
from numbank.db import checks
from numbank.intake.deliver import Intake
from numbank.intake.door import Arrival
from numbank.server.app import App
from numbank.supply.asking import Answer, Done, Held, NoStock, Outcome, Question, Release
from tests.support import PRICE, Caller, Shop, open_bank, until

# Deadlines that no loaded machine misses, and for those who wait for them short ones.
PATIENT: dict[str, object] = {"supplier_soft_s": 10, "supplier_hard_s": 20}
HASTY: dict[str, object] = {
    "supplier_soft_s": 0.4, "supplier_hard_s": 1.2, "supplier_margin_s": 0.1, "release_first_s": 0.01,
}  # fmt: skip
LATE_S = 0.8  # an answer between the two deadlines
QUICK: dict[str, object] = {"early_cancel_s": 0, "cool_down_s": 0, "unused_rest_s": 0}

Step = Answer | BaseException | Callable[[Question], Awaitable[Answer]]

_countries = count(1)
_numbers = count(79_250_000_000)


def number() -> int:
    """A telephone number that nobody has seen."""
    return next(_numbers)


def held(e164: int | None = None, reference: str | None = None) -> Held:
    """An answer with a number."""
    e164 = e164 or number()
    return Held(e164, reference or f"ref-{e164}", 500)


def later(seconds: float, answer: Answer) -> Callable[[Question], Awaitable[Answer]]:
    """An answer that takes its time."""

    async def slow(question: Question) -> Answer:
        await asyncio.sleep(seconds)
        return answer

    return slow


class Played:
    """Answers by its script, then with NoStock; remembers what it was asked and told."""

    def __init__(self, *script: Step, releases: tuple[Release | BaseException, ...] = ()) -> None:
        self.script = list(script)
        self.answers_to_release = list(releases)
        self.asked: list[Question] = []
        self.told: list[tuple[str, Outcome]] = []

    async def acquire(self, question: Question) -> Answer:
        self.asked.append(question)
        step: Step = self.script.pop(0) if self.script else NoStock()
        if isinstance(step, BaseException):
            raise step
        return await step(question) if callable(step) else step

    async def release(self, reference: str, outcome: Outcome) -> Release:
        self.told.append((reference, outcome))
        answer = self.answers_to_release.pop(0) if self.answers_to_release else Done()
        if isinstance(answer, BaseException):
            raise answer
        return answer


class Market:
    """One country of a bank, with suppliers that have to be asked and a customer.

    `multi_service`: the next country in which several services on one number are sold, which they are not in all.
    """

    def __init__(self, app: App, shop: Shop, *, multi_service: bool = False) -> None:
        self.app = app
        self.shop = shop
        countries = app.bank.catalogue.countries
        self.country = next(one for one in _countries if countries[one].multi_service or not multi_service)
        self.customer_id = 0

    async def customer(self) -> Caller:
        """A customer of this market."""
        self.customer_id, key = await self.shop.customer()
        return Caller(self.app, key)

    async def supplier(self, played: Played, *, price: int = PRICE, service: str = "tg", register: bool = True) -> int:
        """Open a supplier that offers a service here; its id."""
        name = f"asked-{self.country}-{number()}"
        supplier_id: int = await self.shop.connection.fetchval(
            "insert into supplier (name, kind, asked) values ($1, 'played', true) returning id", name
        )
        await self.shop.offer(service, country=self.country, price=price, supplier=name)
        if register:
            self.app.bank.asked.register(supplier_id, played)
        return supplier_id

    async def acquisitions(self, supplier_id: int) -> list[asyncpg.Record]:
        """What a supplier was asked for, oldest first."""
        return await self.shop.connection.fetch(
            "select * from acquisition where supplier_id = $1 order by id", supplier_id
        )

    async def states(self, supplier_id: int) -> list[int]:
        """The states of a supplier's acquisitions."""
        return [row["state"] for row in await self.acquisitions(supplier_id)]

    async def becomes(self, supplier_id: int, *states: int) -> None:
        """Wait until a supplier's acquisitions are in these states."""

        async def reached() -> bool:
            return await self.states(supplier_id) == list(states)

        await until(reached)

    async def push(self, supplier_id: int, e164: int, text: str, *, own_only: bool = True) -> Any:
        """A supplier's message comes in."""
        return await self.app.bank.door.take(Arrival(supplier_id, f"sms-{number()}", e164, "Service", text, own_only))

    async def pushed(self, supplier_id: int, e164: int, text: str) -> None:
        """A supplier's message that must be kept."""
        assert await self.push(supplier_id, e164, text) is Intake.STORED


@asynccontextmanager
async def open_market(dsn: str, **changes: object) -> AsyncIterator[Market]:
    """A bank with one market, `changes` to its settings or `multi_service`; when it closes, its books are proved."""
    multi_service = bool(changes.pop("multi_service", False))
    async with open_bank(dsn, **(QUICK | PATIENT | changes)) as (app, shop):
        yield Market(app, shop, multi_service=multi_service)
    await prove(dsn)


async def prove(dsn: str) -> None:
    """The books and the stock must be right."""

    async def connect() -> asyncpg.Connection[asyncpg.Record]:
        return await asyncpg.connect(dsn)

    findings = await checks.run(connect, ALL)
    wrong = {finding.check: finding.examples for finding in findings if finding.differences}
    assert not wrong, wrong
