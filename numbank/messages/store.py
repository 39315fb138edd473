"""Keeps messages once per key; what is new, what is a repeat, and the list of those that nobody got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from enum import Enum

import msgspec

from numbank.codes.decide import THRESHOLD
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.messages import recordings
from numbank.messages.model import Fate, Incoming, Medium, Read

Q = Queries("numbank.messages")

MOST_LOOKED_BACK = 25
"""Messages that a number had before its supplier's answer came. Nobody knew it then, so that there is hardly ever one."""


class Kept(msgspec.Struct):
    """A new message on its way into the store; the desk fills in what became of it.

    `code` and `confidence` are what was read in it, or what it means for the lease that got it: the caller of a call may be
    its code, and who knows the service may be surer. The confidence of a guess that is withheld stands without a code.
    """

    id: int
    incoming: Incoming
    same_id_other_text: bool
    number_id: int | None = None
    fate: Fate = Fate.NO_NUMBER
    lease_id: int | None = None
    code: str | None = None
    confidence: float = 0.0

    def __post_init__(self) -> None:
        """Start with the code that was read."""
        self.code, self.confidence = self.incoming.code, self.incoming.confidence


class Unmatched(msgspec.Struct, frozen=True):
    """A message that reached no customer."""

    id: int
    e164: int
    sender: str
    text: str
    fate: Fate
    received_at: datetime
    medium: Medium = Medium.SMS


async def take_new(tx: Connection, incoming: Sequence[Incoming]) -> tuple[dict[int, Kept], datetime | None]:
    """Remember the keys and give those that are new by their place in the list, with the time of the batch if there are any;
    waits for a concurrent twin's commit.
    """
    keys = [one.key for one in incoming]
    rows = await tx.fetch(Q.remember_keys, [ref for ref, _ in keys], [content for _, content in keys])
    fresh = {(row[0], row[1]): row for row in rows}
    refs = Counter(row[0] for row in rows) if len(rows) > 1 else {}
    new: dict[int, Kept] = {}
    for index, (one, key) in enumerate(zip(incoming, keys, strict=True)):
        row = fresh.pop(key, None)  # the same message twice in one batch is stored once
        if row is not None:
            new[index] = Kept(row[2], one, row[3] or refs.get(key[0], 1) > 1)
    return new, rows[0][4] if rows else None


async def keep(tx: Connection, messages: Sequence[Kept], now: datetime) -> None:
    """Write messages with their fates."""
    rows = [
        (
            kept.id, kept.incoming.supplier_id, kept.incoming.foreign_id, kept.incoming.e164, kept.number_id,
            kept.incoming.sender, kept.incoming.text, kept.code, kept.confidence, kept.fate,
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
    read: Callable[[Incoming], Awaitable[Read]],
) -> list[Kept]:
    """Messages to (number, from supplier, since) that reached nobody, in the order in which they came; `read` again.

    Only the last few of each number: locks are held meanwhile, and a long text takes 20 ms.
    """
    rows = await tx.fetch(Q.unclaimed, *(list(column) for column in zip(*wanted, strict=True)), MOST_LOOKED_BACK)
    found = []
    for message_id, supplier_id, ref, e164, sender, text, reused, kind, language in rows:
        medium = Medium(kind)
        stored = Incoming(
            supplier_id, ref, e164, sender, text, None, 0.0, frozenset(), medium=medium, language=language
        )
        found.append(Kept(message_id, stored.read_as(await read(stored)), reused))
    return found


async def claim(tx: Connection, messages: Sequence[Kept], now: datetime) -> None:
    """Messages that reached nobody found their leases after all."""
    rows = [(kept.id, kept.number_id, kept.lease_id, kept.code, kept.confidence) for kept in messages]
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


class CodeState(Enum):
    """What the bank thinks of the code of a message."""

    CERTAIN = "certain"
    GUESS = "guess"  # handed out although it is not certain
    WITHHELD = "withheld"  # a guess that was not handed out
    NONE = "none"
    ERASED = "erased"


class Glance(msgspec.Struct, frozen=True):
    """A message as operators see it. Sender, text and code are shown only where no customer got it."""

    id: int
    e164: int
    medium: Medium
    fate: Fate
    lease_id: int | None
    has_code: bool
    confidence: float
    received_at: datetime
    is_empty: bool
    sender: str
    text: str
    code: str | None
    account_id: int | None = None
    service_id: int | None = None

    @property
    def state(self) -> CodeState:
        """What is thought of its code. The caller of a call is its code without any doubt, so that has no confidence."""
        if self.has_code:
            return CodeState.GUESS if 0 < self.confidence < THRESHOLD else CodeState.CERTAIN
        if self.is_empty:
            return CodeState.ERASED if self.confidence else CodeState.NONE
        return CodeState.WITHHELD if self.confidence else CodeState.NONE


async def newest(pool: Pool, limit: int) -> list[Glance]:
    """The newest messages, whatever became of them."""
    rows = await pool.fetch(Q.newest_messages, limit)
    return [msgspec.convert({**row, "confidence": round(row["confidence"], 3)}, Glance) for row in rows]


async def supplier_of(pool: Pool, e164: int) -> int | None:
    """The supplier that owns a telephone number, None when it is not ours."""
    found: int | None = await pool.fetchval(Q.supplier_of_number, e164)
    return found


class Outcome(msgspec.Struct, frozen=True):
    """What became of a message: its fate, the lease that got it, its code. `confidence` without a code is a guess's."""

    fate: Fate
    lease_id: int | None
    code: str | None
    confidence: float


async def fate_of(pool: Pool, incoming: Incoming) -> Outcome | None:
    """What became of a message that was taken in; None if it never came."""
    row = await pool.fetchrow(Q.fate_of_message, *incoming.key)
    if row is None:
        return None
    return Outcome(Fate(row["fate"]), row["lease_id"], row["code"], round(row["confidence"], 3))
