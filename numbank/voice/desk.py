"""What customers ask about their calls: status, another transcript, the recording, a call to be placed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import date, tzinfo

import msgspec

from numbank.activation.advance import read_locked
from numbank.catalogue.languages import main_language, parse_tag
from numbank.db.confirmed import confirmed
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.reads import answered
from numbank.errors import BadLanguage, CallTaskExists, NoActivation, NoSuchNumber, ParsedTooOften, Refusal
from numbank.messages import recordings
from numbank.messages.recordings import Playable
from numbank.supply import errands
from numbank.supply.errands import CannotBeDone, Outgoing, Runner
from numbank.voice.model import MOST_PARSINGS, CallView, incoming_status, may_call_out, may_parse
from numbank.voice.transcriber import Transcriber

Q = Queries("numbank.voice")

MAX_OUTGOING = 100


class Calls:
    """The desk of calls. `runners` are the suppliers that place calls; Unavailable when the database does not answer."""

    def __init__(self, pool: Pool, transcriber: Transcriber, runners: Mapping[int, Runner]) -> None:
        self._pool = pool
        self._transcriber = transcriber
        self._runners = runners

    @answered
    async def incoming(self, account_id: int, lease_id: int) -> tuple[str, str | None] | Refusal:
        """The status of the call that a lease waits for, and its caller once it came."""
        view = await self._view(self._pool, account_id, lease_id)
        if isinstance(view, Refusal):
            return view
        status = incoming_status(view)
        return status if isinstance(status, Refusal) else (status, view.sender)

    @answered
    async def parse(self, account_id: int, lease_id: int, language: str) -> Refusal | None:
        """Have the call of a lease written down again; `language` empty: that of the lease, else its country's.

        What is refused is not counted.
        """
        async with confirmed(self._pool) as tx:
            view = await self._view(tx, account_id, lease_id)
            if isinstance(view, Refusal):
                return view
            # A call that comes now waits: what is counted and what is written are of the same one.
            await read_locked(tx, [lease_id])
            view = await self._view(tx, account_id, lease_id)
            if isinstance(view, Refusal):
                return view
            tag = parse_tag(language) if language else view.wanted
            if tag is None:
                refused = may_parse(view, "", recogniser=False)
                return BadLanguage() if refused is None else refused
            refused = may_parse(view, tag, recogniser=self._transcriber.knows(tag))
            if refused is not None:
                return refused
            if await tx.fetchval(Q.count_parsing, view.message_id, MOST_PARSINGS) is None:
                return ParsedTooOften()
            await tx.execute(Q.add_parse_task, view.message_id, lease_id, tag)
            return None

    @answered
    async def call_out(self, account_id: int, lease_id: int, target: int | None) -> Refusal | None:
        """Have the supplier place a call from the number of a lease."""
        view = await self._view(self._pool, account_id, lease_id)
        if isinstance(view, Refusal):
            return view
        refused = may_call_out(view, target, able=view.supplier_id in self._runners)
        if refused is not None or target is None:
            return refused
        try:
            opened = await errands.open_call(self._pool, lease_id, view.supplier_id, view.e164, target)
        except CannotBeDone:
            return NoSuchNumber()
        return None if opened else CallTaskExists()

    @answered
    async def outgoing(
        self, account_id: int, lease_id: int, day: date | None, zone: tzinfo
    ) -> list[Outgoing] | Refusal:
        """The calls that were placed for a lease, newest first; only those of one day in a zone if it is given."""
        view = await self._view(self._pool, account_id, lease_id)
        if isinstance(view, Refusal):
            return view
        found = await errands.calls_of(self._pool, lease_id, MAX_OUTGOING)
        return [one for one in found if day is None or one.at.astimezone(zone).date() == day]

    @answered
    async def recording(self, account_id: int, message_id: int) -> Playable | None:
        """The recording of a call, for its customer only."""
        return await recordings.of_customer(self._pool, account_id, message_id)

    def audio(self, playable: Playable) -> AsyncIterator[bytes]:
        """The bytes of a recording."""
        return recordings.pieces(self._pool, playable)

    async def _view(self, connection: Connection | Pool, account_id: int, lease_id: int) -> CallView | Refusal:
        row = await connection.fetchrow(Q.call_of_lease, lease_id, account_id)
        if row is None:
            return NoActivation()
        values = dict(row)
        values["wanted"] = values["wanted"] or main_language(values["iso2"])
        return msgspec.convert(values, CallView)
