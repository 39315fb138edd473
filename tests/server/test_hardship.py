"""A worker that cannot open, a log that cannot be written, keys and caches while the database is slow."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from typing import Any

import asyncpg
import msgspec
import pytest

from numbank.customers.keys import KeyRing, digest_of
from numbank.db.pool import create_pool
from numbank.db.versions import Versions
from numbank.server import logs
from numbank.server.app import App
from numbank.supply.numbers import within
from numbank.wire.dialects import DIALECTS, Dialect
from tests.support import Caller, open_bank, settings_for, until


async def lifespan(app: App) -> list[str]:
    """What an app tells the server about its start."""
    told: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: dict[str, Any]) -> None:
        told.append(message["type"])

    await app({"type": "lifespan"}, receive, send)
    return told


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:1/none", "{server}nowhere"])
async def test_a_worker_that_cannot_open_says_so_and_ends(dsn: str, url: str) -> None:
    head, _, tail = dsn.partition("@/")
    address = url if "{" not in url else f"{head}@/nowhere?{tail.partition('?')[2]}"
    assert await lifespan(App(settings_for(address))) == ["lifespan.startup.failed"]


class BrokenStream(io.RawIOBase):
    """A disk that is full."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        raise OSError(28, "No space left on device")


async def test_a_log_that_cannot_be_written_stops_nobody(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stderr:
        buffer = BrokenStream()

    monkeypatch.setattr(sys, "stderr", Stderr())
    logs.configure("debug")
    lost = logs.SINK.lost
    async with open_bank(dsn, access_log="all") as (app, shop):
        _, key = await shop.customer()
        caller = Caller(app, key)
        await shop.numbers(3)
        await shop.offer("tg")
        blocker = await asyncpg.connect(dsn)
        transaction = blocker.transaction()
        await transaction.start()
        await blocker.execute("lock table activation in access exclusive mode")
        assert await caller.get("getNumber", service="tg") == "ERROR_SQL"
        await transaction.rollback()
        await blocker.close()
        assert (await caller.get("getNumber", service="tg")).startswith("ACCESS_NUMBER:")

        async def dropped() -> bool:
            return logs.SINK.lost > lost

        await until(dropped)


# Both dialects have the words of the base for these (protocol.md 12).
BUSY = {"sms_activate": ("TOO_MANY_REQUESTS", "ERROR_SQL"), "koala": ("TOO_MANY_REQUESTS", "ERROR_SQL")}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
async def test_a_full_queue_and_a_database_that_does_not_answer_have_their_words(dsn: str, dialect: Dialect) -> None:
    async with open_bank(dsn, queue_limit=1) as (app, shop):
        _, key = await shop.customer()
        caller = Caller(app, key)
        await shop.numbers(10)
        await shop.offer("wa")
        blocker = await asyncpg.connect(dsn)
        transaction = blocker.transaction()
        await transaction.start()
        await blocker.execute("lock table activation in access exclusive mode")

        async def lease() -> str:
            fields = {"api_key": key, "action": "getNumber", "service": "wa", "country": "0"}
            return (await caller.post(dialect.paths[0], data=fields)).text

        answers = await asyncio.gather(*(lease() for _ in range(6)))
        await transaction.rollback()
        await blocker.close()
        overloaded, unavailable = BUSY[dialect.name]
        # One is being served and one may wait; nobody was served while the table was locked.
        assert set(answers) == {overloaded, unavailable}
        assert 1 <= answers.count(unavailable) <= 2
        assert (await lease()).startswith("ACCESS_NUMBER:")


def test_what_libraries_log_is_a_json_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(kept, write_through=True))
    logs.configure("info")
    try:
        int("not a number")
    except ValueError:
        logging.getLogger("asyncpg").exception("Failed to restore %s", "something")
    (line,) = kept.getvalue().splitlines()
    shown = msgspec.json.decode(line)
    assert (shown["logger"], shown["message"], shown["level"]) == ("asyncpg", "Failed to restore something", "error")
    assert "ValueError" in shown["exception"]


async def test_a_look_that_began_before_a_revocation_does_not_save_the_key(dsn: str) -> None:
    pool = await create_pool(dsn, size=4, command_timeout_s=10)
    versions = Versions(pool, poll_s=60, max_age_s=0.2)
    ring = KeyRing(pool, versions)
    hold = asyncio.Event()

    async def slow() -> None:
        await hold.wait()

    versions.subscribe("catalogue", slow)
    async with open_bank(dsn) as (_, shop):
        _, key = await shop.customer()
        looking = asyncio.create_task(versions.look())
        assert await ring.find(digest_of(key)) is not None
        await shop.connection.execute("update api_key set revoked_at = now()")
        await shop.connection.execute("update version set value = value + 1 where topic in ('keys', 'catalogue')")

        async def refused() -> bool:
            return ring.cached(digest_of(key)) is None and await ring.find(digest_of(key)) is None

        await asyncio.wait_for(until(refused), 1.0)
        hold.set()
        await looking
    await pool.close()


async def test_a_subscriber_that_fails_is_tried_again(dsn: str) -> None:
    pool = await create_pool(dsn, size=2, command_timeout_s=10)
    versions = Versions(pool, poll_s=0.01, max_age_s=1)
    tries: list[int] = []

    async def fails_twice() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise asyncpg.LockNotAvailableError("made up")

    versions.subscribe("catalogue", fails_twice)
    versions.start()

    async def succeeded() -> bool:
        return len(tries) == 3

    await until(succeeded)
    assert versions.fresh
    await versions.stop()
    await pool.close()


def test_a_sweep_is_bounded_by_the_rows_that_numbers_bring_along() -> None:
    assert within([1, 2, 3], {1: 3, 2: 3, 3: 3}, 6) == [1, 2]
    assert within([1, 2], {1: 100}, 6) == [1]
    assert within([1, 2, 3], {}, 6) == [1, 2, 3]
