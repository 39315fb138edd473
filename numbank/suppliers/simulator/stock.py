"""The simulator's stock: numbers in every country and a price for every service, set up once and kept from running dry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from zlib import crc32

import msgspec

from numbank.catalogue import offers
from numbank.catalogue.model import RENT_SERVICE_CODE, Country
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.versions import bump
from numbank.errors import OperatorError
from numbank.settings import Settings
from numbank.suppliers.simulator.numbering import make
from numbank.suppliers.simulator.simulator import KIND
from numbank.supply import numbers

Q = Queries("numbank.suppliers.simulator")
Q_CATALOGUE = Queries("numbank.catalogue")

NAME = "simulator"
LEVELS = 1001
# The set-up is far beyond what a statement of the bank may take; this bounds it all the same.
PATIENCE_S = 300.0
# A pool that runs low doubles, within these bounds.
LEAST_RESTOCK, MOST_RESTOCK = 20, 10_000
BULK_LOADED = "analyze offer, number, pool, stock"


class Opened(msgspec.Struct, frozen=True):
    """What the set-up did: both counts are 0 when everything was there."""

    supplier_id: int
    numbers: int
    priced_countries: int


async def supplier_id(pool: Pool) -> int | None:
    """The simulator's id; None when no sandbox was opened on this database."""
    row = await pool.fetchrow(Q_CATALOGUE.supplier_named, NAME)
    return None if row is None else row["id"]


async def open_sandbox(connection: Connection, settings: Settings) -> Opened:
    """Set the simulator up, or find that it is; several nodes may do it at once. Use before the bank serves.

    Prices and numbers that are there stay as they are, whatever the settings say now.
    """
    async with _patience(connection):
        own_id = await offers.supplier(connection, NAME, KIND)
        if await connection.fetchval(Q.add_any_operators):
            await bump(connection, "catalogue")
        countries = served(await _countries(connection), settings.sandbox_countries)
        added = await _add_numbers(connection, own_id, countries, settings)
        priced = await _price(connection, own_id, countries, settings.sandbox_seed)
        if added or priced:
            await numbers.fold(connection)
            await connection.execute(BULK_LOADED, timeout=PATIENCE_S)
    return Opened(own_id, added, priced)


async def restock(pool: Pool, own_id: int, settings: Settings) -> int:
    """Add numbers to the pools in which a service has seen most of them; gives how many were added."""
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(Q.try_stock_lock):
            return 0
        walked = await connection.fetch(Q.walked_pools, own_id, numbers.SMS)
        if not walked:
            return 0
        countries = {country.id: country for country in await _countries(connection)}
        stocked = dict(map(tuple, await connection.fetch(Q.stocked, own_id)))
        added = 0
        for _, country_id, operator_id, last_seq in walked:
            wanted = min(max(last_seq, LEAST_RESTOCK), MOST_RESTOCK)
            fresh = make_for(countries[country_id], settings.sandbox_seed, stocked[country_id], wanted)
            new = await numbers.add(connection, own_id, country_id, operator_id, fresh)
            stocked[country_id] += len(fresh)
            added += len(new)
        return added


def served(countries: Sequence[Country], wanted: str) -> list[Country]:
    """The countries that a setting such as `0,2,187` means; empty means all. OperatorError on one that there is not."""
    if not wanted.strip():
        return list(countries)
    known = {str(country.id): country for country in countries}
    names = [part.strip() for part in wanted.split(",") if part.strip()]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise OperatorError(f"setting NUMBANK_SANDBOX_COUNTRIES={wanted!r}: there is no country {unknown[0]!r}")
    return [known[name] for name in dict.fromkeys(names)]


def make_for(country: Country, seed: int, start: int, count: int) -> list[int]:
    """The next made-up numbers of a country."""
    return make(country.id, country.iso2, country.dialing_prefix, seed=seed, start=start, count=count)


def level(seed: int, axis: str, name: str | int) -> int:
    """How dear a country or a service is, 0 to 1000; the same on every database."""
    return crc32(f"{seed}:{axis}:{name}".encode()) % LEVELS


async def _countries(connection: Connection) -> list[Country]:
    return [msgspec.convert(dict(row), Country) for row in await connection.fetch(Q_CATALOGUE.countries)]


async def _add_numbers(connection: Connection, own_id: int, countries: Sequence[Country], settings: Settings) -> int:
    """Numbers up to the setting in each country, dealt out to its operators; one transaction for each country."""
    stocked = dict(map(tuple, await connection.fetch(Q.stocked, own_id)))
    lacking = [country for country in countries if stocked.get(country.id, 0) < settings.sandbox_numbers]
    if not lacking:
        return 0
    operators: dict[int, list[int]] = {}
    for operator_id, country_id, _ in await connection.fetch(Q_CATALOGUE.operators):
        operators.setdefault(country_id, []).append(operator_id)
    added = 0
    for country in lacking:
        start = stocked.get(country.id, 0)
        fresh = make_for(country, settings.sandbox_seed, start, settings.sandbox_numbers - start)
        hands = operators[country.id]
        async with connection.transaction():
            for place, operator_id in enumerate(hands):
                hand = fresh[place :: len(hands)]
                if hand:
                    added += len(await numbers.add(connection, own_id, country.id, operator_id, hand))
    return added


async def _price(connection: Connection, own_id: int, countries: Sequence[Country], seed: int) -> int:
    """Offers for every service in the countries that have none for the newest; gives how many countries those were."""
    services = [
        (row["id"], level(seed, "service", row["code"]))
        for row in await connection.fetch(Q_CATALOGUE.services)
        if row["code"] != RENT_SERVICE_CODE
    ]
    newest = max(service_id for service_id, _ in services)
    unpriced = [row[0] for row in await connection.fetch(Q.unpriced, [one.id for one in countries], newest, own_id)]
    if unpriced:
        await connection.execute(
            Q.price,
            unpriced,
            [level(seed, "country", country_id) for country_id in unpriced],
            [service_id for service_id, _ in services],
            [service_level for _, service_level in services],
            own_id,
            timeout=PATIENCE_S,
        )
        await bump(connection, "catalogue")
    return len(unpriced)


@asynccontextmanager
async def _patience(connection: Connection) -> AsyncIterator[None]:
    """One set-up at a time, without the time limits that the bank's own statements have."""
    for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        await connection.execute(f"set {limit} = 0")
    await connection.execute(Q.stock_lock, timeout=PATIENCE_S)
    try:
        yield
    finally:
        await connection.execute(Q.stock_unlock)
        for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            await connection.execute(f"reset {limit}")
