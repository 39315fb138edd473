"""Writes transcripts: takes the tasks that are due, asks the supplier's transcript or a recogniser, saves what was heard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from numbank.activation.advance import read_locked
from numbank.activation.states import FIRST_ENDED
from numbank.catalogue.languages import main_language
from numbank.catalogue.model import ANY_SERVICE_CODE, RENT_SERVICE_CODE
from numbank.clock import Pace
from numbank.db.pool import Pool
from numbank.db.queries import Queries
from numbank.hooks import queue as hooks
from numbank.leases.refs import rent_of
from numbank.messages import recordings
from numbank.messages.calls import Kind
from numbank.messages.match import Seeker, match
from numbank.messages.model import Incoming, Medium, Read
from numbank.messages.recordings import Audio
from numbank.messages.rules import DEFAULT, CodeRules, Value
from numbank.voice.model import has_transcript
from numbank.voice.transcriber import NoTranscript, Transcriber

Q = Queries("numbank.voice")
log = structlog.get_logger("numbank")


class Task(msgspec.Struct, frozen=True):
    """A call that is to be written down in `language`; `transcript` and `written` are the supplier's and its language.

    `kind` and the service are those of the lease that got the call.
    """

    id: int
    message_id: int
    lease_id: int
    language: str
    tries: int
    e164: int
    sender: str
    transcript: str
    written: str | None
    wanted: str | None
    iso2: str
    kind: Kind
    service_id: int
    service: str


class Ear(msgspec.Struct, frozen=True):
    """How a transcript is understood: by the door's `read`, as any message, and by the rules of codes."""

    read: Callable[[Incoming], Awaitable[Read]]
    code_rules: CodeRules = DEFAULT

    async def understand(self, task: Task, text: str) -> Value:
        """What a transcript is worth to who got the call; NoTranscript when it clearly names another service."""
        call = Incoming(
            0, "", task.e164, task.sender, text, None, 0.0, frozenset(), medium=Medium.CALL, language=task.language
        )
        read = await self.read(call)
        any_service = task.service in (ANY_SERVICE_CODE, RENT_SERVICE_CODE)
        if match(read.services, [Seeker(task.lease_id, task.service_id, any_service, task.kind)]) is None:
            raise NoTranscript("it names another service than the lease is for", hopeless=True)
        return self.code_rules.of(call.read_as(read), task.kind, task.service_id, any_service=any_service)


async def keep_recording(pool: Pool, transcriber: Transcriber, message_id: int, audio: Audio) -> None:
    """Keep a recording that was fetched; one that nobody wrote down yet is written down, if somebody here can."""
    async with pool.acquire() as tx, tx.transaction():
        await tx.fetch(Q.lock_message, message_id)  # first, as those who erase do
        kept = await recordings.keep(tx, message_id, audio)
        if kept is None or kept[0] is None or not kept[1]:
            return
        row = await tx.fetchrow(Q.language_of_lease, kept[0])
        if row is not None and transcriber.knows(language := row[0] or main_language(row[1])):
            await tx.execute(Q.add_parse_task, message_id, kept[0], language)


async def write_due(pool: Pool, transcriber: Transcriber, ear: Ear, pace: Pace, limit: int) -> int:
    """Write down what is due; a recogniser that hangs holds up nobody whose words are there. Gives how many were due."""
    rows = await pool.fetch(Q.take_parse_tasks, limit, pace.hard_s, pace.first_s, pace.longest_s)
    tasks = [msgspec.convert(dict(row), Task) for row in rows]
    writes = (_write(pool, transcriber, ear, task, pace) for task in tasks)
    done = await asyncio.gather(*writes, return_exceptions=True)
    for error in done:
        if error is not None:
            raise error
    return len(rows)


async def _write(pool: Pool, transcriber: Transcriber, ear: Ear, task: Task, pace: Pace) -> None:
    try:
        text = await _transcript(pool, transcriber, task)
        value = await ear.understand(task, text)
    except NoTranscript as no:
        log.warning("call_not_written_down", message=task.message_id, tries=task.tries, reason=no.reason)
        if no.hopeless or task.tries >= pace.tries:
            await pool.execute(Q.end_parse_task, task.id)
    else:
        await _save(pool, task, text, value)


async def _transcript(pool: Pool, transcriber: Transcriber, task: Task) -> str:
    """The supplier's words where they are in the language, else a recogniser's."""
    written = task.written or task.wanted or main_language(task.iso2)
    if has_transcript(task.transcript, written, task.language):
        return task.transcript
    audio: bytes | None = await pool.fetchval(Q.audio, task.message_id)
    if audio is None:
        raise NoTranscript("there is no recording", hopeless=True)
    return await transcriber.write_down(audio, task.language)


async def _save(pool: Pool, task: Task, text: str, value: Value) -> None:
    """The lease is locked, so that what shows is the code of the message that shows; the message too, so that what is
    erased stays so. An empty transcript changes nothing; of several the one that was asked for last stays. A rental shows
    its messages themselves."""
    async with pool.acquire() as tx, tx.transaction():
        leases, _ = await read_locked(tx, [task.lease_id] if rent_of(task.lease_id) is None else [])
        await tx.fetch(Q.lock_message, task.message_id)
        if await tx.fetchval(Q.end_parse_task, task.id) is not None and text:
            await tx.execute(Q.end_older_parse_tasks, task.message_id, task.id)
            lease = leases.get(task.lease_id)
            shows = await tx.fetch(
                Q.save_transcript, task.message_id, text, task.language, value.code, value.confidence, value.is_guess
            )
            if lease is None or not shows or lease.state >= FIRST_ENDED:
                return
            if value.beside(lease.code).code not in (None, lease.code):
                # Who was told of the call before anybody understood it waits for this.
                await hooks.enqueue(tx, [(lease.account_id, lease.id, task.message_id)])
