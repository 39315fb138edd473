"""The last number for several services, and one number for two reactivations or for a reactivation and a lease, at once.

Counters of two banks on one database: two clerks each, as two nodes have them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from numbank.db.checks import Session, prove_all
from numbank.server.app import App
from numbank.supply import numbers
from tests.support import PRICE, Caller, Shop, open_bank, push, until
from tests.verify.used_bank import ALL_CHECKS, broken

Nodes = tuple[tuple[App, App], Shop]
START = 10_000_000
SETTINGS = {
    "early_cancel_s": 0, "cool_down_s": 0.0, "sweep_every_s": 3600.0, "additional_service_prices": "840=0.05",
}  # fmt: skip


@pytest.fixture(scope="module")
async def nodes(dsn: str) -> AsyncIterator[Nodes]:
    async with open_bank(dsn, **SETTINGS) as (first, shop), open_bank(dsn, **SETTINGS) as (second, _):
        yield (first, second), shop


async def right(shop: Shop) -> None:
    assert broken(await prove_all(Session(shop.connection, 1000), ALL_CHECKS)) == {}


async def callers(nodes: Nodes, how_many: int = 2) -> list[tuple[list[Caller], int]]:
    """Customers, each at both nodes."""
    (first, second), shop = nodes
    made = []
    for _ in range(how_many):
        customer_id, key = await shop.customer(START)
        made.append(([Caller(first, key), Caller(second, key)], customer_id))
    return made


async def finished(nodes: Nodes, country: int) -> tuple[list[Caller], int, int, int]:
    """A customer whose lease of tg on the only number of a country is finished; the number is free again."""
    (first, _), shop = nodes
    await shop.numbers(1, country=country)
    await shop.offer("tg", "wa", country=country)
    ((caller, customer_id),) = await callers(nodes, 1)
    lease_id, e164 = await caller[0].lease("tg", country=country)
    await push(first, e164, "Telegram code 33333")
    assert await caller[0].get("setStatus", id=lease_id, status=6) == "ACCESS_ACTIVATION"
    async with shop.connection.transaction():
        await numbers.wake(shop.connection, await shop.connection.fetchval("select bank_now()"), 10)
    return caller, customer_id, lease_id, e164


async def test_the_last_numbers_for_several_services_have_one_winner_each(nodes: Nodes) -> None:
    _, shop = nodes
    stock, asked = 6, 48
    await shop.numbers(stock, country=2)
    await shop.offer("tg", "wa", "go", country=2)
    customers = await callers(nodes, 4)
    wishes = ("tg,wa", "wa,go", "go,tg", "tg,wa,go")
    answers = await asyncio.gather(*(
        customers[turn % 4][0][turn % 2].get("getMultiServiceNumber", multiService=wishes[turn // 4 % 4], country=2)
        for turn in range(asked)
    ))  # fmt: skip
    won = [answer for answer in answers if answer.startswith("[")]
    assert Counter(answer for answer in answers if answer not in won) == {"NO_NUMBERS": asked - stock}
    rows = await shop.connection.fetch("select count(*) as n from activation where country_id = 2 group by e164")
    assert len(rows) == stock
    spent = sum(row["n"] for row in rows) * PRICE
    assert sum([await shop.cash(customer_id) for _, customer_id in customers]) == 4 * START - spent
    await right(shop)


async def test_plain_and_several_leases_together_sell_out_a_pool_once(nodes: Nodes) -> None:
    _, shop = nodes
    stock = 30
    await shop.numbers(stock, country=4)
    await shop.offer("tg", "wa", country=4)
    customers = await callers(nodes, 4)

    async def ask(turn: int) -> str:
        caller = customers[turn % 4][0][turn % 2]
        if turn % 3:
            return await caller.get("getNumber", service="tg" if turn % 3 == 1 else "wa", country=4)
        return await caller.get("getMultiServiceNumber", multiService="tg,wa" if turn % 2 else "wa,tg", country=4)

    answers = await asyncio.gather(*(ask(turn) for turn in range(3 * stock)))
    assert {answer.split(":")[0][:6] for answer in answers} <= {"ACCESS", '[{"pho', "NO_NUM"}
    leased = await shop.connection.fetchval("select count(distinct e164) from activation where country_id = 4")
    assert leased == stock
    await right(shop)


async def test_two_reactivations_of_one_number_have_one_winner(nodes: Nodes) -> None:
    _, shop = nodes
    for turn in range(5):
        caller, customer_id, lease_id, _ = await finished(nodes, 10 + turn)
        answers = await asyncio.gather(*(caller[one % 2].get("getExtraActivation", id=lease_id) for one in range(8)))
        assert Counter(answer.split(":")[0] for answer in answers) == {
            "ACCESS_NUMBER": 1, "RENEW_ACTIVATION_NOT_AVAILABLE": 7,
        }  # fmt: skip
        assert await shop.cash(customer_id) == START - 2 * PRICE
    await right(shop)


async def test_a_reactivation_and_a_lease_of_another_service_have_one_winner(nodes: Nodes) -> None:
    _, shop = nodes
    winners = Counter[str]()
    for turn in range(8):
        caller, _, lease_id, e164 = await finished(nodes, 20 + turn)
        ((other, _),) = await callers(nodes, 1)
        again, leased = await asyncio.gather(
            caller[turn % 2].get("getExtraActivation", id=lease_id),
            other[(turn + 1) % 2].get("getNumber", service="wa", country=20 + turn),
        )
        won = [answer for answer in (again, leased) if answer.startswith("ACCESS_NUMBER:")]
        assert [answer.rpartition(":")[2] for answer in won] == [str(e164)]
        assert again in won or again == "RENEW_ACTIVATION_NOT_AVAILABLE"
        assert leased in won or leased == "NO_NUMBERS"
        winners["again" if again in won else "lease"] += 1
    await right(shop)


async def test_an_additional_service_and_the_end_of_its_parent_do_not_lose_the_number(nodes: Nodes) -> None:
    (first, _), shop = nodes
    await shop.numbers(8, country=40, abilities=numbers.SMS | numbers.FORWARD)
    await shop.offer("av", country=40)
    for turn in range(8):
        ((caller, _),) = await callers(nodes, 1)
        lease_id, e164 = await caller[0].lease("av", country=40, forward=1)
        await push(first, e164, "Avito code 33333")
        added, ended = await asyncio.gather(
            caller[turn % 2].get("getAdditionalService", id=lease_id, service="ym"),
            caller[(turn + 1) % 2].get("finishActivation", id=lease_id),
        )
        assert ended == "ACCESS_ACTIVATION"
        state = await shop.connection.fetchval("select state from number where e164 = $1", e164)
        holder = await shop.connection.fetchval("select holder from number where e164 = $1", e164)
        if added == "WRONG_SECURITY":
            assert (state, holder) == (2, None)
        else:
            assert added.startswith("ADDITIONAL:")
            assert (state, holder) == (1, lease_id)
    await right(shop)


async def test_siblings_that_end_on_two_nodes_at_once_let_the_number_rest(nodes: Nodes) -> None:
    _, shop = nodes
    await shop.numbers(10, country=6)
    await shop.offer("tg", "wa", "go", country=6)
    ((caller, customer_id),) = await callers(nodes, 1)
    for _ in range(10):
        rows = await caller[0].json("getMultiServiceNumber", multiService="tg,wa,go", country=6)
        answers = await asyncio.gather(*(
            caller[place % 2].get("setStatus", id=row["activation"], status=8) for place, row in enumerate(rows)
        ))  # fmt: skip
        assert answers == ["ACCESS_CANCEL"] * 3

    async def all_rest() -> bool:
        states = await shop.connection.fetch(
            "select n.state from number n join pool p on p.id = n.pool_id where p.country_id = 6"
        )
        return [row[0] for row in states] == [2] * 10

    await until(all_rest)
    assert await shop.cash(customer_id) == START
    await right(shop)
