"""No statement of a serving bank scans a growing table, whatever was in it when the statement was planned (engine 1.7)."""

from __future__ import annotations

import asyncpg

from tests.support import Caller, open_bank, push, until

GROWING = (
    "activation", "hold", "entry", "message", "message_key", "use", "order_key", "number", "pile", "passed", "shelf",
    "topup_key", "batch_done", "acquisition",
)  # fmt: skip


async def scans(dsn: str) -> dict[str, int]:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("select relname, seq_scan from pg_stat_user_tables")
    await connection.close()
    return {row["relname"]: row["seq_scan"] for row in rows if row["relname"].rstrip("0123456789_") in GROWING}


async def test_everything_that_a_bank_does_uses_its_indexes(dsn: str) -> None:
    # The bank starts on empty tables: its statements are planned before there is anything to find.
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0, unused_rest_s=0.05) as (app, shop):
        # The test's own looks must not count; what they did shows in the statistics a little later.
        await shop.connection.execute("set enable_seqscan = off")
        _, key = await shop.customer()
        caller = Caller(app, key)
        await shop.numbers(60)
        await shop.offer("tg", "wa")
        await shop.counted()
        before = await scans(dsn)
        for turn in range(12):
            lease_id, e164 = await caller.lease("tg" if turn % 2 else "wa")
            if turn % 3 == 0:
                await push(app, e164, f"Your code is 48{turn:03d}")
                await caller.get("setStatus", id=lease_id, status=3)
                await caller.get("setStatus", id=lease_id, status=6)
            else:
                await caller.get("setStatus", id=lease_id, status=8)
            for action in ("getStatus", "getStatusV2", "getFullSms"):
                await caller.get(action, id=lease_id)
        await caller.get("getNumberV2", service="tg", orderId="plans")
        for action in ("getActiveActivations", "getBalance", "getPrices", "getNumbersStatus"):
            await caller.get(action)

        async def rested() -> bool:
            return not await shop.connection.fetchval("select exists (select from number where state = 2)")

        await until(rested)
    after = await scans(dsn)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {}
