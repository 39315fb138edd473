"""What customers see of their rentals, and what can be rented; reads for the wire."""

from __future__ import annotations

import asyncpg
import msgspec

from numbank.db.pool import Pool
from numbank.db.queries import Queries
from numbank.db.reads import answered
from numbank.errors import BadHours, NoMessages, NoRent, NoRents, OutOfStock, Refusal
from numbank.rent import rules, terms
from numbank.rent.extend import read_lines
from numbank.rent.model import Charge, Inbox, Quote, Received, Rentable, Rental
from numbank.rent.reading import charges_of, read, tables_of

Q = Queries("numbank.rent")

MAX_LISTED = 1_000
ANY_OPERATOR, ANY_SERVICE, FULL = "any", "ot", "full"


class RentViews:
    """Reads for one customer at a time; Unavailable when the database does not answer.

    `permits` says whether a service may be sold.
    """

    def __init__(self, pool: Pool, permits: rules.Permits, *, operator_fallback: bool) -> None:
        self._pool = pool
        self._permits = permits
        self._operator_fallback = operator_fallback

    @answered
    async def one(self, account_id: int, rent_id: int) -> Rental | Refusal:
        """One rental of an account, in whatever state."""
        row = await self._pool.fetchrow(Q.rent_view, rent_id, account_id)
        return NoRent() if row is None else _rental(row)

    @answered
    async def live(self, account_id: int, page: int, size: int) -> list[Rental] | Refusal:
        """A page (from 1) of the live rentals of an account, newest first; NoRents when there is nothing on it."""
        size = min(size, MAX_LISTED)
        rows = await self._pool.fetch(Q.live_views, account_id, size, (page - 1) * size)
        return [_rental(row) for row in rows] or NoRents()

    @answered
    async def inbox(self, account_id: int, rent_id: int, page: int, size: int) -> Inbox | Refusal:
        """A page (from 0) of a live rental's messages, newest first; refused when it is over, or nothing came yet.

        Places never change and have no gaps. The page is cut by the count that was read first, so it is exact whatever
        arrives meanwhile; a message that arrives between two pages only pushes older ones towards the next page. So who
        reads page after page may meet one twice, but misses none.
        """
        row = await self._pool.fetchrow(Q.rent_view, rent_id, account_id)
        if row is None:
            return NoRent()
        rental = _rental(row)
        refusal = rules.over(rental.state)
        if refusal is not None or not rental.messages:
            return refusal or NoMessages()
        size = min(size, MAX_LISTED)
        last = rental.messages - page * size
        if last <= 0:
            return Inbox(rental.messages, [])
        code = await self._pool.fetchval(Q.code_of_service, rental.service_id)
        unnamed = ANY_SERVICE if code == FULL else code
        rows = await self._pool.fetch(Q.inbox_page, rent_id, max(1, last - size + 1), last, unnamed, size)
        return Inbox(rental.messages, [Received(*found) for found in rows])

    @answered
    async def quote(self, account_id: int, rent_id: int, hours: int) -> Quote | Refusal:
        """What so many hours more would cost now; the same refusals as the extension itself, but for the money."""
        async with self._pool.acquire() as connection:
            leases, now = await read(connection, [rent_id], account_id)
            lease = leases.get(rent_id)
            if lease is None:
                return NoRent()
            key = lease.country_id, lease.service_id
            table = (await tables_of(connection, [key]))[key]
            line = None
            if not lease.live or lease.overdue(now):
                line = (await read_lines(connection, [lease.number_id])).get(lease.number_id)
            if line is not None and lease.overdue(now):
                lease, line = rules.as_ended(lease, line)
            charges = (await charges_of(connection, [rent_id]))[rent_id]
        price = rules.extend(lease, line, table, hours, self._permits)
        if isinstance(price, Refusal):
            return price
        most = terms.MOST_HOURS - (lease.hours if lease.live else 0)
        return Quote(price, lease.currency, hours, most, [Charge(one.at, one.hours, one.price) for one in charges])

    @answered
    async def rentable(self, country_id: int, hours: int, operators: frozenset[int], calls: bool) -> Rentable | Refusal:
        """What can be rented in a country for so many hours; OutOfStock when there is nothing. BadHours for no term."""
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(Q.terms_of_country, country_id, hours)
            countries = [row[0] for row in await connection.fetch(Q.rentable_countries)]
            pools = [rules.Pool(*row) for row in await connection.fetch(Q.pools_of_country, country_id, calls)]
            fitting = rules.fit(pools, operators, operator_fallback=self._operator_fallback)
            withheld: dict[int, list[tuple[int, int]]] = {}
            for pool_id, service_id, count in await connection.fetch(Q.withheld, [pool.id for pool in fitting]):
                withheld.setdefault(service_id, []).append((pool_id, count))
        tables = {
            row[0]: (row[1], terms.table_of((row[at], row[at + 1]) for at in (2, 4) if row[at] is not None))
            for row in rows
        }
        possible = {id_: one for id_, one in tables.items() if terms.refuse_hours(one[1], hours) is None}
        if not possible and not terms.LEAST_HOURS <= hours <= terms.MOST_HOURS:
            return BadHours()
        # Most services have all that is free: only what differs is counted one by one.
        free = {pool.id: pool.available for pool in fitting}
        everything = sum(max(0, count) for count in free.values())
        services: dict[str, tuple[int, int]] = {}
        for service_id, (code, table) in possible.items():
            count = everything + sum(
                max(0, free[pool_id] - taken) - max(0, free[pool_id]) for pool_id, taken in withheld.get(service_id, ())
            )
            services[code] = (terms.price_of(table, hours) or 0, count)
        if not any(count for _, count in services.values()):
            return OutOfStock()
        names = {pool.operator for pool in pools} - {ANY_OPERATOR}
        return Rentable(countries, [*sorted(names), ANY_OPERATOR], services)


def _rental(row: asyncpg.Record) -> Rental:
    return msgspec.convert(dict(row), Rental)
