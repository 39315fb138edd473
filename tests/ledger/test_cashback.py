"""Cashback: a share of each posted charge at the finish, once; taken back by a refund, which happens once too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.activation.refund import refund
from numbank.customers import standing
from numbank.customers.standing import Change
from numbank.db.checks import run
from numbank.errors import OperatorError
from numbank.ledger import verify
from numbank.ledger.cashback import earned, taken_back
from numbank.server.app import App
from tests.support import PRICE, Caller, Shop, open_bank, push, until


@given(st.integers(0, 10**12), st.integers(0, 10_000))
def test_cashback_is_never_more_than_its_share(charge: int, rate_bp: int) -> None:
    assert 0 <= earned(charge, rate_bp) * 10_000 <= charge * rate_bp
    assert (earned(charge, rate_bp) + 1) * 10_000 > charge * rate_bp


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10_000), st.integers(0, 10**9))
def test_what_is_taken_back_is_there(cash: int, cashback: int, rate_bp: int, there: int) -> None:
    credited = earned(cash + cashback, rate_bp)
    taken = taken_back(credited, there + cashback)
    assert taken.cash + taken.cashback == credited
    assert taken.cashback <= there + cashback
    assert 0 <= taken.cash <= cash


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop, str]]:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0, cashback_bp=250) as (app, shop):
        await shop.numbers(200)
        await shop.offer("tg")
        yield app, shop, dsn


async def balances(shop: Shop, account_id: int) -> tuple[int, int]:
    [row] = await shop.connection.fetch("select cash, cashback from account where id = $1", account_id)
    return row["cash"], row["cashback"]


async def finished(app: App, caller: Caller) -> int:
    lease_id, e164 = await caller.lease()
    await push(app, e164, "Telegram code 12345")
    assert await caller.get("setStatus", id=lease_id, status=6) == "ACCESS_ACTIVATION"
    return lease_id


async def proved(dsn: str) -> None:
    findings = await run(lambda: asyncpg.connect(dsn), verify.CHECKS, slice_rows=7)
    assert {one.check: one.examples for one in findings if one.differences} == {}


async def give_back(shop: Shop, lease_id: int) -> None:
    async with shop.connection.transaction():
        await refund(shop.connection, lease_id, "did not work")


async def test_a_finish_credits_its_share_once(bank: tuple[App, Shop, str]) -> None:
    app, shop, dsn = bank
    account_id, key = await shop.customer()
    caller = Caller(app, key)
    lease_id = await finished(app, caller)
    assert await balances(shop, account_id) == (1_000_000 - PRICE, 25)
    assert await caller.get("setStatus", id=lease_id, status=6) == "ACCESS_ACTIVATION"
    assert await balances(shop, account_id) == (1_000_000 - PRICE, 25)
    await proved(dsn)


async def test_an_expiry_with_a_message_credits_and_one_without_does_not(bank: tuple[App, Shop, str]) -> None:
    app, shop, dsn = bank
    account_id, key = await shop.customer()
    caller = Caller(app, key)
    done, e164 = await caller.lease()
    await push(app, e164, "Telegram code 12345")
    assert await balances(shop, account_id) == (1_000_000 - PRICE, 0)
    empty, _ = await caller.lease()
    ids = [done, empty]
    await shop.connection.execute("update activation set due_at = created_at where id = any($1::bigint[])", ids)

    async def over() -> bool:
        return not await shop.connection.fetchval(
            "select exists (select from activation where id = any($1::bigint[]) and state < 8)", ids
        )

    await until(over)
    assert await balances(shop, account_id) == (1_000_000 - PRICE, 25)
    await proved(dsn)


async def test_an_account_has_a_rate_of_its_own(bank: tuple[App, Shop, str]) -> None:
    app, shop, _ = bank
    account_id, key = await shop.customer()
    caller = Caller(app, key)
    for rate, there in ((0, 0), (5_000, 500), (standing.AS_SET, 525)):
        async with shop.connection.transaction():
            await standing.change(shop.connection, account_id, "cashback.rate", Change(cashback_bp=rate))
        await finished(app, caller)
        assert (await balances(shop, account_id))[1] == there


async def test_cashback_shows_in_the_balance_when_it_is_spent(bank: tuple[App, Shop, str]) -> None:
    app, shop, _ = bank
    account_id, key = await shop.customer()
    caller = Caller(app, key)
    await finished(app, caller)
    assert await caller.get("getBalance") == "ACCESS_BALANCE:99.90"
    assert await caller.get("getBalanceAndCashBack") == "ACCESS_BALANCE:99.90"
    async with shop.connection.transaction():
        await standing.change(shop.connection, account_id, "cashback.on", Change(spend_cashback=True))
    assert await caller.get("getBalanceAndCashBack") == "ACCESS_BALANCE:99.9025"
    assert await caller.get("getBalance") == "ACCESS_BALANCE:99.90"


async def test_a_refund_gives_back_once_and_takes_the_cashback(bank: tuple[App, Shop, str]) -> None:
    app, shop, dsn = bank
    account_id, key = await shop.customer()
    caller = Caller(app, key)
    lease_id = await finished(app, caller)
    await give_back(shop, lease_id)
    assert await balances(shop, account_id) == (1_000_000, 0)
    with pytest.raises(OperatorError, match="refunded before"):
        await give_back(shop, lease_id)
    assert await balances(shop, account_id) == (1_000_000, 0)
    assert (await caller.json("getHistory"))[0]["cost"] == 0
    assert await caller.get("getStatus", id=lease_id) == "STATUS_CANCEL"
    await proved(dsn)


async def test_two_refunds_at_once_are_one(bank: tuple[App, Shop, str]) -> None:
    app, shop, dsn = bank
    account_id, key = await shop.customer()
    lease_id = await finished(app, Caller(app, key))

    async def one() -> bool:
        async with app.bank.pool.acquire() as connection, connection.transaction():
            try:
                await refund(connection, lease_id, "did not work")
            except OperatorError:
                return False
            return True

    assert sorted(await asyncio.gather(*(one() for _ in range(4)))) == [False, False, False, True]
    assert await balances(shop, account_id) == (1_000_000, 0)
    await proved(dsn)


async def test_cashback_that_was_spent_is_taken_from_the_refund(bank: tuple[App, Shop, str]) -> None:
    app, shop, dsn = bank
    account_id, key = await shop.customer()
    caller = Caller(app, key)
    lease_id = await finished(app, caller)
    await shop.connection.execute("update account set cashback = 0, cash = cash + cashback where id = $1", account_id)
    await shop.connection.execute(
        "insert into entry (kind, debit, credit, currency, amount) values (7, 2 * $1::bigint + 1, 2 * $1::bigint, 840, 25)",
        account_id,
    )
    await give_back(shop, lease_id)
    assert await balances(shop, account_id) == (1_000_000, 0)
    await proved(dsn)


async def test_what_is_not_finished_is_not_refunded(bank: tuple[App, Shop, str]) -> None:
    app, shop, _ = bank
    _, key = await shop.customer()
    caller = Caller(app, key)
    live, e164 = await caller.lease()
    with pytest.raises(OperatorError, match="not finished"):
        await give_back(shop, live)
    await push(app, e164, "Telegram code 12345")
    with pytest.raises(OperatorError, match="not finished"):
        await give_back(shop, live)
    cancelled, _ = await caller.lease()
    await caller.get("setStatus", id=cancelled, status=8)
    with pytest.raises(OperatorError, match="cancelled"):
        await give_back(shop, cancelled)
    with pytest.raises(OperatorError, match="no activation"):
        await give_back(shop, 5)
