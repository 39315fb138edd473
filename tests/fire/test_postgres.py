"""PostgreSQL is killed, stopped, restarted and cuts everybody off, under load: ERROR_SQL meanwhile, then all goes on."""

from __future__ import annotations

import asyncio
import shutil
import signal
import time
from collections.abc import Callable

import psutil
import pytest

from numbank.db.pg_cluster import Folder
from numbank.db.pg_process import Postmaster
from tests.fire.fleet import Node
from tests.fire.kills import Stage, separate, stage
from tests.fire.outage import back, known_to_be_away, some_turns, takes_writes
from tests.fire.postgres import own_folder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CUT_OFF = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'numbank'"


async def test_a_separate_database_that_is_killed_or_restarted_loses_nothing() -> None:
    async with separate(seed=1) as (on, cluster):
        for stop in (cluster.kill, lambda: cluster.stop(signal.SIGQUIT), lambda: cluster.stop(signal.SIGINT)):
            await some_turns(on)
            await asyncio.to_thread(stop)
            await known_to_be_away(on)
            await asyncio.to_thread(cluster.start)
            await back(on, time.monotonic())
        for _ in range(2):
            await some_turns(on)
            assert await asyncio.to_thread(cluster.ask, CUT_OFF)
            await back(on, time.monotonic())
        await on.prove()


def killed_postmaster(server: psutil.Process) -> None:
    """The postmaster alone; its backends notice it."""
    server.kill()


def killed_backend(server: psutil.Process) -> None:
    """A backend of the bank: the postmaster ends all the others and recovers."""
    next(one for one in server.children() if "numbank numbank" in " ".join(one.cmdline())).kill()


async def test_the_embedded_database_is_started_again_by_its_supervisor_when_it_is_killed() -> None:
    folder = own_folder("numbank-fire-")
    data = folder / "data"
    try:
        node = Node(["--data", str(data)], folder)
        async with stage(folder, Folder.at(data).dsn(), [node], seed=2, embedded=True) as on:
            for blow in (killed_postmaster, killed_backend):
                await some_turns(on)
                await _struck(on, data, blow)
            # Node and database at once, as a machine that loses its power.
            await some_turns(on)
            found = Postmaster.read(Folder.at(data))
            assert found is not None
            server = psutil.Process(found.pid)
            node.kill()
            server.kill()
            await asyncio.to_thread(on.fleet.raise_the_dead)
            await on.prove()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _struck(on: Stage, data: object, blow: Callable[[psutil.Process], None]) -> None:
    folder = Folder.at(data)  # type: ignore[arg-type]
    found = Postmaster.read(folder)
    assert found is not None
    blow(psutil.Process(found.pid))
    await back(on, await takes_writes(on.dsn))
