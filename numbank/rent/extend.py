"""The desk for extensions: a live rental goes on for longer, a finished one begins anew on the same number.

Locks: accounts, shelves and numbers of those that are over, rentals (engine 1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from numbank.db.counter import Again, Answers
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import NoRent, Refusal
from numbank.hooks.rentals import still_named
from numbank.leases.paying import Charged, open_purses
from numbank.leases.refs import of_rent
from numbank.ledger import journal
from numbank.rent import rules, writing
from numbank.rent.change import ChangeDesk
from numbank.rent.model import ChangeRequest, ExtendRequest, Rental
from numbank.rent.reading import Keys, keys_of, read_locked, tables_of
from numbank.rent.states import Event, State
from numbank.supply import lines, numbers, sharing
from numbank.supply.claim import lock_shelves
from numbank.supply.shelf import NumberState
from numbank.supply.supplier import Suppliers

Q = Queries("numbank.rent")


class _Won(msgspec.Struct, frozen=True):
    """An extension that is going to be written; its result goes to `place`."""

    place: int
    lease: rules.Lease
    hours: int
    charged: Charged
    currency: int


class ExtendDesk:
    """Serves the extension counter. `permits` says whether a service may be sold, `change` ends those whose end has come,
    `cancel_s` is how long a new rental can be cancelled."""

    def __init__(self, suppliers: Suppliers, permits: rules.Permits, change: ChangeDesk, *, cancel_s: float) -> None:
        self._suppliers = suppliers
        self._permits = permits
        self._change = change
        self._cancel_s = cancel_s

    async def serve(self, tx: Connection, requests: Sequence[ExtendRequest]) -> Answers[Rental]:
        """Extend rentals. Money is decided in order of arrival; of two who want one number the first gets it."""
        keys = await keys_of(tx, [one.rent_id for one in requests])
        own = {
            one.rent_id: keys[one.rent_id]
            for one in requests if one.rent_id in keys and keys[one.rent_id].account_id == one.account_id
        }  # fmt: skip
        overdue = [one.rent_id for one in own.values() if one.overdue]
        if overdue:
            # They end now, not when the sweep comes: then they begin anew, like all that are over. The locks for that are
            # other ones, so everybody waits for the next batch.
            await self._change.serve(tx, [ChangeRequest(rent_id, Event.EXPIRE) for rent_id in overdue])
            return Answers([Again(one) for one in requests])
        purses = await open_purses(tx, requests)
        tables = await tables_of(tx, ((one.country_id, one.service_id) for one in own.values()))
        found = await _lock_lines(tx, [one for one in own.values() if one.ended])
        leases, now = await read_locked(tx, list(own))
        results: list[Rental | Refusal | Again] = []
        won: list[_Won] = []
        for request in requests:
            lease = leases.get(request.rent_id) if request.rent_id in own else None
            if lease is None:
                results.append(NoRent())
                continue
            # Over, or at its end, since it was read unlocked: its number is not locked.
            if not own[lease.id].ended and (not lease.live or lease.overdue(now)):
                results.append(Again(request))
                continue
            table = tables[lease.country_id, lease.service_id]
            price = rules.extend(lease, found.get(lease.number_id), table, request.hours, self._permits)
            # A live one goes on: no further lease is made, so no limit counts.
            limited = msgspec.structs.replace(request, max_live=0, per_min=0) if lease.live else request
            paid = price if isinstance(price, Refusal) else purses.pay(limited, Charged(price), 0 if lease.live else 1)
            if isinstance(paid, Refusal):
                results.append(paid)
                continue
            if not lease.live:
                found[lease.number_id] = rules.Line(NumberState.LEASED, None, at_hand=True)
            won.append(_Won(len(results), lease, request.hours, paid, purses.balances[request.account_id].currency))
            results.append(NoRent())
        if won and now is not None:
            await self._save(tx, won, results, now)
        return Answers(results, keep=bool(won))

    async def _save(
        self, tx: Connection, won: Sequence[_Won], results: list[Rental | Refusal | Again], now: datetime
    ) -> None:
        """Each result goes to its place."""
        live = [one for one in won if one.lease.live]
        for one, rental in zip(live, await _extend_live(tx, live), strict=True):
            results[one.place] = rental
        again = [one for one in won if not one.lease.live]
        for one, rental in zip(again, await self._begin_anew(tx, again, now), strict=True):
            results[one.place] = rental

    async def _begin_anew(self, tx: Connection, again: Sequence[_Won], now: datetime) -> list[Rental]:
        """Finished rentals as new ones on their numbers."""
        if not again:
            return []
        ids = await tx.fetch(Q.next_ids, len(again))
        tries = await _use_again(tx, [(one.lease.number_id, one.lease.service_id) for one in again])
        await lines.take_again(
            tx,
            [(one.lease.number_id, of_rent(row[0]), one.lease.service_id) for one, row in zip(again, ids, strict=True)],
        )
        named = await still_named(tx, (one.lease.hook_id for one in again))
        rows = []
        for one, (rent_id, hold_id, _) in zip(again, ids, strict=True):
            lease = one.lease
            before = tries.get((lease.number_id, lease.service_id), rules.USED_BEFORE)
            new = writing.New(
                lease.account_id, lease.country_id, lease.service_id, lease.supplier_id, lease.operator_id, lease.number_id,
                lease.e164, one.currency, one.hours, one.charged, before,
                lease.calls, lease.hook_id if lease.hook_id in named else None, lease.id,
            )  # fmt: skip
            rows.append((rent_id, hold_id, new))
        return await writing.write(tx, rows, now, self._suppliers, cancel_s=self._cancel_s)


async def _lock_lines(tx: Connection, ended: Sequence[Keys]) -> dict[int, rules.Line]:
    """The numbers of rentals that are over, locked with the shelves on which they stand; then read."""
    if not ended:
        return {}
    await lock_shelves(tx, [(one.pool_id, one.service_id) for one in ended])
    ids = sorted({one.number_id for one in ended})
    await numbers.lock(tx, ids)
    return await read_lines(tx, ids)


async def read_lines(connection: Connection, number_ids: Sequence[int]) -> dict[int, rules.Line]:
    """The numbers of rentals that are over."""
    rows = await connection.fetch(Q.lines, list(number_ids))
    return {row[0]: rules.Line(NumberState(row[1]), row[2], row[3]) for row in rows}


async def _use_again(tx: Connection, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Use locked numbers for services that they served before and were given back for; gives how often that was."""
    columns = [list(column) for column in zip(*wanted, strict=True)]
    used = {(row[0], row[1]) for row in await tx.fetch(Q.used_for, *columns)}
    return await sharing.use_again(tx, [pair for pair in wanted if pair not in used])


async def _extend_live(tx: Connection, live: Sequence[_Won]) -> list[Rental]:
    """Live rentals go on for longer, each with a hold of its own: earned at once when the rental is paid."""
    if not live:
        return []
    ids = await tx.fetch(Q.next_holds, len(live))
    now = ids[0][1]
    await journal.place_holds(
        tx,
        [one.charged.hold(row[0], one.lease.account_id, one.currency) for one, row in zip(live, ids, strict=True)],
    )
    made = [
        msgspec.structs.replace(
            one.lease,
            hours=one.lease.hours + one.hours,
            price=one.lease.price + one.charged.price,
            ends_at=one.lease.ends_at + timedelta(hours=one.hours),
        )
        for one in live
    ]
    rows = [
        (
            one.lease.id,
            one.lease.state,
            one.lease.hours,
            row[0],
            one.hours,
            one.charged.price,
            after.ends_at,
            after.due_at,
        )
        for one, row, after in zip(live, ids, made, strict=True)
    ]
    changed = await tx.fetchval(Q.save_extended, *(list(column) for column in zip(*rows, strict=True)), now)
    if changed != len(rows):
        raise RuntimeError(f"{changed} of {len(rows)} rentals were in the state that was decided on")
    paid = [row[0] for one, row in zip(live, ids, strict=True) if one.lease.state is State.FIRM]
    await journal.post_holds(tx, paid)
    return [_shown(one) for one in made]


def _shown(lease: rules.Lease) -> Rental:
    return Rental(
        lease.id, lease.account_id, lease.country_id, lease.service_id, lease.e164, lease.hours, lease.price, lease.currency,
        lease.state, lease.created_at, lease.cancel_until, lease.ends_at, lease.messages,
    )  # fmt: skip
