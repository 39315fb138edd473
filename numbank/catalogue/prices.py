"""The stock of countries as a node keeps it: read when somebody asks, and read again only where something changed.

One look at the versions tells which countries changed; it is made at most every `max_age_s` seconds. Everything that
belongs together comes from one snapshot of the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from time import monotonic
from typing import Any

import msgspec

from numbank.catalogue import sales
from numbank.catalogue.sales import Sales
from numbank.catalogue.tiers import SMS, Book, Pool, Row, Stock
from numbank.db.pool import Connection
from numbank.db.pool import Pool as Database
from numbank.db.queries import Queries
from numbank.db.reads import answered
from numbank.once import Once

Q = Queries("numbank.catalogue")

# What nobody asked for so long is dropped.
KEPT_S = 60.0
KEPT_SERVICES = 64
# Services whose tiers are read at once: some milliseconds of work.
SERVICES_AT_ONCE = 250
ALL = -1
# Sales are read less often than stock: with the default age every half minute.
SALES_TIMES = 600

Version = tuple[int, int, int]  # of all tiers, of the country's tiers, of its stock


class _Kept(msgspec.Struct):
    """A country: its tiers and its stock, each with the version that it was read at."""

    version: Version
    book: Book
    stock: Stock
    asked_at: float


class PriceLists:
    """Stock by country or by service. Whoever asks gets what was true at most `max_age_s` ago (and the fold's pause)."""

    def __init__(self, pool: Database, max_age_s: float, monotonic: Callable[[], float] = monotonic) -> None:
        self._pool = pool
        self._max_age_s = max_age_s
        self.sales_age_s = max_age_s * SALES_TIMES
        self._monotonic = monotonic
        self._versions: dict[int, tuple[int, int]] = {}
        self._looked_at = self._all_asked_at = float("-inf")
        self._kept: dict[int, _Kept] = {}
        self._services: dict[int, tuple[int, tuple[Stock, ...]]] = {}
        self._sales: dict[int, tuple[float, dict[int, Sales]]] = {}
        self._all_sales: tuple[float, dict[tuple[int, int], Sales]] | None = None
        self._once = Once()
        # Goes up with every change that was seen: what was put together at the same epoch is still true.
        self.epoch = 0

    async def of(self, country_id: int, operators: frozenset[int] = frozenset()) -> Stock:
        """The stock of a country; of some operators, or of all."""
        return (await self.countries([country_id]))[0].of(operators)

    @answered
    async def countries(self, country_ids: Sequence[int]) -> list[Stock]:
        """The stock of countries; only those that changed are read again."""
        await self.look()
        now = self._monotonic()
        stocks = []
        for country_id in country_ids:
            # What somebody else began to read may be older than this look: then once more.
            for _ in range(2):
                if self._changed(country_id):
                    await self._once(country_id, partial(self._read, country_id))
            kept = self._kept[country_id]
            kept.asked_at = now
            stocks.append(kept.stock)
        return stocks

    @answered
    async def service(self, service_id: int) -> tuple[Stock, ...]:
        """What all countries that offer a service have of it, by country; read without the rest of these countries."""
        await self.look()
        known = self._services.get(service_id)
        if known is not None and known[0] == self.epoch:
            return known[1]
        return await self._once(("service", service_id), partial(self._read_service, service_id))

    async def sales(self, service_id: int) -> dict[int, Sales]:
        """What was sold of a service in the last 30 days, by country; at most `sales_age_s` old."""
        known = self._sales.get(service_id)
        if known is not None and self._monotonic() - known[0] < self.sales_age_s:
            return known[1]
        return await self._once(("sales", service_id), partial(self._read_sales, service_id))

    async def all_sales(self) -> dict[tuple[int, int], Sales]:
        """What was sold in the last 30 days by country and service; at most `sales_age_s` old."""
        known = self._all_sales
        if known is not None and self._monotonic() - known[0] < self.sales_age_s:
            return known[1]
        return await self._once("sales", self._read_all_sales)

    async def best_countries(self, service_id: int, kind: int = SMS) -> list[int]:
        """The countries that have a service left, the best first: price, stock, delivery rate, lowest id (12.6, 38)."""
        stocks, sold = await asyncio.gather(self.service(service_id), self.sales(service_id))
        ranked = []
        for stock in stocks:
            price = stock.price(service_id, kind)
            if price is not None and price.count:
                rate = sold[stock.country_id].rate if stock.country_id in sold else 0.0
                ranked.append((price.cost, -price.count, -rate, stock.country_id))
        return [country_id for *_, country_id in sorted(ranked)]

    def forget(self) -> int:
        """Drop the countries that nobody asked for lately; gives how many. All of them take 50 MB; so may all sales, which
        go when they are too old to be shown."""
        since = self._monotonic() - KEPT_S
        old = [country_id for country_id, kept in self._kept.items() if kept.asked_at < since]
        for country_id in old if self._all_asked_at < since else ():
            del self._kept[country_id]
        if self._all_sales is not None and self._all_sales[0] < min(since, self._monotonic() - self.sales_age_s):
            self._all_sales = None
        return len(old)

    def all_asked(self) -> None:
        """Somebody asked for all countries, and got them from elsewhere: they stay."""
        self._all_asked_at = self._monotonic()

    def _version(self, country_id: int) -> Version:
        return self._versions.get(ALL, (0, 0))[0], *self._versions.get(country_id, (0, 0))

    def _changed(self, country_id: int) -> bool:
        kept = self._kept.get(country_id)
        return kept is None or kept.version != self._version(country_id)

    @answered
    async def look(self) -> None:
        """See whether something changed, if the last look is too old."""
        if self._monotonic() - self._looked_at >= self._max_age_s:
            await self._once("look", self._read_versions)

    async def _read_versions(self) -> None:
        looked_at = self._monotonic()
        versions = {row[0]: (row[1], row[2]) for row in await self._pool.fetch(Q.price_versions)}
        if versions != self._versions:
            self._versions = versions
            self.epoch += 1
        self._looked_at = looked_at

    async def _read(self, country_id: int) -> None:
        version = self._version(country_id)
        kept = self._kept.get(country_id)
        same = kept is not None and kept.version[:2] == version[:2]
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            book = kept.book if same and kept is not None else await self._book(connection, country_id)
            rows = await connection.fetch(Q.stock_of_country, country_id)
            remaining = await self._remaining(connection, book.limited)
        pools = [Pool(row[0], row[1], row[2], row[3], dict(zip(row[4], row[5], strict=True))) for row in rows]
        self._kept[country_id] = _Kept(version, book, Stock(country_id, book, pools, remaining), self._monotonic())

    async def _book(self, connection: Connection, country_id: int) -> Book:
        """All tiers of a country, some hundred services at a time, so that the loop goes on in between."""
        book = Book()
        ids = [row[0] for row in await connection.fetch(Q.services_offered, country_id)]
        for start in range(0, len(ids), SERVICES_AT_ONCE):
            part = ids[start : start + SERVICES_AT_ONCE]
            rows = await connection.fetch(Q.tiers, country_id, part[0], part[-1])
            book.add([Row(*row) for row in rows])
        return book.seal()

    async def _remaining(self, connection: Connection, offer_ids: Sequence[int]) -> dict[int, int]:
        if not offer_ids:
            return {}
        return dict(map(tuple, await connection.fetch(Q.tiers_left, offer_ids)))

    async def _read_service(self, service_id: int) -> tuple[Stock, ...]:
        epoch = self.epoch
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            tiers = await connection.fetch(Q.tiers_of_service, service_id)
            counted = await connection.fetch(Q.stock_of_service, service_id)
            books: dict[int, list[Row]] = {}
            for country_id, *row in tiers:
                books.setdefault(country_id, []).append(Row(*row))
            limited = [row.offer_id for rows in books.values() for row in rows if row.limited]
            remaining = await self._remaining(connection, limited)
        pools: dict[int, list[Pool]] = {}
        for country_id, supplier_id, operator_id, abilities, free, gone in counted:
            lacking = {} if gone is None else {service_id: gone}
            pools.setdefault(country_id, []).append(Pool(supplier_id, operator_id, abilities, free, lacking))
        stocks = tuple(
            Stock(country_id, _book_of(rows), pools.get(country_id, []), remaining)
            for country_id, rows in books.items()
        )
        _keep(self._services, service_id, (epoch, stocks))
        return stocks

    async def _read_sales(self, service_id: int) -> dict[int, Sales]:
        now = self._monotonic()
        found = await sales.of_service(self._pool, service_id)
        _keep(self._sales, service_id, (now, found))
        return found

    async def _read_all_sales(self) -> dict[tuple[int, int], Sales]:
        now = self._monotonic()
        found = await sales.of_everything(self._pool)
        self._all_sales = (now, found)
        return found


def _book_of(rows: Iterable[Row]) -> Book:
    book = Book()
    book.add(rows)
    return book.seal()


def _keep(kept: dict[int, Any], key: int, value: object) -> None:
    """The newest so many."""
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > KEPT_SERVICES:
        kept.pop(next(iter(kept)))
