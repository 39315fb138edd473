"""A key that asks ten times as often as it may: it is refused before any work, and others are as fast as ever."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlencode

import asyncpg
import httpx
import pytest

from numbank.db.versions import Versions
from tests.abuse.victim import Opener
from tests.support import PATH, Caller, Shop, open_bank

LIMIT = 50
ROUNDS, ASKED = 6, 200
TRIES = 5


@pytest.mark.slow
async def test_a_key_at_ten_times_its_limit_does_not_slow_others(
    open_victim: Opener, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_victim() as bank:
        hammer_id, hammer_key = await bank.shop.customer()
        await bank.shop.connection.execute("update customer set requests_per_s = $2 where id = $1", hammer_id, LIMIT)
        command = [sys.executable, "-m", "tests.abuse.hammer", str(bank.port), hammer_key, str(LIMIT * 10)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as hammer:  # noqa: ASYNC220  at once
            try:
                assert hammer.stdout is not None
                assert hammer.stdout.readline() == "refused\n"
                ratios = []
                for _ in range(TRIES):
                    quiet, hammered = _measured(bank.port, bank.key, hammer)
                    ratios.append(hammered / quiet)
                    if ratios[-1] <= 2:
                        break
            finally:
                hammer.kill()
        with capsys.disabled():
            shown = ", ".join(f"{one:.2f}" for one in ratios)
            print(f"\np99 beside a key at 10 x its limit: {shown} x that of a quiet bank")  # noqa: T201  the figure
        assert ratios[-1] <= 2, "every time"
        assert 'numbank_requests_total{action="getActiveActivations",refused="TOO_MANY_REQUESTS"}' in bank.metrics()


def _measured(port: int, key: str, hammer: subprocess.Popen[str]) -> tuple[float, float]:
    """p99 of an honest poll in seconds, with the hammer frozen and with it at work, in turns."""
    honest = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    path = "/stubs/handler_api.php?" + urlencode({"api_key": key, "action": "getActiveActivations"})
    times: dict[int, list[float]] = {signal.SIGSTOP: [], signal.SIGCONT: []}
    for _ in range(ROUNDS):
        for sign, kept in times.items():
            hammer.send_signal(sign)
            for _ in range(ASKED):
                began = time.perf_counter()
                honest.request("GET", path)
                assert honest.getresponse().read()
                kept.append(time.perf_counter() - began)
    honest.close()
    return _p99(times[signal.SIGSTOP]), _p99(times[signal.SIGCONT])


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


async def test_who_asks_too_often_is_refused_before_any_work(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the desks nor the table of keys are touched, on the wire and in the JSON APIs; without the limit they are."""
    monkeypatch.setattr("numbank.policy.policy.monotonic", lambda: 1_000.0)  # no bucket fills up while we look
    monkeypatch.setattr(Versions, "fresh", property(lambda _: True))  # and no key is looked up anew
    before = await asyncpg.connect(dsn)
    (customer_id, key), (_, other_key) = [await Shop(before).customer() for _ in range(2)]
    await before.execute("update customer set requests_per_s = 1 where id = $1", customer_id)
    await before.close()
    async with open_bank(dsn) as (app, _):
        caller = Caller(app, key)
        api = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bank")  # type: ignore[arg-type]
        headers = {"X-API-Key": key}
        assert (await caller.get("getBalance")).startswith("ACCESS_BALANCE:")
        wire: Any = app.routes[PATH]
        rest: Any = app._rest
        for door in (wire, rest):
            monkeypatch.setattr(door, "_desks", Untouchable())
            monkeypatch.setattr(door._keys, "find", Untouchable())
        for _ in range(20):
            assert await caller.get("getBalance") == "TOO_MANY_REQUESTS"
            assert (await api.get("/v1/hooks", headers=headers)).status_code == 429
        assert await Caller(app, other_key).get("getBalance") == "ERROR_SQL", (
            "whoever may ask reaches what is broken here"
        )


class Untouchable:
    """Fails whatever is done with it."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"touched: {name}")

    def __call__(self, *_: object) -> Any:
        raise AssertionError("called")
