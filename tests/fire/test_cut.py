"""The connection between nodes and database is reset, refused and silent, under load."""

from __future__ import annotations

import asyncio
import shutil
import time

import pytest

from tests.fire.fleet import Node
from tests.fire.kills import stage
from tests.fire.outage import back, known_to_be_away, some_turns
from tests.fire.postgres import HOST, USER, Cluster, own_folder
from tests.fire.proxy import Proxy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# A request that was under way when the connection fell silent is answered within this time: the statement's
# (NUMBANK_COMMAND_TIMEOUT_S), a new connection's, and that of looking for its commit (docs/crashes.md).
IN_FLIGHT_S = 15.0


async def test_a_connection_that_is_cut_in_any_way_loses_and_doubles_nothing() -> None:
    folder = own_folder("numbank-fire-")
    cluster = Cluster(own_folder("numbank-fire-pg-"))
    try:
        await asyncio.to_thread(cluster.create)
        async with Proxy(cluster.port) as proxy:
            dsn = f"postgresql://{USER}@{HOST}:{proxy.port}/bank"
            nodes = [Node(["--database-url", dsn], folder) for _ in range(2)]
            async with stage(folder, dsn, nodes, seed=3, check_dsn=cluster.dsn) as on:
                for _ in range(2):
                    await some_turns(on)
                    proxy.reset()
                    await back(on, time.monotonic())
                await some_turns(on)
                proxy.refuse()
                await known_to_be_away(on)
                proxy.heal()
                await back(on, time.monotonic())
                for forget in (False, True):
                    await some_turns(on)
                    cut_at = time.monotonic()
                    proxy.silence()
                    await known_to_be_away(on)
                    # Beyond the time of a statement, so that nobody is left who might just be lucky.
                    await asyncio.sleep(max(0.0, cut_at + 6 - time.monotonic()))
                    proxy.heal(forget=forget)
                    await back(on, time.monotonic())
                assert max(one.took_s for one in on.line.failures) < IN_FLIGHT_S
                await on.prove()
    finally:
        cluster.remove()
        shutil.rmtree(folder, ignore_errors=True)
