"""The operator's side of rentals: writes the tables of terms, shows them, and looks at rentals. Prices are 1/10,000."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice

import asyncpg
import msgspec

from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.versions import bump
from numbank.errors import OperatorError
from numbank.rent import terms
from numbank.rent.states import State

Q = Queries("numbank.rent", "tariff.sql")

# Tables of one country and service each, that one statement writes.
AT_ONCE = 500
MOST_LISTED = 10_000

Place = tuple[int, int]  # country, service


class Term(msgspec.Struct, frozen=True):
    """A row of a table as the operator sees it."""

    country: int
    service: str
    hours: int
    price: int


class Line(msgspec.Struct, frozen=True):
    """A rental as the operator sees it; `told` tells whether it has a webhook."""

    id: int
    customer: int
    country: int
    service: str
    number: int
    hours: int
    price: int
    currency: int
    state: State
    messages: int
    calls: bool
    told: bool
    parent: int | None
    created_at: datetime
    ends_at: datetime
    ended_at: datetime | None


class Charged(msgspec.Struct, frozen=True):
    """What was charged for a rental, and what became of the hold: held, posted or voided."""

    at: datetime
    hours: int
    price: int
    hold: str


async def put(
    tx: Connection,
    tables: Mapping[Place, Mapping[int, int]],
    *,
    named: Callable[[Place], str],
    done: Callable[[int], object] | None = None,
) -> None:
    """Add terms (hours -> price) to the tables of places, and open their countries for rentals: all of it or nothing.

    OperatorError names the place in whose table a longer term would cost less; `done` is told how many rows were written.
    """
    countries = sorted({country_id for country_id, _ in tables})
    await tx.fetch(Q.lock_countries, countries)
    for some in _chunks(sorted(tables)):
        known: dict[Place, dict[int, int]] = {place: {} for place in some}
        for country_id, service_id, hours, price in await tx.fetch(
            Q.tables, [p[0] for p in some], [p[1] for p in some]
        ):
            known[country_id, service_id][hours] = price
        for place in some:
            try:
                terms.check_table(terms.table_of((known[place] | dict(tables[place])).items()))
            except OperatorError as error:
                raise OperatorError(f"{named(place)}: {error}") from None
        rows = [(*place, hours, price) for place in some for hours, price in sorted(tables[place].items())]
        await tx.execute(Q.put_terms, *(list(column) for column in zip(*rows, strict=True)))
        if done is not None:
            done(len(rows))
    await tx.execute(Q.open_countries, countries)
    await bump(tx, "catalogue")


async def remove(tx: Connection, place: Place, hours: int | None) -> int:
    """Remove one term, or the whole table when `hours` is None; gives how many rows went. OperatorError when none did."""
    await tx.fetch(Q.lock_countries, [place[0]])
    gone: int = await tx.fetchval(Q.remove_terms, *place, hours)
    if not gone:
        raise OperatorError("there is no such term")
    return gone


async def listed(pool: Pool, country_id: int | None, service: str) -> list[Term]:
    """The terms of a country, of a service, or of all."""
    return [Term(*row) for row in await pool.fetch(Q.listed, country_id, service or None, MOST_LISTED)]


async def table(pool: Pool, place: Place) -> terms.Table:
    """The table of one place, empty when nothing is rented there."""
    rows = await pool.fetch(Q.tables, [place[0]], [place[1]])
    return terms.table_of((row["hours"], row["price"]) for row in rows)


async def rentals(pool: Pool, customer_id: int | None, *, ended: bool, limit: int) -> list[Line]:
    """The newest rentals of a customer or of everybody, the live ones only unless `ended` ones are wanted too."""
    return [_line(row) for row in await pool.fetch(Q.rentals, customer_id, ended, limit)]


async def rental(pool: Pool, rent_id: int) -> tuple[Line, list[Charged]]:
    """One rental with its charges; OperatorError when there is none."""
    row = await pool.fetchrow(Q.rental, rent_id)
    if row is None:
        raise OperatorError(f"there is no rental {rent_id}")
    return _line(row), [Charged(*charge) for charge in await pool.fetch(Q.charged, rent_id)]


def _line(row: asyncpg.Record) -> Line:
    return msgspec.convert(dict(row), Line)


def _chunks(places: list[Place]) -> Iterator[list[Place]]:
    each = iter(places)
    while some := list(islice(each, AT_ONCE)):
        yield some
