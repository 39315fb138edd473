"""The simulator's stock: numbers in every country and prices for every service, set up once.

The numbers of every third operator of a country, so of one at least, take calls and pass them on too. What an older
sandbox has stays as it is: it gets such numbers where it needs more, and no offers of calls.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from numbank.catalogue import offers
from numbank.catalogue.model import Country
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.versions import bump
from numbank.errors import OperatorError
from numbank.settings import Settings
from numbank.suppliers.simulator.numbering import make
from numbank.suppliers.simulator.prices import PATIENCE_S, price
from numbank.suppliers.simulator.simulator import KIND
from numbank.supply import numbers

Q = Queries("numbank.suppliers.simulator")
Q_CATALOGUE = Queries("numbank.catalogue")

NAME = "simulator"
EVERYTHING = numbers.SMS | numbers.CALL | numbers.FORWARD
TAKES_CALLS = 3
# Numbers in one statement: a second's work.
MOST_AT_ONCE = 20_000
BULK_LOADED = "analyze offer, number, pool, stock"


class Opened(msgspec.Struct, frozen=True):
    """What the set-up did: both counts are 0 when everything was there."""

    supplier_id: int
    numbers: int
    priced_countries: int


async def supplier_id(pool: Pool) -> int | None:
    """The simulator's id; None when no sandbox was opened on this database."""
    row = await pool.fetchrow(Q_CATALOGUE.supplier_named, NAME)
    return row["id"] if row is not None and row["kind"] == KIND else None


async def open_sandbox(connection: Connection, settings: Settings) -> Opened:
    """Set the simulator up, or find that it is; outside of a transaction. Several nodes may do it at once.

    Prices and numbers that are there stay as they are, whatever the settings say now.
    """
    async with patience(connection):
        await offers.supplier(connection, NAME, KIND)
        own_id = await existing_id(connection)
        countries = served(await all_countries(connection), settings.sandbox_countries)
        if await connection.fetchval(Q.add_any_operators, [country.id for country in countries]):
            await bump(connection, "catalogue")
        added = await _add_numbers(connection, own_id, countries, settings)
        priced = await price(connection, own_id, [one.id for one in countries], settings.sandbox_seed)
        if added or priced:
            async with connection.transaction():
                await numbers.fold(connection)
            await connection.execute(BULK_LOADED, timeout=PATIENCE_S)
    return Opened(own_id, added, priced)


async def existing_id(connection: Connection) -> int:
    """The id of the simulator that is there; OperatorError when somebody else has its name."""
    own_id, kind = await offers.existing_supplier(connection, NAME)
    if kind != KIND:
        raise OperatorError(f"the sandbox needs the name {NAME!r}, but a supplier of kind {kind} has it")
    return own_id


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


async def all_countries(connection: Connection) -> list[Country]:
    """Every country of the bank."""
    return [msgspec.convert(dict(row), Country) for row in await connection.fetch(Q_CATALOGUE.countries)]


async def _add_numbers(connection: Connection, own_id: int, countries: Sequence[Country], settings: Settings) -> int:
    """Numbers up to the setting in each country, dealt out to its operators; gives how many were added."""
    stocked = dict(map(tuple, await connection.fetch(Q.stocked, own_id)))
    lacking = [country for country in countries if stocked.get(country.id, 0) < settings.sandbox_numbers]
    if not lacking:
        return 0
    operators: dict[int, list[int]] = {}
    for operator_id, country_id, _ in await connection.fetch(Q_CATALOGUE.operators):
        operators.setdefault(country_id, []).append(operator_id)
    return sum([await _fill(connection, own_id, one, operators[one.id], settings) for one in lacking])


async def _fill(
    connection: Connection, own_id: int, country: Country, operators: Sequence[int], settings: Settings
) -> int:
    """Numbers up to the setting in one country, in one transaction; gives how many were added."""
    async with connection.transaction():
        place = await connection.fetchval(Q.stocked_in, own_id, country.id)
        missing = settings.sandbox_numbers - place
        added = 0
        while missing > added:
            # Some may be known already, from a country with the same range or as somebody's own: then the next ones.
            fresh = make_for(country, settings.sandbox_seed, place, min(missing - added, MOST_AT_ONCE))
            if not fresh:
                break
            place += len(fresh)
            for turn, operator_id in enumerate(operators):
                if hand := fresh[turn :: len(operators)]:
                    abilities = EVERYTHING if turn % TAKES_CALLS == 0 else numbers.SMS
                    added += len(await numbers.add(connection, own_id, country.id, operator_id, hand, abilities))
    return added


@asynccontextmanager
async def patience(connection: Connection) -> AsyncIterator[None]:
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
