"""The actions about what was: the history of an account, and all that came on one lease (protocol.md 2.13, 6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from numbank.activation.history import History, Past
from numbank.activation.states import State
from numbank.errors import NoActivation, WrongDate
from numbank.money import as_number
from numbank.wire import params as p
from numbank.wire.call import Call, accept
from numbank.wire.encoding import encode
from numbank.wire.registry import Param, action

LONGEST = timedelta(days=30)
# Who computes 30 days on a clock of their own may be a little off.
TOLERANCE = timedelta(minutes=1)
LAST_SECOND = 253_402_300_799  # of the year 9999
DEFAULT_LIMIT = 50
MOST_LISTED = 100
# Nobody turns so many pages; what lies behind is empty.
MOST_SKIPPED = 1_000_000
# activationStatus of a lease, live or over (protocol.md 8.1).
NUMERIC = {
    State.PREPARED: "4", State.READY: "4", State.RESEND: "4", State.CODE: "2", State.RETRY: "3", State.DONE: "6",
    State.CANCELLED: "8",
}  # fmt: skip


@action(
    "getHistory",
    params=(p.START, p.END, p.OFFSET, p.LIMIT),
    replies=(
        '[{"id":<number>,"date":"<date>","phone":"<phone>","sms":"<list>","cost":<number>,"status":"<digits>",'
        '"currency":"<digits>"}]',
    ),
    refusals=(WrongDate,),
    json=True,
    way=(History.past,),
)
async def get_history(call: Call) -> bytes:
    """The activations of at most 30 days, the newest first; the last 30 days when no time is given."""
    start, end = span(call)
    offset, limit = page_of(call)
    found = await call.desks.history.past(call.customer.id, start, end, offset, limit)
    return encode([row(call, one) for one in found])


def row(call: Call, one: Past) -> dict[str, object]:
    """One lease as the document shows it; `sms` is a JSON list inside a string."""
    codes = [code or call.desks.settings.no_code_word for code in one.codes]
    return {
        "id": one.id,
        "date": call.date(one.created_at),
        "phone": str(one.e164),
        "sms": encode(codes).decode(),
        "cost": as_number(one.cost),
        "status": NUMERIC[one.state],
        "currency": str(one.currency),
    }


def span(call: Call) -> tuple[datetime, datetime]:
    """The span of time that was asked for; WrongDate when it is none, runs backwards or is longer than 30 days."""
    now = datetime.now(UTC)
    end = moment(call, p.END)
    start = moment(call, p.START) or max(datetime.fromtimestamp(0, UTC), (end or now) - LONGEST)
    if not timedelta(0) <= (end or now) - start <= LONGEST + TOLERANCE:
        raise WrongDate
    # Without an end everything until now shows, whatever this machine's clock says.
    return start, end or now + TOLERANCE


def moment(call: Call, param: Param) -> datetime | None:
    """Unix seconds; None when absent."""
    if not call.text(param):
        return None
    seconds = call.whole(param)
    if seconds is None or seconds > LAST_SECOND:
        raise WrongDate
    return datetime.fromtimestamp(seconds, UTC)


def page_of(call: Call) -> tuple[int, int]:
    """How many to skip and to show: what is no number counts as absent, 100 is the most."""
    offset = min(call.whole(p.OFFSET) or 0, MOST_SKIPPED)
    return offset, limit_of(call)


def limit_of(call: Call) -> int:
    """How many to show."""
    return min(call.whole(p.LIMIT) or DEFAULT_LIMIT, MOST_LISTED)


@action(
    "getAllSms",
    params=(p.ID, p.LIMIT, p.PAGE),
    replies=(
        '{"data":[{"id":"<digits>","phoneFrom":"..","code":"<code>","text":"..","service":"..","date":"..","type":"sms"|"call"}],'
        '"meta":{"total":<number>,"service":".."}}',
    ),
    refusals=(NoActivation,),
    json=True,
    way=(History.inbox,),
)
async def get_all_sms(call: Call) -> bytes:
    """All messages and calls of an activation, the oldest first, also when it is over; pages count from 1."""
    limit = limit_of(call)
    page = max(call.whole(p.PAGE) or 1, 1)
    offset = min((page - 1) * limit, MOST_SKIPPED)
    inbox = accept(await call.desks.history.inbox(call.customer.id, call.lease_id(NoActivation), offset, limit))
    service = call.desks.catalogue.services[inbox.service_id].code
    rows = [
        {
            "id": str(one.id),
            "phoneFrom": one.sender,
            "code": one.code or call.desks.settings.no_code_word,
            "text": one.text,
            "service": service,
            "date": one.received_at.astimezone(call.desks.zone).isoformat(timespec="seconds"),
            "type": "call" if one.is_call else "sms",
        }
        for one in inbox.received
    ]
    return encode({"data": rows, "meta": {"total": inbox.total, "service": service}})
