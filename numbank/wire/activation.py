"""The actions about activations: lease, status, lists (protocol.md 2.5 to 2.12)."""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID

from numbank.activation import rules
from numbank.activation.advance import AdvanceDesk
from numbank.activation.desk import LeaseDesk
from numbank.activation.model import Activation, AdvanceRequest, LeaseRequest, StatusRequest
from numbank.activation.states import DELIVERED, FIRST_ENDED, Event, State
from numbank.activation.views import Views, statuses
from numbank.errors import (
    AccountInactive,
    BadService,
    BadStatus,
    EarlyCancel,
    NoActivation,
    NoActivations,
    NoBalance,
    NoNumbers,
    NotANumber,
    OrderExists,
    WrongMaxPrice,
)
from numbank.leases.ends import release
from numbank.ledger import journal
from numbank.money import as_number, parse_minor
from numbank.supply import claim as shelves
from numbank.wire import params as p
from numbank.wire.call import Call, accept
from numbank.wire.encoding import encode
from numbank.wire.registry import action

LEASE_PARAMS = (
    p.SERVICE, p.COUNTRY, p.OPERATOR, p.MAX_PRICE, p.FORWARD, p.ACTIVATION_TYPE, p.VERIFICATION, p.LANGUAGE,
    p.PHONE_EXCEPTION, p.FREE_PRICE, p.USE_CASHBACK, p.USER_ID, p.REF,
)  # fmt: skip
LEASE_WAY = (LeaseDesk, rules.choose, shelves.claim, journal.place_holds)
LEASE_REFUSALS = (BadService, NoNumbers, NoBalance, WrongMaxPrice, AccountInactive)

# setStatus: the number on the wire, the event, the word of success (protocol.md 2.9).
EVENTS = {
    "1": (Event.READY, b"ACCESS_READY"),
    "3": (Event.AGAIN, b"ACCESS_RETRY_GET"),
    "6": (Event.FINISH, b"ACCESS_ACTIVATION"),
    "8": (Event.CANCEL, b"ACCESS_CANCEL"),
    "-1": (Event.CANCEL, b"ACCESS_CANCEL"),
}
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


async def lease(call: Call, order: UUID | None = None) -> Activation:
    """Parse the parameters of both getNumber actions and lease."""
    if not call.customer.active:
        raise AccountInactive
    catalogue = call.desks.catalogue
    service = catalogue.activatable(call.text(p.SERVICE))
    if service is None:
        raise BadService
    wants_call = call.true(p.VERIFICATION) or call.text(p.ACTIVATION_TYPE) not in ("", "0")
    if wants_call or call.text(p.LANGUAGE) or call.true(p.FORWARD):
        raise NoNumbers
    country_id = call.whole(p.COUNTRY) if call.text(p.COUNTRY) else 0
    if country_id not in catalogue.countries:
        raise NoNumbers
    request = LeaseRequest(
        call.customer.id, country_id, service.id, call.desks.life_s(service.code), call.desks.early_cancel_s(service.code),
        operators=operators(call, country_id), max_price=max_price(call), order=order,
    )  # fmt: skip
    return accept(await call.desks.lease(request))


def operators(call: Call, country_id: int) -> frozenset[int]:
    """The operators that were asked for; empty means any. Unknown names count as operators that do not fit."""
    names = {name.strip() for name in call.text(p.OPERATOR).split(",")} - {""}
    if not names or "any" in names:
        return frozenset()
    known = call.desks.catalogue.by_country.get(country_id, {})
    return frozenset(known[name].id if name in known else 0 for name in names)


def max_price(call: Call) -> int | None:
    """The price limit in 1/10,000, None without one. What is not a number is the limit that nothing meets (12.2, 18)."""
    text = call.text(p.MAX_PRICE)
    if not text:
        return None
    minor = parse_minor(text)
    return -1 if minor is None else minor


@action(
    "getNumber",
    params=LEASE_PARAMS,
    replies=("ACCESS_NUMBER:<id>:<phone>",),
    refusals=LEASE_REFUSALS,
    poll=False,
    way=LEASE_WAY,
)
async def get_number(call: Call) -> bytes:
    """Lease a number for one service."""
    activation = await lease(call)
    return b"ACCESS_NUMBER:%d:%d" % (activation.id, activation.e164)


@action(
    "getNumberV2",
    params=(*LEASE_PARAMS, p.ORDER_ID),
    replies=('{"activationId":..,"phoneNumber":"..",..}',),
    refusals=(*LEASE_REFUSALS, OrderExists),
    json=True,
    poll=False,
    way=LEASE_WAY,
)
async def get_number_v2(call: Call) -> bytes:
    """Lease a number for one service and describe the activation; with orderId at most once per order."""
    order = call.text(p.ORDER_ID)
    digest = UUID(bytes=blake2b(order.encode(), digest_size=16).digest()) if order else None
    activation = await lease(call, digest)
    country = call.desks.catalogue.countries[activation.country_id]
    return encode({
        "activationId": activation.id,
        "phoneNumber": str(activation.e164),
        "activationCost": as_number(activation.price),
        "currency": activation.currency,
        "countryCode": str(activation.country_id),
        "canGetAnotherSms": _flag(country.retry),
        "activationTime": call.date(activation.created_at),
        "activationOperator": activation.operator,
    })  # fmt: skip


@action(
    "setStatus",
    params=(p.ID, p.STATUS, p.FORWARD),
    replies=("ACCESS_READY", "ACCESS_RETRY_GET", "ACCESS_ACTIVATION", "ACCESS_CANCEL"),
    refusals=(NotANumber, NoActivation, BadStatus, EarlyCancel),
    poll=False,
    way=(AdvanceDesk, rules.advance, release),
)
async def set_status(call: Call) -> bytes:
    """Tell that the message was sent, ask for one more code, finish or cancel."""
    lease_id = call.lease_id(NotANumber)
    known = EVENTS.get(call.text(p.STATUS))
    if known is None:
        raise BadStatus
    event, word = known
    accept(await call.desks.advance(AdvanceRequest(lease_id, event, call.customer.id)))
    return word


@action(
    "getStatus",
    params=(p.ID,),
    replies=(
        "STATUS_WAIT_CODE", "STATUS_WAIT_RETRY:<last code>", "STATUS_WAIT_RESEND", "STATUS_OK:<code>", "STATUS_CANCEL",
    ),
    refusals=(NoActivation,),
    way=(statuses,),
)  # fmt: skip
async def get_status(call: Call) -> bytes:
    """The state of an activation, with its code."""
    status = accept(await call.desks.status(StatusRequest(call.customer.id, call.lease_id(NoActivation))))
    word = STATUS_WORDS[status.state]
    if word.endswith(b":"):
        return word + (status.code or call.desks.settings.no_code_word).encode()
    return word


@action(
    "getStatusV2",
    params=(p.ID,),
    replies=('{"verificationType":0,"sms":{"dateTime":"..","code":"..","text":".."},"call":null}', "STATUS_CANCEL"),
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
    if activation.received_at is not None:
        sms = {
            "dateTime": call.date(activation.received_at),
            "code": call.code_of(activation),
            "text": activation.text,
        }
    return encode({"verificationType": 0, "sms": sms, "call": None})


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
    replies=('{"status":"success","activeActivations":[{"activationId":"..",..}]}',),
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
        "activationCost": as_number(activation.price),
        "activationStatus": NUMERIC[activation.state],
        "smsCode": None if activation.received_at is None else call.code_of(activation),
        "smsText": activation.text,
        "activationTime": call.date(activation.created_at),
        "discount": "0.00",
        "repeated": "0",
        "countryCode": str(activation.country_id),
        "countryName": country.eng,
        "canGetAnotherSms": _flag(country.retry),
        "currency": activation.currency,
    }


def _flag(value: bool) -> str:
    return "1" if value else "0"
