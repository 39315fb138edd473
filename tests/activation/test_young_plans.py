"""Plans that were made in a young bank are still good when it has grown: no index is read from end to end."""

from __future__ import annotations

import asyncpg

from numbank.activation.refund import refund
from numbank.db.pool import CLERK
from numbank.db.queries import Queries
from numbank.server.app import App
from numbank.supply import numbers
from tests.activation.test_history_plans import FIRST, PAST
from tests.server.test_plans import GROWING
from tests.support import Caller, Shop, open_bank, push, until

GROWN = 4_000
# The judge reads everything once; what has a bad plan does so each time.
TURNS = 3


async def everything(app: App, shop: Shop, caller: Caller) -> None:
    """Each way to lease, and what happens to leases, once."""
    plain, e164 = await caller.lease(country=0, userId="ann", ref="partner", maxPrice=1)
    for _ in range(2):
        await caller.get("getNumberV2", service="tg", country=0, orderId="once", useCashBack="true")
    await push(app, e164, "Telegram code 12345")
    await caller.get("setStatus", id=plain, status=3)
    await caller.get("finishActivation", id=plain)
    await caller.get("checkExtraActivation", id=plain)
    await caller.get("getExtraActivation", id=plain)
    rows = await caller.json("getMultiServiceNumber", multiService="av,tg", multiForward="1,0", country=0)
    parent = rows[0]["activation"]
    await caller.get("setStatus", id=parent, status=1, forward="79100000001")
    await push(app, int(rows[0]["phone"]), "Avito code 12345")
    assert (await caller.get("getAdditionalService", id=parent, service="ym")).startswith("ADDITIONAL:")
    for row in (await caller.json("getActiveActivations"))["activeActivations"]:
        await caller.get("setStatus", id=row["activationId"], status=8)
    await caller.get("finishActivation", id=parent)
    for action in ("getStatus", "getStatusV2", "getAllSms", "getFullSms"):
        await caller.get(action, id=parent)
    await caller.get("getHistory")
    async with shop.connection.transaction():
        await refund(shop.connection, parent, "test")


async def test_an_order_id_whose_order_was_lost_costs_one_look(dsn: str) -> None:
    """That look is only taken when the orderId is used again, so no count of scans would show it."""
    connection = await asyncpg.connect(dsn, server_settings=CLERK)
    insert = Queries("numbank.activation").insert_orders
    await connection.execute(f"prepare looked_at as {insert}")
    rows = await connection.fetch("explain execute looked_at (array[1], array[gen_random_uuid()], array[1])")
    await connection.close()
    assert [row[0] for row in rows if "Seq Scan" in row[0] or "hashed" in row[0]] == []


async def test_plans_of_a_young_bank_do_not_read_whole_tables_later(dsn: str) -> None:
    """Statements that were planned when there was nothing: an index that is read from end to end is as slow as the table."""
    async with open_bank(
        dsn, early_cancel_s=0, cool_down_s=0, max_live_leases=50, leases_per_min=500, additional_service_prices="840=0.05",
        ban_window=3, ban_success_share=0.0, ban_user_window=3, ban_user_success_share=0.0, judge_every_s=0.05,
    ) as (app, shop):  # fmt: skip
        customer_id, key = await shop.customer()
        caller = Caller(app, key)
        await shop.give_cashback(customer_id, 5_000)
        await shop.numbers(9, country=0, abilities=numbers.SMS | numbers.FORWARD)
        await shop.offer("tg", "av", "ym", country=0)
        await shop.tier("tg", 500, country=0, count=9)
        await shop.connection.execute("analyze")
        await everything(app, shop, caller)
        await shop.numbers(GROWN, country=0, abilities=numbers.SMS | numbers.FORWARD)
        await shop.connection.execute(PAST, FIRST + 1_000_000, GROWN, customer_id + 1_000)

        async def analyzed() -> bool:
            known = "select bool_and(reltuples >= $1) from pg_class where relname in ('number', 'activation_100000000')"
            return bool(await shop.connection.fetchval(known, GROWN))

        await until(analyzed)
        before = await rows_read(shop)
        for _ in range(TURNS):
            await everything(app, shop, caller)
    async with open_bank(dsn) as (_, shop):
        after = await rows_read(shop)
    assert {
        name: read - before[name] for name, read in after.items() if read - before[name] > (TURNS - 1) * GROWN
    } == {}


async def rows_read(shop: Shop) -> dict[str, int]:
    """Rows that each index of a growing table gave so far."""
    rows = await shop.connection.fetch("select relname, indexrelname, idx_tup_read from pg_stat_user_indexes")
    return {row[1]: row[2] for row in rows if row[0].rstrip("0123456789_") in GROWING}
