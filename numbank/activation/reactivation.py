"""The desk for reactivations: the number of a finished lease once more, for the same service (protocol.md 2.20, 12.2, 22).

Locks: accounts, numbers (engine 1.2). The use of the number stays what it is, so no shelf is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from numbank.activation import further, rules
from numbank.activation.model import Activation, Origin
from numbank.activation.states import State
from numbank.db.counter import Answers
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.reads import answered
from numbank.errors import NeverSuccessful, NoActivation, NotRenewable, Refusal, ServiceDenied, SimOffline
from numbank.leases.paying import Charged
from numbank.supply import lines, numbers
from numbank.supply.shelf import NumberState
from numbank.supply.supplier import Suppliers

Q = Queries("numbank.activation")
FURTHER = Queries("numbank.activation", "groups.sql")

# Life and early-cancel window of a service, in seconds.
Times = Callable[[int], tuple[float, float]]
# Whether a service may be sold.
Permits = Callable[[int], bool]


class RenewRequest(msgspec.Struct, frozen=True):
    """A customer wants the number of a finished lease again. Limits as in LeaseRequest."""

    account_id: int
    parent_id: int
    discount_bp: int = 0
    max_live: int = 0
    per_min: int = 0


class Line(msgspec.Struct, frozen=True):
    """A number as it is now, and whose lease held it last."""

    state: NumberState
    last_account_id: int | None


class Quote(msgspec.Struct, frozen=True):
    """What a reactivation would cost now, in 1/10,000, and what it would give."""

    price: int
    service_id: int
    e164: int
    country_id: int


def decide(parent: further.Parent | None, line: Line | None, price: int | None, permits: Permits) -> Refusal | None:
    """The refusal, None when the number can be had again. `price` None: it is not offered any more.

    A resting number is for its last customer alone: for everybody else the rest keeps late messages apart.
    """
    if parent is None:
        return NoActivation()
    if not permits(parent.service_id):
        return ServiceDenied()
    if parent.state is not State.DONE:
        return NeverSuccessful()
    if line is None or not parent.at_hand or price is None:
        return NotRenewable()
    if line.state is NumberState.OFFLINE:
        return SimOffline()
    free = line.state is NumberState.FREE
    own = line.state is NumberState.RESTING and line.last_account_id == parent.account_id
    return None if free or own else NotRenewable()


class ReactivationDesk:
    """Serves the reactivation counter. `times` gives life and early-cancel window of a service, `permits` says whether it
    may be sold.
    """

    def __init__(self, suppliers: Suppliers, times: Times, permits: Permits) -> None:
        self._suppliers = suppliers
        self._times = times
        self._permits = permits

    async def serve(self, tx: Connection, requests: Sequence[RenewRequest]) -> Answers[Activation]:
        """Lease numbers again. Money is decided in order of arrival; of two who want one number the first gets it."""
        buyers = await further.buyers(tx, requests)
        found = [parent for parent in buyers.named if parent is not None]
        prices = await _prices(tx, found)
        await numbers.lock(tx, [parent.number_id for parent in found])
        states = await _lines(tx, found)
        results: list[Activation | Refusal] = []
        wanted: list[tuple[int, further.Further]] = []
        for request, parent in zip(requests, buyers.named, strict=True):
            line = states.get(parent.number_id) if parent is not None else None
            price = prices.get(request.parent_id)
            refusal = buyers.refuse(request, parent) or decide(parent, line, price, self._permits)
            if refusal is not None or parent is None:
                results.append(refusal or NoActivation())
                continue
            charged = buyers.purses.pay(request, Charged(rules.discounted(price or 0, request.discount_bp)))
            if isinstance(charged, Refusal):
                results.append(charged)
                continue
            states[parent.number_id] = Line(NumberState.LEASED, None)
            wanted.append(
                (
                    len(results),
                    self._further(request, parent, charged, buyers.purses.balances[request.account_id].currency),
                )
            )
            results.append(NoActivation())
        await self._write(tx, wanted, results)
        return Answers(results, keep=bool(wanted))

    def _further(
        self, request: RenewRequest, parent: further.Parent, charged: Charged, currency: int
    ) -> further.Further:
        life_s, early_cancel_s = self._times(parent.service_id)
        return further.Further(
            parent.account_id, parent.country_id, parent.service_id, parent.supplier_id, parent.operator_id,
            parent.operator, parent.number_id, parent.e164, charged, currency, Origin.REACTIVATION, early_cancel_s, life_s,
            kind=parent.kind, parent_id=parent.id, discount_bp=request.discount_bp, end_user=parent.end_user,
            ref=parent.ref, language=parent.language,
        )  # fmt: skip

    async def _write(
        self, tx: Connection, wanted: Sequence[tuple[int, further.Further]], results: list[Activation | Refusal]
    ) -> None:
        """Numbers, holds, activations; each result goes to its place."""
        if not wanted:
            return
        ids = await tx.fetch(Q.next_ids, len(wanted))
        rows = [(lease_id, hold_id, one) for (_, one), (lease_id, hold_id, _) in zip(wanted, ids, strict=True)]
        await lines.take_again(tx, [(one.number_id, lease_id, one.service_id) for lease_id, _, one in rows])
        made = await further.write(tx, rows, ids[0][2], self._suppliers)
        for (place, _), activation in zip(wanted, made, strict=True):
            results[place] = activation


class Renewals:
    """Tells what a reactivation would cost, without a lock: somebody else may be faster."""

    def __init__(self, pool: Pool, permits: Permits) -> None:
        self._pool = pool
        self._permits = permits

    @answered
    async def quote(self, account_id: int, parent_id: int, discount_bp: int) -> Quote | Refusal:
        """The price of now; the same refusals as the reactivation itself, but for the money."""
        async with self._pool.acquire() as connection:
            parent = (await further.parents(connection, [account_id], [parent_id]))[0]
            found = [] if parent is None else [parent]
            price = (await _prices(connection, found)).get(parent_id)
            states = await _lines(connection, found)
        line = states.get(parent.number_id) if parent is not None else None
        refusal = decide(parent, line, price, self._permits)
        if refusal is not None or parent is None:
            return refusal or NoActivation()
        cost = rules.discounted(price or 0, discount_bp)
        return Quote(cost, parent.service_id, parent.e164, parent.country_id)


async def _prices(connection: Connection, parents: Sequence[further.Parent]) -> dict[int, int]:
    """What the reactivation of each parent costs now, before any discount."""
    if not parents:
        return {}
    rows = await connection.fetch(
        FURTHER.renewal_prices,
        [parent.id for parent in parents],
        [parent.country_id for parent in parents],
        [parent.service_id for parent in parents],
        [parent.supplier_id for parent in parents],
        [parent.operator_id for parent in parents],
        [parent.kind for parent in parents],
    )
    return {row[0]: row[1] for row in rows}


async def _lines(connection: Connection, parents: Sequence[further.Parent]) -> dict[int, Line]:
    if not parents:
        return {}
    rows = await connection.fetch(FURTHER.renewable, [parent.number_id for parent in parents])
    return {row[0]: Line(NumberState(row[1]), row[2]) for row in rows}
