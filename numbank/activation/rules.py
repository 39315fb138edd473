"""The decisions about activations: pure functions over frozen structs and the state table. No I/O, no clock, no words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from numbank.activation.model import Lease, LeaseRequest, Offer, Origin
from numbank.activation.states import DELIVERED, FIRST_ENDED, LEADS_ON, TABLE, Charge, Event, State
from numbank.errors import (
    BadStatus,
    EarlyCancel,
    NoActivation,
    NoNumbers,
    Refusal,
    WrongMaxPrice,
)
from numbank.leases.paying import Charged
from numbank.supply.acquisitions import AcquisitionState
from numbank.supply.asking import Answer, Held, NoStock, Outcome, Rejected
from numbank.supply.given import Given
from numbank.supply.numbers import FORWARD


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
    if lease.kind and lease.state in DELIVERED and event in LEADS_ON:
        return BadStatus()  # after its call only the end is possible (12.2, 10g)
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


# A limit that no price reaches.
NO_LIMIT = 2**63 - 1
BP = 10_000


def discounted(price: int, discount_bp: int) -> int:
    """A price less the discount of a loyalty rank, to the nearest 1/10,000 of the currency."""
    return (price * (BP - discount_bp) + BP // 2) // BP if discount_bp else price


def choose(
    request: LeaseRequest, offers: Sequence[Offer], *, operator_fallback: bool, limit: int
) -> list[Offer] | Refusal:
    """The tiers to try now, all at one price: the cheapest that was not tried yet and is not used up.

    Without maxPrice and freePrice only the regular price is paid: that of the tier marked regular, else the cheapest.
    With them the cheapest tier comes first, up to the limit, which is compared with the price after the discount. Nothing
    at or below a limit but stock above it: WrongMaxPrice (protocol.md 12.2, 18). Within a price the pools with stock come
    first, and a supplier is asked only when no pool is left.
    """
    fitting = fit(request, offers, operator_fallback=operator_fallback)
    bp, tried = request.discount_bp, request.tried
    if request.max_price is not None:
        most, least = request.max_price, -1
    elif request.free_price:
        most, least = NO_LIMIT, -1
    else:
        regular = regular_price(fitting)
        most = least = discounted(regular, bp)
    untried = [
        offer for offer in fitting
        if offer.pool_id not in tried and offer.left and least <= discounted(offer.price, bp) <= most
    ]  # fmt: skip
    if not untried:
        above = [
            discounted(offer.price, bp) for offer in fitting
            if offer.available > 0 and offer.left and offer.pool_id not in tried and discounted(offer.price, bp) > most
        ]  # fmt: skip
        return WrongMaxPrice(min(above)) if above and request.max_price is not None else NoNumbers()
    cheapest = min(offer.price for offer in untried)
    tier = [offer for offer in untried if offer.price == cheapest]
    pools = [offer for offer in tier if not offer.asked]
    pools.sort(key=lambda offer: (offer.available <= 0, offer.pool_id))
    return pools[:limit] or [max(tier, key=lambda offer: offer.pool_id)]


def fit(request: LeaseRequest, offers: Sequence[Offer], *, operator_fallback: bool) -> Sequence[Offer]:
    """The tiers that can serve a request at any price: supplier, forwarding and operator.

    An operator that does not fit falls back to the first that does (protocol.md 12.2, 19).
    """
    able = offers
    if request.forward or request.supplier_ids or request.except_supplier_ids:
        able = [
            offer for offer in offers
            if (not request.forward or offer.abilities & FORWARD)
            and (not request.supplier_ids or offer.supplier_id in request.supplier_ids)
            and offer.supplier_id not in request.except_supplier_ids
        ]  # fmt: skip
    if not request.operators:
        return able
    return [offer for offer in able if offer.operator_id in request.operators] or (able if operator_fallback else [])


def regular_price(offers: Sequence[Offer]) -> int:
    """What is paid without maxPrice: the price of the tiers marked regular, else the cheapest; 0 when there is none."""
    marked = [offer.price for offer in offers if offer.regular]
    return min(marked or [offer.price for offer in offers], default=0)


def charge(offer: Offer, request: LeaseRequest, surcharge: int) -> Charged:
    """What a lease at a tier costs: the discount is of the number alone, forwarding costs everybody the same."""
    extra = surcharge if request.forward else 0
    return Charged(discounted(offer.price, request.discount_bp) + extra, extra)


def rejects(excluded: tuple[str, ...], e164: int) -> bool:
    """Whether a number has a prefix that its customer does not want (phoneException)."""
    return bool(excluded) and str(e164).startswith(excluded)


def unused_again(lease: Lease, state: State, max_tries: int) -> bool:
    """Whether the number of an ended lease may serve the same service again: nothing came, and not too often.

    A reactivation leaves its number as it found it: used, by the lease that it goes back to.
    """
    return lease.origin != Origin.REACTIVATION and state == State.CANCELLED and lease.tries + 1 < max_tries


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
