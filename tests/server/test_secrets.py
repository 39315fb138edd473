"""Keys, codes and texts are planted, then looked for in logs and metrics."""

from __future__ import annotations

import io
import sys

import httpx
import pytest

from numbank.server import logs
from numbank.server.metrics import exposition
from tests.support import Caller, open_bank, push

CODE, TEXT = "918273", "Telegram code 918273, xyzzy"


async def test_no_secret_reaches_a_log_or_a_metric(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(kept, write_through=True))
    logs.configure("debug")
    async with open_bank(dsn, access_log="all", early_cancel_s=0) as (app, shop):
        _, key = await shop.customer()
        await shop.numbers(3)
        await shop.offer("tg")
        caller = Caller(app, key)
        lease_id, e164 = await caller.lease()
        await push(app, e164, TEXT, sender="Telegram")
        assert await caller.get("getStatus", id=lease_id) == f"STATUS_OK:{CODE}"
        await caller.get("getFullSms", id=lease_id)
        await caller.get("setStatus", id="not a number", status=8)
        await caller.get(f"getBalance{key}")
        body = {"key": key, "smsId": 1, "phone": str(e164), "phoneFrom": "Telegram", "text": TEXT}
        refused = await caller.post("/agent/api/sms", json=body)
        assert refused.json()["status"] == "ERROR"
        # A bug that meets a secret: its traceback is logged, the secret is not.
        monkeypatch.setattr(app.bank.desks.views, "one", None)
        assert await caller.get("getStatusV2", id=lease_id) == "ERROR_SQL"
    written = kept.getvalue() + exposition()
    assert b"action_bug" in written
    assert b'"action":"getStatus"' in written
    for secret in (key, CODE, "xyzzy"):
        assert secret.encode() not in written


async def test_health_and_metrics_answer(dsn: str) -> None:
    async with open_bank(dsn) as (app, _):
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bank")  # type: ignore[arg-type]
        assert (await client.get("/healthz")).json() == {"status": "alive"}
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
        assert "numbank_counter_requests_total" in (await client.get("/metrics")).text
        assert (await client.get("/nothing")).status_code == 404


async def test_a_node_whose_clock_is_off_is_not_ready(dsn: str) -> None:
    async with open_bank(dsn, clock_skew_s=0.0) as (app, _):
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bank")  # type: ignore[arg-type]
        unready = await client.get("/readyz")
        assert unready.status_code == 503
        assert unready.json()["reasons"]
