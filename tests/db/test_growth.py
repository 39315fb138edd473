"""Partitions are made ahead, ids have a ceiling, old marks go."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from numbank.db import growth


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
