"""The decisions about activations: pure functions over frozen structs and the state table. No I/O, no clock, no words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from numbank.activation.model import Lease, LeaseRequest, Offer
from numbank.activation.states import FIRST_ENDED, TABLE, Charge, Event, State
from numbank.errors import BadStatus, EarlyCancel, NoActivation, NoNumbers, Refusal, WrongMaxPrice
from numbank.supply.acquisitions import AcquisitionState
from numbank.supply.asking import Answer, Held, NoStock, Outcome, Rejected
from numbank.supply.given import Given


class Change(msgspec.Struct, frozen=True):
    """What an event does to a lease. `ended` tells whether the lease is over, `idle` that nothing has to be written."""

    to: State
    charge: Charge
    ended: bool
    idle: bool


def advance(lease: Lease, event: Event, now: datetime) -> Change | Refusal:
    """Decide on an event.

    The same terminal status repeated gives the same success and changes nothing; anything else on an ended activation is
    BadStatus (protocol.md 12.2, 10e). An activation that is still being ordered is hidden from its customer.
    """
    if lease.state >= FIRST_ENDED:
        return Change(lease.state, Charge.NONE, ended=True, idle=True) if lease.ended_by == event else BadStatus()
    if event == Event.EXPIRE and now < lease.due_at:
        return BadStatus()  # a sweep that read an older state of this lease
    step = TABLE.get((lease.state, event))
    if step is None:
        return NoActivation() if lease.state == State.ORDERING else BadStatus()
    if step.guarded and now < lease.cancel_from:
        return EarlyCancel()
    if step.again and not lease.retry:
        return BadStatus()
    ended = step.to >= FIRST_ENDED
    return Change(step.to, step.charge, ended, idle=step.to == lease.state and event != Event.MESSAGE)


def receive(lease: Lease, code: str | None, now: datetime) -> tuple[Change, str | None] | Refusal:
    """Decide on a matched message: the change, and the code that shows from now on.

    A message without a code never hides a code that was read before, and it does not end the wait for a further one
    (RETRY), for the customer would take the old code for the new.
    """
    change = advance(lease, Event.MESSAGE, now)
    if isinstance(change, Refusal):
        return change
    if lease.state == State.RETRY and code is None:
        return Change(State.RETRY, Charge.NONE, ended=False, idle=False), lease.code
    return change, code or lease.code


def choose(
    request: LeaseRequest, offers: Sequence[Offer], *, operator_fallback: bool, limit: int
) -> list[Offer] | Refusal:
    """The offers to try now, all at one price: the cheapest that was not tried yet.

    Without a limit only the regular price is paid, the cheapest that is offered. Nothing at or below a limit but stock
    above it: WrongMaxPrice (protocol.md 12.2, 18). Within a price the pools with stock come first, and a supplier is
    asked only when no pool is left. An operator that does not fit falls back to the first that does (12.2, 19).
    """
    fitting = [offer for offer in offers if not request.operators or offer.operator_id in request.operators]
    if not fitting and operator_fallback:
        fitting = list(offers)
    regular = min((offer.price for offer in fitting), default=0)
    limit_minor = regular if request.max_price is None else request.max_price
    untried = [offer for offer in fitting if offer.pool_id not in request.tried and offer.price <= limit_minor]
    if not untried:
        above = [offer.price for offer in fitting if offer.available > 0 and offer.price > limit_minor]
        return WrongMaxPrice(min(above)) if above and request.max_price is not None else NoNumbers()
    cheapest = min(offer.price for offer in untried)
    tier = [offer for offer in untried if offer.price == cheapest]
    pools = [offer for offer in tier if not offer.asked]
    pools.sort(key=lambda offer: (offer.available <= 0, offer.pool_id))
    return pools[:limit] or [max(tier, key=lambda offer: offer.pool_id)]


def unused_again(lease: Lease, state: State, max_tries: int) -> bool:
    """Whether the number of an ended lease may serve the same service again: nothing came, and not too often."""
    return state == State.CANCELLED and lease.tries + 1 < max_tries


class Verdict(msgspec.Struct, frozen=True):
    """What an answer makes of its acquisition; HELD is the only one that gives the customer the number."""

    state: AcquisitionState
    outcome: Outcome | None = None


def settle(
    lease: Lease | None, answer: Answer, given: Given | None, supplier_id: int, *, wanted: bool, repeated: bool
) -> Verdict:
    """Decide on a supplier's answer to an order; `given` None: the number cannot be one, or nobody looked.

    A reference that is `repeated` names what was sold to us before: to give that back would end another lease.
    """
    if isinstance(answer, NoStock | Rejected) or (isinstance(answer, Held) and repeated):
        return Verdict(AcquisitionState.NONE)
    if not isinstance(answer, Held):
        return Verdict(AcquisitionState.UNKNOWN)
    if wanted and lease is not None and lease.state is State.ORDERING and given is not None:
        if given.supplier_id == supplier_id and given.free and not given.used:
            return Verdict(AcquisitionState.HELD)
        if given.supplier_id == supplier_id and given.free:
            return Verdict(AcquisitionState.RELEASING, Outcome.BURNT)
    return Verdict(AcquisitionState.RELEASING, Outcome.CANCELLED)


def told(state: State) -> Outcome:
    """What the supplier of a lease that ended is told."""
    return Outcome.SOLD if state is State.DONE else Outcome.CANCELLED
