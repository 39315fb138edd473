"""What the operator sets: suppliers and prices. Every change tells all nodes."""

from __future__ import annotations

from numbank.catalogue.catalogue import Catalogue
from numbank.catalogue.model import ANY_OPERATOR
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.db.versions import bump
from numbank.errors import OperatorError

Q = Queries("numbank.catalogue")

OWN_POOL = "pool"


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


async def set_offer(
    tx: Connection,
    catalogue: Catalogue,
    *,
    country_id: int,
    code: str,
    price: int,
    operator_name: str,
    supplier_name: str,
) -> None:
    """Set the price (1/10,000) of a service in a country, for one operator or `any`."""
    if country_id not in catalogue.countries:
        raise OperatorError(f"there is no country {country_id}")
    service = catalogue.activatable(code)
    if service is None:
        raise OperatorError(f"there is no service {code!r} to lease for minutes")
    operator_id = None
    if operator_name != ANY_OPERATOR:
        known = catalogue.by_country.get(country_id, {}).get(operator_name)
        if known is None:
            raise OperatorError(f"country {country_id} has no operator {operator_name!r}; see getOperators")
        operator_id = known.id
    supplier_id, _ = await existing_supplier(tx, supplier_name)
    await tx.execute(Q.set_offer, country_id, service.id, operator_id, supplier_id, price)
    await bump(tx, "catalogue")
