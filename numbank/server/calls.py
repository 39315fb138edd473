"""Wires what has to do with calls: recordings, transcripts, the desk of calls, and the errands of suppliers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from numbank.clock import Pace
from numbank.messages.recordings import Audio
from numbank.server.periodic import Periodic
from numbank.supply.errands import run_due
from numbank.voice import fetch, transcriber, writing
from numbank.voice.desk import Calls
from numbank.voice.fetch import Fetcher
from numbank.voice.transcriber import Transcriber

if TYPE_CHECKING:
    from numbank.server.bank import Bank

# Recordings are fetched and written down a few at once; there are never many.
FETCHED_AT_ONCE = 8
WRITTEN_AT_ONCE = 4
# A transcript whose recording is still being fetched is tried again soon.
WRITE_FIRST_S, WRITE_LONGEST_S, WRITE_TRIES = 1.0, 60.0, 20


class CallHouse(msgspec.Struct):
    """What a bank has for calls."""

    desk: Calls
    transcriber: Transcriber
    fetcher: Fetcher


def calls(bank: Bank) -> CallHouse:
    """The desk of calls with its recognisers; OperatorError on a setting that cannot be read."""
    writer = transcriber.from_settings(bank.settings)
    return CallHouse(Calls(bank.pool, writer, bank.suppliers.runners), writer, fetch.from_settings(bank.settings))


def call_workers(bank: Bank) -> list[Periodic]:
    """The fetcher, the writer, and the outbox of errands."""
    settings, house = bank.settings, bank.calls
    first_s, longest_s = settings.release_first_s, settings.release_longest_s
    to_fetch = Pace(settings.recording_hard_s, first_s, longest_s, settings.recording_tries)
    to_write = Pace(settings.transcriber_hard_s * WRITTEN_AT_ONCE, WRITE_FIRST_S, WRITE_LONGEST_S, WRITE_TRIES)
    errands = Pace(settings.supplier_hard_s, first_s, longest_s, settings.errand_tries)

    async def kept(message_id: int, audio: Audio) -> None:
        await writing.keep_recording(bank.pool, house.transcriber, message_id, audio)

    every_s, ear = settings.sweep_every_s, writing.Ear(bank.door.read, bank.code_rules)
    return [
        Periodic(
            "recordings",
            partial(fetch.fetch_due, bank.pool, house.fetcher, kept, to_fetch, FETCHED_AT_ONCE),
            every_s,
            full=FETCHED_AT_ONCE,
            hasty=True,
        ),
        Periodic(
            "transcripts",
            partial(writing.write_due, bank.pool, house.transcriber, ear, to_write, WRITTEN_AT_ONCE),
            every_s,
            full=WRITTEN_AT_ONCE,
            hasty=True,
        ),
        Periodic(
            "errands",
            partial(run_due, bank.pool, bank.suppliers.runners, errands, settings.batch_release),
            every_s,
            full=settings.batch_release,
        ),
    ]
