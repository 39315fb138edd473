"""What rentals ask of the database are look-ups, also where it was planned in a young bank (engine 1.7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg

from numbank.rent.model import ExtendRequest
from numbank.rent.states import Event
from numbank.server.app import App
from tests.activation.test_young_plans import rows_read
from tests.rent.support import RENTABLE, Renter, older, terms
from tests.server.test_plans import scans
from tests.support import Caller, Shop, open_bank, push, until

SETTINGS: dict[str, Any] = {
    "early_cancel_s": 0, "cool_down_s": 0.0, "unused_rest_s": 0.0, "sweep_every_s": 0.05, "max_live_leases": 90,
    "leases_per_min": 500,
}  # fmt: skip
LIMITS = {"max_live": 90, "per_min": 500}
GROWN = 4_000
TURNS = 3
FIRST = 101_000_000

# Rentals of other customers, all but a few of them over, each with its charge, its number and some messages.
PAST = (
    "insert into rent (id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164, currency, hours,"
    " price, state, ended_by, messages, created_at, cancel_until, ends_at, due_at, ended_at)"
    " select $1::bigint + g, 1000000 + g % 50, 0, 1, 1, 1, 1000000 + g, 79800000000 + g, 840, 4, 10000, 8, 2, 1, now(),"
    " now(), now() + interval '4 hours', now() + interval '4 hours', now() from generate_series(1, $2::int) g",
    "insert into rent_charge (rent_id, hold_id, hours, price, at)"
    " select $1::bigint + g, 20000000 + g, 4, 10000, now() from generate_series(1, $2::int) g",
    "insert into rent_message (rent_id, place, message_id)"
    " select $1::bigint + g, 1, 19000000 + g from generate_series(1, $2::int) g",
)


async def everything(app: App, shop: Shop, ann: Renter, caller: Caller) -> None:
    """Each way to rent, what happens to rentals, and each look at them, once."""
    full, single = await ann.rent("full", **LIMITS), await ann.rent("tg", **LIMITS)
    lease_id, _ = await caller.lease("wa")
    for text in ("one", "Telegram code 12345", "three"):
        await push(app, full.e164, text)
    await push(app, single.e164, "Telegram code 54321")
    desks = app.bank.desks.rent
    await desks.extend(ExtendRequest(ann.account_id, full.id, 4, **LIMITS))
    await ann.inbox(full, 0, 2)
    await ann.inbox(full, 1, 2)
    await ann.one(full)
    await desks.live(ann.account_id, 1, 10)
    await desks.quote(ann.account_id, full.id, 4)
    await desks.rentable(0, 24, frozenset(), False)
    await ann.change(single, Event.FINISH)
    again = await ann.extend(single, 4)
    await ann.change(again, Event.CANCEL)
    await desks.quote(ann.account_id, single.id, 4)
    lost = await ann.rent("full", **LIMITS)
    await push(app, lost.e164, "firm")
    await ann.change(lost, Event.LOST, bank=True)
    await older(shop, full, timedelta(hours=8))

    async def swept() -> bool:
        return (await ann.one(full)).state >= 8

    await until(swept)
    await caller.get("setStatus", id=lease_id, status=8)


async def test_everything_that_rentals_do_uses_indexes(dsn: str) -> None:
    async with open_bank(dsn, **SETTINGS) as (app, shop):
        await shop.connection.execute("set enable_seqscan = off")
        await terms(shop, "full", "tg")
        await shop.numbers(60, abilities=RENTABLE)
        await shop.offer("wa")
        await shop.counted()
        ann = await Renter.new(app, shop)
        _, key = await shop.customer()
        before = await scans(dsn)
        for _ in range(6):
            await everything(app, shop, ann, Caller(app, key))
    after = await scans(dsn)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {}


async def test_plans_of_a_young_bank_do_not_read_whole_tables_later(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("analyze")
    await connection.close()
    async with open_bank(dsn, **SETTINGS) as (app, shop):
        ann = await Renter.new(app, shop, 10_000_000)
        _, key = await shop.customer()
        caller = Caller(app, key)
        await everything(app, shop, ann, caller)
        for statement in PAST:
            await shop.connection.execute(statement, FIRST, GROWN)
        await shop.numbers(GROWN, abilities=RENTABLE)

        async def analyzed() -> bool:
            known = "select bool_and(reltuples >= $1) from pg_class where relname in ('number', 'rent_100000000')"
            return bool(await shop.connection.fetchval(known, GROWN))

        await until(analyzed)
        before = await rows_read(shop)
        for _ in range(TURNS):
            await everything(app, shop, ann, caller)
    async with open_bank(dsn) as (_, shop):
        after = await rows_read(shop)
    assert {
        name: read - before[name] for name, read in after.items() if read - before[name] > (TURNS - 1) * GROWN
    } == {}
