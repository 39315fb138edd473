"""Cashback beside its model: spent first once it is switched on, given back to where it came from, earned at the finish,
taken back by a refund; whatever the order of things, the balances are those of the model.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest

from numbank.activation import verify as activation_checks
from numbank.activation.refund import refund
from numbank.db.checks import run
from numbank.ledger import verify as ledger_checks
from numbank.server.app import App
from tests.support import Caller, Shop, open_bank, push, until

RATE_BP = 4_000
PRICES = {"tg": 1_000, "wa": 333, "ot": 7}


class Sold(msgspec.Struct):
    """A lease in the model: what paid for it."""

    id: int
    e164: int
    cash: int
    cashback: int
    delivered: bool = False


class Model(msgspec.Struct):
    """What an account should hold."""

    cash: int
    cashback: int = 0
    spends: bool = False
    live: list[Sold] = []
    done: list[Sold] = []

    def lease(self, price: int, *, use_cashback: bool) -> tuple[int, int] | None:
        """Cash and cashback that pay, None when it is not enough; a refused request switches nothing on."""
        spends = self.spends or use_cashback
        first = min(self.cashback, price) if spends else 0
        if self.cash < price - first:
            return None
        self.spends = spends
        self.cash -= price - first
        self.cashback -= first
        return price - first, first

    def finish(self, sold: Sold) -> None:
        """Paid when delivered, given back otherwise."""
        self.live.remove(sold)
        if sold.delivered:
            self.cashback += (sold.cash + sold.cashback) * RATE_BP // 10_000
            self.done.append(sold)
        else:
            self.cash += sold.cash
            self.cashback += sold.cashback

    def refund(self, sold: Sold) -> None:
        """The charge comes back, its cashback goes."""
        self.done.remove(sold)
        credited = (sold.cash + sold.cashback) * RATE_BP // 10_000
        self.cash += sold.cash
        self.cashback += sold.cashback
        from_cashback = min(credited, self.cashback)
        self.cashback -= from_cashback
        self.cash -= credited - from_cashback


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop, str]]:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0, unused_rest_s=0, cashback_bp=RATE_BP) as (app, shop):
        await shop.numbers(1_000)
        for code, price in PRICES.items():
            await shop.offer(code, price=price)
        yield app, shop, dsn


async def step(shop: Shop, app: App, caller: Caller, model: Model, chance: random.Random) -> None:
    """One thing that happens, to the bank and to the model."""
    what = chance.random()
    if what < 0.45 or not (model.live or model.done):
        code = chance.choice(sorted(PRICES))
        asks = chance.random() < 0.1
        paid = model.lease(PRICES[code], use_cashback=asks)
        answer = await caller.get("getNumber", service=code, useCashBack="true" if asks else "false")
        if paid is None:
            assert answer == "NO_BALANCE"
        else:
            word, lease_id, e164 = answer.split(":")
            assert word == "ACCESS_NUMBER"
            model.live.append(Sold(int(lease_id), int(e164), *paid))
    elif what < 0.65 and model.live:
        sold = chance.choice(model.live)
        await push(app, sold.e164, f"Your code is {chance.randrange(100_000, 999_999)}")
        sold.delivered = True
    elif what < 0.9 and model.live:
        sold = chance.choice(model.live)
        if chance.random() < 0.3:
            await shop.connection.execute("update activation set due_at = created_at where id = $1", sold.id)

            async def over() -> bool:
                return bool(await shop.connection.fetchval("select state >= 8 from activation where id = $1", sold.id))

            await until(over)
        else:
            assert await caller.get("setStatus", id=sold.id, status=6) == "ACCESS_ACTIVATION"
        model.finish(sold)
    elif model.done:
        sold = chance.choice(model.done)
        async with shop.connection.transaction():
            await refund(shop.connection, sold.id, "model")
        model.refund(sold)


@pytest.mark.parametrize("seed", range(5))
async def test_the_balances_are_those_of_the_model(bank: tuple[App, Shop, str], seed: int) -> None:
    app, shop, dsn = bank
    account_id, key = await shop.customer(balance=8_000)
    caller = Caller(app, key)
    model = Model(8_000)
    chance = random.Random(seed)
    for _ in range(80):
        await step(shop, app, caller, model, chance)
        [row] = await shop.connection.fetch("select cash, cashback from account where id = $1", account_id)
        assert (row["cash"], row["cashback"]) == (model.cash, model.cashback)
    checks = [*ledger_checks.CHECKS, *(one for one in activation_checks.CHECKS if one.name == "activation.charges")]
    findings = await run(lambda: asyncpg.connect(dsn), checks, slice_rows=50)
    assert {one.check: one.examples for one in findings if one.differences} == {}
