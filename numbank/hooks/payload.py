"""What deliveries say. One entry per kind of event: the query that reads its facts, and how they are written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.hooks.model import Event, Task

Q = Queries("numbank.hooks")


class Wording(msgspec.Struct, frozen=True):
    """How facts are written on the wire: the zone of dates, and what stands for a code where there is none."""

    zone: ZoneInfo
    no_code_word: str

    def date(self, at: datetime) -> str:
        """`Y-m-d H:i:s` in the zone of the settings."""
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")


class ActivationPayload(msgspec.Struct, frozen=True, rename="camel"):
    """A message of an activation, in the order of the document (protocol.md 9.1)."""

    activation_id: int
    service: str
    text: str
    code: str
    country: int
    received_at: str


class Sms(msgspec.Struct, frozen=True, rename="camel"):
    """A message as the rent webhook shows it."""

    phone_from: str
    text: str
    date: str


class RentPayload(msgspec.Struct, frozen=True, rename="camel"):
    """A message of a rental, in the order of the document (protocol.md 9.2)."""

    rent_id: str
    sms: Sms


class Kind(msgspec.Struct, frozen=True):
    """How an event becomes a body. `read` gives one row per delivery id that still has its facts, the id first; None: there
    is nothing to read. `render` gives None when what it tells was erased meanwhile."""

    read: str | None
    render: Callable[[asyncpg.Record | None, Wording], bytes | None]


def _message(row: asyncpg.Record | None, wording: Wording) -> bytes | None:
    """A message without a code carries the word that the wire shows for it (12.2, 12); a call may have no text."""
    if row is None or row["erased"]:
        return None
    return msgspec.json.encode(
        ActivationPayload(
            row["lease_id"], row["service"], row["text"], row["code"] or wording.no_code_word, row["country_id"],
            wording.date(row["received_at"]),
        )
    )  # fmt: skip


def _rent_message(row: asyncpg.Record | None, wording: Wording) -> bytes | None:
    """A message or a call of a rental; of a call the transcript, which may be empty."""
    if row is None or row["erased"]:
        return None
    sms = Sms(row["sender"], row["text"], wording.date(row["received_at"]))
    return msgspec.json.encode(RentPayload(str(row["rent_id"]), sms))


def _test(_row: asyncpg.Record | None, wording: Wording) -> bytes | None:
    """An example in the form of a message; activation 0 is nobody's."""
    return msgspec.json.encode(
        ActivationPayload(
            0, "ot", "This is a test of your webhook, code 12345", "12345", 0, wording.date(datetime.now(UTC))
        )
    )


KINDS: Mapping[Event, Kind] = {
    Event.MESSAGE: Kind(Q.messages, _message),
    Event.TEST: Kind(None, _test),
    Event.RENT_MESSAGE: Kind(Q.rent_messages, _rent_message),
}


async def bodies(connection: Connection, tasks: Sequence[Task], wording: Wording) -> dict[int, bytes | None]:
    """The bodies of deliveries by id, one read per kind of event; None where the facts are gone."""
    found: dict[int, bytes | None] = {}
    for event, kind in KINDS.items():
        ids = [task.delivery_id for task in tasks if task.event is event]
        if not ids:
            continue
        rows = {row[0]: row for row in await connection.fetch(kind.read, ids)} if kind.read is not None else {}
        found.update({delivery_id: kind.render(rows.get(delivery_id), wording) for delivery_id in ids})
    return found
