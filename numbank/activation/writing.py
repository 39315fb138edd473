"""Writes leases down: holds, activations, orderIds, and who they were bought for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from numbank.activation.model import Activation, LeaseRequest, Offer
from numbank.activation.states import State
from numbank.customers import end_users
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.leases.paying import Charged
from numbank.ledger import journal
from numbank.supply.claim import Claim
from numbank.supply.supplier import Leased

Q = Queries("numbank.activation")


class Bought(msgspec.Struct, frozen=True):
    """A request with the tier that serves it and what it costs."""

    request: LeaseRequest
    offer: Offer
    charged: Charged

    def hold(self, hold_id: int, currency: int) -> journal.Hold:
        """The hold that pays for it."""
        return self.charged.hold(hold_id, self.request.account_id, currency)

    @property
    def counted(self) -> bool:
        """Whether one is taken of its tier's count."""
        return self.offer.remaining is not None

    @property
    def plain(self) -> bool:
        """Whether it is what most leases are: an SMS to a number, without anything else."""
        request = self.request
        return not (
            request.kind or request.forward or request.discount_bp or request.end_user is not None or request.ref is not None
        )  # fmt: skip

    @property
    def terms(self) -> tuple[object, ...]:
        """The columns of an activation after `counted`."""
        request = self.request
        return (
            request.kind, self.charged.surcharge, request.discount_bp, request.forward, request.language,
            request.end_user, request.ref,
        )  # fmt: skip


async def write_leases(
    tx: Connection,
    bought: Sequence[tuple[Bought, Claim]],
    ids: Sequence[tuple[int, int, datetime]],
    balances: dict[int, journal.Balance],
) -> tuple[list[Activation], list[Leased]]:
    """Holds, activations and orderIds for claimed numbers; `ids` are those of lease and hold, and the batch's time.

    Gives what the customers see and what the suppliers are told.
    """
    now = ids[0][2]
    holds: list[journal.Hold] = []
    rows: list[tuple[object, ...]] = []
    made: list[Activation] = []
    leased: list[Leased] = []
    for (one, found), (lease_id, hold_id, _) in zip(bought, ids, strict=True):
        request, offer, price = one.request, one.offer, one.charged.price
        currency = balances[request.account_id].currency
        holds.append(one.hold(hold_id, currency))
        due_at = now + timedelta(seconds=request.life_s)
        made.append(Activation(
            lease_id, request.account_id, request.country_id, request.service_id, offer.operator, found.e164, price,
            currency, State.PREPARED, now, now + timedelta(seconds=request.early_cancel_s), due_at, kind=request.kind,
            discount_bp=request.discount_bp, forward=request.forward,
        ))  # fmt: skip
        leased.append(Leased(
            lease_id, request.country_id, request.service_id, offer.supplier_id, found.e164, now, due_at, request.kind,
            request.language,
        ))  # fmt: skip
        rows.append((
            lease_id, request.account_id, request.country_id, request.service_id, offer.supplier_id, offer.operator_id,
            found.number_id, found.e164, hold_id, price, currency, found.tries, request.early_cancel_s, request.life_s,
            offer.id,
        ))  # fmt: skip
    await journal.place_holds(tx, holds)
    columns = [list(column) for column in zip(*rows, strict=True)]
    # Empty columns are all defaults: most batches have nothing else to send, and their nulls cost the database nothing.
    counted = [one.counted for one, _ in bought]
    terms: list[tuple[object, ...]] = [()] * 7
    if not all(one.plain for one, _ in bought):
        terms = list(zip(*(one.terms for one, _ in bought), strict=True))
    await tx.execute(Q.insert_activations, *columns[:13], now, *columns[13:], counted if any(counted) else (), *terms)
    await write_order_ids(tx, ((one.request, new.id) for (one, _), new in zip(bought, made, strict=True)))
    return made, leased


async def write_order_ids(tx: Connection, leases: Iterable[tuple[LeaseRequest, int]]) -> None:
    """Use up the orderIds of requests that have a lease now."""
    orders: list[tuple[int, UUID, int]] = [
        (request.account_id, request.order, lease_id) for request, lease_id in leases if request.order is not None
    ]
    if orders:
        written = await tx.fetchval(Q.insert_orders, *(list(column) for column in zip(*orders, strict=True)))
        if written != len(orders):
            raise RuntimeError(f"{len(orders) - written} of {len(orders)} orderIds were used before")


async def name_end_users(tx: Connection, requests: Iterable[LeaseRequest]) -> None:
    """Name the resellers' own customers for whom leases were made."""
    await end_users.remember(tx, ((one.account_id, one.end_user_name) for one in requests if one.end_user is not None))
