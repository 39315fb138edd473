"""What one node is told all nodes know within a second: keys, bans, limits, what is not sold. And what they share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta

import pytest

from numbank.customers import bans, keys, standing
from numbank.customers.standing import Change
from numbank.policy import denied
from tests.hooks.receiver import OK, hangs, receiving
from tests.nodes.world import PRICE, World, world
from tests.support import until

pytestmark = pytest.mark.slow

NODES = 3
SECOND = 1.0


@pytest.fixture(scope="module")
async def here(dsn: str) -> AsyncIterator[World]:
    async with world(dsn, NODES) as opened:
        yield opened
        await opened.shop.counted()
        await opened.proved()


async def everywhere(ask: Callable[[int], Awaitable[str]], wanted: str) -> float:
    """How long it takes until every node answers so; each is asked again and again until it does."""
    began = time.monotonic()

    async def one(node: int) -> float:
        while not (await ask(node)).startswith(wanted):
            assert time.monotonic() < began + 10, f"node {node} never says {wanted}"
        return time.monotonic() - began

    return max(await asyncio.gather(*(one(node) for node in range(NODES))))


async def test_a_revoked_key_dies_everywhere(here: World) -> None:
    owner, key = await here.shop.customer()
    await everywhere(lambda node: here.ask(node, key, "getBalance"), "ACCESS_BALANCE")
    async with here.db.transaction():
        await keys.revoke_all(here.db, owner)
    assert await everywhere(lambda node: here.ask(node, key, "getBalance"), "BAD_KEY") < SECOND


async def test_a_ban_a_service_that_is_denied_and_a_limit_are_known_everywhere(here: World) -> None:
    country = await here.country()
    await here.stock(600, "tg", country=country)  # who is not refused yet buys
    service = here.shop.catalogue.by_code["tg"].id

    def buys(key: str) -> Callable[[int], Awaitable[str]]:
        return lambda node: here.ask(node, key, "getNumber", service="tg", country=country)

    owner, key = await here.shop.customer()
    await everywhere(buys(key), "ACCESS_NUMBER")
    async with here.db.transaction():
        await bans.add(here.db, owner, until=None, for_=timedelta(hours=1), reason="test")
    assert await everywhere(buys(key), "BANNED") < SECOND

    owner, key = await here.shop.customer()
    await everywhere(buys(key), "ACCESS_NUMBER")
    async with here.db.transaction():
        await standing.change(here.db, owner, "test.change", Change(max_live=1))
    assert await everywhere(buys(key), "CHANNELS_LIMIT") < SECOND

    owner, key = await here.shop.customer()
    await everywhere(buys(key), "ACCESS_NUMBER")
    async with here.db.transaction():
        await denied.decide(here.db, service, denied=True, reason="test")
    assert await everywhere(buys(key), "SERVICE_NOT_AVAILABLE") < SECOND
    async with here.db.transaction():
        await denied.decide(here.db, service, denied=False, reason="test")
    assert await everywhere(buys(key), "ACCESS_NUMBER") < SECOND


async def pushed(here: World, held: Sequence[tuple[int, int]]) -> None:
    answers = await asyncio.gather(*(here.push(turn, e164, "code 13579") for turn, (_, e164) in enumerate(held)))
    assert set(answers) == {'{"status":"SUCCESS"}'}


async def test_webhooks_are_shared_by_all_nodes_and_none_is_told_twice(here: World) -> None:
    country, leases = await here.country(), 30
    await here.stock(leases, "tg", country=country)
    owner, key = await here.shop.customer()
    async with receiving() as receiver:
        for path in ("/a", "/b"):
            await here.hook(key, receiver.url(path))
        held = [await here.lease(turn, key, "tg", country) for turn in range(leases)]
        await pushed(here, held)

        async def told() -> bool:
            return not await here.db.fetchval(
                "select count(*) from delivery where account_id = $1 and state = 0", owner
            )

        await until(told, tries=2_000)
        for path in ("/a", "/b"):
            assert sorted(one.json["activationId"] for one in receiver.at(path)) == sorted(lease for lease, _ in held)
        assert len({one.id for one in receiver.got}) == len(receiver.got) == 2 * leases


async def test_leases_whose_time_is_over_end_once_under_three_sweeps(here: World) -> None:
    """Service wa lives for a second; every hold goes back once, whoever sweeps."""
    country, leases = await here.country(), 45
    await here.stock(leases, "wa", country=country)
    owner, key = await here.shop.customer()
    held = await asyncio.gather(*(here.lease(turn, key, "wa", country) for turn in range(leases)))
    ids = [lease_id for lease_id, _ in held]

    async def over() -> bool:
        return not await here.db.fetchval("select count(*) from activation where id = any($1) and state < 8", ids)

    await until(over, tries=1_000)
    voided = (
        "select count(*) from entry e join activation a on a.hold_id = e.hold_id where a.id = any($1) and e.kind = 4"
    )
    assert await here.db.fetchval(voided, ids) == leases
    assert await here.shop.cash(owner) == 1_000_000


async def test_a_node_that_dies_with_deliveries_in_its_hands_loses_and_doubles_none(here: World) -> None:
    """They are due again when the dead node's time is over, for those who live; which one took which is left to chance."""
    country, leases, endpoints = await here.country(), 6, 3
    await here.stock(leases, "tg", country=country)
    owner, key = await here.shop.customer()
    async with receiving() as receiver:
        receiver.otherwise = hangs
        for turn in range(endpoints):  # an endpoint has few tries at once: so every node takes some
            await here.hook(key, receiver.url(f"/{turn}"))
        await pushed(here, [await here.lease(turn, key, "tg", country) for turn in range(leases)])

        async def taken() -> bool:
            return len(receiver.got) >= 2

        await until(taken)
        victim = here.nodes[0]
        await asyncio.to_thread(victim.kill)
        receiver.otherwise = OK
        await here.db.execute(
            "update delivery set due_at = bank_now() where account_id = $1 and state = 0 and taken > 0", owner
        )

        async def told() -> bool:
            return not await here.db.fetchval(
                "select count(*) from delivery where account_id = $1 and state = 0", owner
            )

        await until(told, tries=3_000)
        states = await here.db.fetch("select state, count(*) from delivery where account_id = $1 group by 1", owner)
        assert [tuple(row) for row in states] == [(1, leases * endpoints)]
        assert len({one.id for one in receiver.got}) == leases * endpoints
    await asyncio.to_thread(victim.start)
    assert await here.shop.cash(owner) == 1_000_000 - leases * PRICE
