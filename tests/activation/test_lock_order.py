"""Every desk takes its locks in the one order (engine 1.2): accounts, tiers, shelves, numbers, leases, acquisitions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from numbank.activation import desk
from numbank.catalogue import limited
from numbank.db import pool
from numbank.ledger import journal
from numbank.server import bank
from numbank.supply import acquisitions, numbers
from tests.supply.asked import Market, Played, held, open_market
from tests.support import push

ABLE = numbers.SMS | numbers.FORWARD
LOCKS = {
    journal.Q.lock_accounts: 1, limited.Q.lock_tiers: 2, numbers.Q.lock_shelves: 3,
    numbers.Q.lock_candidates: 4, numbers.Q.lock_numbers: 4, desk.Q.lock_activations: 5, desk.Q.lock_leases: 5,
    acquisitions.Q.lock_acquisitions: 6,
}  # fmt: skip


class Watched:
    """The lock statements of every transaction of the counters, in order, without those for what is locked already."""

    def __init__(self, locks: dict[str, int] = LOCKS) -> None:
        self._locks = locks
        self.transactions: list[list[int]] = []
        self._open: dict[int, tuple[list[int], set[tuple[int, object]]]] = {}

    def see(self, query: asyncpg.connection.LoggedQuery, backend: int) -> None:
        if query.query == "begin":
            self._open[backend] = ([], set())
            self.transactions.append(self._open[backend][0])
        rank = self._locks.get(query.query)
        if rank is None or backend not in self._open:
            return
        taken, held_ = self._open[backend]
        what = {(rank, one) for one in (zip(*query.args, strict=True) if len(query.args) > 1 else query.args[0])}
        if not what <= held_:
            taken.append(rank)
        held_ |= what


@pytest.fixture
async def market(dsn: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Market, Watched]]:
    watched = Watched()
    connector = pool.connector

    def watching(*args: Any) -> Callable[[], Awaitable[Any]]:
        open_one = connector(*args)

        async def opened() -> Any:
            connection = await open_one()
            backend = connection.get_server_pid()
            connection.add_query_logger(lambda query: watched.see(query, backend))
            return connection

        return opened

    monkeypatch.setattr(bank, "connector", watching)
    changes: dict[str, object] = {"additional_service_prices": "840=0.05", "supplier_most": 1}
    async with open_market(dsn, multi_service=True, **changes) as opened:
        yield opened, watched


async def test_no_desk_takes_a_lock_out_of_order(market: tuple[Market, Watched]) -> None:
    (here, watched), shop = market, market[0].shop
    caller, country = await here.customer(), here.country
    await shop.numbers(30, country=country, abilities=ABLE)
    await shop.offer("av", "wa", "ym", country=country)
    await shop.tier("av", 500, country=country, count=20)

    plain, _ = await caller.lease("wa", country=country)
    parent, e164 = await caller.lease("av", country=country, forward=1)
    await push(here.app, e164, "Avito code 12345")
    more = (await caller.get("getAdditionalService", id=parent, service="ym")).split(":")[1]
    several = await caller.json("getMultiServiceNumber", multiService="av,wa", country=country)
    for lease_id in (plain, more, *(row["activation"] for row in several)):
        assert await caller.get("setStatus", id=lease_id, status=8) == "ACCESS_CANCEL"
    assert await caller.get("setStatus", id=parent, status=6) == "ACCESS_ACTIVATION"
    assert (await caller.get("getExtraActivation", id=parent)).startswith("ACCESS_NUMBER")

    # A supplier gives a number that is leased: the number was locked, and the order is lost, which opens its tier again.
    played = Played(held(79_251_000_001, "one"), held(79_251_000_001, "two"))
    supplier_id = await here.supplier(played, service="go")
    await shop.connection.execute("update offer set remaining = 5 where supplier_id = $1", supplier_id)
    assert (await caller.get("getNumber", service="go", country=country)).startswith("ACCESS_NUMBER")
    assert await caller.get("getNumber", service="go", country=country) == "NO_NUMBERS"
    assert await shop.connection.fetchval("select remaining from offer where supplier_id = $1", supplier_id) == 4

    seen = {rank for taken in watched.transactions for rank in taken}
    assert seen == set(LOCKS.values())
    assert [taken for taken in watched.transactions if taken != sorted(taken)] == []
