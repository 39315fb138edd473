"""The desk that moves activations on: setStatus and expiry, one transaction for all that wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from numbank.activation import rules
from numbank.activation.model import AdvanceRequest, Lease
from numbank.activation.states import Charge, Event, State
from numbank.db.counter import Answers
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import NoActivation, Refusal
from numbank.leases.ends import Ended, release
from numbank.ledger import journal
from numbank.supply import acquisitions, numbers
from numbank.supply.supplier import Suppliers

Q = Queries("numbank.activation")

# Events that may give money back or end the lease lock the account and the number first (engine 1.2).
MAY_END = frozenset({Event.FINISH, Event.CANCEL, Event.EXPIRE, Event.LOST})


class AdvanceDesk:
    """Serves the advance counter and the expiry sweep."""

    def __init__(self, suppliers: Suppliers, *, cool_down_s: float, unused_rest_s: float, unused_tries: int) -> None:
        self._suppliers = suppliers
        self._cool_down_s = cool_down_s
        self._unused_rest_s = unused_rest_s
        self._unused_tries = unused_tries

    async def serve(self, tx: Connection, requests: Sequence[AdvanceRequest]) -> Answers[State]:
        """Apply events. The result is the new state; an activation of somebody else looks like a missing one."""
        known = {
            row[0]: (row[1], row[2]) for row in await tx.fetch(Q.keys_of_leases, [one.lease_id for one in requests])
        }
        mine = [
            request for request in requests if request.lease_id in known and _may_see(request, *known[request.lease_id])
        ]
        if not mine:
            return Answers([NoActivation()] * len(requests), keep=False)
        ending = [known[request.lease_id] for request in mine if request.event in MAY_END]
        if ending:
            await journal.lock_balances(tx, [account_id for account_id, _ in ending])
            await numbers.lock(tx, [number_id for _, number_id in ending if number_id is not None])
        leases, now = await read_locked(tx, [request.lease_id for request in mine])
        if now is None:
            return Answers([NoActivation()] * len(requests), keep=False)
        results: dict[int, State | Refusal] = {}
        changes: list[tuple[Lease, rules.Change, Event]] = []
        for request in mine:
            lease = leases.get(request.lease_id)
            if lease is None or lease.number_id != known[lease.id][1]:
                # It got its number since it was read unlocked: no lock on that, and no reason left to expire now.
                continue
            change = rules.advance(lease, request.event, now)
            if isinstance(change, Refusal):
                results[lease.id] = change
                continue
            results[lease.id] = change.to
            if not change.idle:
                changes.append((lease, change, request.event))
        if changes:
            await self._save(tx, changes, now)
        return Answers([results.get(request.lease_id, NoActivation()) for request in requests], keep=bool(changes))

    async def _save(self, tx: Connection, changes: list[tuple[Lease, rules.Change, Event]], now: datetime) -> None:
        changed = await tx.fetchval(
            Q.save_states,
            [lease.id for lease, _, _ in changes],
            [lease.state for lease, _, _ in changes],
            [change.to for _, change, _ in changes],
            [event if change.ended else None for _, change, event in changes],
            now,
        )
        if changed != len(changes):
            raise RuntimeError(f"{changed} of {len(changes)} activations were in the state that was decided on")
        await journal.void_holds(tx, [lease.hold_id for lease, change, _ in changes if change.charge is Charge.VOID])
        ended = [
            Ended(lease.id, lease.number_id, lease.service_id, lease.tries,
                  rules.unused_again(lease, change.to, self._unused_tries), lease.asked)
            for lease, change, _ in changes if change.ended and lease.number_id is not None
        ]  # fmt: skip
        await release(tx, ended, now, cool_down_s=self._cool_down_s, unused_rest_s=self._unused_rest_s)
        told = [
            (lease.id, rules.told(change.to))
            for lease, change, _ in changes if change.ended and lease.asked and lease.number_id is not None
        ]  # fmt: skip
        await acquisitions.close(tx, told, now)
        again = [lease.id for lease, change, _ in changes if change.to is State.RETRY]
        if again:
            await self._suppliers.more(tx, again)


def _may_see(request: AdvanceRequest, account_id: int, number_id: int | None) -> bool:
    """The bank sees everything; a customer what is its own, unless it is an order without a number."""
    return request.account_id is None or (request.account_id == account_id and number_id is not None)


async def read_locked(tx: Connection, lease_ids: Sequence[int]) -> tuple[dict[int, Lease], datetime | None]:
    """Lock activations in id order, then read them in the next statement (engine 1.1); with the batch's time.

    An id without an activation is missing in the result; the time is None when nothing was found.
    """
    await tx.fetch(Q.lock_activations, list(lease_ids))
    rows = await tx.fetch(Q.read_leases, list(lease_ids))
    leases = {}
    for row in rows:
        values = list(row[:14])
        values[5] = State(values[5])
        values[6] = None if values[6] is None else Event(values[6])
        leases[row[0]] = Lease(*values)
    return leases, rows[0][14] if rows else None
