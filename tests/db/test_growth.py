"""Partitions are made ahead, ids have a ceiling, old marks go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from unittest import mock

import asyncpg
import msgspec
import pytest

from numbank.db import growth, migrate
from tests.db.parts import FIRST, SIZE, move_on, small_partitions
from tests.support import Caller, open_bank, push


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    opened = await asyncpg.connect(dsn)
    yield opened
    await opened.close()


async def test_the_next_partition_is_made_before_it_is_needed(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    size = 20_000_000

    async def upto() -> int:
        async with connection.transaction():
            return (await growth.grow(connection, "activation", size)).upto

    assert await upto() == 120_000_000
    await connection.execute("select setval('lease_id', 114_999_999)")
    assert await upto() == 120_000_000
    await connection.execute("select setval('lease_id', 115_000_001)")
    assert await upto() == 140_000_000
    assert await upto() == 140_000_000
    made = await connection.fetchrow(
        "select c.reloptions::text as options, (select count(*) from pg_index i where i.indrelid = c.oid) as indexes,"
        " (select count(*) from pg_index i where i.indrelid = 'activation'::regclass) as wanted"
        " from pg_class c where relname = 'activation_120000000'"
    )
    assert made is not None
    assert made["indexes"] == made["wanted"] > 0
    assert made["options"] == "{fillfactor=80}"


async def test_every_growing_table_is_looked_after(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    parents = {row[0] for row in await connection.fetch("select parent from growth")}
    assert parents == set(growth.PARENTS)


async def test_a_reader_of_a_growing_table_holds_nobody_up(dsn: str) -> None:
    reader, maker = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    transaction = reader.transaction()
    await transaction.start()
    await reader.fetch("select count(*) from message")
    await maker.execute("set lock_timeout = '200ms'")
    await maker.execute("select add_partition('message', 1000)")
    assert await maker.fetchval("select to_regclass('message_20000001') is not null")
    await transaction.rollback()
    await reader.close()
    await maker.close()


async def test_the_ceiling_of_lease_ids_is_the_setting(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    for name in growth.LEASE_SEQUENCES:
        await connection.execute(f"select setval('{name}', 1123741823)")
        used = await growth.limit_lease_ids(connection, 2**31 - 1)
        assert used[name] == pytest.approx(0.5, abs=0.001)
        await connection.execute(f"select setval('{name}', 2147483647)")
        with pytest.raises(asyncpg.SequenceGeneratorLimitExceededError):
            await connection.fetchval(f"select nextval('{name}')")
        assert (await growth.limit_lease_ids(connection, 2**31 - 1))[name] == 1.0
        assert (await growth.limit_lease_ids(connection, 2**30))[name] == 1.0
        await growth.limit_lease_ids(connection, 2**63 - 1)
        assert await connection.fetchval(f"select nextval('{name}')") == 2**31


async def test_marks_of_batches_are_kept_for_an_hour(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    await connection.execute(
        "insert into batch_done values (gen_random_uuid(), now()), (gen_random_uuid(), now() - interval '2 hours')"
    )
    assert await growth.forget_batches(connection) == 1
    assert await connection.fetchval("select count(*) from batch_done") == 1


async def test_the_journal_refuses_changes(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    await connection.execute("insert into entry (kind, debit, credit, currency, amount) values (1, -1, 2, 840, 5)")
    partition = await connection.fetchval("select tableoid::regclass::text from entry limit 1")
    for table in ("entry", partition):
        for statement in (f"update {table} set amount = 6", f"delete from {table}"):
            with pytest.raises(asyncpg.RestrictViolationError):
                await connection.execute(statement)


async def test_what_a_lease_does_looks_at_no_old_partition(
    own_dsn: str,
) -> None:
    """A year has many of them: they may be planned, but nothing in them is looked up."""
    turns = 20
    old = (f"activation_{FIRST}_pkey", "hold_1_pkey", "entry_1_pkey", "message_1_pkey")

    async def looks() -> dict[str, int]:
        connection = await asyncpg.connect(own_dsn)
        rows = await connection.fetch(
            "select indexrelname, idx_scan from pg_stat_user_indexes where indexrelname = any($1)", old
        )
        await connection.close()
        return {row[0]: row[1] for row in rows}

    connection = await asyncpg.connect(own_dsn)
    await small_partitions(connection, 4)
    async with open_bank(own_dsn, early_cancel_s=0, partition_rows=SIZE) as (app, shop):
        _, key = await shop.customer()
        await shop.numbers(turns + 1, country=0)
        await shop.offer("tg", country=0)
        caller = Caller(app, key)

        async def one(order: str) -> None:
            bought = await caller.json("getNumberV2", service="tg", country=0, orderId=order)
            await push(app, int(bought["phoneNumber"]), "Telegram code 12345")
            assert await caller.get("getStatus", id=bought["activationId"]) == "STATUS_OK:12345"
            await caller.get("setStatus", id=bought["activationId"], status=6)

        await one("old")
        await move_on(connection)
    before = await looks()
    assert set(before) == set(old)
    async with open_bank(own_dsn, early_cancel_s=0, partition_rows=SIZE) as (app, shop):
        caller = Caller(app, key)
        for turn in range(turns):
            await one(f"new {turn}")
    await connection.close()
    after = await looks()
    assert {name: after[name] - before[name] for name in old if after[name] - before[name] >= turns} == {}


async def test_the_audit_log_becomes_a_growing_table_beside_code_that_writes_it(empty_dsn: str) -> None:
    connection, old = await asyncpg.connect(empty_dsn), await asyncpg.connect(empty_dsn)
    write = "insert into audit (actor, act, subject) values ('me', 'a.b', $1) returning id"
    with mock.patch.object(migrate, "known", return_value=migrate.known()[:14]):
        await migrate.migrate(connection)
    statement = await old.prepare(write)
    assert [await statement.fetchval(str(turn)) for turn in range(3)] == [1, 2, 3]
    assert [one.name for one in await migrate.migrate(connection) if one.number == 15] == ["growth"]
    assert await old.fetchval(write, "3") == 4
    rows = await connection.fetch("select id, subject, tableoid::regclass::text as part from audit order by id")
    assert [tuple(row) for row in rows] == [(turn + 1, str(turn), "audit_1") for turn in range(4)]
    await connection.execute("select setval('audit_id', 20000001)")
    async with connection.transaction():
        await growth.grow(connection, "audit", 20_000_000)
    assert await old.fetchval(write, "much later") == 20_000_002
    for statement_ in (
        "delete from audit",
        "update audit_1 set subject = ''",
        "truncate audit_1",
        "truncate audit_20000001",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(statement_)
    await old.close()
    await connection.close()


async def test_the_audit_log_is_not_read_under_the_lock_that_makes_it_a_partition(empty_dsn: str) -> None:
    connection = await asyncpg.connect(empty_dsn)
    with mock.patch.object(migrate, "known", return_value=migrate.known()[:14]):
        await migrate.migrate(connection)
    await connection.execute(
        "insert into audit (actor, act, subject) select 'me', 'a.b', g from generate_series(1, 9) g"
    )
    told: list[str] = []
    connection.add_log_listener(lambda _, message: told.append(str(message.message)))
    await connection.execute("set client_min_messages = debug1")
    with mock.patch.object(migrate, "known", return_value=migrate.known()[:15]):
        await migrate.migrate(connection)
    await asyncio.sleep(0)  # what the server says is handed out in a later turn of the loop
    assert [line for line in told if "audit_1" in line and "implied by existing constraints" in line]
    assert not await connection.fetch(
        "select from pg_constraint where conrelid = 'audit_1'::regclass and contype = 'c' and conname <> 'audit_act_check'"
    )
    await connection.close()


async def test_what_goes_before_a_migration_is_taken_up_again_after_a_kill(
    empty_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = await asyncpg.connect(empty_dsn)
    everything = migrate.known()
    monkeypatch.setattr(migrate, "known", lambda: everything[:14])
    await migrate.migrate(connection)
    growing = everything[14]
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate._apply(connection, msgspec.structs.replace(growing, sql=growing.sql + ";select 1 / 0"))
    write = "insert into audit (actor, act, subject) values ('me', 'a.b', 'in between') returning id"
    assert await connection.fetchval(write) == 1  # code of before goes on
    monkeypatch.setattr(migrate, "known", lambda: everything)
    await migrate.migrate(connection)
    assert await connection.fetchval(write) == 2
    assert await connection.fetchval("select upto from growth where parent = 'audit'") == 20_000_001
    await connection.close()
