"""Secrets, texts and codes of webhooks reach no log and no metric; settings that cannot be read are one line."""

from __future__ import annotations

import io
import sys

import pytest

from numbank.errors import OperatorError
from numbank.hooks import posting
from numbank.server import logs
from numbank.server.metrics import exposition
from numbank.settings import load
from tests.hooks.bank import world
from tests.hooks.receiver import receiving, says

CODE, TEXT = "918273", "Telegram code 918273, xyzzy"


async def test_no_secret_of_a_webhook_reaches_a_log_or_a_metric(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(kept, write_through=True))
    logs.configure("debug")
    async with receiving() as receiver, world(dsn, access_log="all", hook_disable_after=1) as bank:
        receiver.plan = [says(500)] * 8
        hook_id, secret = await bank.api.hook(receiver.url("/hook?token=hunter2"))
        rotated = (await bank.api.ask("POST", f"/v1/hooks/{hook_id}/rotate", 200, json={}))["secret"]
        await bank.message(TEXT)
        await bank.db.execute("update delivery set tries = 7 where state = 0")

        async def off() -> bool:
            await bank.db.execute("update delivery set tries = 7, due_at = now() where state = 0")
            return not (await bank.api.ask("GET", f"/v1/hooks/{hook_id}", 200))["enabled"]

        from tests.support import until

        await until(off)
        await bank.api.ask("POST", f"/v1/hooks/{hook_id}/test", 202)
        await bank.api.ended(hook_id, 2)
    written = kept.getvalue() + exposition()
    assert b"hook_switched_off" in written
    assert b"numbank_hook_tries_total" in written
    for planted in (secret, rotated, CODE, "xyzzy", "hunter2", bank.key):
        assert planted.encode() not in written


@pytest.mark.parametrize(
    ("name", "value"),
    [("hook_ports", "http"), ("hook_ports", "0"), ("hook_allow", "10.0.0.1/8"), ("hook_ca_file", "/nowhere.pem")],
)
def test_a_setting_that_cannot_be_read_is_one_line(name: str, value: str) -> None:
    with pytest.raises(OperatorError) as refused:
        posting.check(load({}, **{name: value}))
    assert f"NUMBANK_{name.upper()}={value!r}" in str(refused.value)
    assert "\n" not in str(refused.value)
