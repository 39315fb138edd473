"""The town in which every simulated world begins: customers with money, numbers, prices, endpoints. Made once, then copied.

Here the database gets its simulated clock too: `bank_now()` reads nothing but a setting, and so do the columns that are
filled with the time.
"""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg
import msgspec

from numbank.catalogue.catalogue import Catalogue
from numbank.customers import register
from numbank.supply import numbers
from tests.mailbox.world import domain
from tests.rent.support import RENTABLE, terms
from tests.support import Shop

EPOCH = datetime(2026, 11, 22, tzinfo=UTC)
SERVICES = ("tg", "wa", "vk", "ig", "fb")
BALANCES = (50_000_000, 50_000_000, 200_000, 50_000_000, 60_000, 2_500)
HOOKED = 3
"""The first so many customers have an endpoint."""

OWN, ASKED = 1, 2
ZONE = "example"

CLOCK = """
create or replace function bank_now() returns timestamptz stable language sql as
$$ select current_setting('sim.now')::timestamptz $$;
do $$ declare c record; begin
  for c in select r.oid::regclass as table_name, a.attname from pg_attrdef d
    join pg_class r on r.oid = d.adrelid join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
    where pg_get_expr(d.adbin, d.adrelid) = 'now()' and r.relkind in ('r', 'p')
  loop
    execute format('alter table %s alter column %I set default bank_now()', c.table_name, c.attname);
  end loop;
end $$
"""

# Tables that are split by hash for the sake of size are whole here: eight parts of nothing cost planning and files.
WHOLE = """
do $$ declare t record; begin
  for t in
    select p.partrelid::regclass as name, c.relname,
      array(select i.inhrelid::regclass::text from pg_inherits i where i.inhparent = p.partrelid) as parts
    from pg_partitioned_table p join pg_class c on c.oid = p.partrelid where p.partstrat = 'h'
  loop
    execute 'drop table ' || array_to_string(t.parts, ', ');
    execute format('create table %I partition of %s for values with (modulus 1, remainder 0)', t.relname || '_0', t.name);
  end loop;
end $$
"""


class Town(msgspec.Struct, frozen=True):
    """What a world has to know of its stock."""

    accounts: list[int]
    services: list[int]
    e164s: list[int]
    asked: list[int]
    urls: dict[str, int]
    full_service: int


async def found(connection: asyncpg.Connection[asyncpg.Record]) -> Town:
    """Fill a database that is prepared."""
    await connection.execute(CLOCK)
    await connection.execute(WHOLE)
    await connection.execute(f"set sim.now = '{EPOCH.isoformat()}'")
    shop = Shop(connection)
    accounts = []
    for balance in BALANCES:
        async with connection.transaction():
            accounts.append((await register.add(connection, "sim", currency=840, balance=balance))[0])
    e164s: list[int] = []
    for operator, how_many, abilities in (
        ("mts", 120, numbers.SMS | numbers.FORWARD),
        ("beeline", 50, numbers.SMS),
        ("any", 30, RENTABLE),
    ):
        first = 79_000_000_000 + 1_000 * len(e164s)
        e164s += await shop.numbers(how_many, operator=operator, first=first, abilities=abilities)
    await shop.offer(*SERVICES, price=1_000, operator="mts")
    await shop.offer(*SERVICES, price=1_000, operator="beeline")
    await shop.offer(*SERVICES, price=1_500, operator="any")
    await shop.tier("tg", 700, count=15, operator="beeline")
    asked = []
    for name, price in (("first", 800), ("second", 900)):
        asked.append(await connection.fetchval(
            "insert into supplier (name, kind, asked) values ($1, 'played', true) returning id", name
        ))  # fmt: skip
        await shop.offer(*SERVICES, country=1, price=price, supplier=name)
    await shop.offer("tg", price=2_000, supplier="first")
    await connection.execute("update country set retry = true, multi_service = true where id in (0, 1)")
    await terms(shop, "full", "tg")
    await domain(connection, f"a.{ZONE}", zone=ZONE, capacity=6, remaining=60)
    await domain(connection, f"b.{ZONE}", zone=ZONE, capacity=4, price=None)
    urls = {}
    for account_id in accounts[:HOOKED]:
        url = f"https://hooks.example/{account_id}"
        await connection.execute(
            "insert into hook (account_id, url, secret) values ($1, $2, $3)", account_id, url, b"sealed"
        )
        urls[url] = account_id
    await connection.execute("update customer set spend_cashback = true where id = $1", accounts[1])
    await connection.execute("analyze")
    by_code = shop.catalogue.by_code
    return Town(accounts, [by_code[code].id for code in SERVICES], e164s, asked, urls, by_code["full"].id)


async def catalogue(connection: asyncpg.Connection[asyncpg.Record]) -> Catalogue:
    """The catalogue of that town; all worlds of a process share it, for it never changes."""
    kept = Catalogue()
    await kept.load(connection)  # type: ignore[arg-type]
    return kept
