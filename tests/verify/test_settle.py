"""Balances are proved on a settled journal: entries may appear out of order, and proving waits for those in flight."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from numbank.clock import new_uuid
from numbank.db import settling
from numbank.db.checks import run
from numbank.errors import OperatorError
from numbank.ledger import journal
from numbank.ledger import verify as ledger
from tests.verify.used_bank import broken

NARROW = 7


async def test_balances_wait_for_a_transfer_that_is_not_committed_yet(used_dsn: str) -> None:
    slow, quick = await asyncpg.connect(used_dsn), await asyncpg.connect(used_dsn)
    customer_id = await quick.fetchval("select min(id) from customer")
    late = slow.transaction()
    await late.start()
    # Its entry gets the lower id, but appears after those of the customer who is quick.
    await journal.topup(slow, await journal.open_account(slow, 840), 7, new_uuid())
    async with quick.transaction():
        await journal.topup(quick, customer_id, 5, new_uuid())
    running = asyncio.create_task(run(lambda: asyncpg.connect(used_dsn), ledger.CHECKS, slice_rows=NARROW))
    await asyncio.sleep(0.3)
    assert not running.done()
    await late.commit()
    assert broken(await running) == {}
    await slow.close()
    await quick.close()


async def test_a_transfer_that_never_commits_is_an_error_and_no_difference(
    used_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "SETTLE_LIMIT_S", 0.1)
    connection = await asyncpg.connect(used_dsn)
    stuck = connection.transaction()
    await stuck.start()
    await connection.execute("insert into entry (kind, debit, credit, currency, amount) values (7, -1, -3, 840, 1)")
    with pytest.raises(OperatorError, match="writing to the journal"):
        await run(lambda: asyncpg.connect(used_dsn), ledger.CHECKS)
    await stuck.rollback()
    await connection.close()
