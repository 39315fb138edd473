"""Telephone numbers are planted in leases, pushes and errors, then looked for in everything that is logged."""

from __future__ import annotations

import io
import logging
import sys

import asyncpg
import pytest
import structlog

from numbank.masking import masked, without_numbers
from numbank.server import logs
from numbank.server.metrics import exposition
from tests.support import Caller, open_bank, push

STRANGERS = (79035550011, 79031112233, 79161234567, 447700900123)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (79161234567, "7916*****67"),
        ("447700900123", "4477******23"),
        (12345678, "1234**78"),
        (12345, "***45"),
        (7, "7"),
    ],
)
def test_a_masked_number_shows_its_head_and_its_tail(number: int | str, shown: str) -> None:
    assert masked(number) == shown


@pytest.mark.unit
def test_numbers_in_texts_are_masked_and_ids_are_not() -> None:
    text = "message 17 to +79161234567 (lease 100000123) at 2026-11-22T00:10:25.123456Z: Key (e164)=(447700900123)"
    assert without_numbers(text) == (
        "message 17 to +7916*****67 (lease 100000123) at 2026-11-22T00:10:25.123456Z: Key (e164)=(4477******23)"
    )


async def test_no_telephone_number_reaches_a_log_or_a_metric(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(kept, write_through=True))
    logs.configure("debug")
    log = structlog.get_logger("numbank")
    async with open_bank(dsn, access_log="all", early_cancel_s=0, log_level="debug") as (app, shop):
        _, key = await shop.customer()
        await shop.numbers(4)
        await shop.offer("tg")
        caller = Caller(app, key)
        lease_id, e164 = await caller.lease()
        await push(app, e164, "Telegram code 48213", sender="+79035550011")
        await caller.get("getFullSms", id=lease_id)
        await caller.get("setStatus", id=lease_id, status=3, forward="79031112233")
        await caller.get("setStatus", id="79161234567", status=8)
        await caller.get("getStatus", id=e164)
        await caller.get(str(e164))
        for push_key in ("0" * 32, key):
            body = {"key": push_key, "smsId": 1, "phone": str(e164), "phoneFrom": "79035550011", "text": "x"}
            assert (await caller.post("/agent/api/sms", json=body)).json()["status"] == "ERROR"
        # A bug that meets a number: its traceback is logged, the number is not.
        monkeypatch.setattr(app.bank.desks.views, "one", _broken)
        assert await caller.get("getStatusV2", id=lease_id) == "ERROR_SQL"
        # The database's own words, as a library logs them; and a careless line.
        logging.getLogger("asyncpg").error('duplicate key: Key (e164)=(%s) "+%s"', e164, 447700900123)
        log.error("careless", number=e164, to=79035550011, note=f"cannot reach {e164}", lease=lease_id)
    written = kept.getvalue() + exposition()
    for event in (b"action_bug", b'"event":"careless"', b"library", b'"action":"getNumber"'):
        assert event in written
    assert masked(e164).encode() in written
    assert f'"lease":{lease_id}'.encode() in written
    assert [number for number in (*STRANGERS, e164) if str(number).encode() in written] == []


async def test_what_the_database_says_of_a_row_is_not_logged(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken constraint quotes the whole row, with texts and sealed secrets, over several lines."""
    kept = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(kept, write_through=True))
    logs.configure("debug")
    connection = await asyncpg.connect(dsn)
    await connection.execute("create temporary table note (text text check (length(text) < 10))")
    text = "Your code\nis 48213, Anna"
    try:
        await connection.execute("insert into note values ($1)", text)
    except asyncpg.PostgresError as error:
        structlog.get_logger("numbank").exception("bug")
        logging.getLogger("asyncio").error("wrapped", exc_info=_wrapped(error))  # noqa: TRY400  another error than the one at hand
    await connection.close()
    written = kept.getvalue()
    assert written.count(b"note_text_check") == 2, "the constraint is still named"
    assert b"48213" not in written
    assert b"Anna" not in written


def _wrapped(error: Exception) -> Exception:
    outer = RuntimeError("a worker died")
    outer.__cause__ = error
    return outer


async def _broken(*_: object) -> None:
    raise RuntimeError("no message for 79161234567 here")
