"""Mailboxes as version 2 shows them (protocol.md 5.2), with prices in the currency that was asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from numbank.catalogue.rates import Rates
from numbank.mailbox.model import Domain, Mailbox
from numbank.money import as_number
from numbank.rest.call import Call
from numbank.rest.v2.paging import PaginationMetaData

# The numbers of the wire and their words; a mailbox that was cancelled after its mail is cancelled here too.
WORDS: dict[int, Literal["WAIT", "CANCEL", "SUCCESS"]] = {3: "WAIT", 4: "CANCEL", 5: "SUCCESS", 6: "CANCEL"}
EXAMPLE_DATE = "2025-03-06T11:04:07.000000Z"

Currency = Annotated[
    int,
    Meta(ge=1, le=999, description="ISO 4217 number of the currency of prices; without a rate: the account's own",
         examples=[840]),
]  # fmt: skip


class EmailActivation(msgspec.Struct, frozen=True):
    """A mailbox. `value` is the code of its mail, else its confirmation link; `full_message` is empty while nothing came."""

    id: Annotated[int, Meta(examples=[100000241])]
    site: Annotated[str, Meta(examples=["telegram.com"])]
    email: Annotated[str, Meta(examples=["zmfnvvgk60@post.example.org"])]
    status: Annotated[Literal["WAIT", "CANCEL", "SUCCESS"], Meta(examples=["SUCCESS"])]
    value: Annotated[str | None, Meta(examples=["48213"])]
    cost: Annotated[float, Meta(examples=[0.1])]
    currency: Annotated[int, Meta(examples=[840])]
    date: Annotated[str, Meta(examples=[EXAMPLE_DATE], extra_json_schema={"format": "date-time"})]
    full_message: Annotated[str, Meta(examples=["Your Telegram code is 48213."])]


class EmailDomain(msgspec.Struct, frozen=True):
    """A domain or a zone, its price, and how many addresses it has."""

    name: str
    cost: float
    currency: int
    count: int


class OneEmail(msgspec.Struct, frozen=True):
    """One mailbox."""

    data: EmailActivation


class EmailList(msgspec.Struct, frozen=True):
    """A page of mailboxes."""

    data: list[EmailActivation]
    meta: PaginationMetaData


class BatchMeta(msgspec.Struct, frozen=True):
    """What came of a batch."""

    info: str
    count: int


class EmailBatch(msgspec.Struct, frozen=True):
    """The mailboxes of a batch."""

    data: list[EmailActivation]
    meta: BatchMeta


class DomainList(msgspec.Struct, frozen=True):
    """What is offered."""

    data: list[EmailDomain]


async def rates_of(call: Call, currency: int | None) -> Rates:
    """The rates to show prices by; nothing is read when nobody asks for another currency."""
    bank = call.desks.settings.currency
    return Rates(bank) if currency in (None, bank) else await call.desks.rates()


async def emails(call: Call, found: list[Mailbox], currency: int | None) -> list[EmailActivation]:
    """Mailboxes as they are shown."""
    rates = await rates_of(call, currency)
    return [_email(one, rates, currency) for one in found]


def _email(one: Mailbox, rates: Rates, currency: int | None) -> EmailActivation:
    cost, shown_in = rates.shown(one.price, one.currency, currency)
    return EmailActivation(
        one.id, one.site, one.email, WORDS[one.state.status], one.value, as_number(cost), shown_in, date(one.created_at),
        one.full_message or "",
    )  # fmt: skip


async def domains(call: Call, found: list[Domain], currency: int | None) -> list[EmailDomain]:
    """What is offered, as it is shown."""
    rates = await rates_of(call, currency)
    bank = call.desks.settings.currency
    shown = []
    for one in found:
        cost, shown_in = rates.shown(one.price, bank, currency)
        shown.append(EmailDomain(one.name, as_number(cost), shown_in, one.count))
    return shown


def date(at: datetime) -> str:
    """A time as it is shown: always UTC, with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
