"""kill -9 of nodes that share a database, at named commits and at random moments: nothing lost, nothing doubled."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from tests.fire import kills

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

KILLS = 25
# Another part of the named moments every day; with NUMBANK_TEST_SEED that of another day once more.
SEED = int(os.environ.get("NUMBANK_TEST_SEED") or datetime.now(UTC).toordinal())


async def test_twenty_five_kills_lose_and_double_nothing() -> None:
    killer = await kills.run(KILLS, SEED, print)
    assert killer.kills >= KILLS
    assert killer.hit.total() >= KILLS // 2, f"seed {SEED}: {killer.missed}"
