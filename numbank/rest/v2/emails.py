"""The operations on mailboxes: lease, list, look, cancel, lease again (protocol.md 5.2)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from numbank import errors
from numbank.customers import buying
from numbank.errors import accept
from numbank.mailbox.model import ChangeRequest, HistoryRequest, Mailbox, MailRequest, ReorderRequest
from numbank.mailbox.states import Event
from numbank.rest.call import Call
from numbank.rest.fields import wrong
from numbank.rest.v2 import V2, shown
from numbank.rest.v2.paging import MOST_ROWS, SIZE, SORT, Order, PageNumber, PaginationMetaData
from numbank.rest.v2.shown import Currency, DomainList, EmailBatch, EmailList, OneEmail

LONGEST_TEXT = 253
MOST_AT_ONCE = 10

# What a purchase is refused for, beside what every request is.
BUYING: tuple[type[errors.Refusal], ...] = (
    errors.AccountInactive, errors.Banned, errors.ChannelsLimit, errors.BadSite, errors.SiteDenied, errors.BadDomain,
    errors.NoBalance, errors.RateLimited,
)  # fmt: skip
REORDERING = tuple(kind for kind in BUYING if kind not in (errors.BadSite, errors.BadDomain))

ON_ONE = ("getEmail", "cancelEmail", "reorderEmail")

Site = Annotated[str, Meta(max_length=LONGEST_TEXT, examples=["telegram.com"], description="whose mail is waited for")]
MailDomain = Annotated[str, Meta(max_length=LONGEST_TEXT, examples=["gmail.com"], description="a domain or a zone")]
Moment = Annotated[
    str,
    Meta(max_length=40, examples=["2025-03-06T11:04:07Z"], extra_json_schema={"format": "date-time"},
         description="ISO 8601; without a zone UTC"),
]  # fmt: skip
Status = Literal["3", "4", "5", "6"]


class InCurrency(msgspec.Struct, frozen=True):
    """Which currency prices are shown in."""

    currency: Currency | None = None


class NewEmail(msgspec.Struct, frozen=True):
    """What a new mailbox needs; the fields may also come as a form or in the query string."""

    site: Site
    mail_domain: MailDomain = msgspec.field(name="mailDomain")
    currency: Currency = 840


class NewEmails(msgspec.Struct, frozen=True):
    """What new mailboxes need: all of them or none are leased."""

    site: Site
    mail_domain: MailDomain = msgspec.field(name="mailDomain")
    count: Annotated[int, Meta(ge=1, le=MOST_AT_ONCE, examples=[2], description="how many")]
    currency: Currency = 840


class Filter(msgspec.Struct, frozen=True):
    """Which mailboxes, and which page of them."""

    search: Annotated[str, Meta(max_length=LONGEST_TEXT, description="a part of the address or of the site")] = ""
    size: Annotated[int, Meta(ge=1, le=MOST_ROWS, description="rows on a page; also `per_page`", extra=SIZE)] = 10
    page: PageNumber = 1
    sort: Annotated[Order, Meta(description="order of the ids; also flat, `sort=desc`", extra=SORT)] = msgspec.field(
        default="desc", name="sort[id]"
    )
    statuses: Annotated[
        list[Status],
        Meta(
            description="3 waiting, 4 cancelled, 5 success, 6 cancelled after success; may be repeated",
            extra={"aliases": ("status[id]", "status[]", "status")},
        ),
    ] = msgspec.field(default_factory=list, name="status[id][]")
    since: Moment | None = msgspec.field(default=None, name="from")
    until: Moment | None = msgspec.field(default=None, name="to")
    currency: Currency | None = None


class Offers(msgspec.Struct, frozen=True):
    """For which site, and in which currency."""

    site: Annotated[str, Meta(max_length=LONGEST_TEXT, description="whose mail is waited for; empty: any")] = ""
    currency: Currency | None = None


@V2.operation("GET", "/emails", query=Filter, reply=EmailList, poll=True)
async def list_emails(call: Call) -> EmailList:
    """The mailboxes of the account, newest first: those that live and those that are over."""
    asked = call.asked(Filter)
    request = HistoryRequest(
        call.customer.id, asked.page, asked.size, asked.search.strip(), asked.sort == "asc",
        frozenset(int(one) for one in asked.statuses), moment("from", asked.since), moment("to", asked.until),
    )  # fmt: skip
    found = accept(await call.desks.mail.history(request))
    meta = PaginationMetaData(asked.page, asked.size, {"id": asked.sort}, found.total)
    return EmailList(await shown.emails(call, found.page, asked.currency), meta)


@V2.operation("POST", "/emails", status=201, body=NewEmail, reply=OneEmail, refusals=BUYING, leads_to=ON_ONE)
async def buy_email(call: Call) -> OneEmail:
    """Lease an address for a site."""
    sent = call.sent(NewEmail)
    bought = await _buy(call, sent.site, sent.mail_domain, 1)
    return await _one(call, bought[0], sent.currency)


@V2.operation("POST", "/emails/batch", status=201, body=NewEmails, reply=EmailBatch, refusals=BUYING)
async def buy_emails(call: Call) -> EmailBatch:
    """Lease up to ten addresses for a site: all or none."""
    sent = call.sent(NewEmails)
    bought = await _buy(call, sent.site, sent.mail_domain, sent.count)
    told = shown.BatchMeta(f"{len(bought)} of {sent.count} were leased", len(bought))
    return EmailBatch(await shown.emails(call, bought, sent.currency), told)


@V2.operation("GET", "/emails/domains", query=Offers, reply=DomainList, refusals=(errors.BadSite,))
@V2.operation(
    "GET",
    "/domains",
    name="listDomainsToo",
    query=Offers,
    reply=DomainList,
    refusals=(errors.BadSite,),
    deprecated=True,
)
async def list_domains(call: Call) -> DomainList:
    """The domains and zones that are offered for a site, with prices and what is left."""
    asked = call.asked(Offers)
    return DomainList(await shown.domains(call, accept(await call.desks.mail.domains(asked.site)), asked.currency))


@V2.operation("GET", "/emails/{id}", query=InCurrency, reply=OneEmail, refusals=(errors.NoMailbox,), poll=True)
async def get_email(call: Call) -> OneEmail:
    """One mailbox; status WAIT until its mail comes."""
    asked = call.asked(InCurrency)
    return await _one(call, accept(await call.desks.mail.one(call.customer.id, call.path_id)), asked.currency)


@V2.operation(
    "DELETE",
    "/emails/{id}",
    status=204,
    refusals=(errors.NoMailbox, errors.EarlyCancel),
    others=((200, OneEmail),),
)
async def cancel_email(call: Call) -> OneEmail | None:
    """Cancel a mailbox; before its mail the money goes back.

    With the setting NUMBANK_MAIL_DELETE_SHOWS the answer is a 200 with the mailbox, for clients that expect JSON.
    """
    request = ChangeRequest(call.path_id, Event.CANCEL, call.customer.id)
    ended = accept(await call.desks.mail.change(request))
    return await _one(call, ended, None) if call.desks.settings.mail_delete_shows else None


@V2.operation(
    "POST",
    "/emails/{id}/reorder",
    query=InCurrency,
    reply=OneEmail,
    refusals=(errors.NoMailbox, *REORDERING),
    leads_to=ON_ONE,
)
async def reorder_email(call: Call) -> OneEmail:
    """Lease the address of an earlier mailbox again, under a new id; one that has its mail ends for that.

    One that still waits for its mail is not found.
    """
    asked = call.sent(InCurrency)
    buying.check(call.customer, datetime.now(UTC))
    request = ReorderRequest(call.customer.id, call.path_id, *buying.limits(call.customer, call.desks.settings))
    return await _one(call, accept(await call.desks.mail.reorder(request)), asked.currency)


async def _buy(call: Call, site: str, domain: str, count: int) -> list[Mailbox]:
    buying.check(call.customer, datetime.now(UTC))
    max_live, per_min = buying.limits(call.customer, call.desks.settings)
    request = MailRequest(call.customer.id, site, domain, None, count, max_live, per_min)
    return accept(await call.desks.mail.buy(request))


async def _one(call: Call, mailbox: Mailbox, currency: int | None) -> OneEmail:
    return OneEmail((await shown.emails(call, [mailbox], currency))[0])


def moment(name: str, text: str | None) -> datetime | None:
    """A time in UTC. A blank before the zone is a plus that was not escaped; what no zone can reach is the end of time."""
    if text is None:
        return None
    day, blank, zone = text.strip().upper().rpartition(" ")
    try:
        at = datetime.fromisoformat(f"{day}+{zone}" if blank and "T" in day else text.strip().upper())
    except ValueError:
        raise wrong({name: ["Expected a time such as 2025-03-06T11:04:07Z"]}) from None
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        return at.replace(tzinfo=UTC)
