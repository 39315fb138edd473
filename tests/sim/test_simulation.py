"""Seeds of the simulation, with everything proved after each step. SEEDS=N runs more, `make sim` runs them alone."""

from __future__ import annotations

import asyncio
import os
from uuid import uuid4

import asyncpg
import pytest

from tests.conftest import DSN_VARIABLE, drop, on_database
from tests.sim.world import simulate

SEEDS = int(os.environ.get("SEEDS", "50"))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
async def test_a_seeded_world_stays_right(template: str, seed: int) -> None:
    dsn = os.environ[DSN_VARIABLE]
    name = f"sim_{uuid4().hex}"
    admin = await asyncpg.connect(dsn)
    await admin.execute(f"create database {name} template {template}")
    try:
        await asyncio.wait_for(simulate(on_database(dsn, name), seed, steps=40), 120)
    finally:
        await admin.close()
        await drop(name)
