"""Recordings that are due are fetched together, and one that goes wrong is nobody else's trouble."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic

from numbank.clock import Pace
from numbank.messages.calls import Kind
from numbank.messages.recordings import Audio
from numbank.supply.numbers import CALL
from numbank.voice.fetch import fetch_due
from tests.support import open_bank, until
from tests.voice.test_calls import AUDIO, called
from tests.voice.wav import recorder


async def test_one_recording_that_breaks_the_fetcher_keeps_no_other_from_coming(dsn: str) -> None:
    """Whatever one supplier makes go wrong."""

    async def fetch(url: str) -> Audio:
        if "bad" in url:
            raise RuntimeError("a bug of ours or of a library")
        return Audio(AUDIO, "audio/wav")

    async with open_bank(dsn, sweep_every_s=3600) as (app, shop):
        await shop.numbers(4, abilities=CALL)
        await shop.offer("tg", kind=Kind.VOICE)
        lines = [await called((app, shop), recording_url=f"http://calls.example/{name}") for name in ("bad", "good")]
        kept: list[int] = []

        async def keep(message_id: int, _audio: Audio) -> None:
            kept.append(message_id)

        pace = Pace(hard_s=0.0, first_s=0.0, longest_s=0.0, tries=1)
        assert await fetch_due(app.bank.pool, fetch, keep, pace, 10) == 2
        rows = await shop.connection.fetch(
            "select m.lease_id, r.state, m.id from recording r join message m on m.id = r.message_id order by m.id"
        )
    assert [(row[0], row[1]) for row in rows] == [(lines[0].lease_id, 2), (lines[1].lease_id, 0)]
    assert kept == [rows[1]["id"]]


async def test_a_recording_is_kept_while_others_are_still_being_fetched(dsn: str) -> None:
    go_on = asyncio.Event()
    kept: list[int] = []

    async def fetch(url: str) -> Audio:
        if "slow" in url:
            await go_on.wait()
        return Audio(AUDIO, "audio/wav")

    async def keep(message_id: int, _audio: Audio) -> None:
        kept.append(message_id)

    async with open_bank(dsn, sweep_every_s=3600) as (app, shop):
        await shop.numbers(4, abilities=CALL)
        await shop.offer("tg", kind=Kind.VOICE)
        for name in ("slow", "quick"):
            await called((app, shop), recording_url=f"http://calls.example/{name}")
        fetching = asyncio.create_task(fetch_due(app.bank.pool, fetch, keep, Pace(60.0, 0.0, 0.0, 3), 10))

        async def one_is_there() -> bool:
            return len(kept) == 1

        await until(one_is_there)
        assert not fetching.done()
        go_on.set()
        assert await fetching == 2
    assert len(kept) == 2


async def test_a_stop_waits_neither_for_suppliers_nor_for_recognisers(dsn: str, tmp_path: Path) -> None:
    """They may take longer than a worker has, and what was accepted is served after them."""
    began = tmp_path / "began"
    changes: dict[str, object] = {
        "recording_allow": "127.0.0.0/8", "recording_hard_s": 60.0, "transcriber": f"/bin/sh -c 'touch {began}; sleep 60'",
    }  # fmt: skip
    async with recorder() as supplier:
        async with open_bank(dsn, **changes) as (app, shop):
            await shop.numbers(4, abilities=CALL)
            await shop.offer("tg", kind=Kind.VOICE)
            await called((app, shop), recording_url=supplier.put("/good", AUDIO))

            async def is_written_down() -> bool:
                return began.exists()

            await until(is_written_down)
            await called((app, shop), recording_url=supplier.url("/hangs"))

            async def is_fetched() -> bool:
                return "/hangs" in supplier.asked

            await until(is_fetched)
            asked_at = monotonic()
        assert monotonic() - asked_at < 10
