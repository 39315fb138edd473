"""A bank whose growing tables have small partitions, so that a test can come to their edges."""

from __future__ import annotations

import asyncpg

from numbank.db import growth

SIZE = 1_000
FIRST = 100_000_000  # the first lease


async def small_partitions(connection: asyncpg.Connection[asyncpg.Record], many: int = 2) -> None:
    """A young bank whose partitions have a thousand ids each."""
    for parent in growth.PARENTS:
        (name,) = [
            row[0]
            for row in await connection.fetch(
                "select inhrelid::regclass::text from pg_inherits where inhparent = $1::regclass", parent
            )
        ]
        low = int(name.rpartition("_")[2])
        await connection.execute(f"drop table {name}")
        await connection.execute("update growth set upto = $2 where parent = $1", parent, low)
        for _ in range(many):
            await connection.execute("select add_partition($1, $2)", parent, SIZE)


async def move_on(connection: asyncpg.Connection[asyncpg.Record], by: int = SIZE * 3 // 2) -> None:
    """As if so many ids had been given out: what is written next comes into the next partition."""
    for (sequence,) in await connection.fetch("select distinct sequence from growth"):
        await connection.execute(f"select setval('{sequence}', (select last_value + {by} from {sequence}))")
    for parent in growth.PARENTS:
        async with connection.transaction():
            await growth.grow(connection, parent, SIZE)
