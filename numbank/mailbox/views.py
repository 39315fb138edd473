"""Reads about mailboxes: one lease, the history of an account, what is offered, the mails that nobody got."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import msgspec

from numbank.db.pool import Pool
from numbank.db.queries import Queries
from numbank.db.reads import answered
from numbank.errors import BadSite, NoMailbox, Refusal
from numbank.mailbox import rules
from numbank.mailbox.denied import decisions
from numbank.mailbox.model import LONGEST_TEXT, Attachment, Domain, History, HistoryRequest, Mailbox, MailType
from numbank.mailbox.site import site_of
from numbank.mailbox.states import State
from numbank.messages.model import Fate

Q = Queries("numbank.mailbox", "views.sql")

# A history that is searched or filtered looks so many leases back, and its total is of these; the whole one has no end.
MOST_LOOKED_AT = 100_000
MOST_PER_PAGE = 1_000
MOST_PAGE = 1_000_000
MOST_SEARCH = 320
MOST_OFFERED = 5_000
# Characters of a mail's text in a list.
LONGEST_LISTED = 20_000
MOST_UNMATCHED = 10_000


class Views:
    """Reads for one customer at a time; Unavailable when the database does not answer."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @answered
    async def one(self, account_id: int, mailbox_id: int) -> Mailbox | Refusal:
        """One lease of an account with its mail."""
        row = await self._pool.fetchrow(Q.mailbox_view, mailbox_id, account_id, LONGEST_TEXT)
        return NoMailbox() if row is None else _mailbox(row)

    @answered
    async def history(self, request: HistoryRequest) -> History:
        """A page of an account's leases, at most MOST_PER_PAGE at once; a search or a filter sees the newest MOST_LOOKED_AT.

        Texts of mails are cut after LONGEST_LISTED characters.
        """
        size = min(max(request.size, 1), MOST_PER_PAGE)
        page = min(max(request.page, 1), MOST_PAGE)
        states = [state for state in State if state.status in request.statuses]
        if request.statuses and not states:
            return History(0, [])
        search = _searched(request.search)
        cut = (request.oldest_first, size, (page - 1) * size, LONGEST_LISTED)
        if search or states or request.since is not None or request.until is not None:
            wanted = (MOST_LOOKED_AT, search, states, request.since, request.until)
            rows = await self._pool.fetch(Q.mailboxes_searched, request.account_id, *cut, *wanted)
        else:
            rows = await self._pool.fetch(Q.mailbox_history, request.account_id, *cut)
        return History(rows[0]["total"], [_mailbox(row[1:]) for row in rows if row["id"] is not None])

    @answered
    async def domains(self, site: str) -> list[Domain] | Refusal:
        """What is offered for a site, or for any when it is empty: zones, then popular domains, by name. Nothing is
        offered for a site that is denied; what is sold out is left out.
        """
        if site.strip():
            found = site_of(site)
            if isinstance(found, BadSite):
                return found
            if rules.denied(found, await decisions(self._pool, [found])):
                return []
        else:
            found = ""
        offered = []
        for mail_type, name, price, remaining, room in await self._pool.fetch(Q.offered, found, MOST_OFFERED):
            count = rules.available(int(room), remaining)
            if count:
                offered.append(Domain(MailType(mail_type), name, price, count))
        return offered


class UnmatchedMail(msgspec.Struct, frozen=True):
    """A mail that reached no customer."""

    id: int
    recipient: str
    sender: str
    author: str
    subject: str
    fate: Fate
    bytes: int
    received_at: datetime


class Mail(msgspec.Struct, frozen=True):
    """A mail as it is kept."""

    id: int
    recipient: str
    mailbox_id: int | None
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
    fate: Fate
    received_at: datetime


async def unmatched(pool: Pool, limit: int) -> list[UnmatchedMail]:
    """The newest mails that reached no customer."""
    rows = await pool.fetch(Q.unmatched_mails, min(limit, MOST_UNMATCHED))
    return [msgspec.convert(dict(row), UnmatchedMail) for row in rows]


async def mail(pool: Pool, mail_id: int) -> Mail | None:
    """A mail by its id."""
    row = await pool.fetchrow(Q.mail_by_id, mail_id)
    if row is None:
        return None
    values = dict(row) | {"attachments": msgspec.json.decode(row["attachments"], type=tuple[Attachment, ...])}
    return msgspec.convert(values, Mail)


def _searched(text: str) -> str:
    """What is looked for in addresses and sites, which are lower case; NUL is no text for PostgreSQL."""
    return text.strip().lower().replace("\0", "")[:MOST_SEARCH]


def _mailbox(row: asyncpg.Record | tuple[object, ...]) -> Mailbox:
    values = list(row)
    values[4] = State(values[4])
    return Mailbox(*values)
