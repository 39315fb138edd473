"""A bank that is used right verifies clean: at rest, folded or not, and while it serves."""

from __future__ import annotations

import asyncio
import random

import asyncpg
import pytest

from numbank.activation.model import Activation, AdvanceRequest, LeaseRequest
from numbank.activation.states import Event
from numbank.db import migrate
from numbank.db.checks import Check, Finding, Session, Tally, run
from numbank.server.app import App
from tests.support import Shop, open_bank, push
from tests.verify.used_bank import ALL_CHECKS, QUIET, broken, fold

NARROW = 7


async def verify(dsn: str, slice_rows: int = NARROW) -> list[Finding]:
    return await run(lambda: asyncpg.connect(dsn), ALL_CHECKS, slice_rows=slice_rows)


async def test_a_used_bank_is_clean_before_and_after_the_fold(used_dsn: str) -> None:
    connection = await asyncpg.connect(used_dsn)
    assert await connection.fetchval("select count(*) from stock_move") > 0
    assert broken(await verify(used_dsn)) == {}
    await fold(Shop(connection))
    assert await connection.fetchval("select count(*) from stock_move") == 0
    assert broken(await verify(used_dsn)) == {}
    await connection.close()


async def test_every_check_looked_at_something(used_dsn: str) -> None:
    assert [finding.check for finding in await verify(used_dsn) if not finding.looked_at] == []


async def test_the_width_of_slices_changes_nothing(used_dsn: str) -> None:
    narrow, wide = await verify(used_dsn, 1), await verify(used_dsn, 50_000)
    assert [(one.check, one.looked_at) for one in narrow] == [(one.check, one.looked_at) for one in wide]
    assert broken(narrow) == broken(wide) == {}


async def test_a_bank_without_anything_is_clean(empty_dsn: str) -> None:
    connection = await asyncpg.connect(empty_dsn)
    await migrate.migrate(connection)
    await connection.close()
    assert broken(await verify(empty_dsn)) == {}


async def test_a_check_cannot_change_the_bank(used_dsn: str) -> None:
    async def spoil(session: Session) -> Tally:
        await session.connection.execute("update account set cash = cash + 1")
        return Tally()

    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await run(lambda: asyncpg.connect(used_dsn), [Check("test.spoil", "It is refused.", spoil)])


async def a_customer(app: App, customer_id: int, seed: int, stop: asyncio.Event) -> int:
    """Leases, receives, cancels and finishes at random until told to stop."""
    chance = random.Random(seed)
    leased = 0
    codes = [app.bank.catalogue.by_code[code].id for code in ("tg", "wa")]
    while not stop.is_set():
        lease = await app.bank.lease.ask(LeaseRequest(customer_id, 0, chance.choice(codes), 1200, 0))
        if not isinstance(lease, Activation):
            await asyncio.sleep(0.01)
            continue
        leased += 1
        fate = chance.random()
        if fate < 0.6:
            await push(app, lease.e164, f"Your code is {lease.id % 900_000 + 100_000}")
            if fate < 0.2:
                await app.bank.advance.ask(AdvanceRequest(lease.id, Event.AGAIN, customer_id))
            await app.bank.advance.ask(AdvanceRequest(lease.id, Event.FINISH, customer_id))
        elif fate < 0.9:
            racing = (Event.CANCEL, Event.EXPIRE)
            await asyncio.gather(
                push(app, lease.e164, "Your code is 123456"),
                *(app.bank.advance.ask(AdvanceRequest(lease.id, event)) for event in racing),
            )
    return leased


async def test_a_bank_that_serves_is_clean_at_every_moment(dsn: str) -> None:
    busy = QUIET | {"sweep_every_s": 0.01, "stock_fold_s": 0.01, "cool_down_s": 0.0, "unused_rest_s": 0.0}
    async with open_bank(dsn, **busy) as (app, shop):
        await shop.numbers(400)
        await shop.offer("tg", "wa")
        stop = asyncio.Event()
        owners = [(await shop.customer(100_000_000))[0] for _ in range(4)]
        users = [asyncio.create_task(a_customer(app, owners[seed % 4], seed, stop)) for seed in range(12)]
        for _ in range(4):
            assert broken(await verify(dsn, slice_rows=50)) == {}
        stop.set()
        assert sum(await asyncio.gather(*users)) > 100
    assert broken(await verify(dsn)) == {}
