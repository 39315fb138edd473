"""Keeps messages once per key; what is new, what is a repeat, and the list of those that nobody got."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.messages import recordings
from numbank.messages.model import Fate, Incoming, Medium

Q = Queries("numbank.messages")


class Kept(msgspec.Struct):
    """A new message on its way into the store; the desk fills in what became of it.

    `code` is what was read in it, or what it means for the lease that got it: the caller of a call may be its code.
    """

    id: int
    incoming: Incoming
    same_id_other_text: bool
    number_id: int | None = None
    fate: Fate = Fate.NO_NUMBER
    lease_id: int | None = None
    code: str | None = None

    def __post_init__(self) -> None:
        """Start with the code that was read."""
        if self.code is None:
            self.code = self.incoming.code


class Unmatched(msgspec.Struct, frozen=True):
    """A message that reached no customer."""

    id: int
    e164: int
    sender: str
    text: str
    fate: Fate
    received_at: datetime
    medium: Medium = Medium.SMS


async def take_new(tx: Connection, incoming: Sequence[Incoming]) -> tuple[dict[int, Kept], datetime]:
    """Remember the keys and give those that are new by their place in the list; waits for a concurrent twin's commit."""
    ids = await tx.fetch(Q.next_message_ids, len(incoming))
    keys = [one.key for one in incoming]
    columns = ([ref for ref, _ in keys], [content for _, content in keys])
    fresh = {(ref, content) for ref, content in await tx.fetch(Q.remember_keys, *columns, [row[0] for row in ids])}
    reused = {row[0] for row in await tx.fetch(Q.same_ref, *columns)} if fresh else set()
    new: dict[int, Kept] = {}
    for index, (one, key) in enumerate(zip(incoming, keys, strict=True)):
        if key in fresh:
            fresh.discard(key)  # the same message twice in one batch is stored once
            new[index] = Kept(ids[index][0], one, key[0] in reused)
    return new, ids[0][1]


async def keep(tx: Connection, messages: Sequence[Kept], now: datetime) -> None:
    """Write messages with their fates."""
    rows = [
        (
            kept.id, kept.incoming.supplier_id, kept.incoming.foreign_id, kept.incoming.e164, kept.number_id,
            kept.incoming.sender, kept.incoming.text, kept.code, kept.incoming.confidence, kept.fate,
            kept.lease_id, kept.same_id_other_text, kept.incoming.medium, kept.incoming.language,
        )
        for kept in messages
    ]  # fmt: skip
    if rows:
        await tx.execute(Q.insert_messages, *(list(column) for column in zip(*rows, strict=True)), now)
    await recordings.expect(
        tx,
        [
            recordings.Expected(kept.id, one.recording_url, kept.lease_id, one.text, one.language)
            for kept in messages if (one := kept.incoming).recording_url
        ],
        now,
    )  # fmt: skip


async def unclaimed(
    tx: Connection,
    wanted: Sequence[tuple[int, int, datetime]],
    named: Callable[[str, str], frozenset[int]],
) -> list[Kept]:
    """Messages to (number, from supplier, since) that reached nobody, in the order in which they came.

    `named` reads again which services a text and its sender name.
    """
    rows = await tx.fetch(Q.unclaimed, *(list(column) for column in zip(*wanted, strict=True)))
    return [
        Kept(
            message_id,
            Incoming(
                supplier_id,
                ref,
                e164,
                sender,
                text,
                code,
                confidence,
                named(text, sender),
                medium=Medium(kind),
                language=language,
            ),
            reused,
        )
        for message_id, supplier_id, ref, e164, sender, text, code, confidence, reused, kind, language in rows
    ]


async def claim(tx: Connection, messages: Sequence[Kept], now: datetime) -> None:
    """Messages that reached nobody found their leases after all."""
    rows = [(kept.id, kept.number_id, kept.lease_id, kept.code) for kept in messages]
    if rows:
        claimed = await tx.fetchval(Q.claim_messages, *(list(column) for column in zip(*rows, strict=True)))
        if claimed != len(rows):
            raise RuntimeError(f"{claimed} of {len(rows)} messages were without a lease")
    calls = [kept.id for kept in messages if kept.incoming.medium is Medium.CALL]
    if calls:
        await recordings.wanted(tx, calls, now)


async def unmatched(pool: Pool, limit: int) -> list[Unmatched]:
    """The newest messages that reached no customer."""
    rows = await pool.fetch(Q.unmatched, limit)
    return [Unmatched(row[0], row[1], row[2], row[3], Fate(row[4]), row[5], Medium(row[6])) for row in rows]


async def supplier_of(pool: Pool, e164: int) -> int | None:
    """The supplier that owns a telephone number, None when it is not ours."""
    found: int | None = await pool.fetchval(Q.supplier_of_number, e164)
    return found


async def fate_of(pool: Pool, incoming: Incoming) -> tuple[Fate, int | None, str | None] | None:
    """What became of a message that was taken in: its fate, the lease that got it, the code; None if it never came."""
    row = await pool.fetchrow(Q.fate_of_message, *incoming.key)
    return None if row is None else (Fate(row["fate"]), row["lease_id"], row["code"])
