"""The mails that a sandbox's mailboxes get: what sites send to confirm an address, written by chance, the same for the
same lease. They come in as bytes, like those of a mail server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import msgspec

from numbank.clock import Chance
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.errors import Refusal
from numbank.mailbox import domains
from numbank.mailbox.deliver import Taken
from numbank.settings import Settings
from numbank.suppliers.simulator.plan import Fault, Faults, chance_for
from numbank.suppliers.simulator.templates import fill
from numbank.suppliers.smtp.letters import Letter

Q = Queries("numbank.suppliers.simulator")

LINK_SHARE = 0.2  # so many mails have a link to click and no code
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
TOKEN = 32
MOST_IGNORED = 5_000


class Domain(msgspec.Struct, frozen=True):
    """A domain of the sandbox; the prices are 1/10,000, that of the zone is the same for all of its domains."""

    name: str
    zone: str
    zone_price: int
    price: int | None = None  # by its own name: a popular one


# Under reserved names, to which no mail is ever sent in earnest (RFC 2606, RFC 6761), and hardly ever an operator's own.
DOMAINS = (
    Domain("sandbox-mail.example", "example", 500, 800),
    Domain("sandbox-post.example", "example", 500),
    Domain("sandbox-box.test", "test", 300, 400),
)
CAPACITY = 100_000


class Template(msgspec.Struct, frozen=True):
    """A mail with `{brand}`, and a place for a code or `{link}`."""

    subject: str
    text: str
    html: str


CODED = (
    Template(
        "Your {brand} verification code",
        "Hello,\n\nyour {brand} verification code is {c6}.\n\nIt is valid for 10 minutes. Do not share it with anyone.\n",
        "<p>Hello,</p><p>your {brand} verification code is</p><h1>{c6}</h1>"
        "<p>It is valid for 10 minutes. Do not share it with anyone.</p>",
    ),
    Template(
        "{c5} is your confirmation code",
        "Confirm your email address for {brand}.\n\nConfirmation code: {c5}\n\n"
        "If you did not ask for it, ignore this mail.\n",
        "<table><tr><td>Confirm your email address for <b>{brand}</b>.</td></tr>"
        "<tr><td>Confirmation code: <b>{c5}</b></td></tr>"
        "<tr><td><small>If you did not ask for it, ignore this mail.</small></td></tr></table>",
    ),
    Template(
        "Sign in to {brand}",
        "Use this code to sign in to {brand}: {s33}\n\nThe code expires in 15 minutes.\n",
        "<div>Use this code to sign in to {brand}:</div><div style='font-size:24px'>{s33}</div>"
        "<div>The code expires in 15 minutes.</div>",
    ),
)
LINKED = (
    Template(
        "Confirm your email for {brand}",
        "Welcome to {brand}!\n\nPlease confirm your email address:\n{link}\n\nThe link is valid for 24 hours.\n",
        "<p>Welcome to {brand}!</p><p><a href='{link}'>Confirm my email address</a></p>"
        "<p>The link is valid for 24 hours.</p>",
    ),
)
SILENT = Template(
    "Welcome to {brand}", "Thank you for joining {brand}.\n", "<p>Thank you for joining <b>{brand}</b>.</p>"
)


class Written(msgspec.Struct, frozen=True):
    """A mail as bytes, and what should be read in it: its code, else its link, else nothing."""

    content: bytes
    sender: str
    value: str | None


async def open_domains(connection: Connection) -> int:
    """Give the sandbox its domains and prices; those that are there stay as they are. Gives how many were added."""
    added = 0
    async with connection.transaction():
        for one in DOMAINS:
            popular = one.price is not None
            if not await domains.add(connection, one.name, zone=one.zone, popular=popular, capacity=CAPACITY):
                continue
            added += 1
            await domains.put_price(connection, (one.zone, None), "", one.zone_price, None)
            if one.price is not None:
                place = await domains.place(connection, one.name, of_domain=True)
                await domains.put_price(connection, place, "", one.price, None)
    return added


async def set_active(tx: Connection, active: bool) -> None:
    """Sell or do not sell on these domains: outside of a sandbox nobody sends mails to them."""
    await tx.execute(Q.switch_domains, [one.name for one in DOMAINS], active)


class Sites:
    """Sends what sites send. What is sent again, by this node or another, the bank knows by its key."""

    def __init__(
        self, pool: Pool, take: Callable[[Letter], Awaitable[Mapping[str, Taken | Refusal]]], settings: Settings
    ) -> None:
        self._pool = pool
        self._take = take
        self._seed = settings.sandbox_seed
        self._delay_s = settings.sandbox_delay_s
        self._faults = Faults.parse(settings.sandbox_faults)
        self._ignored: set[int] = set()

    async def send(self, limit: int) -> int:
        """Send to mailboxes that have waited for longer than the delay; gives how many mails were new."""
        names = [one.name for one in DOMAINS]
        rows = await self._pool.fetch(Q.waiting_mailboxes, names, self._delay_s, list(self._ignored), limit)
        letters = []
        for lease_id, email, site, created_at in rows:
            chance = chance_for(self._seed, lease_id)
            fault = self._faults.draw(chance)
            if fault is Fault.NEVER:
                self._ignore(lease_id)
                continue
            written = write(lease_id, email, site, created_at, fault, chance)
            letters += [Letter(written.sender, [email], written.content)] * (2 if fault is Fault.TWICE else 1)
        answers = await asyncio.gather(*map(self._take, letters))
        return sum(answer is Taken.STORED for answered in answers for answer in answered.values())

    def _ignore(self, lease_id: int) -> None:
        """Do not look at this lease again: it would stand in the way of others."""
        if len(self._ignored) >= MOST_IGNORED:
            self._ignored.clear()
        self._ignored.add(lease_id)


def write(lease_id: int, email: str, site: str, at: datetime, fault: Fault | None, chance: Chance) -> Written:
    """The mail of a site for a lease."""
    linked = chance.between(0, 1) < LINK_SHARE
    template = LINKED[chance.below(len(LINKED))] if linked else CODED[chance.below(len(CODED))]
    link: str | None = f"https://{site}/confirm?token={''.join(LETTERS[chance.below(36)] for _ in range(TOKEN))}"
    if fault is Fault.NOCODE:
        template, link = SILENT, None
    brand = site.split(".")[-2].capitalize()
    whole = "\0".join((template.subject, template.text, template.html)).replace("{link}", link or "")
    filled, code = fill(whole, brand, chance)
    subject, text, html = filled.split("\0")
    sender = f"no-reply@{site}"
    message = EmailMessage(policy=SMTP)
    message["From"] = f"{brand} <{sender}>"
    message["To"] = email
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{lease_id}@{site}>"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    message.set_boundary(
        f"part-of-{lease_id}"
    )  # of chance otherwise: the same mail would be another one when sent again
    return Written(message.as_bytes(), sender, code or (link if linked else None))
