"""The sandbox's stock for rentals: numbers of their own, and terms made from its prices; set up once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from numbank.catalogue.model import RENT_SERVICE_CODE, Country
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.rent import tariff
from numbank.settings import Settings
from numbank.suppliers.simulator.prices import WITH_MORE
from numbank.suppliers.simulator.stock import all_countries, existing_id, make_for, patience, served
from numbank.supply import numbers

Q = Queries("numbank.suppliers.simulator")
Q_CATALOGUE = Queries("numbank.catalogue")

ABILITIES = numbers.SMS | numbers.CALL | numbers.RENT
# Hours, and their price in hundredths of the price of an activation.
SHARES = ((4, 200), (24, 400), (168, 1_200), (1_344, 4_800))
# A number for everything costs that much more than for the dearest of the services.
FULL = 2
# Another order than that of the numbers for activations.
OTHER_SEED = 1_000_003


class Opened(msgspec.Struct, frozen=True):
    """What the set-up did; 0 when everything was there."""

    numbers: int
    tables: int


async def open_rentals(connection: Connection, settings: Settings) -> Opened:
    """Numbers and terms in all countries of the sandbox, where they are missing; outside of a transaction, after its stock.

    What the operator priced stays as it is.
    """
    if not settings.sandbox_rent_numbers:
        return Opened(0, 0)
    async with patience(connection):
        own_id = await existing_id(connection)
        countries = served(await all_countries(connection), settings.sandbox_countries)
        async with connection.transaction():
            added = await _add_numbers(connection, own_id, countries, settings)
            tables = await _add_terms(connection, own_id, [country.id for country in countries])
            if added:
                await numbers.fold(connection)
    return Opened(added, tables)


async def _add_numbers(connection: Connection, own_id: int, countries: Sequence[Country], settings: Settings) -> int:
    stocked = dict(map(tuple, await connection.fetch(Q.stocked_for_rent, own_id)))
    operators: dict[int, int] = {}
    for operator_id, country_id, _ in await connection.fetch(Q_CATALOGUE.operators):
        operators.setdefault(country_id, operator_id)
    added = 0
    for country in countries:
        place = stocked.get(country.id, 0)
        missing = settings.sandbox_rent_numbers - place
        while missing > 0:
            # Some may be known already, from a country with the same range: then the next ones.
            fresh = make_for(country, settings.sandbox_seed + OTHER_SEED, place, missing)
            if not fresh:
                break
            place += len(fresh)
            new = await numbers.add(connection, own_id, country.id, operators[country.id], fresh, ABILITIES)
            missing -= len(new)
            added += len(new)
    return added


async def _add_terms(connection: Connection, own_id: int, country_ids: Sequence[int]) -> int:
    """Tables for the well-known services and for everything, in countries that have none at all."""
    full_id = await connection.fetchval(Q.service_id, RENT_SERVICE_CODE)
    tables: dict[tariff.Place, dict[int, int]] = {}
    for country_id, service_id, price in await connection.fetch(Q.to_rent, list(country_ids), list(WITH_MORE), own_id):
        tables[country_id, service_id] = {hours: price * share // 100 for hours, share in SHARES}
        full = tables.setdefault((country_id, full_id), {})
        for hours, share in SHARES:
            full[hours] = max(full.get(hours, 0), FULL * price * share // 100)
    if tables:
        await tariff.put(connection, tables, named=str)
    return len(tables)
