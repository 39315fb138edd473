"""The desk for additional services: one more service on the number of a lease that lives (protocol.md 2.19, 12.2, 21).

Locks: accounts, shelves, numbers, leases (engine 1.2). The number's lock keeps the parent from ending meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from numbank.activation import further
from numbank.activation.advance import read_locked
from numbank.activation.model import Activation, Lease, Origin
from numbank.activation.states import State
from numbank.db.counter import Answers
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import NoActivation, Refusal, RepeatedAdditional, WrongAdditional, WrongSecurity
from numbank.leases.paying import Charged
from numbank.supply import lines, numbers, sharing
from numbank.supply.claim import lock_shelves
from numbank.supply.supplier import Suppliers

Q = Queries("numbank.activation")
FURTHER = Queries("numbank.activation", "groups.sql")


class AdditionalRequest(msgspec.Struct, frozen=True):
    """A customer wants one more service on the number of a lease. Limits as in LeaseRequest."""

    account_id: int
    parent_id: int
    service_id: int
    forward_capable: bool
    life_s: float
    early_cancel_s: float
    max_live: int = 0
    per_min: int = 0


def decide(
    request: AdditionalRequest, parent: Lease | None, *, connected: bool, at_hand: bool, served: bool, price: int | None
) -> Refusal | None:
    """The refusal, None when the service can be had. `price` None: none is set for the account's currency.

    `connected`: the number's line is on, or nothing would arrive; `at_hand`: the number is of a supplier that has its stock
    here; `served`: it served this service before.
    """
    if parent is None:
        return NoActivation()
    if not connected or not parent.forward or parent.state not in (State.CODE, State.RETRY):
        return WrongSecurity()
    if not request.forward_capable or not at_hand or price is None:
        return WrongAdditional()
    return RepeatedAdditional() if served else None


class AdditionalDesk:
    """Serves the additional counter, which gives no parent twice in one batch. `prices` are by currency, in 1/10,000."""

    def __init__(self, suppliers: Suppliers, prices: Mapping[int, int]) -> None:
        self._suppliers = suppliers
        self._prices = prices

    async def serve(self, tx: Connection, requests: Sequence[AdditionalRequest]) -> Answers[Activation]:
        """Lease further services. Money is decided in order of arrival on the locked balances."""
        buyers = await further.buyers(tx, requests)
        leases, served, off = await self._lock(tx, requests, buyers.named)
        results: list[Activation | Refusal] = []
        wanted: list[tuple[int, further.Further]] = []
        for request, parent in zip(requests, buyers.named, strict=True):
            currency = buyers.purses.balances[request.account_id].currency
            price = self._prices.get(currency)
            lease = leases.get(request.parent_id) if parent is not None else None
            refusal = buyers.refuse(request, parent) or decide(
                request, lease, connected=parent is not None and parent.number_id not in off,
                at_hand=parent is not None and parent.at_hand,
                served=(request.parent_id, request.service_id) in served, price=price,
            )  # fmt: skip
            if refusal is not None or parent is None or lease is None:
                results.append(refusal or NoActivation())
                continue
            charged = buyers.purses.pay(request, Charged(price or 0))
            if isinstance(charged, Refusal):
                results.append(charged)
                continue
            # A sibling on the same number in this batch may want the same service.
            served |= {
                (other.parent_id, request.service_id)
                for other, its in zip(requests, buyers.named, strict=True)
                if its is not None and its.number_id == parent.number_id
            }
            wanted.append((len(results), _further(request, parent, lease, charged, currency)))
            results.append(NoActivation())
        await self._write(tx, wanted, results)
        return Answers(results, keep=bool(wanted))

    async def _lock(
        self, tx: Connection, requests: Sequence[AdditionalRequest], named: Sequence[further.Parent | None]
    ) -> tuple[dict[int, Lease], set[tuple[int, int]], set[int]]:
        """Lock shelves, numbers and parents of what can be had; gives the parents as they are, what was served, and the
        numbers whose lines are off."""
        able = [(request, parent) for request, parent in zip(requests, named, strict=True) if parent is not None]
        if not able:
            return {}, set(), set()
        live = [(request, parent) for request, parent in able if parent.state in (State.CODE, State.RETRY)]
        shelves = [
            (parent.pool_id, request.service_id) for request, parent in live
            if parent.at_hand and request.forward_capable
        ]  # fmt: skip
        if shelves:
            await lock_shelves(tx, shelves)
        await numbers.lock(tx, [parent.number_id for _, parent in able])
        leases = (await read_locked(tx, [request.parent_id for request, _ in able]))[0]
        rows = await tx.fetch(
            FURTHER.served_before,
            [parent.id for _, parent in able],
            [parent.number_id for _, parent in able],
            [request.service_id for request, _ in able],
        )
        # Whose message came after it was read unlocked has no shelf locked: refused, as if it had asked a moment earlier.
        locked = {parent.id for _, parent in live}
        held = {
            lease_id: lease if lease_id in locked else msgspec.structs.replace(lease, forward=False)
            for lease_id, lease in leases.items()
        }
        off = await lines.off(tx, [parent.number_id for _, parent in able])
        return held, {(row[0], row[1]) for row in rows}, off

    async def _write(
        self, tx: Connection, wanted: Sequence[tuple[int, further.Further]], results: list[Activation | Refusal]
    ) -> None:
        """Uses, holds, activations; each result goes to its place."""
        if not wanted:
            return
        ids = await tx.fetch(Q.next_ids, len(wanted))
        tries = await sharing.share(tx, [(one.number_id, one.service_id) for _, one in wanted])
        rows = [
            (lease_id, hold_id, msgspec.structs.replace(one, tries=tries[one.number_id, one.service_id]))
            for (_, one), (lease_id, hold_id, _) in zip(wanted, ids, strict=True)
        ]
        made = await further.write(tx, rows, ids[0][2], self._suppliers)
        for (place, _), activation in zip(wanted, made, strict=True):
            results[place] = activation


def _further(
    request: AdditionalRequest, parent: further.Parent, lease: Lease, charged: Charged, currency: int
) -> further.Further:
    """The lease on the parent's number; what comes for it is passed on to where the parent's messages go."""
    return further.Further(
        parent.account_id, parent.country_id, request.service_id, parent.supplier_id, parent.operator_id, parent.operator,
        parent.number_id, parent.e164, charged, currency, Origin.ADDITIONAL, request.early_cancel_s, request.life_s,
        group_id=parent.root, parent_id=parent.id, forward=True, forward_to=lease.forward_to, end_user=parent.end_user,
        ref=parent.ref,
    )  # fmt: skip
