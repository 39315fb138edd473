"""Races over three nodes: one winner each, the rest NO_NUMBERS; nothing twice that was asked twice."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable

import pytest

from tests.hooks.receiver import receiving
from tests.nodes.world import PRICE, World, world
from tests.support import until

pytestmark = pytest.mark.slow

NODES = 3
SUCCESS = '{"status":"SUCCESS"}'


@pytest.fixture(scope="module")
async def here(dsn: str) -> AsyncIterator[World]:
    async with world(dsn, NODES) as opened:
        yield opened
        await opened.shop.counted()
        await opened.proved()


async def at_once(*acts: Awaitable[str]) -> list[str]:
    return list(await asyncio.gather(*acts))


async def test_the_last_numbers_have_one_winner_each_whatever_is_bought(here: World) -> None:
    """Leases of two services, rentals and several services on one number, for 24 numbers: 24 winners of 96."""
    country, stock = await here.country(), 24
    await here.stock(stock, "tg", "wa", "vk", "go", country=country)
    keys = [(await here.shop.customer())[1] for _ in range(6)]
    calls: list[tuple[str, dict[str, object]]] = [
        ("getNumber", {"service": "tg"}), ("getNumber", {"service": "vk"}),
        ("getMultiServiceNumber", {"multiService": "vk,go"}), ("getRentNumber", {"service": "full", "rent_time": 4}),
    ]  # fmt: skip
    answers = await at_once(*(
        here.ask(turn // len(calls), keys[turn % len(keys)], calls[turn % len(calls)][0], country=country,
                 **calls[turn % len(calls)][1])
        for turn in range(4 * stock)
    ))  # fmt: skip
    won = [number for answer in answers for number in _numbers_in(answer)]
    assert len(won) == len(set(won)) == stock
    others = Counter(answer for answer in answers if not _numbers_in(answer))
    assert {answer == "NO_NUMBERS" or '"message":"NO_NUMBERS"' in answer for answer in others} == {True}
    assert others.total() == 4 * stock - stock
    assert await here.db.fetchval("select count(*) from number where state = 1 and e164 = any($1)", won) == stock


def _numbers_in(answer: str) -> set[int]:
    """The number of a purchase, of whatever kind."""
    if answer.startswith("ACCESS_NUMBER:"):
        return {int(answer.split(":")[2])}
    if answer.startswith("["):
        return {int(row["phone"]) for row in json.loads(answer)}
    if '"success"' in answer:
        return {int(json.loads(answer)["phone"]["number"])}
    return set()


async def test_one_number_and_a_hundred_buyers_at_all_nodes(here: World) -> None:
    country = await here.country()
    for turn in range(4):
        await here.stock(1, "tg", country=country)
        keys = [(await here.shop.customer())[1] for _ in range(4)]
        answers = await at_once(*(
            here.ask(turn, keys[turn % 4], "getNumber", service="tg", country=country) for turn in range(100)
        ))  # fmt: skip
        assert Counter(answer.split(":")[0] for answer in answers) == {"ACCESS_NUMBER": 1, "NO_NUMBERS": 99}, turn


async def test_equal_orders_at_all_nodes_are_one_lease(here: World) -> None:
    country = await here.country()
    await here.stock(20, "tg", country=country)
    owner, key = await here.shop.customer()
    answers = await at_once(*(
        here.ask(turn, key, "getNumberV2", service="tg", country=country, orderId=f"order {turn % 5}")
        for turn in range(60)
    ))  # fmt: skip
    assert Counter(answer[:4] for answer in answers) == {'{"ac': 5, "ORDE": 55}
    assert set(answers) - {"ORDER_ALREADY_EXISTS"} == {answer for answer in answers if answer.startswith("{")}
    assert await here.shop.cash(owner) == 1_000_000 - 5 * PRICE


async def test_the_same_additional_service_at_all_nodes_is_bought_once(here: World) -> None:
    country = await here.country()
    await here.stock(2, "av", country=country)
    owner, key = await here.shop.customer()
    parent, e164 = await here.lease(0, key, "av", country, forward=1)
    assert await here.push(1, e164, "Avito code 12345") == SUCCESS
    cash = await here.shop.cash(owner)
    answers = await at_once(*(
        here.ask(turn, key, "getAdditionalService", id=parent, service="ym") for turn in range(12)
    ))  # fmt: skip
    assert Counter(answer.split(":")[0] for answer in answers) == {"ADDITIONAL": 1, "REPEAT_ADDITIONAL_SERVICE": 11}
    assert await here.shop.cash(owner) == cash - 500


async def test_the_same_message_at_all_nodes_at_once_is_one_message(here: World) -> None:
    """Each copy is answered SUCCESS; it is stored once, paid once, told once."""
    country, leases = await here.country(), 12
    await here.stock(leases, "tg", country=country)
    owner, key = await here.shop.customer()
    async with receiving() as receiver:
        await here.hook(key, receiver.url())
        held = [await here.lease(turn, key, "tg", country) for turn in range(leases)]
        answers = await at_once(*(
            here.push(turn, e164, f"code 1{lease_id % 10_000:04d}", f"same-{lease_id}")
            for lease_id, e164 in held for turn in range(6)
        ))  # fmt: skip
        assert set(answers) == {SUCCESS}
        ids = [lease_id for lease_id, _ in held]

        async def told() -> bool:
            return not await here.db.fetchval(
                "select count(*) from delivery where account_id = $1 and state = 0", owner
            )

        await until(told)
        assert sorted(one.json["activationId"] for one in receiver.got) == sorted(ids)
    stored = await here.db.fetch("select lease_id, count(*) from message where lease_id = any($1) group by 1", ids)
    assert sorted(map(tuple, stored)) == sorted((lease_id, 1) for lease_id in ids)
    posted = (
        "select count(*) from entry e join activation a on a.hold_id = e.hold_id where a.id = any($1) and e.kind = 3"
    )
    assert await here.db.fetchval(posted, ids) == leases
    assert await here.shop.cash(owner) == 1_000_000 - leases * PRICE
    words = await at_once(*(here.ask(lease_id, key, "getStatus", id=lease_id) for lease_id in ids))
    assert words == [f"STATUS_OK:1{lease_id % 10_000:04d}" for lease_id in ids]
