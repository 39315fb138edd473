"""A bank with years behind it, filled by SQL in sets: rows that `numbank verify` finds in order, as the desks leave them.

Every table is computed from the number of the lease alone, so that they are loaded beside one another, without indexes,
which are built afterwards. Every second lease got its message and was paid; the others were cancelled or ran out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import msgspec

from bench.bank import COUNTRY, FIRST_E164, PRICE, Bank, connect, fill
from bench.harness import ACCOUNTS, BenchError, Say

# A million leases a day.
SECONDS_PER_LEASE = 0.0864
SERVICES = 50
# So many numbers from one bookmark to the next: what the loads lease afterwards.
SPACING = 16_000
AT_ONCE = 2
STEP = 2_000_000
NOTE = "bank.json"

# What one lease is, by its number i from 1 on. Half of them, j, have a message; those go through the shelves in turn.
LEASE = """
select i, i / 2 as j, 99999999 + i as id, i % 2 = 0 as delivered,
  {account} + i * 2654435761 % 4294967296 / 65536 % {accounts} as account_id,
  '{ended}'::timestamptz - ({leases} - i) * interval '{seconds} s' as at,
  (i / 2 - 1) % {services} as shelf, (i / 2 - 1) / {services} as place
from generate_series({first}::bigint, {last}) i
"""
# The numbers of leases without a message: any.
PLACED = (
    """
select l.*, (array[{service_ids}])[case when delivered then shelf else i % {services} end + 1] as service_id,
  (array[{tiers}]::bigint[])[case when delivered then shelf else i % {services} end + 1] as offer_id,
  case when delivered then shelf * {spacing} + place else i * 40503 % {numbers} end + 1 as seq from ("""
    + LEASE
    + ") l"
)
CODE = "lpad((i * 7919 % 1000000)::text, 6, '0')"
# Everything that a desk writes for a lease, but for what `bank.fill` wrote (use) and for what is summed up at the end.
TABLES = {
    "activation": f"""
insert into activation (
  id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164, hold_id, price, currency, state,
  ended_by, created_at, cancel_from, due_at, ended_at, code, message_id, offer_id, counted
)
select id, account_id, {COUNTRY}, service_id, {{supplier}}, {{operator}}, {{number}} + seq, {FIRST_E164} + seq, i, {PRICE},
  840, case when delivered then 8 else 9 end, case when delivered then 6 when i % 10 = 1 then 21 else 8 end,
  at, at + interval '120 s', at + interval '1200 s',
  at + case when delivered then interval '90 s' when i % 10 = 1 then interval '1200 s' else interval '300 s' end,
  case when delivered then {CODE} end, case when delivered then j end, offer_id, false
from ({PLACED}) p order by i
""",
    "hold": f"""
insert into hold (id, account_id, cash, cashback, state, at)
select i, account_id, {PRICE}, 0, case when delivered then 1 else 2 end, at from ({LEASE}) l order by i
""",
    "entry": f"""
insert into entry (id, kind, debit, credit, currency, amount, hold_id, at)
select {{entry}} + 2 * i - 1 + turn, case when turn = 0 then 2 when delivered then 3 else 4 end,
  case when turn = 0 then 2 * account_id else -2 end,
  case when turn = 0 then -2 when delivered then -3 else 2 * account_id end, 840, {PRICE}, i, at + turn * interval '60 s'
from ({LEASE}) l cross join generate_series(0, 1) turn order by 1
""",
    "message": f"""
insert into message (
  id, supplier_id, foreign_id, e164, number_id, sender, text, code, confidence, fate, lease_id, received_at
)
select j, {{supplier}}, 'sim-' || j, {FIRST_E164} + seq, {{number}} + seq, 'Service',
  'Your verification code is ' || {CODE} || '. Do not share it with anyone.', {CODE}, 0.98, 0, id, at + interval '60 s'
from ({PLACED}) p where delivered order by j
""",
    "message_key": f"""
insert into message_key (ref, content, message_id)
select md5('r' || j)::uuid, md5('c' || j)::uuid, j from ({LEASE}) l where delivered order by j
""",
    "order_key": f"""
insert into order_key (account_id, digest, lease_id) select account_id, md5('o' || i)::uuid, id from ({LEASE}) l order by i
""",
    "delivery": f"""
insert into delivery (
  id, hook_id, account_id, kind, lease_id, message_id, state, tries, taken, created_at, started_at, ended_at
)
select j, {{hook}} + account_id - {{account}}, account_id, 0, id, j, 1, 1, 1, at + interval '60 s', at + interval '60 s',
  at + interval '61 s'
from ({LEASE}) l where delivered order by j
""",
    "attempt": f"""
insert into attempt (id, delivery_id, at, status, ms)
select j, j, at + interval '61 s', 200, 40 from ({LEASE}) l where delivered order by j
""",
    "audit": f"""
insert into audit (at, actor, act, subject, details)
select at, 'bench', 'customer.topup', account_id::text, jsonb_build_object('amount', 1000) from ({LEASE}) l
where i % 100 = 0 order by i
""",
}

# Indexes of a table that grows, with its key: dropped for the load, built again after it.
INDEXES = """
select i.indexrelid::regclass::text as name, c.conname, pg_get_indexdef(i.indexrelid) as made,
  pg_get_constraintdef(c.oid) as key
from pg_index i left join pg_constraint c on c.conindid = i.indexrelid and c.contype = 'p' where i.indrelid = $1::regclass
order by c.conname nulls last, 1
"""
SUMS = [
    """update account a set cash = cash - p.paid from (
         select account_id, sum(cash) as paid from hold where state = 1 group by 1) p where p.account_id = a.id""",
    """update customer c set turnover = turnover + p.paid from (
         select account_id, sum(cash) as paid from hold where state = 1 group by 1) p where p.account_id = c.id""",
    """insert into tally (service_id, day, country_id, supplier_id, leased, delivered)
       select service_id, (created_at at time zone 'utc')::date, country_id, supplier_id, count(*),
         count(*) filter (where state = 8)
       from activation group by 1, 2, 3, 4""",
    """insert into lease_mark (at, lease_id)
       select max(created_at), max(id) from activation group by date_trunc('hour', created_at)""",
    # What was never looked at would be learned from first, a thousand leases at a time.
    "update code_learned set lease_id = (select max(id) from activation)",
    "select setval('lease_id', (select max(id) from activation)), setval('hold_id', (select max(id) from hold)),"
    " setval('entry_id', (select max(id) from entry)), setval('message_id', (select max(id) from message)),"
    " setval('delivery_id', (select max(id) from delivery)), setval('attempt_id', (select max(id) from attempt))",
]
ENDED = "select (bank_now() - interval '2 hours')::text"
HOOKS = """
insert into hook (account_id, url, secret, off_reason)
select id, 'https://customer.example/hook', '\\x00', 'the bench sends nothing' from customer order by id returning id
"""


class Grown(msgspec.Struct, frozen=True):
    """What a filled folder holds: noted beside the data, for the keys of accounts are shown once."""

    leases: int
    bank: Bank
    young: Bank


def used(shelf: int, leases: int) -> int:
    """How many numbers behind the bookmark of a shelf were used."""
    return (leases // 2 - 1 - shelf) // SERVICES + 1


def numbers_for(leases: int) -> int:
    """So many numbers that the last shelf ends before the last number."""
    return max(SERVICES * SPACING + used(0, leases) + SPACING, 1_000_000)


async def fill_both(dsn: str, leases: int, partition_rows: int, say: Say) -> Grown:
    """A grown bank and beside it, on the same server, a young one: the same numbers, shelves and accounts, no lease yet."""
    bank = await fill_grown(dsn, leases, partition_rows, say)
    numbers = bank.numbers
    connection = await connect(dsn)
    try:
        await connection.execute("create database young")
    finally:
        await connection.close()
    say("a young bank")
    young = await fill(
        dsn.replace("@/numbank?", "@/young?"),
        numbers,
        [(shelf * SPACING + used(shelf, leases), 0) for shelf in range(SERVICES)],
    )
    return Grown(leases, bank, young)


async def fill_grown(dsn: str, leases: int, partition_rows: int, say: Say) -> Bank:
    """A bank with so many leases behind it, and nothing beside it."""
    numbers = numbers_for(leases)
    say(f"a bank with {numbers:,} numbers, {leases // 2:,} uses of them")
    bank = await fill(dsn, numbers, [(shelf * SPACING, used(shelf, leases)) for shelf in range(SERVICES)])
    await _leases(bank, leases, partition_rows, say)
    return bank


async def _leases(bank: Bank, leases: int, partition_rows: int, say: Say) -> None:
    connection = await connect(bank.dsn)
    try:
        for parent in ("activation", "hold", "entry", "message", "delivery", "attempt"):
            await _partitions(connection, parent, leases * (2 if parent == "entry" else 1), partition_rows)
        indexes = {table: [dict(row) for row in await connection.fetch(INDEXES, table)] for table in TABLES}
        for table, made in indexes.items():
            for index in made:
                await connection.execute(
                    f"alter table {table} drop constraint {index['conname']}"
                    if index["conname"]
                    else f"drop index {index['name']}"
                )
        facts = await _facts(connection, bank, leases)
    finally:
        await connection.close()
    gate = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(_load(bank, table, facts, indexes[table], leases, gate, say) for table in TABLES))
    connection = await connect(bank.dsn)
    try:
        for statement in SUMS:
            await connection.execute(statement)
        say("vacuum")
        await connection.execute("vacuum (freeze, analyze)")
    finally:
        await connection.close()


async def _partitions(connection: asyncpg.Connection[asyncpg.Record], parent: str, rows: int, size: int) -> None:
    """So many partitions as the bank would have made by now, one ahead of the last."""
    upto = await connection.fetchval("select upto from growth where parent = $1", parent)
    first = 100_000_000 if parent == "activation" else 1
    if size != upto - first:
        # The first partition is of the default size; it is empty, so it may be another.
        await connection.execute(f"drop table {parent}_{first}")
        await connection.execute("update growth set upto = $2 where parent = $1", parent, first)
        upto = first
    while upto - first < rows + size // 4:
        await connection.execute("select add_partition($1, $2)", parent, size)
        upto += size


async def _facts(connection: asyncpg.Connection[asyncpg.Record], bank: Bank, leases: int) -> dict[str, object]:
    """What the statements of `TABLES` are filled with, but for their first and last lease."""
    services = ", ".join(str(shelf.service_id) for shelf in bank.shelves)
    tiers = [
        await connection.fetchval(
            "select id from offer where service_id = $1 and country_id = $2", shelf.service_id, COUNTRY
        )
        for shelf in bank.shelves
    ]
    pool = await connection.fetchrow("select supplier_id, operator_id from pool where id = $1", bank.pool_id)
    number = await connection.fetchrow(
        "select min(id - seq), max(id - seq) from number where pool_id = $1", bank.pool_id
    )
    hooks = sorted([row[0] for row in await connection.fetch(HOOKS)])
    if pool is None or number is None or number[0] != number[1] or hooks[-1] - hooks[0] != ACCOUNTS - 1:
        raise BenchError("the ids of numbers or endpoints have gaps")
    return {
        "account": min(bank.accounts), "accounts": ACCOUNTS, "ended": await connection.fetchval(ENDED), "leases": leases,
        "seconds": SECONDS_PER_LEASE, "services": SERVICES, "service_ids": services, "tiers": ", ".join(map(str, tiers)),
        "spacing": SPACING, "numbers": bank.numbers, "supplier": pool[0], "operator": pool[1], "number": number[0],
        "entry": await connection.fetchval("select max(id) from entry"), "hook": hooks[0],
    }  # fmt: skip


async def _load(
    bank: Bank, table: str, facts: dict[str, object], indexes: Sequence[dict[str, str | None]], leases: int,
    gate: asyncio.Semaphore, say: Say,
) -> None:  # fmt: skip
    """Load one table in steps, then build its indexes."""
    async with gate:
        connection = await connect(bank.dsn)
        try:
            await connection.execute(
                "set synchronous_commit = off; set maintenance_work_mem = '1GB'; set work_mem = '256MB'"
            )
            for first in range(1, leases + 1, STEP):
                last = min(first + STEP - 1, leases)
                await connection.execute(TABLES[table].format(**facts, first=first, last=last))
                say(f"  {table}: {last:,} leases")
            for index in indexes:
                key = f"alter table {table} add constraint {index['conname']} {index['key']}"
                await connection.execute(key if index["conname"] else str(index["made"]).replace(" ON ONLY ", " ON "))
            say(f"  {table}: indexes built")
        finally:
            await connection.close()


def note(folder: Path, grown: Grown) -> None:
    """Write down what the folder holds."""
    (folder / NOTE).write_bytes(msgspec.json.format(msgspec.json.encode(grown)))


def noted(folder: Path) -> Grown:
    """What the folder holds."""
    return msgspec.json.decode((folder / NOTE).read_bytes(), type=Grown)
