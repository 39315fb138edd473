"""A lease and its call, as customers ask about them, and what may be done. Structs and pure rules."""

from __future__ import annotations

from datetime import datetime

import msgspec

from numbank.activation.states import FIRST_ENDED, Event, State
from numbank.errors import (
    BadLanguage,
    CallCancelled,
    NoCall,
    NoSuchNumber,
    NotIncoming,
    ParsedTooOften,
    Refusal,
)
from numbank.messages.calls import Kind
from numbank.messages.recordings import RecordingState
from numbank.voice.transcriber import main_subtag

MOST_PARSINGS = 4


class CallView(msgspec.Struct, frozen=True):
    """A lease with the call that shows now; `message_id` None: none came. `iso2` is its country.

    `transcript` and `language` are the supplier's own, `recording` what there is of the audio.
    """

    lease_id: int
    supplier_id: int
    e164: int
    iso2: str
    kind: Kind
    state: State
    ended_by: Event | None
    wanted: str | None
    message_id: int | None
    sender: str | None
    transcript: str | None
    language: str | None
    parsings: int
    recording: RecordingState | None


class Words(msgspec.Struct, frozen=True):
    """What getStatusV2 shows of a call."""

    sender: str
    text: str
    code: str | None
    received_at: datetime
    parsings: int
    recording_id: int | None


def incoming_status(view: CallView) -> str | Refusal:
    """The status of getIncomingCallStatus: 2 new, 3 success, 4 cancelled, 5 returned (protocol.md 2.15)."""
    if view.kind is Kind.SMS:
        return NotIncoming()
    if view.state is State.CANCELLED:
        return "4" if view.ended_by in (Event.CANCEL, Event.FINISH) else "5"
    return "3" if view.message_id is not None else "2"


def may_parse(view: CallView, language: str, *, recogniser: bool) -> Refusal | None:
    """Whether a call can be written down again in a language; `recogniser`: somebody here understands it.

    The supplier's transcript answers for its own language; one that says no language is in the one that was leased for.
    """
    if view.state is State.CANCELLED:
        return CallCancelled()
    if view.kind is not Kind.VOICE or view.message_id is None:
        return NoCall()
    if not (
        has_transcript(view.transcript, view.language or view.wanted, language) or (recogniser and has_audio(view))
    ):
        return BadLanguage()
    return ParsedTooOften() if view.parsings >= MOST_PARSINGS else None


def has_transcript(transcript: str | None, written: str | None, wanted: str) -> bool:
    """Whether the supplier wrote the call down in a language."""
    return bool(transcript) and written is not None and main_subtag(written) == main_subtag(wanted)


def has_audio(view: CallView) -> bool:
    """Whether there is a recording, or one may still come."""
    return view.recording in (RecordingState.KEPT, RecordingState.TO_FETCH)


def may_call_out(view: CallView, target: int | None, *, able: bool) -> Refusal | None:
    """Whether a call can be placed: the lease is live and verified by calls, its supplier is `able`, somebody is called."""
    if view.kind is Kind.SMS or view.state >= FIRST_ENDED or target is None or not able:
        return NoSuchNumber()
    return None
