"""No statement of a serving bank scans a growing table, whatever was in it when the statement was planned (engine 1.7)."""

from __future__ import annotations

import asyncpg

from numbank.intake.deliver import Intake
from numbank.intake.door import Arrival
from numbank.messages.model import Medium
from numbank.suppliers.simulator.stock import open_sandbox
from numbank.supply import numbers
from tests.support import PRICE, Caller, open_bank, push, settings_for, until

GROWING = (
    "activation", "hold", "entry", "message", "message_key", "use", "order_key", "number", "pile", "passed", "shelf",
    "topup_key", "batch_done", "acquisition", "delivery", "attempt", "recording", "parse_task", "errand",
    "rent", "rent_charge", "rent_message", "mailbox", "mail", "mail_key", "mail_address", "licence_key", "purchase",
    "code_sender",
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
            resting = "select exists (select from number where state = 2 and rests_until is not null)"
            return not await shop.connection.fetchval(resting)

        await until(rested)
    after = await scans(dsn)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {}


async def test_whatever_a_lease_asks_for_uses_its_indexes(dsn: str) -> None:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0, max_live_leases=50, leases_per_min=500) as (app, shop):
        await shop.connection.execute("set enable_seqscan = off")
        customer_id, key = await shop.customer()
        caller = Caller(app, key)
        await shop.give_cashback(customer_id, 5_000)
        await shop.numbers(60, country=1, abilities=numbers.SMS | numbers.CALL | numbers.FORWARD)
        await shop.offer("av", country=1)
        await shop.tier("av", PRICE, country=1, regular=True)
        await shop.tier("av", 500, country=1, count=5)
        await shop.tier("av", 700, country=1, kind=2)
        await shop.counted()
        before = await scans(dsn)
        wanted: list[dict[str, object]] = [
            {"userId": "ann", "ref": "partner"}, {"maxPrice": 1}, {"forward": 1, "useCashBack": "true"},
            {"activationType": 2, "language": "en"}, {"phoneException": "7000,7001"}, {"providerIds": 1},
        ]  # fmt: skip
        for turn in range(12):
            lease_id, _ = await caller.lease("av", country=1, **wanted[turn % len(wanted)])
            if turn % 2:
                await caller.get("setStatus", id=lease_id, status=8)
    after = await scans(dsn)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {}


async def test_what_has_to_do_with_calls_uses_its_indexes(dsn: str) -> None:
    sandbox = {"sandbox": True, "sandbox_countries": "0", "sandbox_numbers": 20, "sandbox_delay_s": 3600.0}
    changes: dict[str, object] = {**sandbox, "early_cancel_s": 0, "recording_tries": 1, "transcriber": "/bin/true"}
    connection = await asyncpg.connect(dsn)
    await open_sandbox(connection, settings_for(dsn, **changes))
    await connection.close()
    async with open_bank(dsn, **changes) as (app, shop):
        await shop.connection.execute("set enable_seqscan = off")
        await shop.counted()
        _, key = await shop.customer(10_000_000)
        caller = Caller(app, key)
        assert app.bank.simulator is not None
        before = await scans(dsn)
        for turn in range(4):
            lease_id, e164 = await caller.lease("av", activationType=2, forward=1, language="en")
            await caller.get("setStatus", id=lease_id, status=1, forward=491701234567)
            await caller.get("createTaskForCall", activationId=lease_id, phone=491701234567 + turn)
            taken = await app.bank.door.take(
                Arrival(
                    app.bank.simulator.supplier_id, f"call {turn}", e164, "447911123456", "your code is 4 8 2 9",
                    medium=Medium.CALL, recording_url="http://calls.invalid/1.wav",
                )
            )  # fmt: skip
            assert taken is Intake.STORED
            assert await caller.get("parseCall", id=lease_id) == '{"result":"OK"}'
            for action in ("getStatusV2", "getIncomingCallStatus", "getOutgoingCalls"):
                await caller.get(action, id=lease_id)

        async def all_done() -> bool:
            query = """
              select (select count(*) from errand where id > 0 and state = 1),
                (select count(*) from parse_task where id > 0),
                (select count(*) from recording where message_id > 0 and state = 2)
            """
            row = await shop.connection.fetchrow(query)
            return row is not None and tuple(row) == (8, 0, 4)

        await until(all_done, tries=1_500)
    after = await scans(dsn)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {}
