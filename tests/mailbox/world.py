"""What the tests of mailboxes stand on: domains with prices, and mails at the door."""

from __future__ import annotations

from itertools import count
from typing import Any

import asyncpg
import msgspec

from numbank.errors import Refusal
from numbank.mailbox import denied, domains
from numbank.mailbox.deliver import Taken
from numbank.mailbox.model import ChangeRequest, IncomingMail, Mailbox, MailRequest
from numbank.mailbox.states import Event
from numbank.server.app import App
from tests.support import Shop

_message_ids = count(1)
_zones = count(1)
CALM = {"mailbox_early_cancel_s": 0.0}
PRICE = 1_000


def mail(recipient: str, **given: Any) -> IncomingMail:
    """A mail with a code, unless told otherwise; each is another one."""
    values: dict[str, Any] = {
        "sender": "bounce@site.example", "author": "Site <no-reply@site.example>", "subject": "Your code",
        "text": "Your code is 123456", "html": "", "attachments": (), "bytes": 700, "code": "123456", "link": None,
        "confidence": 0.9, "key_parts": (f"<{next(_message_ids)}@site.example>", "digest"),
    }  # fmt: skip
    return IncomingMail(recipient, **(values | given))


async def domain(
    connection: asyncpg.Connection[asyncpg.Record], name: str, *, capacity: int = 1_000, price: int | None = PRICE,
    zone: str | None = None, popular: bool = False, remaining: int | None = None, site: str = "",
) -> None:  # fmt: skip
    """A domain; its price is that of its own name if it is popular, else of its zone."""
    async with connection.transaction():
        await domains.add(connection, name, zone=zone, popular=popular, capacity=capacity)
        if price is not None:
            where = await domains.place(
                connection, name if popular else zone or name.rpartition(".")[2], of_domain=popular
            )
            await domains.put_price(connection, where, site, price, remaining)


async def deny(connection: asyncpg.Connection[asyncpg.Record], host: str, *, denied_: bool = True) -> None:
    """A decision of the operator about a site."""
    async with connection.transaction():
        await denied.decide(connection, host, denied=denied_, reason="test")


def request(account_id: int, domain_name: str = "example", site: str = "site.example", **given: Any) -> MailRequest:
    """A wish for addresses of a zone."""
    return msgspec.structs.replace(MailRequest(account_id, site, domain_name), **given)


async def bought(app: App, account_id: int, domain_name: str = "example", **given: Any) -> Mailbox:
    """Lease one address; it must be there."""
    found = await app.bank.desks.mail.buy(request(account_id, domain_name, **given))
    assert isinstance(found, list), found
    return found[0]


async def arrive(app: App, recipient: str, **given: Any) -> Taken:
    """A mail comes in; it must be taken."""
    taken = await app.bank.mail_door.take(mail(recipient, **given))
    assert isinstance(taken, Taken), taken
    return taken


def zone() -> str:
    """A zone that no other test knows."""
    return f"zone{next(_zones)}"


async def cancel(app: App, box: Mailbox) -> Mailbox | Refusal:
    """The customer cancels."""
    return await app.bank.desks.mail.change(ChangeRequest(box.id, Event.CANCEL, box.account_id))


async def see(app: App, box: Mailbox) -> Mailbox:
    """The lease as it is now."""
    found = await app.bank.desks.mail.one(box.account_id, box.id)
    assert isinstance(found, Mailbox)
    return found


async def live(shop: Shop, name: str) -> int:
    """Leases that a domain counts."""
    kept: int = await shop.connection.fetchval("select live from mail_domain where name = $1", name)
    return kept
