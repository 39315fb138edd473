"""Reads rentals, locked or not, with their terms and charges: what every desk of rentals begins with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.rent.rules import Lease
from numbank.rent.states import State
from numbank.rent.terms import Table, table_of

Q = Queries("numbank.rent")


class Keys(msgspec.Struct, frozen=True):
    """What never changes about a rental; one that is `ended` stays so. `pool_id` is where its number stands.

    `overdue`: its end has come, and the sweep has not met it yet.
    """

    rent_id: int
    account_id: int
    number_id: int
    service_id: int
    country_id: int
    ended: bool
    pool_id: int
    overdue: bool


class Charged(msgspec.Struct, frozen=True):
    """A charge with its hold; price in 1/10,000."""

    rent_id: int
    hold_id: int
    price: int
    hours: int
    at: datetime


async def keys_of(tx: Connection, rent_ids: Sequence[int]) -> dict[int, Keys]:
    """What to lock for rentals; unlocked."""
    return {row[0]: Keys(*row) for row in await tx.fetch(Q.keys_of_rents, list(set(rent_ids)))}


async def read_locked(tx: Connection, rent_ids: Sequence[int]) -> tuple[dict[int, Lease], datetime | None]:
    """Lock rentals in id order, then read them in the next statement (engine 1.1); with the batch's time."""
    ids = sorted(set(rent_ids))
    if not ids:
        return {}, None
    await tx.fetch(Q.lock_rents, ids)
    return await read(tx, ids)


async def read(
    connection: Connection, rent_ids: Sequence[int], account_id: int | None = None
) -> tuple[dict[int, Lease], datetime | None]:
    """Rentals as the rules see them, of one account or of all, without those that are missing; no time if none was found."""
    rows = await connection.fetch(Q.read_rents, list(rent_ids), account_id)
    leases = {}
    for row in rows:
        values = list(row[:-1])
        values[11] = State(values[11])
        leases[row[0]] = Lease(*values)
    return leases, rows[0][-1] if rows else None


async def charges_of(connection: Connection, rent_ids: Sequence[int]) -> dict[int, list[Charged]]:
    """The charges of rentals, the first one first; nothing is asked of the database for none."""
    found: dict[int, list[Charged]] = {rent_id: [] for rent_id in rent_ids}
    if found:
        for row in await connection.fetch(Q.charges, list(found)):
            found[row[0]].append(Charged(*row))
    return found


async def tables_of(connection: Connection, keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Table]:
    """The tables of terms by (country, service); empty where nothing is rented out."""
    wanted = list(dict.fromkeys(keys))
    rows: dict[tuple[int, int], list[tuple[int, int]]] = {key: [] for key in wanted}
    if wanted:
        columns = (list(column) for column in zip(*wanted, strict=True))
        for country_id, service_id, hours, price in await connection.fetch(Q.terms, *columns):
            rows[country_id, service_id].append((hours, price))
    return {key: table_of(found) for key, found in rows.items()}
