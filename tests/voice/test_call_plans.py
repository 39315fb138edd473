"""No statement about calls scans a growing table, whatever was in it when the statement was planned (engine 1.7)."""

from __future__ import annotations

import asyncpg

from numbank.messages.calls import Kind
from numbank.supply.numbers import CALL, FORWARD, SMS
from tests.support import Caller, open_bank, push, ring, until
from tests.voice.wav import pcm16, recorder, tone, wav

GROWING = ("activation", "message", "message_key", "recording", "parse_task", "errand", "number", "hold")


async def scans(dsn: str) -> dict[str, int]:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("select relname, seq_scan from pg_stat_user_tables")
    await connection.close()
    return {row["relname"]: row["seq_scan"] for row in rows if row["relname"].rstrip("0123456789_") in GROWING}


async def test_everything_about_calls_uses_indexes(dsn: str) -> None:
    changes: dict[str, object] = {
        "early_cancel_s": 0, "recording_allow": "127.0.0.0/8", "transcriber": "/bin/echo 4 8 2 9", "recording_hard_s": 1.0,
    }  # fmt: skip
    async with recorder() as supplier, open_bank(dsn, **changes) as (app, shop):
        await shop.connection.execute("set enable_seqscan = off")
        _, key = await shop.customer()
        caller = Caller(app, key)
        await shop.numbers(30, abilities=SMS | CALL | FORWARD)
        for kind in Kind:
            await shop.offer("av", kind=kind)
        await shop.counted()
        before = await scans(dsn)
        for turn in range(6):
            url = supplier.put(f"/{turn}", wav(pcm16(tone())))
            flash, flash_number = await caller.lease("av", activationType=1)
            voice, voice_number = await caller.lease("av", activationType=2, language="ru")
            forwarded, forwarded_number = await caller.lease("av", forward=1)
            await caller.get("setStatus", id=forwarded, status=1, forward="491701234567")
            await ring(app, flash_number, "447911123456")
            await ring(app, voice_number, "447911123456", recording_url=url)
            await push(app, forwarded_number, "code 12345")

            async def written(lease_id: int = voice) -> bool:
                return await caller.get("getStatus", id=lease_id) == "STATUS_OK:4829"

            await until(written)
            await caller.get("parseCall", id=voice, newLang="ru")
            for action in (
                "getStatusV2",
                "getIncomingCallStatus",
                "getOutgoingCalls",
                "getAllSms",
                "createTaskForCall",
            ):
                for lease_id in (flash, voice):
                    await caller.get(action, id=lease_id, phone="491701234567")
    after = await scans(dsn)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {}
