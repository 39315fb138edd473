"""What must be true after every crash: the bank's tables against what customers, agents and mail servers were told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from numbank.activation.states import FIRST_ENDED, State
from numbank.cli.verify import ALL
from numbank.db import checks
from tests.fire.load import CANCELLED, EXPIRED, FINISHED, Lease, Load, Notes
from tests.fire.town import PRICE
from tests.hooks.receiver import Got

PATIENCE_S = 30.0
HELD, POSTED, VOIDED = 0, 1, 2
OPEN = {
    "leases whose time is over": "select count(*) from activation where state < 8 and due_at < now()",
    "leases for a second": "select count(*) from activation a join service s on s.id = service_id"
    " where s.code = 'wa' and state < 8",
    "orders": "select count(*) from activation where state = 0",
    "webhooks": "select count(*) from delivery where state = 0",
    "questions and releases": "select count(*) from acquisition where state in (0, 4)",
}
LEASES = """select a.id, e164, a.state, a.code, a.price, s.code as service, h.state as hold
from activation a join service s on s.id = a.service_id join hold h on h.id = a.hold_id where a.account_id = $1"""
SPENT = "select coalesce(sum(cash), 0) from hold where account_id = $1 and state < 2"
# A number that was given back rests for an hour: within one run no number is given twice for the same service.
TWICE = """select service_id, e164 from activation where account_id = any($1::bigint[]) and e164 is not null
group by 1, 2 having count(*) > 1"""


class Wrong(AssertionError):  # noqa: N818  the name says the case
    """Promises were broken; every difference in one text."""


async def prove(dsn: str, load: Load, hooks: Sequence[Got], supplied: Path) -> None:
    """Wait until what happens by itself has happened, then compare. Raises Wrong with all that differs."""
    connection = await asyncpg.connect(dsn, timeout=20)
    try:
        await _settled(connection)
        wrong: list[str] = []
        for notes in load.notes:
            wrong += await _customer(connection, notes)
        plain = [notes for notes in load.notes if notes.plain]
        wrong += [f"number {row['e164']} was leased twice for a service"
                  for row in await connection.fetch(TWICE, [notes.customer.id for notes in plain])]  # fmt: skip
        wrong += await _messages(connection, load)
        wrong += _told(load, hooks)
        wrong += await _sold(connection, load)
        lines = await asyncio.to_thread(supplied.read_text) if supplied.exists() else ""  # noqa: ASYNC240  one look
        wrong += await _supplied(connection, lines)
    finally:
        await connection.close()
    wrong += await _verify(dsn)
    if wrong:
        raise Wrong(f"{len(wrong)} differences: " + "; ".join(wrong[:20]))


async def _settled(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE_S
    while left := {name: n for name, sql in OPEN.items() if (n := await connection.fetchval(sql))}:
        if loop.time() > deadline:
            raise Wrong(f"these never end: {left}")
        await asyncio.sleep(0.05)


async def _customer(connection: asyncpg.Connection[asyncpg.Record], notes: Notes) -> list[str]:
    rows = {row["id"]: row for row in await connection.fetch(LEASES, notes.customer.id)}
    wrong = [why for lease in notes.leases.values() for why in _lease(lease, rows.get(lease.id))]
    digests = {UUID(bytes=blake2b(order.encode(), digest_size=16).digest()): order for order in notes.orders}
    found = await connection.fetch("select digest, lease_id from order_key where account_id = $1", notes.customer.id)
    by_order = {digests[row["digest"]]: row["lease_id"] for row in found if row["digest"] in digests}
    for order, lease_id in notes.orders.items():
        if order not in by_order or lease_id not in (None, by_order[order]):
            wrong.append(f"order {order} is lease {by_order.get(order)}, its customer was told {lease_id}")
    known = notes.leases.keys() | set(by_order.values()) | notes.others.get("activation", set())
    strange = [row for row in rows.values() if row["id"] not in known]
    # Orders whose supplier did not answer leave a row that was never shown and is given back.
    strange = [row for row in strange if not (row["e164"] is None and row["hold"] == VOIDED)]
    allowed = 2 * notes.unknown.get("activation", 0)
    if len(strange) > allowed:
        wrong.append(
            f"customer {notes.customer.id} has {len(strange)} leases that it was never told of, e.g. {strange[:2]}"
        )
    cash = await connection.fetchval("select cash from account where id = $1", notes.customer.id)
    spent = await connection.fetchval(SPENT, notes.customer.id)
    if cash != notes.customer.money - spent:
        wrong.append(f"customer {notes.customer.id} has {cash}, began with {notes.customer.money} and spent {spent}")
    paid = sum(PRICE for lease in notes.leases.values() if lease.end not in (CANCELLED, EXPIRED))
    if notes.plain and spent != paid:
        wrong.append(f"customer {notes.customer.id} spent {spent}, by what it was told {paid}")
    return wrong


def _lease(lease: Lease, row: Any) -> list[str]:
    """What differs between a lease as it was told and as it is."""
    if row is None:
        return [f"lease {lease.id} is lost"]
    wrong = []
    if row["e164"] != lease.e164 or row["service"] != lease.service:
        wrong.append(f"lease {lease.id} has {row['e164']}, its customer was told {lease.e164}")
    if lease.end in (CANCELLED, EXPIRED):
        right = row["state"] == State.CANCELLED and row["hold"] == VOIDED
    elif lease.end == FINISHED:
        right = row["state"] == State.DONE and row["hold"] == POSTED
    else:
        right = row["state"] < FIRST_ENDED and row["hold"] == (POSTED if lease.messages else HELD)
    if not right:
        wrong.append(f"lease {lease.id} should be {lease.end}, is in state {row['state']} with its hold {row['hold']}")
    if lease.messages and row["code"] != lease.messages[-1][1]:
        wrong.append(f"lease {lease.id} shows {row['code']}, acknowledged was {lease.messages[-1][1]}")
    return wrong


async def _messages(connection: asyncpg.Connection[asyncpg.Record], load: Load) -> list[str]:
    """Every acknowledged message is there once and with its lease; no other is there."""
    rows = await connection.fetch("select foreign_id, lease_id from message")
    kept = Counter(row["foreign_id"] for row in rows)
    place = {row["foreign_id"]: row["lease_id"] for row in rows}
    sent = {sms: lease.id for notes in load.notes for lease in notes.leases.values() for sms, _ in lease.messages}
    wrong = [f"message {sms} is kept {count} times" for sms, count in kept.items() if count > 1 or sms not in sent]
    wrong += [
        f"message {sms} is at {place.get(sms)}, not {lease}" for sms, lease in sent.items() if place.get(sms) != lease
    ]
    mails = Counter(row["subject"] for row in await connection.fetch("select subject from mail"))
    wrong += [f"mail {subject} is kept {mails[subject]} times" for subject in load.mails if mails[subject] != 1]
    return wrong


def _told(load: Load, hooks: Sequence[Got]) -> list[str]:
    """Every acknowledged message was told to its customer's webhook; a repeat has the same id."""
    ids: dict[tuple[int, str], set[str]] = {}
    for got in hooks:
        if "activationId" in (said := got.json):
            ids.setdefault((said["activationId"], said["code"]), set()).add(got.id)
    sent = [(lease.id, code) for notes in load.notes for lease in notes.leases.values() for _, code in lease.messages]
    wrong = [f"no webhook told of {event}" for event in sent if event not in ids]
    return wrong + [
        f"webhooks told of {event} under {len(ids[event])} ids" for event in sent if len(ids.get(event, "")) > 1
    ]


async def _sold(connection: asyncpg.Connection[asyncpg.Record], load: Load) -> list[str]:
    """What was bought without an orderId: all that was acknowledged, and no more than may have been."""
    wrong = []
    for table in ("rent", "mailbox", "purchase"):
        for notes in load.notes:
            rows = await connection.fetch(f"select id from {table} where account_id = $1", notes.customer.id)
            ids = {row["id"] for row in rows}
            told = notes.others.get(table, set())
            wrong += [f"{table} {lease_id} is lost" for lease_id in told - ids]
            acked = len(notes.bought) if table == "purchase" else len(told)
            if not acked <= len(ids) <= acked + notes.unknown.get(table, 0):
                wrong.append(
                    f"customer {notes.customer.id}: {len(ids)} of {table}, {acked} acknowledged, {notes.unknown}"
                )
    keys = [key for notes in load.notes for key in notes.bought]
    return wrong + [f"licence key {key} was sold twice" for key, count in Counter(keys).items() if count > 1]


async def _supplied(connection: asyncpg.Connection[asyncpg.Record], supplied: str) -> list[str]:
    """What an asked supplier gave is held, given back, or known to be unknown; never forgotten, never held twice."""
    lines = [line.split() for line in supplied.splitlines()]
    gave = Counter(int(line[1]) for line in lines if line[0] == "gave")
    back = {int(line[1]) for line in lines if line[0] == "back"}
    states = {row["id"]: row["state"] for row in await connection.fetch("select id, state from acquisition")}
    wrong = [f"acquisition {one} was asked {count} times" for one, count in gave.items() if count > 1]
    # 1: held, 3: unknown, 5: released (supply/acquisitions.py)
    wrong += [
        f"acquisition {one} was given and is {states.get(one)}" for one in gave if states.get(one) not in (1, 3, 5)
    ]
    return wrong + [
        f"acquisition {one} was given back and is {states.get(one)}" for one in back if states.get(one) != 5
    ]


async def _verify(dsn: str) -> list[str]:
    """`numbank verify`, in this process."""

    async def connect() -> asyncpg.Connection[asyncpg.Record]:
        return await asyncpg.connect(dsn)

    findings = await checks.run(connect, ALL)
    return [f"verify: {one.check}: {one.examples}" for one in findings if one.differences]
