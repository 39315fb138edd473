"""Version 1 of the mail actions (protocol.md 5.1; 12.5, 35). All answers are JSON, also what any action refuses: clients of
mail decode JSON whatever happens."""

from __future__ import annotations

from numbank.errors import (
    AccountInactive,
    BadDomain,
    BadSite,
    Banned,
    ChannelsLimit,
    EarlyCancel,
    NoBalance,
    NoMail,
    NoMailbox,
    NoNumbers,
    RateLimited,
    Refusal,
    SiteDenied,
)
from numbank.leases import paying
from numbank.ledger import journal
from numbank.mailbox import rules
from numbank.mailbox.advance import ChangeDesk
from numbank.mailbox.desk import BuyDesk
from numbank.mailbox.model import (
    ChangeRequest,
    HistoryRequest,
    Mailbox,
    MailRequest,
    MailType,
    ReorderRequest,
)
from numbank.mailbox.reorder import ReorderDesk
from numbank.mailbox.site import site_of
from numbank.mailbox.states import Event, State
from numbank.mailbox.views import Views
from numbank.mailbox.writing import write_leases
from numbank.money import as_number
from numbank.wire import params as p
from numbank.wire.call import UNSET, Call, accept
from numbank.wire.encoding import encode
from numbank.wire.envelopes import MAIL
from numbank.wire.lease import limits, may_buy
from numbank.wire.registry import action

MAIL_TYPES = {"1": MailType.ZONE, "2": MailType.POPULAR}
DEFAULT_SIZE = 10
MOST_LISTED = 100
# Nobody turns so many pages; what lies behind is empty.
MOST_PAGES = 1_000_000

BUYING: tuple[type[Refusal], ...] = (AccountInactive, ChannelsLimit, Banned, RateLimited, SiteDenied, NoBalance)
BOUGHT = '{"status":"OK","response":{"email":"..","id":<number>}}'


def ok(response: object) -> bytes:
    """A success. Clients want both members, on every success."""
    return encode({"status": "OK", "response": response})


@action(
    "getDomains",
    params=(p.SITE,),
    replies=(
        '{"status":"OK","response":{"zones":[{"name":"..","cost":<number>}],'
        '"popular":[{"name":"..","cost":<number>,"count":<number>}]}}',
    ),
    refusals=(BadSite,),
    json=True,
    way=(Views.domains, rules.denied, rules.available),
    envelope=MAIL,
)
async def get_domains(call: Call) -> bytes:
    """The zones and the popular domains in which there are mailboxes for a site, with their prices."""
    found = accept(await call.desks.mail.domains(site(call)))
    return ok({
        "zones": [
            {"name": one.name, "cost": as_number(one.price)} for one in found if one.mail_type is MailType.ZONE
        ],
        "popular": [
            {"name": one.name, "cost": as_number(one.price), "count": one.count}
            for one in found
            if one.mail_type is MailType.POPULAR
        ],
    })  # fmt: skip


@action(
    "buyMailActivation",
    params=(p.SITE, p.MAIL_TYPE, p.MAIL_DOMAIN),
    replies=(BOUGHT,),
    refusals=(*BUYING, BadSite, BadDomain, NoNumbers),
    json=True,
    poll=False,
    way=(BuyDesk, rules.denied, rules.price_for, paying.pay, rules.spread, write_leases, journal.place_holds),
    envelope=MAIL,
)
async def buy_mail_activation(call: Call) -> bytes:
    """Lease a mailbox for a site."""
    may_buy(call)
    wanted = site(call)
    mail_type = MAIL_TYPES.get(call.text(p.MAIL_TYPE))
    if mail_type is None:
        raise BadDomain
    max_live, per_min = limits(call)
    request = MailRequest(
        call.customer.id, wanted, call.text(p.MAIL_DOMAIN), mail_type, max_live=max_live, per_min=per_min
    )
    [made] = accept(await call.desks.mail.buy(request))
    return ok({"email": made.email, "id": made.id})


@action(
    "reorderMailActivation",
    params=(p.MAILBOX_ID,),
    replies=(BOUGHT,),
    refusals=(*BUYING, NoMailbox),
    json=True,
    poll=False,
    way=(ReorderDesk, rules.denied, rules.price_for, rules.advance, paying.pay, write_leases, journal.place_holds),
    envelope=MAIL,
)
async def reorder_mail_activation(call: Call) -> bytes:
    """Lease the address of an earlier purchase again, for its site, under a new id; one that has its mail ends for that.

    One that still waits for its mail is ACTIVATION_NOT_FOUND."""
    may_buy(call)
    mailbox_id = id_of(call)
    max_live, per_min = limits(call)
    made = accept(await call.desks.mail.reorder(ReorderRequest(call.customer.id, mailbox_id, max_live, per_min)))
    return ok({"email": made.email, "id": made.id})


@action(
    "getMailHistory",
    params=(p.PAGE, p.PER_PAGE, p.SEARCH, p.SORT),
    replies=(
        '{"status":"OK","response":{"list":[{"id":<number>,"email":"..","site":"..","status":<number>,"value":".."|null,'
        '"cost":<number>,"date":"<date>","full_message":".."|null}],"page":<number>,"per_page":<number>,"pages":<number>,'
        '"total":<number>}}',
    ),
    json=True,
    way=(Views.history,),
    envelope=MAIL,
)
async def get_mail_history(call: Call) -> bytes:
    """All purchases of mailboxes, the newest first; pages count from 1. `status` is 3 waiting, 4 cancel, 5 success, 6 cancel
    after success."""
    page = min(max(call.whole(p.PAGE) or 1, 1), MOST_PAGES)
    size = min(call.whole(p.PER_PAGE) or DEFAULT_SIZE, MOST_LISTED)
    search = call.text(p.SEARCH)
    request = HistoryRequest(
        call.customer.id, page=page, size=size, search="" if search in UNSET else search,
        oldest_first=call.text(p.SORT).lower() == "asc",
    )  # fmt: skip
    found = accept(await call.desks.mail.history(request))
    return ok({
        "list": [row(call, one) for one in found.page],
        "page": page,
        "per_page": size,
        "pages": -(-found.total // size),
        "total": found.total,
    })  # fmt: skip


def row(call: Call, one: Mailbox) -> dict[str, object]:
    """A purchase as the history shows it."""
    return {
        "id": one.id,
        "email": one.email,
        "site": one.site,
        "status": one.state.status,
        "value": one.value,
        "cost": as_number(one.price),
        "date": call.date(one.created_at),
        "full_message": one.full_message,
    }


@action(
    "cancelMailActivation",
    params=(p.MAILBOX_ID,),
    replies=('{"status":"OK","response":{"id":<number>,"status":<number>}}',),
    refusals=(NoMailbox, EarlyCancel),
    json=True,
    poll=False,
    way=(ChangeDesk, rules.advance, journal.void_holds),
    envelope=MAIL,
)
async def cancel_mail_activation(call: Call) -> bytes:
    """Cancel a purchase, with the money back when no mail came; `status` is 4 then, and 6 when one had come."""
    made = accept(await call.desks.mail.change(ChangeRequest(id_of(call), Event.CANCEL, call.customer.id)))
    return ok({"id": made.id, "status": made.state.status})


@action(
    "checkMailActivation",
    params=(p.MAILBOX_ID,),
    replies=('{"status":"OK","response":{"value":"..","full_message":".."}}', '{"status":"OK","response":{}}'),
    refusals=(NoMailbox, NoMail),
    json=True,
    way=(Views.one,),
    envelope=MAIL,
)
async def check_mail_activation(call: Call) -> bytes:
    """The code or the link of the mail that came, else its text. While nothing came WAIT_LINK, or an empty response with
    NUMBANK_MAIL_EMPTY_WHILE_WAITING; ACTIVATION_NOT_FOUND when it ended without a mail."""
    one = accept(await call.desks.mail.one(call.customer.id, id_of(call)))
    if one.state is State.CANCELLED:
        raise NoMailbox
    if one.state is State.WAITING:
        if call.desks.settings.mail_empty_while_waiting:
            return ok({})
        raise NoMail
    # Clients poll on while either of the two is empty.
    nothing = call.desks.settings.no_code_word
    return ok({
        "value": one.value or one.full_message or nothing,
        "full_message": one.full_message or one.value or nothing,
    })  # fmt: skip


def site(call: Call) -> str:
    """The site that is named; BadSite when it is none."""
    return accept(site_of(call.text(p.SITE)))


def id_of(call: Call) -> int:
    """The id of a purchase; what is no number is nobody's purchase (protocol.md 12.1, 5)."""
    mailbox_id = call.whole(p.MAILBOX_ID)
    if mailbox_id is None:
        raise NoMailbox
    return mailbox_id
