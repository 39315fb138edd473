"""The desks of rentals take their locks in the one order (engine 1.2): accounts, shelves, numbers, rentals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from numbank.db import pool
from numbank.ledger import journal
from numbank.rent import reading
from numbank.rent.model import Rental
from numbank.rent.states import Event
from numbank.server import bank
from numbank.supply import numbers
from tests.activation.test_lock_order import Watched
from tests.rent.support import RENTABLE, Renter, clean, terms
from tests.support import open_bank, push

LOCKS = {
    journal.Q.lock_accounts: 1, numbers.Q.lock_shelves: 2, numbers.Q.lock_candidates: 3, numbers.Q.lock_numbers: 3,
    reading.Q.lock_rents: 4,
}  # fmt: skip


async def test_no_desk_of_rentals_takes_a_lock_out_of_order(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(LOCKS)
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
    async with open_bank(dsn, cool_down_s=0.0, sweep_every_s=3600.0) as (app, shop):
        await terms(shop, "full", "tg")
        await shop.numbers(8, abilities=RENTABLE)
        ann = await Renter.new(app, shop)
        for code in ("full", "tg"):
            rental = await ann.rent(code)
            await push(app, rental.e164, "Telegram code 12345")
            await ann.extend(rental, 4)
            await ann.change(rental, Event.FINISH)
            again = await ann.extend(rental, 4)
            await ann.change(again, Event.CANCEL)
            lost = await ann.rent(code)
            await ann.change(lost, Event.LOST, bank=True)
        assert isinstance(await ann.try_rent(), Rental)
        await shop.counted()
    await clean(dsn)
    assert {rank for taken in watched.transactions for rank in taken} == set(LOCKS.values())
    assert [taken for taken in watched.transactions if taken != sorted(taken)] == []
