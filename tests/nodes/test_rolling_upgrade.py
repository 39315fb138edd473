"""A migration while old nodes run: nobody is refused, old and new serve side by side, what is too old says so."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from numbank.db import migrate
from tests.nodes.rolling import CONTRACT, NEWEST, PLANTED, Newer, Told, lives
from tests.nodes.world import World, beside, environment, world
from tests.server.live import command, free_port

pytestmark = pytest.mark.slow

CLIENTS = 3
LONG_READER_S = 3.0


@asynccontextmanager
async def reading(dsn: str) -> AsyncIterator[None]:
    """Somebody reads for long, as a backup does: every ALTER of the table waits for its end."""
    connection = await asyncpg.connect(dsn, server_settings={"idle_in_transaction_session_timeout": "0"})
    await connection.execute("begin isolation level repeatable read; select count(*) from activation, hold limit 1")
    ending = asyncio.create_task(asyncio.sleep(LONG_READER_S))
    ending.add_done_callback(lambda _: connection.terminate())
    yield
    await ending


def report(told: Told, began: float, migrated: float, until: float) -> None:
    """What customers felt, for who reads along."""
    for what, since, upto in (("before", 0.0, began), ("migrating", began, migrated), ("beside", migrated, until)):
        p99, slowest = told.p99_ms(since, upto), told.slowest_ms(since, upto)
        count = sum(since <= at <= upto for at, _ in told.took)
        sys.stderr.write(f"{what}: {count} answers, p99 {p99:.0f} ms, slowest {slowest:.0f} ms\n")


async def test_an_upgrade_under_load_refuses_nobody(own_dsn: str, tmp_path: Path) -> None:
    newer = Newer(tmp_path)
    async with world(own_dsn, 2) as here:
        country = await here.country()
        await here.stock(30_000, "tg", country=country)
        told, over = Told(), asyncio.Event()
        keys = [(await here.shop.customer(10**9))[1] for _ in range(CLIENTS)]
        clients = [asyncio.create_task(lives(here, node, key, country, told, over)) for node in (0, 1) for key in keys]
        await asyncio.sleep(1.0)
        began = time.monotonic()
        async with reading(own_dsn):
            said = await newer.migrate(own_dsn)
        migrated = time.monotonic()
        for name in PLANTED:
            assert name in said
        assert await here.db.fetchval("select max(planted) from activation") == 7
        assert await here.db.fetchval("select indisvalid from pg_index where indexrelid = 'planted_numbers'::regclass")
        # The old ones go on, also when they are started again now; a new one beside them serves the same leases.
        assert [(await here.ready(node))[0] for node in (0, 1)] == [200, 200]
        async with beside(newer.node(own_dsn, **environment(tmp_path))) as (fresh,):
            new = World([fresh], here.shop, own_dsn, here.agent_key)
            lease_id, _ = await here.lease(0, keys[0], "tg", country)
            assert await new.ask(0, keys[0], "getStatus", id=lease_id) == "STATUS_WAIT_CODE"
            lease_id, _ = await new.lease(0, keys[0], "tg", country)
            assert await here.ask(1, keys[0], "getStatus", id=lease_id) == "STATUS_WAIT_CODE"
            await new.close()
        until = time.monotonic()
        over.set()
        await asyncio.gather(*clients)
        assert told.wrong == []
        report(told, began, migrated, until)
        assert told.slowest_ms(began, until) < 3_000
        await here.shop.counted()
        await here.proved()

        # The end of the upgrade takes away what the old code needs: it says so in one line and takes no new customers.
        newer.plant("planted_end", CONTRACT)
        await newer.migrate(own_dsn)
        status, why = await here.ready(0)
        needs = (
            f"needs code that knows at least migration {NEWEST + len(PLANTED)}; this numbank knows {NEWEST}:"
            " install a newer numbank"
        )
        assert status == 503
        assert needs in why
        refused = await asyncio.to_thread(
            command, "serve", "--listen", f"127.0.0.1:{free_port()}", "--database-url", own_dsn, check=False
        )
        assert refused.returncode == 1
        assert needs.replace(" ", "") in refused.stderr.replace("\n", "").replace(" ", "")
        assert "Traceback" not in refused.stderr


async def test_two_migrate_at_once_while_one_builds_an_index(empty_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for its turn must not be waited for by CONCURRENTLY."""
    sql = "create index concurrently if not exists later on service (code);\nselect pg_sleep(0.5)"
    index = migrate.Migration(NEWEST + 1, "later", sql, 1, in_transaction=False)
    everything = [*migrate.known(), index]
    monkeypatch.setattr(migrate, "known", lambda: everything)
    connections = [await asyncpg.connect(empty_dsn) for _ in range(3)]
    applied = await asyncio.gather(*(migrate.migrate(connection) for connection in connections))
    assert sorted(len(steps) for steps in applied) == [0, 0, len(everything)]
    for connection in connections:
        await connection.close()


async def test_an_index_that_a_killed_upgrade_left_half_built_is_built_again(
    own_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = await asyncpg.connect(own_dsn)
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute("create unique index concurrently later on service ((id > 0))")
    valid = "select indisvalid from pg_index where indexrelid = 'later'::regclass"
    assert await connection.fetchval(valid) is False
    sql = "create index concurrently if not exists later on service (code)"
    step = migrate.Migration(NEWEST + 1, "later", sql, 1, in_transaction=False)
    everything = [*migrate.known(), step]
    monkeypatch.setattr(migrate, "known", lambda: everything)
    assert await migrate.migrate(connection) == [step]
    assert await connection.fetchval(valid) is True
    await connection.close()


async def test_an_index_is_waited_for_longer_than_a_connection_has_patience(
    own_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup has a snapshot for hours, which CONCURRENTLY waits for."""
    reader, connection = await asyncpg.connect(own_dsn), await asyncpg.connect(own_dsn, command_timeout=0.5)
    await reader.execute("begin isolation level repeatable read; select from service limit 1")
    sql = "create index concurrently if not exists later on service (code)"
    step = migrate.Migration(NEWEST + 1, "later", sql, 1, in_transaction=False)
    everything = [*migrate.known(), step]
    monkeypatch.setattr(migrate, "known", lambda: everything)
    migrating = asyncio.ensure_future(migrate.migrate(connection))
    done, _ = await asyncio.wait([migrating], timeout=1.5)
    await reader.close()
    assert not done
    assert await migrating == [step]
    await connection.close()
