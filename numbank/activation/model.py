"""The frozen structs of an activation: what is asked, what is known, what is answered. Amounts are 1/10,000."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from uuid import UUID

import msgspec

from numbank.activation.states import Event, State
from numbank.leases.paying import Charged
from numbank.messages.calls import Kind
from numbank.supply.asking import Answer
from numbank.supply.numbers import SMS


class Origin(IntEnum):
    """How a lease came about; as stored."""

    BOUGHT = 0
    MULTI = 1  # one of several services on one number
    ADDITIONAL = 2  # a further service on the number of a live lease
    REACTIVATION = 3  # the number of an earlier lease again


class LeaseRequest(msgspec.Struct, frozen=True):
    """A customer wants a number. `operators` empty: any.

    Without `max_price` and `free_price` only the regular price is paid; `free_price` alone is FreePrice without a limit.
    `life_s` and `early_cancel_s` are decided before the queue, from the settings of the service; `max_live` and `per_min`
    are the limits of the account (live leases, leases in 60 s), 0 for none. `excluded` are prefixes that the number must
    not have. `end_user` is the digest of `end_user_name`, the reseller's own customer.
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
    kind: Kind = Kind.SMS
    free_price: bool = False
    forward: bool = False
    excluded: tuple[str, ...] = ()
    supplier_ids: frozenset[int] = frozenset()
    except_supplier_ids: frozenset[int] = frozenset()
    use_cashback: bool = False
    discount_bp: int = 0
    end_user: UUID | None = None
    end_user_name: str = ""
    ref: str | None = None
    language: str | None = None
    max_live: int = 0
    per_min: int = 0


class Offer(msgspec.Struct, frozen=True):
    """A tier at which a pool gives a number; `available` is a kept count, at most a second old.

    `remaining` is how many the tier has left, None without a limit; `regular` marks the price without maxPrice;
    `abilities` are those of the pool (supply/numbers.py).
    A supplier that has to be asked is offered with minus its id for a pool, and 1 for a count that nobody has.
    """

    price: int
    pool_id: int
    supplier_id: int
    operator_id: int
    operator: str
    available: int
    id: int = 0
    remaining: int | None = None
    regular: bool = False
    abilities: int = SMS

    @property
    def asked(self) -> bool:
        """Whether the number has to be asked for."""
        return self.pool_id < 0

    @property
    def left(self) -> bool:
        """Whether the tier is not used up."""
        return self.remaining is None or self.remaining > 0


class Activation(msgspec.Struct, frozen=True):
    """An activation as its customer may see it. `group` is the lease that holds the number, None when that is this one."""

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
    kind: Kind = Kind.SMS
    origin: Origin = Origin.BOUGHT
    discount_bp: int = 0
    forward: bool = False
    group: int | None = None
    sender: str | None = None
    parsings: int = 0
    recording_id: int | None = None


class Opened(msgspec.Struct, frozen=True):
    """An order that is committed: hold taken, activation hidden. Now its supplier has to be asked.

    `tier_id` only of a tier that is limited: it is open to somebody else again when the order is lost.
    """

    lease_id: int
    acquisition_id: int
    supplier_id: int
    request: LeaseRequest
    operator_id: int
    operator: str
    charged: Charged
    currency: int
    at: datetime
    tier_id: int | None = None


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
    """An event for an activation; `account_id` None: the bank's own (expiry).

    `forward_to`: the target of forwarding that came along, 0 for one that is no telephone number.
    """

    lease_id: int
    event: Event
    account_id: int | None = None
    forward_to: int | None = None


class Lease(msgspec.Struct, frozen=True):
    """An activation as the rules see it. `retry` says whether its country allows a further message.

    `asked` says whether its supplier has to be asked, and told of the end. `number_id` is None while it is ordered.
    `group_id` is the lease that holds the number for this one too, None where it holds its number itself.
    `cashback_bp` is the account's own rate (1/10,000 of the price), None for that of the settings.
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
    kind: Kind = Kind.SMS
    origin: Origin = Origin.BOUGHT
    group_id: int | None = None
    forward: bool = False
    forward_to: int | None = None
    price: int = 0
    cashback_bp: int | None = None
