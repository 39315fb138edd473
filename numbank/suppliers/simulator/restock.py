"""Keeps the simulator from running dry: a pool that some service has mostly seen gets more numbers."""

from __future__ import annotations

from numbank.db.pool import Pool
from numbank.db.queries import Queries
from numbank.settings import Settings
from numbank.suppliers.simulator.stock import all_countries, make_for
from numbank.supply import numbers

Q = Queries("numbank.suppliers.simulator")

# A pool that runs low doubles, within these bounds; so many pools in one step.
LEAST, MOST = 20, 10_000
MOST_POOLS = 64


async def restock(pool: Pool, own_id: int, settings: Settings) -> int:
    """Add numbers to the pools in which a service has seen more than half; gives how many were added. One node at a time."""
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(Q.try_stock_lock):
            return 0
        walked = await connection.fetch(Q.walked_pools, own_id, MOST_POOLS)
        if not walked:
            return 0
        countries = {country.id: country for country in await all_countries(connection)}
        added = 0
        for country_id, operator_id, abilities, last_seq in walked:
            place = await connection.fetchval(Q.stocked_in, own_id, country_id)
            wanted = min(max(last_seq, LEAST), MOST)
            fresh = make_for(countries[country_id], settings.sandbox_seed, place, wanted)
            added += len(await numbers.add(connection, own_id, country_id, operator_id, fresh, abilities))
        return added
