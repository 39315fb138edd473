"""A bank under requests by chance: every answer is in the documented set, and afterwards the books are right.

`python -m tests.wire.fuzz --requests N [--seed S]`, or `make fuzz`. A seed that failed makes the same requests again.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter as Tally
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any, cast

import asyncpg
import msgspec

from numbank.catalogue import offers, rates
from numbank.cli.docs import COMMON
from numbank.cli.verify import ALL
from numbank.customers import bans
from numbank.db import checks
from numbank.db.embedded import EmbeddedServer
from numbank.errors import Overloaded, Refusal, TooLarge
from numbank.intake.deliver import Intake
from numbank.intake.door import Arrival
from numbank.messages.model import Medium
from numbank.policy import denied
from numbank.server.app import App
from numbank.supply.numbers import CALL, FORWARD, RENT, SMS
from numbank.wire.dialects import DIALECTS, KOALA, Dialect
from numbank.wire.shapes import matches
from tests.conftest import DSN_VARIABLE, on_database, prepare
from tests.mailbox.world import arrive as arrive_mail
from tests.rent.support import terms
from tests.support import Caller, Shop, open_bank, push
from tests.wire.grammar import Grammar, Request, World
from tests.wire.sample_goods import sell_mailboxes, sell_software, verify_resellers

TEXT, JSON = b"text/html; charset=UTF-8", b"application/json"
BALANCE = 10**10
SETTINGS: dict[str, object] = {
    "early_cancel_s": 0, "early_cancel_overrides": "wa=2", "cool_down_s": 0, "unused_rest_s": 0, "activation_life_s": 15,
    "activation_life_overrides": "ot=3600", "queue_deadline_s": 30, "forward_surcharge_minor": 500,
    "additional_service_prices": "840=0.05", "cashback_bp": 500, "mailbox_early_cancel_s": 0.5,
}  # fmt: skip
# From so many requests on every action must have succeeded at least once.
ENOUGH = 20_000
AT_ONCE = 8
MOST_COMPLAINTS = 20
LEASED = re.compile(rb'ACCESS_NUMBER:(\d+)|ADDITIONAL:(\d+)|"activationId":(\d+)|"activation":(\d+)')
RENTED = re.compile(rb'"phone":\{"id":(\d+),"endDate":"[^"]+","number":"(\d+)"')
MAILBOX = re.compile(rb'"response":\{"email":"([^"]+)","id":(\d+)')
PHONES = re.compile(rb'ACCESS_NUMBER:\d+:(\d+)|"phone(?:Number)?":"(\d+)"')
UNKNOWN = "?"
TEXTS = ("Telegram code: 48213", "WhatsApp code 123-456", "VK: 24680", "your code is 2468", "hello", "\0")
# Whatever a client does, these never come from it: an action that crashed, a database that could not answer.
NEVER = {b"ERROR_SQL"}


class Crashes:
    """What went wrong inside, whatever the client was told."""

    def __init__(self, app: App) -> None:
        self.seen: list[str] = []
        real_crashed, real_failed = app.metrics.crashed, app.bank._watch.failed  # type: ignore[union-attr]

        def crashed(action: str, error: Exception) -> None:
            self.seen.append(f"{action}: {error!r}")
            real_crashed(action, error)

        def failed(counter: str, kind: str, error: BaseException | None) -> None:
            cause = error.__cause__ if error is not None and error.__cause__ is not None else error
            # A deadlock or a serialisation failure is tried again; all else is ours.
            if not str(getattr(cause, "sqlstate", "")).startswith("40"):
                self.seen.append(f"counter {counter} {kind}: {error!r}")
            real_failed(counter, kind, error)

        app.metrics.crashed = crashed  # type: ignore[method-assign]
        app.bank._watch.failed = failed  # type: ignore[method-assign, union-attr]

    def take(self) -> list[str]:
        """What went wrong since the last look."""
        seen, self.seen = self.seen, []
        return seen


async def ask(app: App, request: Request) -> tuple[int, bytes, bytes]:
    """One request as a server hands it on: status, content type, body."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    length = b"%d" % len(request.body)
    headers = [(b"content-type", request.content_type.encode()), (b"content-length", length), (b"user-agent", b"fuzz")]
    scope = {
        "type": "http", "method": request.method, "path": request.path, "raw_path": request.path.encode(),
        "query_string": request.query, "headers": headers, "client": ("127.0.0.1", 50_000), "scheme": "http",
        "server": ("127.0.0.1", 80), "http_version": "1.1",
    }  # fmt: skip
    await app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"])[b"content-type"], body


def answering(request: Request) -> Dialect:
    """The dialect of the answer: the path's, else the account's."""
    return KOALA if request.dialect.parent is None and request.who == "set" else request.dialect


@cache
def documented(dialect: Dialect, action: str) -> tuple[tuple[str, ...], frozenset[bytes]]:
    """The shapes and the plain words that an action may answer in a dialect."""
    known = dialect.actions.get(action)
    refusals: list[type[Refusal]] = [*COMMON, Overloaded, TooLarge, *(known.refusals if known is not None else ())]
    shapes, words = list(known.replies if known is not None else ()), set()
    for kind in refusals:
        shape = dialect.shape(action, kind)
        if "<" in shape or shape[0] in "{[":
            shapes.append(shape)
        else:
            words.add(shape.encode())
    return tuple(shapes), frozenset(words)


def wrong(request: Request, status: int, kind: bytes, body: bytes) -> str:
    """What is wrong with an answer; empty if nothing."""
    if status != 200:
        return f"HTTP {status}"
    if kind not in (TEXT, JSON):
        return f"content type {kind!r}"
    if kind == JSON and body[:1] not in (b"{", b"["):
        return "a word as JSON"
    shapes, words = documented(answering(request), request.action)
    if body in NEVER:
        return "a failure"
    if body in words:
        return ""
    return "" if any(matches(shape, body.decode()) for shape in shapes) else "not documented"


async def fill(app: App, shop: Shop) -> World:
    """A bank with a bit of everything: customers of every kind, tiers, calls, forwarding, two countries."""
    keys, ids = {}, {}
    for who in ("rich", "poor", "inactive", "blocked", "banned", "set"):
        ids[who], keys[who] = await shop.customer(balance=0 if who == "poor" else BALANCE)
    connection = shop.connection
    await connection.execute("update customer set active = false where id = $1", ids["inactive"])
    await connection.execute("update customer set blocked = true where id = $1", ids["blocked"])
    await connection.execute("update customer set dialect = 'koala' where id = $1", ids["set"])
    async with connection.transaction():
        await bans.add(connection, ids["banned"], until=None, for_=timedelta(days=1), reason="fuzz")
    keys |= {"wrong": "0" * 32, "none": "", "hostile": "\0\ufffd" * 20}
    await shop.numbers(1_500, operator="mts", abilities=SMS | CALL | FORWARD)
    await shop.numbers(500, operator="beeline")
    await shop.numbers(500, country=2, operator="beeline", abilities=SMS | CALL)
    await shop.offer("tg", "wa", "ot", "av", operator="mts")
    await shop.offer("tg", price=1_500, operator="beeline")
    await shop.offer("tg", "vk", country=2, price=2_000, operator="beeline")
    async with connection.transaction():
        for kind in (1, 2):
            for country, code in ((0, "tg"), (0, "vk"), (2, "vk")):
                where = await offers.place(connection, shop.catalogue, country_id=country, code=code, kind=kind)
                await offers.put_tier(connection, where, 3_000)
        where = await offers.place(connection, shop.catalogue, country_id=2, code="vk")
        await offers.put_tier(connection, where, 1_000, count=20)
        await offers.put_tier(connection, where, 2_500, regular=True)
        await denied.decide(connection, shop.catalogue.by_code["dn"].id, denied=True, reason="fuzz")
    await shop.numbers(200, operator="mts", abilities=SMS | CALL | RENT)
    for country in (0, 2):
        await terms(shop, "full", "tg", "wa", "dn", "av", country=country)
    await shop.numbers(50, country=2, operator="beeline", abilities=SMS | RENT)
    async with connection.transaction():
        await rates.put(connection, 840, {978: rates.parse_rate("0.92"), 643: rates.parse_rate("91.2")})
    await sell_mailboxes(shop, 1_000)
    products = await sell_software(app.bank.seals, shop, 2_000)
    await verify_resellers(shop, [ids[who] for who in ("rich", "poor", "set", "blocked")])
    await shop.counted()
    # Calls can be asked for from the own pool, and nobody places them.
    cast(dict[int, object], app.bank.calls.desk._runners)[1] = object()
    services = ("tg", "wa", "vk", "av", "ot", "tg", "av", "fx", "fx", "full", "dn", "nope")
    return World(
        keys, services, (0, 0, 0, 0, 2, 2, 1, 9999, "any"), (1, 1, 99), [79_990_000_000 + n for n in range(50)],
        int(time.time()), {}, await prepared(app, Caller(app, keys["rich"])), products=tuple(products.values()),
    )  # fmt: skip


async def prepared(app: App, rich: Caller) -> list[int]:
    """Leases whose voice call has come, and forwarded ones with their first message: chance alone brings few of them."""
    ids = []
    for _ in range(150):
        lease_id, e164 = await rich.lease("ot", country=0, forward=1)
        await push(app, e164, "your code is 2468")
        ids.append(lease_id)
    for _ in range(5):
        lease_id, e164 = await rich.lease("vk", country=0, activationType=2, language="en")
        call = Arrival(1, "", e164, "79990001234", "your code is 4 8 2 1 3", medium=Medium.CALL, language="en")
        assert isinstance(await app.bank.door.take(call), Intake)
        ids.append(lease_id)
    return ids


async def arrive(app: App, world: World, chance: Random) -> None:
    """A message, a call or a mail comes in, mostly for what was leased of late."""
    if world.emails and chance.random() < 0.3:
        code, text = chance.choice((("48213", "Your code is 48213"), (None, "Hello"), (None, "")))
        await arrive_mail(app, chance.choice(world.emails[-8:]), code=code, text=text)
        return
    e164 = chance.choice([*world.leased[-12:], *world.phones[:2]])
    if chance.random() < 0.6:
        text = chance.choice(
            ("Telegram code: 48213", "WhatsApp code 123-456", "VK: 24680", "your code is 2468", "hello", "\0")
        )
        await push(app, e164, text)
        return
    caller = chance.choice(("79990001234", "withheld", ""))
    transcript = chance.choice(("", "your code is 4 8 2 1 3", "\0"))
    call = Arrival(1, "", e164, caller, transcript, medium=Medium.CALL, language=chance.choice((None, "en", "ru")))
    assert isinstance(await app.bank.door.take(call), Intake)


class Run(msgspec.Struct):
    """What was asked and what of it succeeded, by action; `seen` are the documented answers that came up."""

    asked: Tally[str]
    served: Tally[str]
    seen: set[tuple[str, str, str]]

    def note(self, request: Request, body: bytes) -> None:
        """Count an answer."""
        dialect, action = answering(request), request.action
        known = action in dialect.actions
        self.asked[action if known else UNKNOWN] += 1
        if not known:
            return
        shapes, words = documented(dialect, action)
        text = body.decode()
        answered = text if body in words else next((shape for shape in shapes if matches(shape, text)), "")
        self.seen.add((dialect.name, action, answered))
        self.served[action] += answered in dialect.actions[action].replies

    def unseen(self) -> set[tuple[str, str, str]]:
        """The documented answers that did not come up."""
        every = {
            (dialect.name, action, answer)
            for dialect in DIALECTS
            for action in dialect.actions
            for part in documented(dialect, action)
            for answer in (one if isinstance(one, str) else one.decode() for one in part)
        }
        return every - self.seen


async def fuzz(dsn: str, requests: int, seed: int) -> Run:
    """Ask and compare; then the proofs. AssertionError with the requests and the seed when something is wrong."""
    async with open_bank(dsn, **SETTINGS) as (app, shop):
        chance = Random(seed)
        world = await fill(app, shop)
        crashes = Crashes(app)
        grammar = Grammar(world, chance, DIALECTS)
        run = Run(Tally(), Tally(), set())
        complaints: dict[tuple[str, str, str, bytes], str] = {}
        while run.asked.total() < requests and len(complaints) < MOST_COMPLAINTS:
            batch = [grammar.request() for _ in range(min(AT_ONCE, requests - run.asked.total()))]
            answers = await asyncio.gather(*(ask(app, request) for request in batch))
            for request, (status, kind, body) in zip(batch, answers, strict=True):
                run.note(request, body)
                complaint = wrong(request, status, kind, body)
                if complaint:
                    what = (request.dialect.name, request.action, complaint, body[:20])
                    complaints.setdefault(what, f"{complaint}: {request} -> {status} {kind!r} {body[:300]!r}")
                learn(world, request, body)
            for crash in crashes.take():
                complaints.setdefault(("", "", crash, b""), f"{crash} among {[str(one) for one in batch]}")
            if chance.random() < 0.6:
                await arrive(app, world, chance)
        assert not complaints, "\n".join((f"seed {seed}, {run.asked.total()} requests:", *complaints.values()))
        never = {action for action, count in run.served.items() if not count}
        assert requests < ENOUGH or not never, f"seed {seed}: never served: {never}"
        await prove(dsn, shop)
        return run


def learn(world: World, request: Request, body: bytes) -> None:
    """Remember the leases that were made, so that later requests name them."""
    for groups in LEASED.findall(body):
        lease_id = int(next(group for group in groups if group))
        mine = world.lease_ids.setdefault(request.who, [])
        if lease_id not in mine:
            mine.append(lease_id)
    for rent_id, e164 in RENTED.findall(body):
        world.rent_ids.setdefault(request.who, []).append(int(rent_id))
        world.leased.append(int(e164))
    for email, mailbox_id in MAILBOX.findall(body):
        world.emails.append(email.decode())
        world.mailbox_ids.setdefault(request.who, []).append(int(mailbox_id))
    world.leased += [int(group) for groups in PHONES.findall(body) for group in groups if group]


async def prove(dsn: str, shop: Shop) -> None:
    """The bank verifies clean, and what was paid in is there or was paid for numbers."""
    found = await checks.run(partial(asyncpg.connect, dsn), ALL)
    assert [finding for finding in found if finding.differences] == []
    assert await shop.connection.fetchval("select min(cash) from account") >= 0


def main(requests: int, seed: int) -> Run:
    """Fuzz on a cluster of its own."""
    folder = Path(tempfile.mkdtemp(prefix="numbank-fuzz-"))
    folder.chmod(0o755)
    try:
        with EmbeddedServer.start(folder, lambda _: None, shared_buffers="64MB", durable=False) as server:
            os.environ[DSN_VARIABLE] = server.dsn
            return asyncio.run(_in_a_fresh_bank(server.dsn, requests, seed))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _in_a_fresh_bank(dsn: str, requests: int, seed: int) -> Run:
    admin = await asyncpg.connect(dsn)
    await admin.execute("create database fuzz")
    await admin.close()
    await prepare(on_database(dsn, "fuzz"))
    return await fuzz(on_database(dsn, "fuzz"), requests, seed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.wire.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    started = time.monotonic()
    made = main(given.requests, given.seed)
    sys.stdout.write("  asked  served\n")
    for name, count in sorted(made.asked.items()):
        sys.stdout.write(f"{count:7d} {made.served[name]:7d} {name}\n")
    unseen = made.unseen()
    for dialect, name, answer in sorted(unseen):
        sys.stdout.write(f"never seen: {dialect} {name} {answer}\n")
    sys.stdout.write(f"{len(made.seen)} documented answers seen, {len(unseen)} not\n")
    sys.stdout.write(f"{given.requests} requests are answered as documented ({time.monotonic() - started:.1f} s)\n")
