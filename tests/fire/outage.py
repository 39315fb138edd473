"""What customers must see while the database is away, and how soon it is over for them."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from uuid import uuid4

import httpx

from numbank.db.pool import CONNECTION_ERRORS, connect
from tests.fire.kills import Stage

# While a node knows that its database is away it answers within this time (docs/crashes.md).
QUICKLY_S = 1.0
# The machine of the tests is busy: one answer may come late, not most of them.
BUSY_S = 5.0
# From the moment when the database answers again.
BACK_S = 5.0
ASKED = ({"action": "getBalance"}, {"action": "getNumberV2", "service": "tg"}, {"action": "getStatus", "id": "1"})
TRIES = 3


async def known_to_be_away(on: Stage) -> float:
    """Wait until every node says that it is not ready; then the wire answers ERROR_SQL, and quickly. The median in s."""
    await asyncio.to_thread(_unready, on)
    took: list[float] = []
    async with httpx.AsyncClient(timeout=30) as http:
        for node in on.fleet.nodes:
            for asked in ASKED * TRIES:
                began = time.monotonic()
                answer = await http.get(node.url, params={"api_key": on.town.probe.key} | asked)
                took.append(time.monotonic() - began)
                assert answer.text == "ERROR_SQL", f"while the database was away a node said {answer.text}"
            ready = await http.get(f"http://127.0.0.1:{node.port}/readyz")
            assert ready.status_code == 503, ready.text
            assert "database" in ready.text
    assert statistics.median(took) < QUICKLY_S, f"ERROR_SQL took {sorted(took)}"
    assert max(took) < BUSY_S, f"ERROR_SQL took {sorted(took)}"
    return statistics.median(took)


def _unready(on: Stage) -> None:
    deadline = time.monotonic() + 30
    for node in on.fleet.nodes:
        while node.ready():
            assert time.monotonic() < deadline, "a node does not notice that its database is away"
            time.sleep(0.02)


async def takes_writes(dsn: str) -> float:
    """Wait until a database confirms a commit, with its standby if it needs one; when that was (monotonic)."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            connection = await connect(dsn, hot=True, command_timeout_s=20)
            try:
                await connection.execute("insert into batch_done (id) values (gen_random_uuid())")
            finally:
                connection.terminate()
        except CONNECTION_ERRORS:
            await asyncio.sleep(0.05)
        else:
            return time.monotonic()
    raise AssertionError("the database does not come back")


async def back(on: Stage, since: float) -> float:
    """Wait until every node leases again; gives the seconds since the database was back (monotonic), at most BACK_S."""
    async with httpx.AsyncClient(timeout=30) as http:
        await asyncio.gather(*(_leases(http, on, node.url) for node in on.fleet.nodes))
    took = time.monotonic() - since
    assert took < BACK_S, f"the service came back {took:.1f} s after its database"
    return took


async def _leases(http: httpx.AsyncClient, on: Stage, url: str) -> None:
    while True:
        fields = {"api_key": on.town.probe.key, "action": "getNumberV2", "service": "vk", "orderId": uuid4().hex}
        answer = (await http.get(url, params=fields)).text
        if answer.startswith("{"):
            assert json.loads(answer)["activationId"]
            return
        assert answer in ("ERROR_SQL", "TOO_MANY_REQUESTS"), answer
        await asyncio.sleep(0.02)


async def some_turns(on: Stage, turns: int = 20) -> None:
    """Let the customers do something first."""
    wanted = on.load.turns + turns
    deadline = time.monotonic() + 60
    while on.load.turns < wanted and not on.load.broken:
        assert time.monotonic() < deadline, "the load does not move"
        await asyncio.sleep(0.02)
    if on.load.broken:
        await on.load.end()
