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
    before = {state.parent: state.upto for state in await growth.grow(connection, size)}
    assert before["activation"] == 120_000_000
    await connection.execute("select setval('lease_id', 114_999_999)")
    assert {state.parent: state.upto for state in await growth.grow(connection, size)} == before
    await connection.execute("select setval('lease_id', 115_000_001)")
    after = {state.parent: state.upto for state in await growth.grow(connection, size)}
    assert after == before | {"activation": 140_000_000}
    assert {state.parent: state.upto for state in await growth.grow(connection, size)} == after


async def test_the_ceiling_of_lease_ids_is_the_setting(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    await connection.execute("select setval('lease_id', 1123741823)")
    used = await growth.limit_lease_ids(connection, 2**31 - 1)
    assert used == pytest.approx(0.5, abs=0.001)
    await connection.execute("select setval('lease_id', 2147483647)")
    with pytest.raises(asyncpg.SequenceGeneratorLimitExceededError):
        await connection.fetchval("select nextval('lease_id')")
    await growth.limit_lease_ids(connection, 2**63 - 1)
    assert await connection.fetchval("select nextval('lease_id')") == 2**31


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
