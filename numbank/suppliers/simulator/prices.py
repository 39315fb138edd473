"""The simulator's prices: one for every country and service, 0.05 to 3.00, decided by the seed."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from numbank.catalogue.model import RENT_SERVICE_CODE
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.db.versions import bump

Q = Queries("numbank.suppliers.simulator")
Q_CATALOGUE = Queries("numbank.catalogue")

LEVELS = 1001
# The set-up is far beyond what a statement of the bank may take; this bounds it all the same.
PATIENCE_S = 300.0


async def price(connection: Connection, own_id: int, country_ids: Sequence[int], seed: int) -> int:
    """Offers for every service in the countries that have none for the newest; gives how many countries those were."""
    services = [
        (row["id"], level(seed, "service", row["code"]))
        for row in await connection.fetch(Q_CATALOGUE.services)
        if row["code"] != RENT_SERVICE_CODE
    ]
    newest = max(service_id for service_id, _ in services)
    unpriced = [row[0] for row in await connection.fetch(Q.unpriced, list(country_ids), newest, own_id)]
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


def level(seed: int, axis: str, name: str | int) -> int:
    """How dear a country or a service is, 0 to 1000; the same on every database."""
    return crc32(f"{seed}:{axis}:{name}".encode()) % LEVELS
