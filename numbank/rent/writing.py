"""Writes rentals down: holds, rows, charges, and what their suppliers are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.leases.paying import Charged
from numbank.leases.refs import of_rent
from numbank.ledger import journal
from numbank.rent.model import Rental
from numbank.rent.states import State
from numbank.supply.supplier import Leased, Suppliers

Q = Queries("numbank.rent")


class New(msgspec.Struct, frozen=True):
    """A rental that is going to be written, on a number that is taken in the same transaction."""

    account_id: int
    country_id: int
    service_id: int
    supplier_id: int
    operator_id: int
    number_id: int
    e164: int
    currency: int
    hours: int
    charged: Charged
    tries: int = 0
    calls: bool = False
    hook_id: int | None = None
    parent_id: int | None = None


async def write(
    tx: Connection,
    rows: Sequence[tuple[int, int, New]],
    now: datetime,
    suppliers: Suppliers,
    *,
    cancel_s: float,
) -> list[Rental]:
    """Rentals for (id, hold id, what), in this order; accounts and numbers are locked, and the money is there."""
    await journal.place_holds(tx, [one.charged.hold(hold_id, one.account_id, one.currency) for _, hold_id, one in rows])
    made = [_rental(rent_id, one, now, cancel_s) for rent_id, _, one in rows]
    values = [
        (
            rental.id, one.account_id, one.country_id, one.service_id, one.supplier_id, one.operator_id, one.number_id,
            one.e164, one.currency, one.hours, one.charged.price, one.tries, one.calls, one.hook_id, one.parent_id,
            rental.cancel_until, rental.ends_at, rental.cancel_until, hold_id,
        )
        for rental, (_, hold_id, one) in zip(made, rows, strict=True)
    ]  # fmt: skip
    await tx.execute(Q.insert_rents, *(list(column) for column in zip(*values, strict=True)), now)
    told = [
        Leased(
            of_rent(rental.id), one.country_id, one.service_id, one.supplier_id, one.e164, now, rental.ends_at,
        )
        for rental, (_, _, one) in zip(made, rows, strict=True)
    ]  # fmt: skip
    await suppliers.leased(tx, told)
    return made


def _rental(rent_id: int, one: New, now: datetime, cancel_s: float) -> Rental:
    ends_at = now + timedelta(hours=one.hours)
    return Rental(
        rent_id, one.account_id, one.country_id, one.service_id, one.e164, one.hours, one.charged.price, one.currency,
        State.FRESH, now, min(now + timedelta(seconds=cancel_s), ends_at), ends_at,
    )  # fmt: skip
