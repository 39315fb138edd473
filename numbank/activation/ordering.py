"""Opens orders at suppliers that have to be asked: hold, hidden activation and acquisition, before the question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from numbank.activation.model import Opened
from numbank.activation.writing import Bought, write_order_ids
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.ledger import journal
from numbank.supply import acquisitions

Q = Queries("numbank.activation")


async def open_orders(
    tx: Connection,
    wanted: Sequence[Bought],
    balances: dict[int, journal.Balance],
    patience_s: float,
) -> list[Opened]:
    """Open an order for each request at the supplier of its tier; the accounts are locked and their money is there.

    An order that nobody settles within `patience_s` was left by a crash: it expires, and its acquisition is unknown.
    """
    ids = await tx.fetch(Q.next_ids, len(wanted))
    now = ids[0][2]
    due_at = now + timedelta(seconds=patience_s)
    holds, rows = [], []
    for one, (lease_id, hold_id, _) in zip(wanted, ids, strict=True):
        request, offer = one.request, one.offer
        currency = balances[request.account_id].currency
        holds.append(one.hold(hold_id, currency))
        rows.append((
            lease_id, request.account_id, request.country_id, request.service_id, offer.supplier_id, offer.operator_id,
            hold_id, one.charged.price, currency, offer.id, one.counted, *one.terms,
        ))  # fmt: skip
    await journal.place_holds(tx, holds)
    await tx.execute(Q.open_orders, *(list(column) for column in zip(*rows, strict=True)), now, due_at)
    asked = [(row[0], one.offer.supplier_id) for row, one in zip(rows, wanted, strict=True)]
    acquisition_ids = await acquisitions.open_(tx, asked, now, due_at)
    await write_order_ids(tx, ((one.request, row[0]) for one, row in zip(wanted, rows, strict=True)))
    return [
        Opened(
            row[0], acquisition_id, one.offer.supplier_id, one.request, one.offer.operator_id, one.offer.operator,
            one.charged, row[8], now, None if one.offer.remaining is None else one.offer.id,
        )
        for row, one, acquisition_id in zip(rows, wanted, acquisition_ids, strict=True)
    ]  # fmt: skip
