"""Whatever is done with mailboxes is a look-up, also by statements that were planned when there was nothing yet."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec

from numbank.db.pool import CLERK, HOT
from numbank.db.queries import Queries
from numbank.mailbox.model import ChangeRequest, HistoryRequest, Mailbox, ReorderRequest
from numbank.mailbox.states import Event
from numbank.server.app import App
from tests.activation.test_young_plans import rows_read
from tests.mailbox.world import arrive, bought, domain, request
from tests.server.test_plans import scans
from tests.support import Shop, open_bank, until

GROWN = 4_000
TURNS = 3
SETTINGS = {"mailbox_early_cancel_s": 0.0, "max_live_leases": 500, "leases_per_min": 5_000}
# Leases of others that ended long ago, with their addresses and mails.
PAST = """
with boxes as (
  insert into mailbox (
    id, account_id, address_id, domain_id, email, site, mail_type, hold_id, price, currency, state, ended_by, created_at,
    cancel_from, due_at, ended_at, mails, mail_id, value
  )
  select n, $1 + n % 50, n, (select min(id) from mail_domain), 'p' || n || '@past.box', 'past.example', 1, 1000000 + n, 0,
    840, 8, 3, t.at, t.at, t.at, t.at, 1, n, 'x'
  from generate_series(100001000, 100001000 + $2) n, (select now() - interval '3 days' as at) t
), addresses as (
  insert into mail_address (id, domain_id, local, account_id)
  select n, (select min(id) from mail_domain), 'p' || n, $1 + n % 50 from generate_series(100001000, 100001000 + $2) n
), keys as (
  insert into mail_key (digest, mail_id) select gen_random_uuid(), n from generate_series(1000, 1000 + $2) n
)
insert into mail (id, address_id, recipient, mailbox_id, sender, author, subject, text, html, bytes, fate, received_at)
select 1000 + n, 100001000 + n, 'p' || 100001000 + n || '@past.box', 100001000 + n, 's', 'a', 'b', 't', '', 1, 0,
  now() - interval '3 days'
from generate_series(0, $2) n
"""


async def everything(app: App, shop: Shop, customer: int) -> None:
    """Each thing that is done with mailboxes, once."""
    desks, door = app.bank.desks.mail, app.bank.mail_door
    assert isinstance(await desks.buy(request(customer, "box", count=3)), list)
    empty, full, popular = [await bought(app, customer, name) for name in ("box", "box", "b.box")]
    await arrive(app, full.email)
    await arrive(app, full.email, code=None)
    for recipient in (full.email, popular.email, "nobody@b.box"):
        await door.accepts(recipient)
    for box in (empty, full, popular):
        assert isinstance(await desks.one(customer, box.id), Mailbox)
        assert isinstance(await desks.change(ChangeRequest(box.id, Event.CANCEL, customer)), Mailbox)
    await arrive(app, empty.email)
    again = await desks.reorder(ReorderRequest(customer, empty.id))
    assert isinstance(again, Mailbox)
    await arrive(app, again.email)
    goes_on = await desks.reorder(ReorderRequest(customer, again.id))
    assert isinstance(goes_on, Mailbox)
    await desks.change(ChangeRequest(goes_on.id, Event.CANCEL, customer))
    await desks.domains("site.example")
    for oldest_first in (False, True):
        await desks.history(
            HistoryRequest(customer, oldest_first=oldest_first, search="box", statuses=frozenset({3, 4}))
        )
    await desks.history(HistoryRequest(customer, since=full.created_at - timedelta(hours=1), until=full.created_at))
    await shop.connection.execute(
        "update mailbox set due_at = created_at where id = any($1)", list(range(empty.id - 3, empty.id))
    )

    async def ended() -> bool:
        return bool(await shop.connection.fetchval("select live = 0 from mail_domain where name = 'a.box'"))

    await until(ended)


async def test_nothing_scans_a_growing_table(dsn: str) -> None:
    async with open_bank(dsn, **SETTINGS) as (app, shop):
        await shop.connection.execute("set enable_seqscan = off")
        customer = (await shop.customer(balance=10_000_000))[0]
        await domain(shop.connection, "a.box", zone="box", remaining=500)
        await domain(shop.connection, "b.box", zone="box", popular=True, capacity=1)
        before = await scans(dsn)
        for _ in range(8):
            await everything(app, shop, customer)
    after = await scans(dsn)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {}


async def test_plans_of_a_young_bank_do_not_read_whole_tables_later(dsn: str) -> None:
    async with open_bank(dsn, **SETTINGS) as (app, shop):
        await shop.connection.execute("set enable_seqscan = off")
        customer = (await shop.customer(balance=10_000_000))[0]
        await domain(shop.connection, "a.box", zone="box", remaining=500)
        await domain(shop.connection, "b.box", zone="box", popular=True, capacity=1)
        await shop.connection.execute("update mail_price set remaining = 500 where remaining is not null")
        await shop.connection.execute("analyze")
        await everything(app, shop, customer)
        await shop.connection.execute(PAST, customer + 1_000, GROWN)

        async def analyzed() -> bool:
            known = "select bool_and(reltuples >= $1) from pg_class where relname in ('mail_1', 'mailbox_100000000')"
            return bool(await shop.connection.fetchval(known, GROWN))

        await until(analyzed)
        before = await rows_read(shop)
        for _ in range(TURNS):
            await everything(app, shop, customer)
    async with open_bank(dsn) as (_, shop):
        after = await rows_read(shop)
    assert {
        name: read - before[name] for name, read in after.items() if read - before[name] > (TURNS - 1) * GROWN
    } == {}


GROWING = ("mailbox", "mail", "mail_key", "mail_address")
# Asked by the pool of a bank that serves; the rest of queries.sql by its clerks.
SWEEPS = ("due_mailboxes", "wake_addresses")
# The newest of a small index, as many as are wanted.
AS_MANY_AS_WANTED = {"unmatched_mails"}


def unconditional(plan: dict[str, Any], growing: Collection[str] = GROWING) -> list[str]:
    """The nodes of a plan that read a growing table, or an index of one, from end to end."""
    below = [found for child in plan.get("Plans", []) for found in unconditional(child, growing)]
    table = str(plan.get("Relation Name", "")).rstrip("0123456789_")
    whole = plan["Node Type"] in ("Seq Scan", "Index Scan", "Index Only Scan") and "Index Cond" not in plan
    return [f"{plan['Node Type']} of {table}", *below] if table in growing and whole else below


async def test_statements_that_are_planned_on_empty_tables_look_up(own_dsn: str) -> None:
    """Until the tables are analysed for the first time nobody plans them anew."""
    pool, clerk = [await asyncpg.connect(own_dsn, server_settings=settings) for settings in (HOT, CLERK)]
    found = {}
    for query in (*Queries("numbank.mailbox"), *Queries("numbank.mailbox", "views.sql")):
        asked_by = pool if query.file == "views.sql" or query.name in SWEEPS else clerk
        await asked_by.execute(f"prepare {query.name} as {query.sql}")
        parameters = max((int(number) for number in re.findall(r"\$(\d+)", query.sql)), default=0)
        given = f"({', '.join(['null'] * parameters)})" if parameters else ""
        ((plan,),) = await asked_by.fetch(f"explain (format json) execute {query.name}{given}")
        whole = unconditional(msgspec.json.decode(plan)[0]["Plan"])
        if whole and query.name not in AS_MANY_AS_WANTED:
            found[query.name] = whole
    await pool.close()
    await clerk.close()
    assert found == {}
