"""What leases beside the plain ones share: several services on one number, further services, reactivations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import msgspec

from numbank.activation.model import Activation, Origin
from numbank.activation.states import State
from numbank.customers import bans
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import Banned, Refusal
from numbank.leases.limits import Limited
from numbank.leases.paying import Charged, Purses, open_purses
from numbank.ledger import journal
from numbank.messages.calls import Kind
from numbank.supply.supplier import Leased, Suppliers

Q = Queries("numbank.activation", "groups.sql")


class Parent(msgspec.Struct, frozen=True):
    """A lease that a customer goes back to. `root` holds the number for it; `at_hand`: its supplier has its stock here."""

    id: int
    account_id: int
    country_id: int
    service_id: int
    supplier_id: int
    operator_id: int
    operator: str
    number_id: int
    e164: int
    kind: Kind
    state: State
    root: int
    end_user: UUID | None
    ref: str | None
    language: str | None
    pool_id: int
    at_hand: bool


class Further(msgspec.Struct, frozen=True):
    """A lease that is going to be written. `group_id` None: it holds the number itself. `counted`: one is taken of its
    tier's count. Amounts are 1/10,000.
    """

    account_id: int
    country_id: int
    service_id: int
    supplier_id: int
    operator_id: int
    operator: str
    number_id: int
    e164: int
    charged: Charged
    currency: int
    origin: Origin
    early_cancel_s: float
    life_s: float
    kind: Kind = Kind.SMS
    tries: int = 0
    group_id: int | None = None
    parent_id: int | None = None
    offer_id: int | None = None
    counted: bool = False
    discount_bp: int = 0
    forward: bool = False
    forward_to: int | None = None
    end_user: UUID | None = None
    ref: str | None = None
    language: str | None = None


class GoesBack(Limited, Protocol):
    """A request for a lease that goes back to another one."""

    @property
    def parent_id(self) -> int:
        """The lease that it names."""


async def parents(connection: Connection, account_ids: Sequence[int], lease_ids: Sequence[int]) -> list[Parent | None]:
    """The leases that customers name, unlocked; None for what is missing or somebody else's, or has no number yet."""
    found = {}
    for row in await connection.fetch(Q.parents, list(lease_ids), list(account_ids)):
        parent = msgspec.convert(dict(row), Parent)
        found[parent.id] = parent
    own: list[Parent | None] = []
    for account_id, lease_id in zip(account_ids, lease_ids, strict=True):
        named = found.get(lease_id)
        own.append(named if named is not None and named.account_id == account_id else None)
    return own


class Buyers(msgspec.Struct):
    """Who goes back to a lease, in order of arrival: their purses, the leases that they name, and the bans on the end users
    of those.
    """

    purses: Purses
    named: list[Parent | None]
    banned: dict[int, Banned]

    def refuse(self, request: GoesBack, parent: Parent | None) -> Refusal | None:
        """What stands against any lease of this account, or of the end user of the parent."""
        return self.purses.refuse(request) or (self.banned.get(parent.id) if parent is not None else None)


async def buyers(tx: Connection, requests: Sequence[GoesBack]) -> Buyers:
    """Lock the accounts, and read what a purchase that goes back to a lease depends on, but for the number."""
    purses = await open_purses(tx, requests)
    named = await parents(tx, [one.account_id for one in requests], [one.parent_id for one in requests])
    return Buyers(purses, named, await _banned(tx, named))


async def _banned(tx: Connection, named: Sequence[Parent | None]) -> dict[int, Banned]:
    """By parent: the refusal where the reseller's own customer, for whom the parent was bought, is banned."""
    users = {(one.account_id, one.end_user) for one in named if one is not None and one.end_user is not None}
    until = await bans.of_users(tx, users)
    return {
        one.id: Banned(until[one.account_id, one.end_user])
        for one in named
        if one is not None and one.end_user is not None and (one.account_id, one.end_user) in until
    }


async def write(
    tx: Connection, rows: Sequence[tuple[int, int, Further]], now: datetime, suppliers: Suppliers
) -> list[Activation]:
    """Holds and activations for (lease id, hold id, what); accounts and numbers are locked, and the money is there."""
    if not rows:
        return []
    await journal.place_holds(
        tx,
        [one.charged.hold(hold_id, one.account_id, one.currency) for _, hold_id, one in rows],
    )
    values = [
        (
            lease_id, one.account_id, one.country_id, one.service_id, one.supplier_id, one.operator_id, one.number_id,
            one.e164, hold_id, one.charged.price, one.currency, one.kind, one.tries, one.origin, one.group_id,
            one.parent_id, one.offer_id, one.counted, one.charged.surcharge, one.discount_bp, one.forward,
            one.forward_to, one.end_user, one.ref, one.language, one.early_cancel_s, one.life_s,
        )
        for lease_id, hold_id, one in rows
    ]  # fmt: skip
    await tx.execute(Q.insert_further, *(list(column) for column in zip(*values, strict=True)), now)
    made = [_activation(lease_id, one, now) for lease_id, _, one in rows]
    told = [
        Leased(
            lease.id, one.country_id, one.service_id, one.supplier_id, one.e164, now, lease.due_at, one.kind, one.language,
        )
        for lease, (_, _, one) in zip(made, rows, strict=True)
    ]  # fmt: skip
    await suppliers.leased(tx, told)
    return made


def _activation(lease_id: int, one: Further, now: datetime) -> Activation:
    return Activation(
        lease_id, one.account_id, one.country_id, one.service_id, one.operator, one.e164, one.charged.price, one.currency,
        State.PREPARED, now, now + timedelta(seconds=one.early_cancel_s), now + timedelta(seconds=one.life_s),
        kind=one.kind, origin=one.origin, discount_bp=one.discount_bp, forward=one.forward, group=one.group_id,
    )  # fmt: skip
