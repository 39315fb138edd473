"""Commands about calls and forwards."""

from __future__ import annotations

import asyncio
import json

import pytest

from numbank.supply import errands
from numbank.supply.errands import Forward
from numbank.supply.numbers import CALL, SMS
from tests.cli.test_commands import failure
from tests.server.live import command
from tests.support import Caller, open_bank, push

pytestmark = pytest.mark.slow


async def test_a_call_by_hand_says_who_got_it(dsn: str) -> None:
    async def deliver(to: int, *more: str) -> str:
        words = (
            "message",
            "deliver",
            "--call",
            "--to",
            str(to),
            "--from",
            "+447911123456",
            *more,
            "--database-url",
            dsn,
        )
        return (await asyncio.to_thread(command, *words)).stdout

    async with open_bank(dsn) as (app, shop):
        _, key = await shop.customer()
        await shop.numbers(3, abilities=SMS | CALL)
        for kind in range(3):
            await shop.offer("tg", kind=kind)
        caller = Caller(app, key)
        flash, flash_number = await caller.lease(activationType=1)
        voice, voice_number = await caller.lease(activationType=2)
        _, sms_number = await caller.lease()
        assert await deliver(flash_number) == f"attached to activation {flash}, code 3456\n"
        told = await deliver(
            voice_number, "--text", "your code is 4 8 2 9", "--recording", "https://sims.example/1.wav"
        )
        assert told == f"attached to activation {voice}, code 4829\n"
        assert await deliver(sms_number) == "stored, but nobody gets it: other_kind\n"
    (newest,) = json.loads(command("message", "unmatched", "--limit", "1", "--json", "--database-url", dsn).stdout)
    assert (newest["kind"], newest["why"]) == ("call", "other_kind")


def test_what_no_call_can_be_is_refused(dsn: str) -> None:
    words = ("message", "deliver", "--to", "79101234567", "--from", "x", "--database-url", dsn)
    assert "empty" in failure(*words)
    assert "--call" in failure(*words, "--text", "a", "--recording", "https://sims.example/1.wav")
    assert "--recording" in failure(*words, "--call", "--recording", "file:///etc/passwd")


def test_numbers_that_nobody_can_forward_are_not_added_as_such(dsn: str) -> None:
    command("agent", "add", "bank of sims", "--database-url", dsn)
    words = (
        "number",
        "add",
        "--country",
        "0",
        "--operator",
        "any",
        "--abilities",
        "sms,forward",
        "--database-url",
        dsn,
    )
    assert "cannot forward" in failure(*words, stdin="79101112233\n")
    assert "cannot forward" in failure(*words, "--agent", "bank of sims", stdin="79101112233\n")


async def test_the_log_of_forwards(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        _, key = await shop.customer()
        await shop.numbers(1, operator="mts")
        await shop.offer("wa")
        lease_id, e164 = await Caller(app, key).lease("wa", operator="mts")
        await push(app, e164, "code 12345")
        row = await shop.connection.fetchrow("select number_id, message_id from activation where id = $1", lease_id)
        assert row is not None
        number_id, message_id = row
        async with shop.connection.transaction():
            forward = Forward(lease_id, message_id, number_id, 491701234567)
            await errands.write_forwards(shop.connection, [forward], await app.bank.now(), 5)
        db = ("--database-url", dsn)
        (row,) = json.loads((await asyncio.to_thread(command, "message", "forwards", "--json", *db)).stdout)
        shown = (await asyncio.to_thread(command, "message", "forwards", *db)).stdout.splitlines()
    assert (row["activation"], row["message"], row["from"], row["to"], row["state"], row["supplier"]) == (
        lease_id, message_id, str(e164), "491701234567", "open", "pool",
    )  # fmt: skip
    assert shown[0].split() == [
        "id",
        "at",
        "activation",
        "supplier",
        "message",
        "from",
        "to",
        "state",
        "tries",
        "reason",
    ]
    assert "491701234567" in shown[1]
