"""The frozen structs of a mailbox lease: what is asked, what is known, what is answered. Amounts are 1/10,000, times UTC."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

import msgspec

from numbank.mailbox.states import Event, State

LONGEST_TEXT = 1_000_000  # of a mail as its customer sees it, in characters


class MailType(IntEnum):
    """What a customer names: a zone, of which the bank chooses a domain, or one popular domain."""

    ZONE = 1
    POPULAR = 2


class MailRequest(msgspec.Struct, frozen=True):
    """A customer wants `count` addresses for a site: all or none.

    `mail_type` None: `domain` is a domain or a zone, the domain first (version 2 has no types). `max_live` and `per_min` are
    the limits of the account (live leases of all kinds, leases in 60 s), 0 for none.
    """

    account_id: int
    site: str
    domain: str
    mail_type: MailType | None = None
    count: int = 1
    max_live: int = 0
    per_min: int = 0


class ReorderRequest(msgspec.Struct, frozen=True):
    """A customer wants the address of an earlier lease again, for the same site, under a new id."""

    account_id: int
    mailbox_id: int
    max_live: int = 0
    per_min: int = 0


class ChangeRequest(msgspec.Struct, frozen=True):
    """An event for a mailbox lease; `account_id` None: the bank's own (expiry)."""

    mailbox_id: int
    event: Event
    account_id: int | None = None


class Mailbox(msgspec.Struct, frozen=True):
    """A mailbox lease as its customer may see it. `value` is the code of its mail, else its confirmation link, else None;
    `full_message` is the text of the mail that shows, or its subject when it has no text.
    """

    id: int
    account_id: int
    email: str
    site: str
    state: State
    price: int
    currency: int
    created_at: datetime
    cancel_from: datetime
    due_at: datetime
    value: str | None = None
    full_message: str | None = None


class Domain(msgspec.Struct, frozen=True):
    """What is offered for a site: a zone or a popular domain, its price, and how many addresses it has."""

    mail_type: MailType
    name: str
    price: int
    count: int


class HistoryRequest(msgspec.Struct, frozen=True):
    """A page of an account's leases, newest first unless `oldest_first`; pages count from 1. Filters that are empty let
    everything pass: `search` in address and site, wire `statuses` (protocol.md 8.2), `since` and `until`.
    """

    account_id: int
    page: int = 1
    size: int = 10
    search: str = ""
    oldest_first: bool = False
    statuses: frozenset[int] = frozenset()
    since: datetime | None = None
    until: datetime | None = None


class History(msgspec.Struct, frozen=True):
    """A page, and how many leases there are on all pages together."""

    total: int
    page: list[Mailbox]


class Attachment(msgspec.Struct, frozen=True):
    """What was dropped of a mail."""

    name: str
    content_type: str
    bytes: int


class IncomingMail(msgspec.Struct, frozen=True):
    """A mail at the door, for one recipient. `recipient` is normalised (mailbox/address.py); `key_parts` tell a repeat:
    the Message-ID and a digest of the content. Texts hold no NUL and no half of a surrogate pair.
    """

    recipient: str
    sender: str
    author: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    bytes: int
    code: str | None
    link: str | None
    confidence: float
    key_parts: tuple[str, str]
    is_read: bool = False
    """The text is what there is to read: it need not be looked for in the HTML."""
    uncertain: str | None = None
    """The best guess where no code is certain; the confidence is the guess's then, or the link's where there is one."""


class Lease(msgspec.Struct, frozen=True):
    """A lease as the rules see it. `has_code`: its value is a code; `cashback_bp`: the account's own rate, read where the
    lease may be done next.
    """

    id: int
    account_id: int
    address_id: int
    domain_id: int
    email: str
    site: str
    hold_id: int
    price: int
    currency: int
    state: State
    ended_by: Event | None
    created_at: datetime
    cancel_from: datetime
    due_at: datetime
    mails: int = 0
    mail_id: int | None = None
    value: str | None = None
    has_code: bool = False
    cashback_bp: int | None = None

    def shown(self, full_message: str | None = None) -> Mailbox:
        """It as its customer may see it."""
        return Mailbox(
            self.id, self.account_id, self.email, self.site, self.state, self.price, self.currency, self.created_at,
            self.cancel_from, self.due_at, self.value, full_message,
        )  # fmt: skip


class Offer(msgspec.Struct, frozen=True):
    """A price that fits a request: of a zone or of a domain, for its site or for any. `remaining` None: no limit."""

    price_id: int
    mail_type: MailType
    site: str
    price: int
    remaining: int | None


class Room(msgspec.Struct):
    """A domain and how many more leases it takes; a desk counts it down while it decides in order of arrival."""

    id: int
    name: str
    left: int
