"""The frozen structs of an activation: what is asked, what is known, what is answered. Amounts are 1/10,000."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from numbank.activation.states import Event, State
from numbank.supply.asking import Answer


class LeaseRequest(msgspec.Struct, frozen=True):
    """A customer wants a number. `operators` empty: any; `max_price` None: the regular price.

    `life_s` and `early_cancel_s` are decided before the queue, from the settings of the service.
    `tried` are pools that earlier batches found empty, and suppliers (as minus their id) that were asked.
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
    """A price at which a pool gives a number; `available` is a kept count, at most a second old.

    A supplier that has to be asked is offered with minus its id for a pool, and 1 for a count that nobody has.
    """

    price: int
    pool_id: int
    supplier_id: int
    operator_id: int
    operator: str
    available: int

    @property
    def asked(self) -> bool:
        """Whether the number has to be asked for."""
        return self.pool_id < 0


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


class Opened(msgspec.Struct, frozen=True):
    """An order that is committed: hold taken, activation hidden. Now its supplier has to be asked."""

    lease_id: int
    acquisition_id: int
    supplier_id: int
    request: LeaseRequest
    operator_id: int
    operator: str
    price: int
    currency: int
    at: datetime


class Settlement(msgspec.Struct, frozen=True):
    """What came of an order. `answer` None: nothing yet, but the customer stops waiting.

    Not `wanted`: the customer has stopped waiting before, so whatever was given goes back.
    """

    opened: Opened
    answer: Answer | None
    wanted: bool = True


class Lost(msgspec.Struct, frozen=True):
    """An order gives its customer no number. `kept`: because an earlier answer has given one already."""

    kept: bool = False


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
    """An activation as the rules see it. `retry` says whether its country allows a further message.

    `asked` says whether its supplier has to be asked, and told of the end. `number_id` is None while it is ordered.
    """

    id: int
    account_id: int
    service_id: int
    number_id: int | None
    hold_id: int
    state: State
    ended_by: Event | None
    tries: int
    cancel_from: datetime
    due_at: datetime
    created_at: datetime
    retry: bool
    code: str | None
    asked: bool = False
