"""What mails said goes when it is old, what runs keeps it, and `verify` agrees before and after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from numbank.db.checks import Session, prove_all
from numbank.db.pool import Pool
from numbank.mailbox.model import Attachment, ChangeRequest, Mailbox
from numbank.mailbox.states import Event
from numbank.retention import erase
from tests.mailbox.world import arrive, bought, domain
from tests.support import open_bank
from tests.verify.used_bank import ALL_CHECKS, broken

SETTINGS = {"mailbox_early_cancel_s": 0.0, "retention_days": 0}
SECRET = "xyzzy"


async def erase_all(pool: Pool, later: timedelta) -> dict[str, int]:
    """Everything that is due after a time, in small steps; how many rows of each topic."""
    erased = {}
    for topic in ("mailbox", "mail"):
        erased[topic] = 0
        more = True
        while more:
            async with pool.acquire() as connection, connection.transaction():
                step = await erase.erase(connection, topic, now=datetime.now(UTC) + later, days=30.0, batch=2)
            erased[topic] += step.erased
            more = step.seen > 0
    return erased


async def test_what_mails_said_goes_once_their_leases_are_over(dsn: str, pool: Pool) -> None:
    async with open_bank(dsn, **SETTINGS) as (app, shop):
        customer = (await shop.customer())[0]
        await domain(shop.connection, "a.box", zone="box")
        said: dict[str, Any] = {
            "sender": SECRET, "author": SECRET, "subject": SECRET, "text": SECRET, "html": f"<p>{SECRET}</p>",
            "code": "4711", "link": f"https://site.example/{SECRET}",
            "attachments": (Attachment(f"{SECRET}.pdf", "application/pdf", 5),),
        }  # fmt: skip
        over, running, unread = [await bought(app, customer, "box") for _ in range(3)]
        await arrive(app, over.email, **said)
        await arrive(app, running.email, **said)
        for box in (over, unread):
            assert isinstance(await app.bank.desks.mail.change(ChangeRequest(box.id, Event.CANCEL, customer)), Mailbox)
        await arrive(app, unread.email, **said)
        assert await erase_all(pool, timedelta(days=29)) == {"mailbox": 0, "mail": 0}
        assert broken(await prove_all(Session(shop.connection, 3), ALL_CHECKS)) == {}
        # The running lease and its mail hold the bookmarks for what lies behind.
        assert await erase_all(pool, timedelta(days=31)) == {"mailbox": 1, "mail": 2}
        mine = await app.bank.desks.mail.one(customer, running.id)
        assert isinstance(mine, Mailbox)
        assert (mine.value, mine.full_message) == ("4711", SECRET)
        gone = await app.bank.desks.mail.one(customer, over.id)
        assert isinstance(gone, Mailbox)
        assert (gone.email, gone.value, gone.full_message) == (over.email, None, "")
        assert broken(await prove_all(Session(shop.connection, 3), ALL_CHECKS)) == {}
        await app.bank.desks.mail.change(ChangeRequest(running.id, Event.CANCEL, customer))
        assert await erase_all(pool, timedelta(days=31)) == {"mailbox": 1, "mail": 1}
        for table in ("mailbox", "mail"):
            rows = await shop.connection.fetch(f"select t::text from {table} t")
            assert [row[0] for row in rows if SECRET in row[0] or "4711" in row[0]] == []
        assert broken(await prove_all(Session(shop.connection, 3), ALL_CHECKS)) == {}
        assert await erase_all(pool, timedelta(days=31)) == {"mailbox": 0, "mail": 0}
