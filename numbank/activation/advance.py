"""The desk that moves activations on: setStatus and expiry, one transaction for all that wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from numbank.activation import groups, rules, targets
from numbank.activation.model import AdvanceRequest, Lease, Origin
from numbank.activation.states import Charge, Event, State
from numbank.catalogue import limited
from numbank.db.counter import Answers
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import BadStatus, NoActivation, Refusal
from numbank.leases.earning import Done, credit_cashback
from numbank.leases.ends import Ended, release
from numbank.ledger import journal
from numbank.messages.calls import Kind
from numbank.supply import acquisitions, numbers
from numbank.supply.claim import lock_shelves
from numbank.supply.supplier import Suppliers

Q = Queries("numbank.activation")

# Events that may give money back or end the lease lock the account and the number first (engine 1.2).
MAY_END = frozenset({Event.FINISH, Event.CANCEL, Event.EXPIRE, Event.LOST})

# What is stored as a number: found in a dict for a tenth of what the enumeration itself asks.
_STATES: dict[int, State] = {one.value: one for one in State}
_EVENTS: dict[int | None, Event | None] = {None: None, **{one.value: one for one in Event}}
_KINDS: dict[int, Kind] = {one.value: one for one in Kind}
_ORIGINS: dict[int, Origin] = {one.value: one for one in Origin}


class AdvanceDesk:
    """Serves the advance counter and the expiry sweep."""

    def __init__(
        self,
        suppliers: Suppliers,
        *,
        cool_down_s: float,
        unused_rest_s: float,
        unused_tries: int,
        cashback_bp: int = 0,
    ) -> None:
        self._suppliers = suppliers
        self._cool_down_s = cool_down_s
        self._unused_rest_s = unused_rest_s
        self._unused_tries = unused_tries
        self._cashback_bp = cashback_bp

    async def serve(self, tx: Connection, requests: Sequence[AdvanceRequest]) -> Answers[State]:
        """Apply events. The result is the new state; an activation of somebody else looks like a missing one."""
        ids = [one.lease_id for one in requests]
        keys = {row[0]: _Keys(*row) for row in await tx.fetch(Q.keys_of_leases, ids, min(ids), max(ids))}
        mine = [one for one in requests if one.lease_id in keys and _may_see(one, keys[one.lease_id])]
        if not mine:
            return Answers([NoActivation()] * len(requests), keep=False)
        ending = [keys[request.lease_id] for request in mine if request.event in MAY_END]
        occupied = await self._lock(tx, ending) if ending else {}
        leases, now = await read_locked(tx, [request.lease_id for request in mine])
        if now is None:
            return Answers([NoActivation()] * len(requests), keep=False)
        results: dict[int, State | Refusal] = {}
        changes: list[tuple[Lease, rules.Change, Event]] = []
        aimed: list[tuple[int, int]] = []
        for request in mine:
            lease = leases.get(request.lease_id)
            if lease is None or lease.number_id != keys[lease.id].number_id:
                # It got its number since it was read unlocked: no lock on that, and no reason left to expire now.
                continue
            change = rules.advance(lease, request.event, now)
            target = targets.target(lease, request.event, request.forward_to)
            if isinstance(change, Refusal) or isinstance(target, Refusal):
                results[lease.id] = change if isinstance(change, Refusal) else BadStatus()
                continue
            results[lease.id] = change.to
            if target is not None and target != lease.forward_to:
                aimed.append((lease.id, target))
            if not change.idle:
                changes.append((lease, change, request.event))
        if changes:
            await self._save(tx, changes, occupied, now)
            # Its tier is open to somebody else again.
            cancelled = (
                (keys[lease.id].tier_id, lease.id) for lease, change, _ in changes if change.to is State.CANCELLED
            )
            await limited.give_back(tx, [(tier_id, lease_id) for tier_id, lease_id in cancelled if tier_id is not None])
        if aimed:
            await groups.save_targets(tx, aimed)
        # A yes to what another batch wrote already is said by a commit of its own, so that the standby has that too.
        kept = not all(isinstance(one, Refusal) for one in results.values())
        return Answers([results.get(request.lease_id, NoActivation()) for request in requests], keep=kept)

    async def _lock(self, tx: Connection, ending: Sequence[_Keys]) -> dict[int, numbers.Occupied]:
        """Accounts, limited tiers, shelves of those that share a number, numbers; in this order (engine 1.2)."""
        await journal.lock_accounts(tx, [one.account_id for one in ending])
        tiers = [one.tier_id for one in ending if one.tier_id is not None]
        if tiers:
            await limited.lock(tx, tiers)
        shelves = [(one.pool_id, one.service_id) for one in ending if one.pool_id is not None]
        if shelves:
            await lock_shelves(tx, shelves)
        return await numbers.lock(tx, [one.number_id for one in ending if one.number_id is not None])

    async def _save(
        self,
        tx: Connection,
        changes: list[tuple[Lease, rules.Change, Event]],
        occupied: dict[int, numbers.Occupied],
        now: datetime,
    ) -> None:
        left = await groups.members(tx, occupied)  # before it is written who ended
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
        done = [
            Done(lease.hold_id, lease.account_id, lease.price, lease.cashback_bp)
            for lease, change, _ in changes if change.to is State.DONE
        ]  # fmt: skip
        await credit_cashback(tx, done, self._cashback_bp)
        ended = self._ended(changes, left)
        await release(tx, ended, now, cool_down_s=self._cool_down_s, unused_rest_s=self._unused_rest_s)
        told = [
            (lease.id, rules.told(change.to))
            for lease, change, _ in changes if change.ended and lease.asked and lease.number_id is not None
        ]  # fmt: skip
        await acquisitions.close(tx, told, now)
        again = [lease.id for lease, change, _ in changes if change.to is State.RETRY]
        if again:
            await self._suppliers.more(tx, again)

    def _ended(self, changes: Sequence[tuple[Lease, rules.Change, Event]], on_it: dict[int, list[int]]) -> list[Ended]:
        """What ends, with who was `on_it` until now. A number rests when nobody is left on it."""
        over = {lease.id for lease, change, _ in changes if change.ended}
        return [
            Ended(
                lease.id, lease.number_id, lease.service_id, lease.tries,
                rules.unused_again(lease, change.to, self._unused_tries), lease.asked,
                lease.group_id or lease.id, over.issuperset(on_it[lease.number_id]),
            )
            for lease, change, _ in changes if change.ended and lease.number_id is not None
        ]  # fmt: skip


class _Keys(msgspec.Struct, frozen=True):
    """What never changes about a lease. `pool_id` only where another lease holds the number for it, `tier_id` only of one
    that is limited and may get it back.
    """

    lease_id: int
    account_id: int
    number_id: int | None
    pool_id: int | None
    service_id: int
    tier_id: int | None


def _may_see(request: AdvanceRequest, keys: _Keys) -> bool:
    """The bank sees everything; a customer what is its own, unless it is an order without a number."""
    return request.account_id is None or (request.account_id == keys.account_id and keys.number_id is not None)


async def read_locked(tx: Connection, lease_ids: Sequence[int]) -> tuple[dict[int, Lease], datetime | None]:
    """Lock activations in id order, then read them in the next statement (engine 1.1); with the batch's time.

    An id without an activation is missing in the result; the time is None when nothing was found.
    """
    await tx.fetch(Q.lock_activations, list(lease_ids))
    rows = await tx.fetch(Q.read_leases, list(lease_ids), min(lease_ids, default=0), max(lease_ids, default=0))
    return {row[0]: _lease(row[:-1]) for row in rows}, rows[0][-1] if rows else None


async def lock_and_read(tx: Connection, lease_ids: Sequence[int]) -> dict[int, Lease]:
    """The same in one statement, for those who have the time of their batch already."""
    return {row[0]: _lease(tuple(row)) for row in await tx.fetch(Q.lock_leases, list(lease_ids))} if lease_ids else {}


def _lease(row: tuple[Any, ...]) -> Lease:
    values = list(row)
    values[5] = _STATES[values[5]]
    values[6] = _EVENTS[values[6]]
    values[14], values[15] = _KINDS[values[14]], _ORIGINS[values[15]]
    return Lease(*values)
