"""A commit whose answer is lost, in every counter of rentals: what was committed is answered, what was not is done again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from numbank.db.counter import Counter
from numbank.db.pool import connector
from numbank.intake.deliver import Intake
from numbank.messages.model import Incoming
from numbank.rent.model import ChangeRequest, ExtendRequest, Rental, RentRequest
from numbank.rent.states import Event, State
from numbank.server.app import App
from tests.db.test_counter import CutConnection, Seen
from tests.rent.support import RENTABLE, START, Renter, clean, hold_states, terms
from tests.support import Shop, open_bank

QUIET = {"sweep_every_s": 3600.0, "cool_down_s": 0.0, "unused_rest_s": 0.0}
both_ways = pytest.mark.parametrize("committed", [True, False], ids=["after the commit", "before the commit"])


@pytest.fixture
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    async with open_bank(dsn, **QUIET) as (app, shop):
        await terms(shop, "full")
        await shop.numbers(4, abilities=RENTABLE)
        yield app, shop
        await shop.counted()
    await clean(dsn)


async def cut(dsn: str, of: Counter[Any, Any], requests: Sequence[Any], *, committed: bool) -> list[Any]:
    """Ask a counter with the same desk whose first connection breaks at its commit."""
    opened: list[Any] = []

    async def open_one() -> Any:
        real = await connector(dsn, 5.0)()
        opened.append(CutConnection(real, committed=committed) if not opened else real)
        return opened[-1]

    seen = Seen()
    asked: Counter[Any, Any] = Counter(
        "cut", of._serve, open_one, batch_limit=8, queue_limit=100, deadline_s=5.0, watch=seen
    )
    futures = [asked.ask(request) for request in requests]
    asked.start()
    results = list(await asyncio.gather(*futures))
    await asked.stop()
    assert opened[0].cut
    assert seen.kinds == ["lost_commit"]
    return results


@both_ways
async def test_what_was_rented_is_rented_once(bank: tuple[App, Shop], dsn: str, *, committed: bool) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop)
    request = RentRequest(ann.account_id, 0, ann.service("full"), 4)
    rentals = await cut(dsn, app.bank.rent.rent, [request, request], committed=committed)
    assert all(isinstance(one, Rental) for one in rentals)
    assert await ann.cash() == START - 20_000
    assert await shop.connection.fetchval("select count(*) from rent where account_id = $1", ann.account_id) == 2


@both_ways
async def test_what_was_extended_is_extended_once(bank: tuple[App, Shop], dsn: str, *, committed: bool) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop)
    rental = await ann.rent()
    (longer,) = await cut(
        dsn, app.bank.rent.extend, [ExtendRequest(ann.account_id, rental.id, 20)], committed=committed
    )
    assert isinstance(longer, Rental)
    assert (await ann.one(rental)).hours == longer.hours == 24
    assert await ann.cash() == START - 30_000


@both_ways
async def test_what_was_cancelled_is_given_back_once(bank: tuple[App, Shop], dsn: str, *, committed: bool) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop)
    rental = await ann.rent()
    request = ChangeRequest(rental.id, Event.CANCEL, ann.account_id)
    assert await cut(dsn, app.bank.rent.change, [request], committed=committed) == [State.CANCELLED]
    assert await ann.cash() == START


@both_ways
async def test_what_was_received_has_one_place(bank: tuple[App, Shop], dsn: str, *, committed: bool) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop)
    rental = await ann.rent()
    message = Incoming(1, f"cut {committed}", rental.e164, "s", "hello", None, 0.0, frozenset())
    assert await cut(dsn, app.bank.deliver, [message], committed=committed) == [Intake.STORED]
    assert (await ann.one(rental)).messages == 1
    assert await hold_states(shop, rental) == [1]
