"""Prices and kept counts per country, cached for a moment; the full list is put together country by country."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

import msgspec

from numbank.catalogue.model import Price
from numbank.db.pool import Pool
from numbank.db.queries import Queries
from numbank.db.reads import answered

Q = Queries("numbank.catalogue")


class Row(msgspec.Struct, frozen=True):
    """One offer in one pool (operator None: no pool behind it yet). `available` is never negative."""

    service_id: int
    price: int
    operator_id: int | None
    available: int


class Stock(msgspec.Struct, frozen=True):
    """What one country offers, as of `read_at` (monotonic seconds)."""

    country_id: int
    read_at: float
    rows: tuple[Row, ...]
    prices: tuple[Price, ...]


class PriceLists:
    """Reads a country's stock when it is asked for and the last reading is too old; one reading serves all who ask."""

    def __init__(self, pool: Pool, max_age_s: float, monotonic: Callable[[], float] = monotonic) -> None:
        self._pool = pool
        self._max_age_s = max_age_s
        self._monotonic = monotonic
        self._stocks: dict[int, Stock] = {}
        self._reading: dict[int, asyncio.Task[Stock]] = {}

    @answered
    async def of(self, country_id: int) -> Stock:
        """The stock of a country, at most `max_age_s` old."""
        known = self._stocks.get(country_id)
        if known is not None and self._monotonic() - known.read_at < self._max_age_s:
            return known
        reading = self._reading.get(country_id)
        if reading is None or reading.done():
            reading = self._reading[country_id] = asyncio.create_task(self._read(country_id))
        return await asyncio.shield(reading)

    async def _read(self, country_id: int) -> Stock:
        read_at = self._monotonic()
        rows = tuple(Row(*row) for row in await self._pool.fetch(Q.stock_of_country, country_id))
        stock = self._stocks[country_id] = Stock(country_id, read_at, rows, summarise(rows))
        return stock


def summarise(rows: tuple[Row, ...], operators: frozenset[int] = frozenset()) -> tuple[Price, ...]:
    """One price per service: the cheapest that has stock, else the cheapest; the count is over all that is offered."""
    found: dict[int, tuple[int, int, bool]] = {}
    for row in rows:
        if operators and row.operator_id not in operators:
            continue
        cost, count, stocked = found.get(row.service_id, (row.price, 0, False))
        if row.available > 0 and (not stocked or row.price < cost):
            cost, stocked = row.price, True
        elif not stocked:
            cost = min(cost, row.price)
        found[row.service_id] = (cost, count + row.available, stocked)
    return tuple(Price(service_id, cost, count) for service_id, (cost, count, _) in found.items())
