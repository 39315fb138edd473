"""The frozen structs of an activation: what is asked, what is known, what is answered. Amounts are 1/10,000."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from numbank.activation.states import Event, State


class LeaseRequest(msgspec.Struct, frozen=True):
    """A customer wants a number. `operators` empty: any; `max_price` None: the regular price.

    `life_s` and `early_cancel_s` are decided before the queue, from the settings of the service.
    `tried` are pools that earlier batches found empty.
    """

    account_id: int
    country_id: int
    service_id: int
    life_s: float
    early_cancel_s: float
    operators: frozenset[int] = frozenset()
    max_price: int | None = None
    order: UUID | None = None
    tried: frozenset[int] = frozenset()


class Offer(msgspec.Struct, frozen=True):
    """A price at which a pool gives a number; `available` is a kept count, at most a second old."""

    price: int
    pool_id: int
    supplier_id: int
    operator_id: int
    operator: str
    available: int


class Activation(msgspec.Struct, frozen=True):
    """An activation as its customer may see it."""

    id: int
    account_id: int
    country_id: int
    service_id: int
    operator: str
    e164: int
    price: int
    currency: int
    state: State
    created_at: datetime
    cancel_from: datetime
    due_at: datetime
    code: str | None = None
    text: str | None = None
    received_at: datetime | None = None


class StatusRequest(msgspec.Struct, frozen=True):
    """A poll: whose, and which activation."""

    account_id: int
    lease_id: int


class Status(msgspec.Struct, frozen=True):
    """The answer to a poll."""

    state: State
    code: str | None


class AdvanceRequest(msgspec.Struct, frozen=True):
    """An event for an activation; `account_id` None: the bank's own (expiry)."""

    lease_id: int
    event: Event
    account_id: int | None = None


class Lease(msgspec.Struct, frozen=True):
    """An activation as the rules see it. `retry` says whether its country allows a further message."""

    id: int
    account_id: int
    service_id: int
    number_id: int
    hold_id: int
    state: State
    ended_by: Event | None
    tries: int
    cancel_from: datetime
    due_at: datetime
    created_at: datetime
    retry: bool
    code: str | None
