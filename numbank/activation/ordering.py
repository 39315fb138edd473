"""Opens orders at suppliers that have to be asked: hold, hidden activation and acquisition, before the question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from numbank.activation.model import LeaseRequest, Offer, Opened
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.ledger import journal
from numbank.supply import acquisitions

Q = Queries("numbank.activation")


async def open_orders(
    tx: Connection,
    wanted: Sequence[tuple[LeaseRequest, Offer]],
    balances: dict[int, journal.Balance],
    patience_s: float,
) -> list[Opened]:
    """Open an order for each request at the supplier of its offer; the accounts are locked and their money is there.

    An order that nobody settles within `patience_s` was left by a crash: it expires, and its acquisition is unknown.
    """
    ids = await tx.fetch(Q.next_ids, len(wanted))
    now = ids[0][2]
    due_at = now + timedelta(seconds=patience_s)
    holds, rows = [], []
    for (request, offer), (lease_id, hold_id, _) in zip(wanted, ids, strict=True):
        currency = balances[request.account_id].currency
        holds.append(journal.Hold(hold_id, request.account_id, offer.price, 0, currency))
        rows.append((
            lease_id, request.account_id, request.country_id, request.service_id, offer.supplier_id, offer.operator_id,
            hold_id, offer.price, currency,
        ))  # fmt: skip
    await journal.place_holds(tx, holds)
    await tx.execute(Q.open_orders, *(list(column) for column in zip(*rows, strict=True)), now, due_at)
    asked = [(row[0], offer.supplier_id) for row, (_, offer) in zip(rows, wanted, strict=True)]
    acquisition_ids = await acquisitions.open_(tx, asked, now, due_at)
    await write_order_ids(tx, ((request, row[0]) for (request, _), row in zip(wanted, rows, strict=True)))
    return [
        Opened(
            row[0], acquisition_id, offer.supplier_id, request, offer.operator_id, offer.operator, offer.price, row[-1], now
        )
        for row, (request, offer), acquisition_id in zip(rows, wanted, acquisition_ids, strict=True)
    ]  # fmt: skip


async def write_order_ids(tx: Connection, leases: Iterable[tuple[LeaseRequest, int]]) -> None:
    """Use up the orderIds of requests that have a lease now."""
    orders: list[tuple[int, UUID, int]] = [
        (request.account_id, request.order, lease_id) for request, lease_id in leases if request.order is not None
    ]
    if orders:
        written = await tx.fetchval(Q.insert_orders, *(list(column) for column in zip(*orders, strict=True)))
        if written != len(orders):
            raise RuntimeError(f"{len(orders) - written} of {len(orders)} orderIds were used before")
