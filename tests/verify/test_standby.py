"""Everything is proved on a standby too, which takes no write at all, also while its primary serves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest

from numbank.activation.states import Event
from numbank.db import checks, settling
from numbank.server.serve import upgrade
from tests.fire.postgres import Cluster, own_folder
from tests.server.live import NUMBANK
from tests.support import open_bank, settings_for, until
from tests.verify.used_bank import ALL_CHECKS, QUIET, User, broken, use

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]

TURNS, MANY, WIDTH = 2, 400, 100
ALL_SETTLED_S = 60.0
TWICE = """
update activation a set number_id = o.number_id, e164 = o.e164, service_id = o.service_id from activation o
where a.id = (select max(id) from activation where state = 8) and o.id = (select min(id) from activation where state = 8)"""


@pytest.fixture
async def pair() -> AsyncIterator[tuple[Cluster, Cluster]]:
    """A primary and its standby."""
    first, second = [Cluster(own_folder("numbank-verify-pg-")) for _ in range(2)]
    try:
        await asyncio.to_thread(first.create)
        await asyncio.to_thread(second.copy_of, first, "second")
        yield first, second
    finally:
        second.remove()
        first.remove()


async def replayed(primary: asyncpg.Connection[asyncpg.Record], standby: asyncpg.Connection[asyncpg.Record]) -> None:
    """The standby has all that the primary has now."""
    written = await primary.fetchval("select pg_current_wal_lsn()")

    async def there() -> bool:
        return bool(await standby.fetchval("select pg_last_wal_replay_lsn() >= $1", written))

    await until(there)


async def test_verify_runs_whole_on_a_standby(pair: tuple[Cluster, Cluster], monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = pair
    # So that most of this young bank is settled; its transactions take milliseconds.
    monkeypatch.setattr(settling, "SETTLE_LIMIT_S", 2.0)
    await upgrade(settings_for(first.dsn), lambda _: None)
    standby = await asyncpg.connect(second.dsn)
    async with open_bank(first.dsn, **QUIET) as (app, shop):
        await use(app, shop)
        await shop.numbers(MANY, country=3)
        await shop.offer("wa", country=3)
        user = User(app.bank, (await shop.customer(balance=10**9))[0])
        enough = asyncio.Event()

        async def serve() -> int:
            for served in range(MANY):
                if enough.is_set():
                    return served
                await user.advance(await user.lease("wa", country=3), Event.CANCEL)
            return MANY

        serving = asyncio.create_task(serve())
        try:
            # What is young is not settled yet, and a quick machine is here before anything is old.
            looked_at: set[str] = set()
            turns, until_s = 0, time.monotonic() + ALL_SETTLED_S
            while turns < TURNS or len(looked_at) < len(ALL_CHECKS):
                assert time.monotonic() < until_s, (
                    f"never looked at: {[c.name for c in ALL_CHECKS if c.name not in looked_at]}"
                )
                found = await checks.run(lambda: asyncpg.connect(second.dsn), ALL_CHECKS, slice_rows=WIDTH)
                assert broken(found) == {}
                assert len(found) == len(ALL_CHECKS)
                looked_at |= {finding.check for finding in found if finding.looked_at}
                turns += 1
        finally:
            enough.set()
            assert await serving > 0
        await replayed(shop.connection, standby)
        command = await asyncio.create_subprocess_exec(
            NUMBANK,
            "verify",
            "--database-url",
            second.dsn + "?target_session_attrs=any",
            stdout=asyncio.subprocess.PIPE,
        )
        said = (await command.communicate())[0].decode()
        assert (command.returncode, said.splitlines()[-1]) == (0, f"{len(ALL_CHECKS)} checks, 0 differences")
        await shop.connection.execute(TWICE)
        await replayed(shop.connection, standby)
    found = await checks.run(lambda: asyncpg.connect(second.dsn), ALL_CHECKS, slice_rows=WIDTH)
    assert "activation.once" in broken(found)
    await standby.close()
