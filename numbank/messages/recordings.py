"""Recordings of calls as kept: expected with the call, fetched from the supplier, given to their customer, erased."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from enum import IntEnum

import msgspec

from numbank.clock import Pace
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries

Q = Queries("numbank.messages", "recordings.sql")

PIECE = 262_144


class RecordingState(IntEnum):
    """States as stored. ERASED: its time is over (retention), as that of texts and codes."""

    TO_FETCH = 0
    KEPT = 1
    GIVEN_UP = 2
    ERASED = 3


class Due(msgspec.Struct, frozen=True):
    """A recording to fetch, for the `tries`-th time."""

    message_id: int
    url: str
    tries: int


class Expected(msgspec.Struct, frozen=True):
    """A recording that was announced with its call. `transcript` is the supplier's own, in `language` if it said so."""

    message_id: int
    url: str
    lease_id: int | None
    transcript: str
    language: str | None


class Audio(msgspec.Struct, frozen=True):
    """A recording as it was fetched."""

    audio: bytes
    content_type: str


class Playable(msgspec.Struct, frozen=True):
    """A recording for its customer; `length` in bytes."""

    message_id: int
    content_type: str
    length: int


async def expect(tx: Connection, recordings: Sequence[Expected], now: datetime) -> None:
    """Recordings of calls that just came in."""
    rows = [(one.message_id, one.url, one.lease_id, one.transcript, one.language) for one in recordings]
    if rows:
        await tx.execute(Q.expect_recordings, *(list(column) for column in zip(*rows, strict=True)), now)


async def wanted(tx: Connection, message_ids: Sequence[int], now: datetime) -> None:
    """Calls found their customers after all."""
    await tx.execute(Q.want_recordings, list(message_ids), now)


async def take_due(pool: Pool, limit: int, pace: Pace) -> list[Due]:
    """Recordings to fetch now."""
    rows = await pool.fetch(Q.take_recordings, limit, pace.hard_s, pace.first_s, pace.longest_s)
    return [Due(*row) for row in rows]


async def keep(tx: Connection, message_id: int, audio: Audio) -> tuple[int | None, bool] | None:
    """Keep what was fetched; gives the call's lease and whether it has no transcript, None if it was kept before."""
    row = await tx.fetchrow(Q.keep_recording, message_id, audio.audio, audio.content_type)
    return None if row is None else (row[0], row[1])


async def give_up(pool: Pool, message_ids: Sequence[int]) -> None:
    """Nobody can fetch these."""
    await pool.execute(Q.give_up_recordings, list(message_ids))


async def of_customer(pool: Pool, account_id: int, message_id: int) -> Playable | None:
    """A recording, if the call was this customer's and its audio is kept."""
    row = await pool.fetchrow(Q.recording_of_customer, message_id, account_id)
    return None if row is None else Playable(message_id, *row)


async def pieces(pool: Pool, playable: Playable) -> AsyncIterator[bytes]:
    """Its bytes, read as they are sent: a client that reads slowly holds a piece in memory and no whole recording. They end
    early when it is erased meanwhile."""
    for at in range(0, playable.length, PIECE):
        piece: bytes | None = await pool.fetchval(Q.recording_piece, playable.message_id, at + 1, PIECE)
        if piece is None:
            return
        yield piece
