"""A node is frozen in the middle of its work and thawed: the others go on, and it acts on nothing that it knew before.

`NUMBANK_FREEZE_S=60` freezes it for a minute (make soak); 7 s are beyond every time-out of a transaction too.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import msgspec
import pytest

from numbank.customers import keys
from numbank.policy import denied
from tests.hooks.receiver import OK, Receiver, hangs, receiving
from tests.nodes.world import PRICE, World, world
from tests.support import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FREEZE_S = float(os.environ.get("NUMBANK_FREEZE_S", "7"))
# idle_in_transaction_session_timeout, lock_timeout, and what a loaded machine takes.
STALL_S = 6.0
FROZEN, OTHER = 0, 1
TAKES_LEASES = 4
# A node that was frozen for longer than a head may take (http_head_s) closes what waited for it; nothing is known then.
CLOSED = "connection closed"
NOT_NOW = ("ERROR_SQL", "TOO_MANY_REQUESTS", CLOSED)


@pytest.fixture
async def here(own_dsn: str) -> AsyncIterator[World]:
    async with world(own_dsn, 2) as opened:
        yield opened
        await opened.shop.counted()
        await opened.proved()


class Answer(msgspec.Struct, frozen=True):
    """What a customer was told, when (seconds), and after how long."""

    at: float
    took_s: float
    word: str


async def buys(here: World, node: int, key: str, country: int, over: asyncio.Event) -> list[Answer]:
    """One client that leases as fast as it can at one node."""
    told = []
    while not over.is_set():
        began = time.monotonic()
        try:
            word = await here.ask(node, key, "getNumber", service="tg", country=country)
        except httpx.ReadError:
            word = CLOSED
        told.append(Answer(began, time.monotonic() - began, word))
    return told


async def test_the_others_go_on_and_the_frozen_one_comes_back_with_fresh_eyes(here: World) -> None:
    country = await here.country()
    # More than a quick machine can lease meanwhile: an empty shelf would look like a node that does not go on.
    await here.stock(int(10_000 + 3_000 * FREEZE_S), "tg", "vk", country=country)
    owner, hot = await here.shop.customer(10**10)  # everybody buys on one account: a lock that stays held would show
    gone, dead = await here.shop.customer()
    assert (await here.ask(FROZEN, dead, "getBalance")).startswith("ACCESS_BALANCE")
    async with receiving() as receiver:
        receiver.otherwise = hangs
        await here.hook(hot, receiver.url())
        await _in_the_hands_of(here, FROZEN, receiver, hot, country)
        over = asyncio.Event()
        clients = [
            asyncio.create_task(buys(here, node, hot, country, over))
            for node in (FROZEN, OTHER)
            for _ in range(TAKES_LEASES)
        ]
        await asyncio.sleep(0.5)
        here.nodes[FROZEN].freeze()
        frozen_at = time.monotonic()
        try:
            async with here.db.transaction():
                await keys.revoke_all(here.db, gone)
                await denied.decide(here.db, here.shop.catalogue.by_code["vk"].id, denied=True, reason="test")
            receiver.otherwise = OK
            await _delivered_by_others(here, owner)
            await asyncio.sleep(max(0.0, frozen_at + FREEZE_S - time.monotonic()))
            # These wait in the frozen node's sockets: what it says first after the thaw.
            first = [
                asyncio.create_task(here.ask(FROZEN, dead, "getBalance")),
                asyncio.create_task(here.ask(FROZEN, hot, "getNumber", service="vk", country=country)),
            ]
            await asyncio.sleep(0.2)
        finally:
            here.nodes[FROZEN].thaw()
        thawed_at = time.monotonic()
        assert await asyncio.gather(*first) == ["BAD_KEY", "SERVICE_NOT_AVAILABLE"]
        await asyncio.sleep(1.0)
        over.set()
        told = await asyncio.gather(*clients)
        await _nothing_told_twice(here, owner, receiver)
    _went_on([one for client in told[TAKES_LEASES:] for one in client], frozen_at, thawed_at)
    await _as_told(here, owner, [one for client in told for one in client])
    assert any(one.at > thawed_at and one.word.startswith("ACCESS") for client in told[:TAKES_LEASES] for one in client)


async def _in_the_hands_of(here: World, node: int, receiver: Receiver, key: str, country: int) -> None:
    """A delivery hangs in a try of this node: the other one looks away until it does."""
    here.nodes[1 - node].freeze()
    lease_id, e164 = await here.lease(node, key, "tg", country)
    assert await here.push(node, e164, "code 24680") == '{"status":"SUCCESS"}'
    await until(_came(receiver, 1))
    here.nodes[1 - node].thaw()
    assert receiver.got[0].json["activationId"] == lease_id


def _came(receiver: Receiver, how_many: int) -> Callable[[], Awaitable[bool]]:
    async def came() -> bool:
        return len(receiver.got) >= how_many

    return came


async def _delivered_by_others(here: World, owner: int) -> None:
    """The frozen node's time for its delivery passes (22 s; the test does not wait for that), and another delivers it."""
    await here.db.execute("update delivery set due_at = bank_now() where account_id = $1 and taken = 1", owner)

    async def delivered() -> bool:
        return bool(await here.db.fetchval("select state = 1 from delivery where account_id = $1", owner))

    await until(delivered, tries=1_000)


async def _nothing_told_twice(here: World, owner: int, receiver: Receiver) -> None:
    """One event, delivered once by the other node after the try that froze; the late outcome changes nothing."""
    assert len(receiver.got) == 2
    assert len({one.id for one in receiver.got}) == 1

    async def written() -> bool:
        sql = "select count(*) from attempt t join delivery d on d.id = t.delivery_id where d.account_id = $1"
        return bool(await here.db.fetchval(sql, owner) == 2)

    await until(written)
    row = await here.db.fetchrow("select state, tries, taken from delivery where account_id = $1", owner)
    assert row is not None
    assert (row["state"], row["taken"]) == (1, 2)


def _went_on(told: list[Answer], frozen_at: float, thawed_at: float) -> None:
    """The other node answered all the time: after the time-outs of what the frozen node held, at full speed."""
    assert max(one.took_s for one in told) < STALL_S
    before = [one for one in told if one.at < frozen_at]
    late = [one for one in told if frozen_at + STALL_S / 2 < one.at < thawed_at]
    assert {one.word.split(":")[0] for one in late} == {"ACCESS_NUMBER"}
    rate = len(late) / (thawed_at - frozen_at - STALL_S / 2)
    assert rate > len(before) / 0.5 / 4, f"{rate:.0f} leases/s while the other is frozen"


async def _as_told(here: World, owner: int, told: list[Answer]) -> None:
    """Every lease that somebody was told of is there; none is there that nobody was told of, but for unknown answers."""
    words = Counter(one.word.split(":")[0] for one in told)
    assert set(words) <= {"ACCESS_NUMBER", *NOT_NOW}
    ids = {int(one.word.split(":")[1]) for one in told if one.word.startswith("ACCESS")}
    assert len(ids) == words["ACCESS_NUMBER"]
    kept = {
        row[0] for row in await here.db.fetch("select id from activation where account_id = $1 and code is null", owner)
    }
    assert ids <= kept
    assert len(kept - ids) <= words.total() - words["ACCESS_NUMBER"]
    assert await here.shop.cash(owner) == 10**10 - PRICE * (len(kept) + 1)
