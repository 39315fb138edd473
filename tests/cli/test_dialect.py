"""The operator sets a customer's dialect, and asks how an action is answered in one."""

from __future__ import annotations

import json

from tests.cli.test_commands import failure
from tests.server.live import command
from tests.support import Caller, open_bank, until


async def test_a_customer_is_answered_in_the_dialect_that_was_set(dsn: str) -> None:
    db = ("--database-url", dsn)
    made = json.loads(command("customer", "add", "panel", "--json", *db).stdout)
    async with open_bank(dsn) as (app, _):
        caller = Caller(app, made["api_key"])
        base = '{"status":"error","error":"NO_ACTIVATIONS"}'
        assert await caller.get("getActiveActivations") == base
        shown = json.loads(command("customer", "dialect", str(made["id"]), "koala", "--json", *db).stdout)
        assert shown == {"id": made["id"], "dialect": "koala"}

        async def answered() -> bool:
            return await caller.get("getActiveActivations") == "[]"

        await until(answered)
        assert (
            "is answered in sms_activate" in command("customer", "dialect", str(made["id"]), "sms_activate", *db).stdout
        )

        async def answered_as_before() -> bool:
            return await caller.get("getActiveActivations") == base

        await until(answered_as_before)
    assert "no customer 9999" in failure("customer", "dialect", "9999", "koala", *db)
    assert "there are sms_activate, koala" in failure("customer", "dialect", str(made["id"]), "emu", *db)


def test_explain_knows_the_dialects() -> None:
    plain = command("explain", "getActiveActivations")
    assert "--dialect koala" in plain.stderr + plain.stdout
    stops = json.loads(command("explain", "getActiveActivations", "--dialect", "koala", "--json").stdout)
    assert [stop["file"] for stop in stops[:2]] == ["numbank/wire/dialects/koala.py", "numbank/wire/activation.py"]
    assert "getPricesV2" in command("explain", "--dialect", "koala").stdout
    assert "getPricesV2" not in command("explain").stdout
    assert "no action 'getPricesV2' in sms_activate" in failure("explain", "getPricesV2")
    assert "no dialect 'emu'" in failure("explain", "getNumber", "--dialect", "emu")
