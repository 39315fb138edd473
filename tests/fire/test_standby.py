"""A primary with a synchronous standby dies, and the standby is promoted, under load: what was acknowledged is there."""

from __future__ import annotations

import asyncio
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.fire.fleet import Node
from tests.fire.kills import Stage, stage
from tests.fire.outage import back, known_to_be_away, some_turns
from tests.fire.postgres import HOST, USER, Cluster, own_folder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# PostgreSQL then confirms the commits that wait, with a warning; they show, and the standby does not have them.
BREAK_OFF = "select count(pg_cancel_backend(pid)) from pg_stat_activity where application_name = 'numbank'"
SYNCHRONOUS = {"synchronous_standby_names": "second", "synchronous_commit": "on"}


@asynccontextmanager
async def pair(seed: int) -> AsyncIterator[tuple[Stage, Cluster, Cluster]]:
    """A bank on a primary and its standby; its nodes know both. What is proved is proved on the standby."""
    folder = own_folder("numbank-fire-")
    first = Cluster(own_folder("numbank-fire-pg-"))
    second = Cluster(own_folder("numbank-fire-pg-"))
    try:
        await asyncio.to_thread(first.create)
        await asyncio.to_thread(second.copy_of, first, "second")
        first.settings |= SYNCHRONOUS
        await asyncio.to_thread(first.stop)
        await asyncio.to_thread(first.start)
        dsn = f"postgresql://{USER}@{HOST}:{first.port},{HOST}:{second.port}/bank"
        nodes = [Node(["--database-url", dsn], folder) for _ in range(2)]
        async with stage(folder, dsn, nodes, seed=seed, check_dsn=first.dsn) as on:
            on.dsn = second.dsn
            yield on, first, second
    finally:
        second.remove()
        first.remove()
        shutil.rmtree(folder, ignore_errors=True)


async def test_a_standby_that_is_promoted_has_all_that_was_acknowledged() -> None:
    async with pair(4) as (on, first, second):
        await some_turns(on, 100)
        await asyncio.to_thread(first.kill)
        await known_to_be_away(on)
        await asyncio.to_thread(second.promote)
        await back(on, time.monotonic())
        await some_turns(on)
        await on.prove()


async def test_what_the_standby_did_not_get_is_acknowledged_to_nobody() -> None:
    async with pair(5) as (on, first, second):
        await some_turns(on)
        second.everybody(signal.SIGSTOP)
        try:
            # Commits hang until their time is over.
            failures = len(on.line.failures)
            deadline = time.monotonic() + 60
            while len(on.line.failures) < failures + 10:
                assert time.monotonic() < deadline, f"commits hang, and nobody is told: {on.line.failures}"
                await asyncio.sleep(0.05)
            for _ in range(10):
                await asyncio.to_thread(first.ask, BREAK_OFF)
                await asyncio.sleep(0.2)
            await asyncio.to_thread(first.kill)
        finally:
            second.everybody(signal.SIGCONT)
        await asyncio.to_thread(second.promote)
        await back(on, time.monotonic())
        await some_turns(on)
        await on.prove()
