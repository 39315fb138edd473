"""The actions about activations that live: status and lists (protocol.md 2.5, 2.9 to 2.12); wire/lease.py begins them."""

from __future__ import annotations

from collections.abc import Awaitable

from numbank.activation import rules, targets
from numbank.activation.advance import AdvanceDesk
from numbank.activation.model import Activation, AdvanceRequest, Origin, Status, StatusRequest
from numbank.activation.states import DELIVERED, FIRST_ENDED, Event, State
from numbank.activation.views import Views, statuses
from numbank.errors import (
    BadStatus,
    EarlyCancel,
    NoActivation,
    NoActivations,
    NotANumber,
    OperatorError,
    Refusal,
)
from numbank.leases.ends import release
from numbank.messages.calls import Kind
from numbank.money import format_minor
from numbank.supply.e164 import parse_e164
from numbank.wire import params as p
from numbank.wire.call import Call, accept
from numbank.wire.encoding import encode
from numbank.wire.registry import action
from numbank.wire.voice import shown_call

# setStatus: the number on the wire, the event, the word of success (protocol.md 2.9).
EVENTS = {
    "1": (Event.READY, b"ACCESS_READY"),
    "3": (Event.AGAIN, b"ACCESS_RETRY_GET"),
    "6": (Event.FINISH, b"ACCESS_ACTIVATION"),
    "8": (Event.CANCEL, b"ACCESS_CANCEL"),
    "-1": (Event.CANCEL, b"ACCESS_CANCEL"),
}
# What clients send when there is no target.
NO_TARGET = frozenset({"", "0", "null"})
# getStatus; a word that ends in a colon is followed by the code (protocol.md 2.10).
STATUS_WORDS = {
    State.PREPARED: b"STATUS_WAIT_CODE",
    State.READY: b"STATUS_WAIT_CODE",
    State.CODE: b"STATUS_OK:",
    State.RETRY: b"STATUS_WAIT_RETRY:",
    State.RESEND: b"STATUS_WAIT_RESEND",
    State.DONE: b"STATUS_CANCEL",
    State.CANCELLED: b"STATUS_CANCEL",
}
# activationStatus of the active list (protocol.md 8.1).
NUMERIC = {State.PREPARED: "4", State.READY: "4", State.RESEND: "4", State.CODE: "2", State.RETRY: "3"}


@action(
    "setStatus",
    params=(p.ID, p.STATUS, p.FORWARD_TARGET),
    replies=("ACCESS_READY", "ACCESS_RETRY_GET", "ACCESS_ACTIVATION", "ACCESS_CANCEL"),
    refusals=(NotANumber, NoActivation, BadStatus, EarlyCancel),
    poll=False,
    way=(AdvanceDesk, rules.advance, targets.target, release),
)
async def set_status(call: Call) -> bytes:
    """Tell that the message was sent, ask for one more code, finish or cancel."""
    lease_id = call.lease_id(NotANumber)
    known = EVENTS.get(call.text(p.STATUS))
    if known is None:
        raise BadStatus
    event, word = known
    target = forward_target(call.text(p.FORWARD_TARGET))
    accept(await call.desks.advance(AdvanceRequest(lease_id, event, call.customer.id, target)))
    return word


def forward_target(text: str) -> int | None:
    """Where a lease is forwarded to; None when nothing came along. Whether it is needed, and needed right, is the desk's."""
    if text in NO_TARGET:
        return None
    try:
        return parse_e164(text)
    except OperatorError:
        return targets.MALFORMED


def shown_status(call: Call, answer: Status | Refusal) -> bytes:
    """The word of a state, with the code where there is one."""
    status = accept(answer)
    word = STATUS_WORDS[status.state]
    if word.endswith(b":"):
        return word + (status.code or call.desks.settings.no_code_word).encode()
    return word


@action(
    "getStatus",
    params=(p.ID,),
    replies=(
        "STATUS_WAIT_CODE", "STATUS_WAIT_RETRY:<last code>", "STATUS_WAIT_RESEND", "STATUS_OK:<code>", "STATUS_CANCEL",
    ),
    refusals=(NoActivation,),
    way=(statuses,),
    shown=shown_status,
)  # fmt: skip
def get_status(call: Call) -> Awaitable[Status | Refusal]:
    """The state of an activation, with its code."""
    return call.desks.status(StatusRequest(call.customer.id, call.lease_id(NoActivation)))


@action(
    "getStatusV2",
    params=(p.ID,),
    replies=(
        '{"verificationType":<number>,"sms":{"dateTime":"<date>","code":"<code>","text":".."}|null,"call":null}',
        '{"verificationType":<number>,"sms":null,"call":{"from":"..","text":"..","code":"<code>","dateTime":"<date>",'
        '"url":".."|null,"parsingCount":<number>}}',
        "STATUS_CANCEL",
    ),
    refusals=(NoActivation,),
    json=True,
    way=(Views.one,),
)
async def get_status_v2(call: Call) -> bytes:
    """The state of an activation with the message behind its code; nulls while nothing came."""
    activation = accept(await call.desks.views.one(call.customer.id, call.lease_id(NoActivation)))
    if activation.state >= FIRST_ENDED:
        return b"STATUS_CANCEL"
    sms = None
    if activation.received_at is not None and activation.kind is Kind.SMS:
        sms = {
            "dateTime": call.date(activation.received_at),
            "code": call.code_of(activation),
            "text": activation.text,
        }
    return encode({"verificationType": activation.kind, "sms": sms, "call": shown_call(call, activation)})


@action(
    "getFullSms",
    params=(p.ID,),
    replies=("FULL_SMS:<text>", "STATUS_WAIT_CODE", "STATUS_CANCEL"),
    refusals=(NoActivation,),
    way=(Views.one,),
)
async def get_full_sms(call: Call) -> bytes:
    """The whole text of the last message; it stays readable after the activation was finished."""
    activation = accept(await call.desks.views.one(call.customer.id, call.lease_id(NoActivation)))
    if activation.state in DELIVERED:
        return b"FULL_SMS:" + (activation.text or "").encode()
    return b"STATUS_CANCEL" if activation.state is State.CANCELLED else b"STATUS_WAIT_CODE"


@action(
    "getActiveActivations",
    replies=(
        '{"status":"success","activeActivations":[{"activationId":"<id>","serviceCode":"..","phoneNumber":"<phone>",'
        '"activationCost":"<decimal>","activationStatus":"<digits>","smsCode":"<code>"|null,"smsText":".."|null,'
        '"activationTime":"<date>","discount":"<decimal>","repeated":"<0 or 1>","countryCode":"<digits>",'
        '"countryName":"..","canGetAnotherSms":"<0 or 1>","currency":<number>}]}',
    ),
    refusals=(NoActivations,),
    json=True,
    way=(Views.live,),
)
async def get_active_activations(call: Call) -> bytes:
    """The live activations of the customer, newest first."""
    found = await call.desks.views.live(call.customer.id)
    if not found:
        raise NoActivations
    return encode({"status": "success", "activeActivations": [active_row(call, one) for one in found]})


def active_row(call: Call, activation: Activation) -> dict[str, object]:
    """One row of the active list; the order of the live answers of 2024 (protocol.md 2.5)."""
    catalogue = call.desks.catalogue
    country = catalogue.countries[activation.country_id]
    return {
        "activationId": str(activation.id),
        "serviceCode": catalogue.services[activation.service_id].code,
        "phoneNumber": str(activation.e164),
        "activationCost": format_minor(activation.price),
        "activationStatus": NUMERIC[activation.state],
        "smsCode": None if activation.received_at is None else call.code_of(activation),
        "smsText": activation.text,
        "activationTime": call.date(activation.created_at),
        "discount": f"{activation.discount_bp / 10_000:.2f}",
        "repeated": _flag(activation.origin is Origin.REACTIVATION),
        "countryCode": str(activation.country_id),
        "countryName": country.eng,
        "canGetAnotherSms": _flag(country.retry and activation.kind is Kind.SMS),
        "currency": activation.currency,
    }


def _flag(value: bool) -> str:
    return "1" if value else "0"
