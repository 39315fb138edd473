"""The simulator's prices: one for every country and service, 0.05 to 3.00, decided by the seed; some have more.

A few well-known services have a cheap tier with a count and a dear one beside the regular one, offers of calls, a
surcharge for forwarding and a price of reactivation, so that everything can be tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from numbank.catalogue.model import RENT_SERVICE_CODE
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.db.versions import bump
from numbank.messages.calls import Kind

Q = Queries("numbank.suppliers.simulator")
Q_CATALOGUE = Queries("numbank.catalogue")

LEVELS = 1001
WITH_MORE = ("wa", "tg", "vk", "vi", "go", "fb", "ig", "ya", "av", "ot")
# Kind, share of the regular price in hundredths, count.
MORE: tuple[tuple[int, int, int | None], ...] = (
    (Kind.SMS, 80, 25), (Kind.SMS, 150, None), (Kind.FLASH, 60, None), (Kind.VOICE, 120, None),
)  # fmt: skip
SURCHARGE = 500
REACTIVATION_SHARE = 50
# The set-up is far beyond what a statement of the bank may take; this bounds it all the same.
PATIENCE_S = 300.0


async def price(connection: Connection, own_id: int, country_ids: Sequence[int], seed: int) -> int:
    """Offers for every service in the countries that have none for the newest; gives how many countries those were."""
    rows = await connection.fetch(Q_CATALOGUE.services)
    services = [(row["id"], level(seed, "service", row["code"])) for row in rows if row["code"] != RENT_SERVICE_CODE]
    with_more = [row["id"] for row in rows if row["code"] in WITH_MORE]
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
            with_more,
            timeout=PATIENCE_S,
        )
        kinds, shares, counts = (list(column) for column in zip(*MORE, strict=True))
        place = (unpriced, with_more, own_id)
        await connection.execute(Q.price_more, *place, kinds, shares, counts, timeout=PATIENCE_S)
        await connection.execute(Q.set_more_terms, *place, SURCHARGE, REACTIVATION_SHARE, timeout=PATIENCE_S)
        await bump(connection, "catalogue")
    return len(unpriced)


def level(seed: int, axis: str, name: str | int) -> int:
    """How dear a country or a service is, 0 to 1000; the same on every database."""
    return crc32(f"{seed}:{axis}:{name}".encode()) % LEVELS
