"""What the operator sets: suppliers, and tiers of prices. Every change tells all nodes."""

from __future__ import annotations

import msgspec

from numbank.catalogue.catalogue import Catalogue
from numbank.catalogue.model import ANY_OPERATOR
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.versions import bump
from numbank.errors import OperatorError
from numbank.money import format_minor

Q = Queries("numbank.catalogue")
OFFERS = Queries("numbank.catalogue", "offers.sql")

OWN_POOL = "pool"
# The kind of an offer whose numbers receive SMS; 1 and 2 are calls (activation/model.py, Kind).
SMS = 0
# In place of an amount: the setting's value counts again.
AS_SET = -1
MOST_LISTED = 10_000


async def supplier(tx: Connection, name: str, kind: str) -> int:
    """The id of a supplier, made when it is new."""
    supplier_id: int = await tx.fetchval(Q.supplier_of, name, kind)
    return supplier_id


async def set_active(tx: Connection, name: str, active: bool) -> None:
    """Switch a supplier on or off: one that is off sells nothing. Nothing happens when there is none of that name."""
    await tx.execute(Q.set_active, name, active)


async def existing_supplier(tx: Connection, name: str) -> tuple[int, str]:
    """Id and kind of a supplier that must exist."""
    row = await tx.fetchrow(Q.supplier_named, name)
    if row is None:
        raise OperatorError(f"there is no supplier named {name!r}")
    return row["id"], row["kind"]


async def operator(tx: Connection, country_id: int, name: str) -> int:
    """The id of an operator of a country, made when it is new."""
    operator_id: int = await tx.fetchval(Q.operator_of, country_id, name)
    await bump(tx, "catalogue")
    return operator_id


class Place(msgspec.Struct, frozen=True):
    """Where tiers belong: all tiers of one place are prices of the same thing. `operator_id` None: any operator."""

    country_id: int
    service_id: int
    kind: int
    supplier_id: int
    operator_id: int | None


class Tier(msgspec.Struct, frozen=True):
    """A tier as the operator sees it; `price` in 1/10,000, `count` None: as many as the supplier has."""

    id: int
    country: int
    service: str
    kind: int
    supplier: str
    operator: str
    price: int
    count: int | None
    regular: bool


async def place(
    tx: Connection,
    catalogue: Catalogue,
    *,
    country_id: int,
    code: str,
    kind: int = SMS,
    operator_name: str = ANY_OPERATOR,
    supplier_name: str = OWN_POOL,
) -> Place:
    """Where a price belongs; OperatorError when a part of that does not exist."""
    service_id = _service_id(catalogue, country_id, code)
    operator_id = None
    if operator_name != ANY_OPERATOR:
        known = catalogue.by_country.get(country_id, {}).get(operator_name)
        if known is None:
            raise OperatorError(f"country {country_id} has no operator {operator_name!r}; see getOperators")
        operator_id = known.id
    supplier_id, _ = await existing_supplier(tx, supplier_name)
    return Place(country_id, service_id, kind, supplier_id, operator_id)


async def set_offer(
    tx: Connection,
    catalogue: Catalogue,
    *,
    country_id: int,
    code: str,
    price: int,
    operator_name: str,
    supplier_name: str,
    kind: int = SMS,
) -> None:
    """Set the one price (1/10,000) of a service in a country, for one operator or `any`; other tiers go."""
    where = await place(
        tx,
        catalogue,
        country_id=country_id,
        code=code,
        kind=kind,
        operator_name=operator_name,
        supplier_name=supplier_name,
    )
    await tx.execute(OFFERS.other_prices, *msgspec.structs.astuple(where), price)
    await put_tier(tx, where, price)


async def put_tier(
    tx: Connection, where: Place, price: int, *, count: int | None = None, regular: bool = False
) -> None:
    """Add a tier, or change that of the same price. One tier of a place is the regular one: it takes the mark over."""
    if where.operator_id is None:
        await tx.execute(OFFERS.any_operator, where.country_id, where.supplier_id)
    if regular:
        await tx.execute(OFFERS.unmark_tiers, *msgspec.structs.astuple(where), price)
    await tx.execute(OFFERS.put_tier, *msgspec.structs.astuple(where), price, count, regular)
    # A new count alone fires no trigger, for a lease changes it too (0007_price_lists.sql).
    await tx.execute(Q.tell_price_lists, where.country_id)
    await bump(tx, "catalogue")


async def remove_tier(tx: Connection, where: Place, price: int) -> None:
    """Remove a tier; what was leased at it stays as it is. OperatorError when there is none at this price."""
    if await tx.fetchval(OFFERS.remove_tier, *msgspec.structs.astuple(where), price) is None:
        raise OperatorError(f"there is no tier at {format_minor(price)}; see tier list")
    await bump(tx, "catalogue")


async def listed(
    connection: Connection | Pool, catalogue: Catalogue, country_id: int, code: str = "", kind: int | None = None
) -> list[Tier]:
    """The tiers of a country, of one service or all of them, at most MOST_LISTED; the cheapest of each place first."""
    service_id = _service_id(catalogue, country_id, code) if code else None
    rows = await connection.fetch(OFFERS.list_tiers, country_id, service_id, kind, MOST_LISTED)
    return [Tier(*row) for row in rows]


async def set_terms(
    tx: Connection, catalogue: Catalogue, country_id: int, code: str, *, surcharge: int | None, reactivation: int | None
) -> tuple[int | None, int | None]:
    """Set what forwarding and a reactivation cost (1/10,000) for a service in a country; gives what counts now.

    None leaves a value as it is, AS_SET takes it away: then the settings count, and the price of the first lease.
    """
    row = await tx.fetchrow(
        OFFERS.set_terms, country_id, _service_id(catalogue, country_id, code), surcharge, reactivation
    )
    assert row is not None  # noqa: S101  an upsert without a condition gives a row
    return row[0], row[1]


def _service_id(catalogue: Catalogue, country_id: int, code: str) -> int:
    if country_id not in catalogue.countries:
        raise OperatorError(f"there is no country {country_id}")
    service = catalogue.activatable(code)
    if service is None:
        raise OperatorError(f"there is no service {code!r} to lease for minutes")
    return service.id
