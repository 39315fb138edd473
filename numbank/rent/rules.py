"""The decisions about rentals: pure functions over frozen structs and the state table. No I/O, no clock, no words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from numbank.errors import (
    BadRentStatus,
    NotCancellable,
    Refusal,
    RentCancelled,
    RentDead,
    RentFinished,
    RentRevoked,
    ServiceDenied,
)
from numbank.messages.calls import Kind, can_be_read
from numbank.messages.match import Seeker, match
from numbank.messages.model import Fate, Incoming, Medium
from numbank.rent import terms
from numbank.rent.states import FIRST_ENDED, TABLE, Charge, Event, State
from numbank.supply.shelf import NumberState

OVER: dict[State, type[Refusal]] = {
    State.FINISHED: RentFinished, State.CANCELLED: RentCancelled, State.REVOKED: RentRevoked,
}  # fmt: skip


# The tries of a rental whose number has served its service before, with a message: it is never given back for that.
USED_BEFORE = 1_000


class Lease(msgspec.Struct, frozen=True):
    """A rental as the rules see it. `full`: everything that comes to the number is for its customer, of any service.

    `cashback_bp` is the account's own rate (1/10,000 of the price), None for that of the settings.
    """

    id: int
    account_id: int
    country_id: int
    service_id: int
    supplier_id: int
    operator_id: int
    number_id: int
    e164: int
    currency: int
    hours: int
    price: int
    state: State
    tries: int
    calls: bool
    hook_id: int | None
    messages: int
    created_at: datetime
    cancel_until: datetime
    ends_at: datetime
    full: bool
    cashback_bp: int | None = None

    @property
    def live(self) -> bool:
        """Whether it is not over."""
        return self.state < FIRST_ENDED

    def overdue(self, now: datetime | None) -> bool:
        """Whether its end has come before the sweep did: it goes on as one that is over."""
        return self.live and now is not None and now >= self.ends_at

    @property
    def due_at(self) -> datetime:
        """When the sweep looks next: at the end of the time for a cancel, then at the end."""
        return min(self.cancel_until, self.ends_at) if self.state is State.FRESH else self.ends_at


class Change(msgspec.Struct, frozen=True):
    """What an event does to a rental. `ended` tells whether it is over now."""

    to: State
    charge: Charge

    @property
    def ended(self) -> bool:
        """Whether the rental is over from now on."""
        return self.to >= FIRST_ENDED


def over(state: State) -> Refusal | None:
    """The refusal of a rental that is over, None while it lives."""
    refusal = OVER.get(state)
    return None if refusal is None else refusal()


def advance(lease: Lease, event: Event, now: datetime) -> Change | Refusal:
    """Decide on an event (states.py). What came too early for the sweep, or twice, is BadRentStatus and changes nothing."""
    ended = over(lease.state)
    if ended is not None:
        return ended
    step = TABLE.get((lease.state, event))
    if step is None:
        return NotCancellable() if event is Event.CANCEL else BadRentStatus()
    if step.timed and event is Event.CANCEL and now >= lease.cancel_until:
        return NotCancellable()
    if step.timed and event is Event.WINDOW and now < lease.cancel_until:
        return BadRentStatus()
    if step.timed and event is Event.EXPIRE and now < lease.ends_at:
        return BadRentStatus()
    return Change(step.to, step.charge)


class Line(msgspec.Struct, frozen=True):
    """The number of a rental that is over. `at_hand`: its supplier still lends from here."""

    state: NumberState
    last_account_id: int | None
    at_hand: bool


# Whether a service may be sold.
Permits = Callable[[int], bool]


def extend(lease: Lease, line: Line | None, table: terms.Table, hours: int, permits: Permits) -> int | Refusal:
    """The price of so many hours more; RentDead when it cannot go on.

    A live rental pays the difference of the two terms. One that is finished begins anew, when its number is free or rests
    from this very customer: for everybody else the rest keeps late messages apart. What was cancelled or revoked is dead.
    """
    if not permits(lease.service_id):
        return ServiceDenied()
    if not lease.live and (lease.state is not State.FINISHED or line is None or not _again(lease, line)):
        return RentDead()
    had = lease.hours if lease.live else 0
    refusal = terms.refuse_extension(table, had, hours)
    if refusal is not None:
        return refusal
    price = terms.extension_price(table, had, hours) if lease.live else terms.price_of(table, hours)
    return RentDead() if price is None else price


def as_ended(lease: Lease, line: Line) -> tuple[Lease, Line]:
    """A rental whose end has come and its number as the sweep is about to leave them: it rests from this customer."""
    if line.state is NumberState.LEASED:
        line = msgspec.structs.replace(line, state=NumberState.RESTING, last_account_id=lease.account_id)
    return msgspec.structs.replace(lease, state=State.FINISHED), line


def _again(lease: Lease, line: Line) -> bool:
    own = line.state is NumberState.RESTING and line.last_account_id == lease.account_id
    return line.at_hand and (own or line.state is NumberState.FREE)


class Taken(msgspec.Struct, frozen=True):
    """What a message does to a rental; `named` is the service that it names, None when it names none that counts."""

    to: State
    charge: Charge
    named: int | None


def receive(lease: Lease, incoming: Incoming, *, any_service: bool, now: datetime) -> tuple[Fate, Taken | None]:
    """Decide on a message to the number of a rental; `any_service`: it was rented for "any other" service.

    A rental in full gets everything that can be read. One for a service gets what names that service or none: another one's
    message is kept from it. Calls go only to those who rented them.
    """
    if incoming.medium is Medium.CALL and not lease.calls:
        return (Fate.OTHER_KIND if lease.live else Fate.NO_LEASE), None
    kind = Kind.VOICE if incoming.medium is Medium.CALL else Kind.SMS
    if not can_be_read(incoming, kind):
        return Fate.NO_TEXT, None
    change = advance(lease, Event.MESSAGE, now)
    if isinstance(change, Refusal):
        return Fate.NO_LEASE, None
    if match(incoming.services, [Seeker(lease.id, lease.service_id, lease.full or any_service, kind)]) is None:
        return Fate.OTHER_SERVICE, None
    return Fate.ATTACHED, Taken(change.to, change.charge, _named(lease, incoming))


def _named(lease: Lease, incoming: Incoming) -> int | None:
    if lease.service_id in incoming.services:
        return lease.service_id
    return incoming.named or min(incoming.services, default=None)


def unused_again(lease: Lease, state: State, max_tries: int) -> bool:
    """Whether the number of a rental that ended may serve the same service again.

    In full it always may, after a rest. For one service it is as with activations: nothing came, and not too often; and what
    began anew on a number that was used up before leaves it so.
    """
    return lease.full or (not lease.messages and state is not State.REVOKED and lease.tries + 1 < max_tries)


def unused_part(lease: Lease, now: datetime) -> int:
    """The price of the time that is left, rounded half up; never more than was paid."""
    whole = timedelta(hours=lease.hours) // timedelta(microseconds=1)
    left = max(lease.ends_at - now, timedelta(0)) // timedelta(microseconds=1)
    return min(lease.price, (2 * lease.price * left + whole) // (2 * whole))


def share_out(amount: int, charges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Give an amount back on (hold, price), the latest charge first: it paid for the end of the time."""
    shares = []
    for hold_id, price in sorted(charges, reverse=True):
        part = min(amount, price)
        amount -= part
        shares.append((hold_id, part))
    return shares


class Pool(msgspec.Struct, frozen=True):
    """A pool whose numbers can be rented; `available` is a kept count, at most a second old."""

    id: int
    supplier_id: int
    operator_id: int
    operator: str
    available: int


def fit(pools: Sequence[Pool], operators: frozenset[int], *, operator_fallback: bool) -> Sequence[Pool]:
    """The pools of these operators; an operator that does not fit falls back to all (protocol.md 12.2, 19)."""
    if not operators:
        return pools
    return [pool for pool in pools if pool.operator_id in operators] or (pools if operator_fallback else [])


def choose(pools: Sequence[Pool], tried: frozenset[int], limit: int) -> list[Pool]:
    """The pools to try now: those that were not tried yet, those with stock first."""
    untried = [pool for pool in pools if pool.id not in tried]
    untried.sort(key=lambda pool: (pool.available <= 0, pool.id))
    return untried[:limit]
