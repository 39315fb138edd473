"""Writes leases down: holds, activations, orderIds, and who they were bought for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from numbank.activation.model import Activation, LeaseRequest, Offer
from numbank.activation.states import State
from numbank.customers import end_users
from numbank.db.columns import columns
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.leases.paying import Charged
from numbank.ledger import journal
from numbank.supply.claim import Bookmark, Claim
from numbank.supply.supplier import Leased

if TYPE_CHECKING:
    import asyncpg

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
    bookmarks: Sequence[Bookmark],
    balances: dict[int, journal.Balance],
) -> list[Activation]:
    """Numbers, holds, activations and orderIds for claimed numbers, in one statement; `bookmarks` of shelves that moved on.

    Whatever it changes is locked by the caller.
    """
    rows = [
        (
            found.pool_id, found.service_id, found.number_id, found.e164, found.tries, request.account_id,
            request.country_id, offer.supplier_id, offer.operator_id, charged.price, charged.cashback,
            balances[request.account_id].currency, request.early_cancel_s, request.life_s, offer.id,
        )
        for one, found in bought
        for request, offer, charged in ((one.request, one.offer, one.charged),)
    ]  # fmt: skip
    # Empty columns are all defaults: most batches have nothing else to send, and their nulls cost the database nothing.
    counted = [one.counted for one, _ in bought]
    terms: list[tuple[object, ...]] = [()] * 7
    if not all(one.plain for one, _ in bought):
        terms = list(zip(*(one.terms for one, _ in bought), strict=True))
    written = await tx.fetch(
        Q.write_leases, *columns(bookmarks, 4), *columns(rows), counted if any(counted) else (), *terms
    )
    _check(bought, bookmarks, written)
    now: datetime = written[0]["at"]
    made = []
    for (one, found), (lease_id, *_) in zip(bought, written, strict=True):
        request, offer = one.request, one.offer
        made.append(Activation(
            lease_id, request.account_id, request.country_id, request.service_id, offer.operator, found.e164,
            one.charged.price, balances[request.account_id].currency, State.PREPARED, now,
            now + timedelta(seconds=request.early_cancel_s), now + timedelta(seconds=request.life_s), kind=request.kind,
            discount_bp=request.discount_bp, forward=request.forward,
        ))  # fmt: skip
    await write_order_ids(tx, ((one.request, new.id) for (one, _), new in zip(bought, made, strict=True)))
    return made


def _check(
    bought: Sequence[tuple[Bought, Claim]], bookmarks: Sequence[Bookmark], written: Sequence[asyncpg.Record]
) -> None:
    """What was decided on is what was written, or the transaction must not commit."""
    given = written[0]["given"] if written else 0
    if not len(bought) == len(written) == given:
        raise RuntimeError(f"{given} of {len(bought)} claimed numbers were free")
    if written[0]["moved"] != len(bookmarks):
        raise RuntimeError(f"{written[0]['moved']} of {len(bookmarks)} bookmarks moved on")
    accounts = {one.request.account_id for one, _ in bought}
    if written[0]["debited"] != len(accounts):
        raise journal.BrokenBooks(
            f"{written[0]['debited']} accounts debited for {len(bought)} leases of {len(accounts)}"
        )


def as_told(bought: Sequence[tuple[Bought, Claim]], made: Sequence[Activation]) -> list[Leased]:
    """The leases as their suppliers are told."""
    return [
        Leased(
            new.id, new.country_id, new.service_id, one.offer.supplier_id, new.e164, new.created_at, new.due_at, new.kind,
            one.request.language,
        )
        for (one, _), new in zip(bought, made, strict=True)
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


async def name_end_users(tx: Connection, requests: Iterable[LeaseRequest]) -> None:
    """Name the resellers' own customers for whom leases were made."""
    await end_users.remember(tx, ((one.account_id, one.end_user_name) for one in requests if one.end_user is not None))
