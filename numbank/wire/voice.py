"""The actions about calls: their status, another transcript, calls to be placed (protocol.md 2.15, 2.21, 12.2, 24)."""

from __future__ import annotations

from datetime import date

from numbank.activation.model import Activation
from numbank.errors import (
    BadLanguage,
    CallCancelled,
    CallTaskExists,
    NoActivation,
    NoCall,
    NoSuchNumber,
    NotANumber,
    NotIncoming,
    ParsedTooOften,
    WrongDate,
)
from numbank.messages.calls import Kind
from numbank.supply.errands import ErrandState, Outgoing
from numbank.voice import model as rules
from numbank.voice.desk import Calls
from numbank.wire import params as p
from numbank.wire.call import Call, accept, whole
from numbank.wire.encoding import encode
from numbank.wire.registry import action

RECORDINGS = "/v1/recordings/"
# The statuses of calls that come and go (protocol.md 2.15): 2 new, 3 success, 4 cancelled.
OUTGOING = {ErrandState.OPEN: "2", ErrandState.DONE: "3", ErrandState.REFUSED: "4", ErrandState.GIVEN_UP: "4"}
MIN_PHONE_DIGITS, MAX_PHONE_DIGITS = 5, 15


def shown_call(call: Call, activation: Activation) -> dict[str, object] | None:
    """The `call` of getStatusV2: None while none came, and for who leased for an SMS."""
    if activation.kind is Kind.SMS or activation.received_at is None:
        return None
    recording = activation.recording_id
    return {
        "from": activation.sender or "",
        "text": activation.text or "",
        "code": call.code_of(activation),
        "dateTime": call.date(activation.received_at),
        "url": None if recording is None else recording_url(call, recording),
        "parsingCount": activation.parsings,
    }


def recording_url(call: Call, message_id: int) -> str:
    """Where the recording of a call can be had."""
    return f"{call.desks.settings.public_url}{RECORDINGS}{message_id}"


@action(
    "getIncomingCallStatus",
    params=(p.ID,),
    replies=('{"status":"<digits>","phone":".."|false}',),
    refusals=(NotANumber, NoActivation, NotIncoming),
    json=True,
    way=(Calls.incoming, rules.incoming_status),
)
async def get_incoming_call_status(call: Call) -> bytes:
    """Whether the call that an activation waits for has come (2 no, 3 yes, 4 cancelled, 5 given back), and its caller."""
    lease_id = call.lease_id(NotANumber)
    status, caller = accept(await call.desks.calls.incoming(call.customer.id, lease_id))
    return encode({"status": status, "phone": False if caller is None else caller})


@action(
    "parseCall",
    params=(p.ID, p.NEW_LANG),
    replies=('{"result":"OK"}',),
    refusals=(NotANumber, NoActivation, CallCancelled, NoCall, BadLanguage, ParsedTooOften),
    json=True,
    poll=False,
    way=(Calls.parse, rules.may_parse),
)
async def parse_call(call: Call) -> bytes:
    """Have the call of an activation written down again, in another language; the new text and code show soon after."""
    lease_id = call.lease_id(NotANumber)
    accept(await call.desks.calls.parse(call.customer.id, lease_id, call.text(p.NEW_LANG)))
    return encode({"result": "OK"})


@action(
    "createTaskForCall",
    params=(p.ID, p.CALL_TARGET),
    replies=('{"status":"success"}',),
    refusals=(NotANumber, NoActivation, NoSuchNumber, CallTaskExists),
    json=True,
    poll=False,
    way=(Calls.call_out, rules.may_call_out),
)
async def create_task_for_call(call: Call) -> bytes:
    """Have a call placed from the number of an activation that is verified by calls, where its supplier can do that."""
    lease_id = call.lease_id(NotANumber)
    accept(await call.desks.calls.call_out(call.customer.id, lease_id, phone(call.text(p.CALL_TARGET))))
    return encode({"status": "success"})


@action(
    "getOutgoingCalls",
    params=(p.ID, p.DAY),
    replies=('{"<digits>":{"date":"<date>","phoneFrom":"<phone>","status":"<digits>"}}',),
    refusals=(NotANumber, NoActivation, WrongDate),
    json=True,
    way=(Calls.outgoing,),
)
async def get_outgoing_calls(call: Call) -> bytes:
    """The calls that were placed for an activation, newest first, by their place; 2 to be placed, 3 placed, 4 not placed."""
    lease_id = call.lease_id(NotANumber)
    zone = call.desks.zone
    found = accept(await call.desks.calls.outgoing(call.customer.id, lease_id, day(call.text(p.DAY)), zone))
    return encode({str(place): _outgoing(call, one) for place, one in enumerate(found)})


def _outgoing(call: Call, one: Outgoing) -> dict[str, object]:
    return {"date": call.date(one.at), "phoneFrom": str(one.e164), "status": OUTGOING[one.state]}


def phone(text: str) -> int | None:
    """A telephone number in international form; None when it is none."""
    digits = text.removeprefix("+")
    if not MIN_PHONE_DIGITS <= len(digits) <= MAX_PHONE_DIGITS or digits.startswith("0"):
        return None
    return whole(digits)


def day(text: str) -> date | None:
    """A day as `Y-m-d`, a time behind it does no harm; None when absent, WrongDate when it is none."""
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise WrongDate from None
