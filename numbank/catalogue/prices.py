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

# Readings that nobody asked for lately are dropped: all countries at once would be 40 MB.
KEPT_READINGS = 16

Key = tuple[int, frozenset[int]]


class Stock(msgspec.Struct, frozen=True):
    """What one country offers, by service, as of `read_at` (monotonic seconds)."""

    country_id: int
    read_at: float
    prices: tuple[Price, ...]


class PriceLists:
    """Reads a country's stock when it is asked for and the last reading is too old; one reading serves all who ask."""

    def __init__(self, pool: Pool, max_age_s: float, monotonic: Callable[[], float] = monotonic) -> None:
        self._pool = pool
        self._max_age_s = max_age_s
        self._monotonic = monotonic
        self._stocks: dict[Key, Stock] = {}
        self._reading: dict[Key, asyncio.Task[Stock]] = {}

    @answered
    async def of(self, country_id: int, operators: frozenset[int] = frozenset()) -> Stock:
        """The stock of a country, at most `max_age_s` old; of some operators, or of all."""
        key = (country_id, operators)
        known = self._stocks.get(key)
        if known is not None and self._monotonic() - known.read_at < self._max_age_s:
            return known
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.create_task(self._read(key))
            reading.add_done_callback(lambda _: self._reading.pop(key))
        return await asyncio.shield(reading)

    async def _read(self, key: Key) -> Stock:
        read_at = self._monotonic()
        country_id, operators = key
        rows = await self._pool.fetch(Q.prices_of_country, country_id, sorted(operators))
        stock = Stock(country_id, read_at, tuple(Price(*row) for row in rows))
        self._stocks.pop(key, None)
        self._stocks[key] = stock
        while len(self._stocks) > KEPT_READINGS:
            self._stocks.pop(next(iter(self._stocks)))
        return stock
