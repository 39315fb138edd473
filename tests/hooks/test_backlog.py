"""Looking for what is due stays cheap, however much waits, and never scans the growing tables."""

from __future__ import annotations

import asyncpg
import pytest

from numbank.db.pool import HOT
from numbank.hooks.sender import Q
from tests.hooks.bank import world
from tests.hooks.receiver import receiving, says
from tests.server.test_plans import scans

FILL = """
insert into delivery (hook_id, account_id, kind, lease_id, message_id, state, created_at, due_at, ended_at)
select 1000 + n % 50, 1, 0, n / 3, n, case when n % 2 = 0 then 1 else 0 end, now(),
  case when n % 2 = 0 then null when n % 50 < 25 then now() + interval '1 h' else now() end,
  case when n % 2 = 0 then now() end
from generate_series(1, 60000) n
"""


@pytest.fixture
async def hot(dsn: str) -> asyncpg.Connection[asyncpg.Record]:
    return await asyncpg.connect(dsn, server_settings=HOT)


async def buffers(connection: asyncpg.Connection[asyncpg.Record], *values: object) -> int:
    """The pages that one look touches."""
    transaction = connection.transaction()
    await transaction.start()
    plan = await connection.fetch(f"explain (analyze, buffers, format text) {Q.take}", *values)
    await transaction.rollback()
    text = "\n".join(row[0] for row in plan)
    assert "Seq Scan on delivery" not in text, text
    assert "Seq Scan on hook" not in text, text
    line = next(row[0] for row in plan if "Buffers:" in row[0])
    return sum(int(part.partition("=")[2]) for part in line.split() if part.startswith(("hit=", "read=")))


async def test_a_look_costs_by_endpoint_and_not_by_what_waits(hot: asyncpg.Connection[asyncpg.Record]) -> None:
    await hot.execute("set statement_timeout = 0")
    nothing = await buffers(hot, 30.0, [], [], 2, 16, 4)
    await hot.execute(FILL)
    # The plan was made while the table was empty, and is not made again.
    busy = await buffers(hot, 30.0, [1001, 1003], [0, 8], 2, 16, 4)
    assert nothing < 50
    assert busy < 4_000, busy
    await hot.execute("delete from delivery where account_id = 1")
    await hot.close()


async def test_no_statement_of_webhooks_scans_a_growing_table(dsn: str) -> None:
    async with world(dsn) as bank, receiving() as receiver:
        await bank.db.execute("set enable_seqscan = off")
        before = await scans(dsn)
        receiver.plan = [says(500)]
        hook_id, _ = await bank.api.hook(receiver.url())
        for _ in range(6):
            await bank.message()
            await bank.due_now()
        log = await bank.api.ended(hook_id, 6)
        await bank.api.ask("POST", f"/v1/deliveries/{log[0]['id']}/replay", 202)
        await bank.api.ask("POST", f"/v1/hooks/{hook_id}/test", 202)
        await bank.api.ended(hook_id, 7)
        await bank.api.ask("DELETE", f"/v1/hooks/{hook_id}", 204)
    after = await scans(dsn)
    scanned = {name.rstrip("0123456789_") for name in after if after[name] != before[name]}
    assert scanned.isdisjoint({"delivery", "attempt", "message", "activation"})
