"""Many buyers of few keys on two nodes; a commit whose answer is lost; keys that another node holds."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import pytest

from numbank.db import counter as counters
from numbank.db.pool import Connection, connector
from numbank.db.seals import Seals
from numbank.errors import NoKeysLeft
from numbank.server.app import App
from numbank.software.desk import SoftwareDesk
from numbank.software.model import Bought, BuyRequest
from tests.db.test_counter import CutConnection, Seen
from tests.software.world import PRICE, key_file, key_in, reseller, right, shop_open, stocked
from tests.support import Shop

Nodes = tuple[tuple[App, App], Shop]
START = 10_000_000


@pytest.fixture(scope="module")
async def nodes(dsn: str) -> AsyncIterator[Nodes]:
    async with shop_open(dsn) as (first, shop), shop_open(dsn) as (second, _):
        yield (first, second), shop


async def test_64_buyers_on_two_nodes_get_each_key_once(nodes: Nodes, dsn: str) -> None:
    apps, shop = nodes
    keys = [f"RACE-{turn}" for turn in range(40)]
    product_id = await stocked(shop, key_file(dsn), "race", keys)
    buyers = [await reseller(apps, shop, START) for _ in range(4)]
    answers = await asyncio.gather(
        *(buyers[turn % 4][1][turn // 4 % 2].get("buyPartnerProduct", productId=product_id) for turn in range(64))
    )
    won = [key_in(answer) for answer in answers if key_in(answer) is not None]
    assert sorted(map(str, won)) == sorted(keys)
    assert Counter(answer for answer in answers if key_in(answer) is None) == {"NO_NUMBERS": 24}
    cash = [await shop.cash(customer_id) for customer_id, _ in buyers]
    assert sum(cash) == 4 * START - 40 * PRICE
    await right(shop)


async def test_64_buyers_with_one_purse_get_as_many_keys_as_it_pays(nodes: Nodes, dsn: str) -> None:
    apps, shop = nodes
    product_id = await stocked(shop, key_file(dsn), "purse", [f"PURSE-{turn}" for turn in range(80)])
    customer_id, callers = await reseller(apps, shop, 25 * PRICE + PRICE - 1)
    answers = await asyncio.gather(
        *(callers[turn % 2].get("buyPartnerProduct", productId=product_id) for turn in range(64))
    )
    won = [key_in(answer) for answer in answers if key_in(answer) is not None]
    assert len(won) == len(set(won)) == 25
    assert Counter(answer for answer in answers if key_in(answer) is None) == {"NO_BALANCE": 39}
    assert await shop.cash(customer_id) == PRICE - 1
    await right(shop)


async def test_a_key_that_another_node_holds_is_waited_for(
    nodes: Nodes, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first, _), shop = nodes
    product_id = await stocked(shop, key_file(dsn), "held", ["HELD-1"])
    again = await stocked(shop, key_file(dsn), "held and sold", ["HELD-2"])
    customer_id, _ = await shop.customer(START)
    counter = first.bank.software.counter
    serve, tried = counter._serve, asyncio.Event()

    async def watched(tx: Connection, requests: Sequence[BuyRequest]) -> counters.Answers[Bought]:
        answers = await serve(tx, requests)
        tried.set()
        return answers

    monkeypatch.setattr(counter, "_serve", watched)
    other = await asyncpg.connect(dsn)
    lock = "select from licence_key where product_id = $1 for no key update"
    transaction = other.transaction()
    await transaction.start()
    await other.execute(lock, product_id)
    asked = counter.ask(BuyRequest(customer_id, product_id))
    await tried.wait()
    await transaction.rollback()
    assert isinstance(await asked, Bought)
    # Sold by the other node meanwhile: then there is none.
    transaction = other.transaction()
    await transaction.start()
    await other.execute(lock, again)
    tried.clear()
    asked = counter.ask(BuyRequest(customer_id, again))
    await tried.wait()
    assert not asked.done()
    await other.execute("delete from licence_key where product_id = $1", again)
    await transaction.commit()
    assert isinstance(await asked, NoKeysLeft)
    await other.close()


async def test_a_key_that_another_node_holds_stops_no_sale_of_the_next(nodes: Nodes, dsn: str) -> None:
    (first, _), shop = nodes
    product_id = await stocked(shop, key_file(dsn), "passed by", ["PASSED-1", "PASSED-2"])
    customer_id, _ = await shop.customer(START)
    other = await asyncpg.connect(dsn)
    async with other.transaction():
        await other.execute(
            "select from licence_key where product_id = $1 order by id limit 1 for no key update", product_id
        )
        bought = await first.bank.software.counter.ask(BuyRequest(customer_id, product_id))
    await other.close()
    assert isinstance(bought, Bought)
    assert first.bank.desks.software.open_key(bought.sealed_key) == "PASSED-2"


@pytest.mark.parametrize("committed", [True, False], ids=["after the commit", "before the commit"])
async def test_a_lost_commit_answer_sells_each_key_once(nodes: Nodes, dsn: str, *, committed: bool) -> None:
    _, shop = nodes
    keys = [f"CUT-{committed}-{turn}" for turn in range(3)]
    product_id = await stocked(shop, key_file(dsn), f"cut {committed}", keys)
    customer_id, _ = await shop.customer(START)
    opened: list[Any] = []

    async def open_one() -> Any:
        real = await connector(dsn, 5.0)()
        opened.append(CutConnection(real, committed=committed) if not opened else real)
        return opened[-1]

    seen = Seen()
    seals = Seals(key_file(dsn))
    asked: counters.Counter[BuyRequest, Bought] = counters.Counter(
        "software", SoftwareDesk(seals, cashback_bp=0).serve, open_one, batch_limit=8, queue_limit=100, deadline_s=5.0,
        watch=seen,
    )  # fmt: skip
    futures = [asked.ask(BuyRequest(customer_id, product_id)) for _ in range(2)]
    asked.start()
    results = await asyncio.gather(*futures)
    assert all(isinstance(one, Bought) for one in results)
    file = await seals.opener(shop.connection)
    assert [file.open(one.sealed_key) for one in results if isinstance(one, Bought)] == keys[:2]
    assert opened[0].cut
    assert seen.kinds == ["lost_commit"]
    assert await shop.cash(customer_id) == START - 2 * PRICE
    assert await shop.connection.fetchval("select count(*) from purchase where account_id = $1", customer_id) == 2
    await asked.stop()
    await right(shop)
