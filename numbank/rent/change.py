"""The desk that moves rentals on: finish, cancel, the sweep, lost numbers; one transaction for all that wait.

Locks: accounts, numbers, rentals (engine 1.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from numbank.db.counter import Answers
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import NoRent, Refusal
from numbank.leases.earning import Done, credit_cashback
from numbank.leases.ends import Ended, release
from numbank.leases.refs import of_rent
from numbank.ledger import journal
from numbank.rent import rules
from numbank.rent.model import ChangeRequest
from numbank.rent.reading import Charged, charges_of, keys_of, read_locked
from numbank.rent.states import Charge, Event, State
from numbank.supply import lines, numbers

Q = Queries("numbank.rent")

Step = tuple[rules.Lease, rules.Change, Event]
FREE_TRIES = -1


class ChangeDesk:
    """Serves the change counter. `pro_rata`: a lost number gives back only what the time that is left has cost."""

    def __init__(
        self,
        *,
        cool_down_s: float,
        unused_rest_s: float,
        unused_tries: int,
        cashback_bp: int = 0,
        pro_rata: bool = False,
    ) -> None:
        self._cool_down_s = cool_down_s
        self._unused_rest_s = unused_rest_s
        self._unused_tries = unused_tries
        self._cashback_bp = cashback_bp
        self._pro_rata = pro_rata

    async def serve(self, tx: Connection, requests: Sequence[ChangeRequest]) -> Answers[State]:
        """Apply events, one per rental. The result is the new state; a rental of somebody else looks like a missing one."""
        keys = await keys_of(tx, [one.rent_id for one in requests])
        mine = [
            one for one in requests
            if one.rent_id in keys and one.account_id in (None, keys[one.rent_id].account_id)
        ]  # fmt: skip
        if not mine:
            return Answers([NoRent()] * len(requests), keep=False)
        await journal.lock_accounts(tx, [keys[one.rent_id].account_id for one in mine])
        await numbers.lock(tx, [keys[one.rent_id].number_id for one in mine])
        leases, now = await read_locked(tx, [one.rent_id for one in mine])
        results: dict[int, State | Refusal] = {}
        steps: list[Step] = []
        for request in mine:
            lease = leases[request.rent_id]
            change = rules.advance(lease, request.event, _there(now))
            results[lease.id] = change if isinstance(change, Refusal) else change.to
            if not isinstance(change, Refusal):
                steps.append((lease, change, request.event))
        if steps:
            await self._save(tx, steps, _there(now))
        return Answers([results[one.rent_id] if one in mine else NoRent() for one in requests], keep=bool(steps))

    async def _save(self, tx: Connection, steps: Sequence[Step], now: datetime) -> None:
        rows = [
            (lease.id, lease.state, change.to, event if change.ended else None, lease.ends_at)
            for lease, change, event in steps
        ]
        changed = await tx.fetchval(Q.save_states, *(list(column) for column in zip(*rows, strict=True)), now)
        if changed != len(rows):
            raise RuntimeError(f"{changed} of {len(rows)} rentals were in the state that was decided on")
        paying = [lease.id for lease, change, _ in steps if change.charge or change.to is State.FINISHED]
        charges = await charges_of(tx, paying)
        await self._pay(tx, steps, charges, now)
        await credit_cashback(tx, _done(steps, charges), self._cashback_bp)
        ended = [self._ended(lease, change.to) for lease, change, _ in steps if change.ended]
        await release(tx, ended, now, cool_down_s=self._cool_down_s, unused_rest_s=self._unused_rest_s)
        lost = [lease.number_id for lease, change, _ in steps if change.to is State.REVOKED]
        if lost:
            await lines.quarantine(tx, lost)

    async def _pay(
        self, tx: Connection, steps: Sequence[Step], charges: Mapping[int, Sequence[Charged]], now: datetime
    ) -> None:
        """Earn, give back or refund: all holds of a rental go the same way."""

        def holds(charge: Charge) -> list[int]:
            return [one.hold_id for lease, change, _ in steps if change.charge is charge for one in charges[lease.id]]

        await journal.post_holds(tx, holds(Charge.POST))
        await journal.void_holds(tx, holds(Charge.VOID))
        for lease, change, _ in steps:
            if change.charge is Charge.REFUND:
                back = rules.unused_part(lease, now) if self._pro_rata else lease.price
                paid = [(one.hold_id, one.price) for one in charges[lease.id]]
                for hold_id, part in rules.share_out(back, paid):
                    if await journal.refund(tx, hold_id, lease.account_id, part) is None:
                        raise journal.BrokenBooks(f"hold {hold_id} of rental {lease.id} was refunded before")

    def _ended(self, lease: rules.Lease, state: State) -> Ended:
        ref = of_rent(lease.id)
        # In full a number may come back as often as it likes: nothing is counted against it.
        tries = FREE_TRIES if lease.full else lease.tries
        unused = rules.unused_again(lease, state, self._unused_tries)
        return Ended(ref, lease.number_id, lease.service_id, tries, unused=unused, asked=False, holder=ref, last=True)


def _done(steps: Sequence[Step], charges: Mapping[int, Sequence[Charged]]) -> list[Done]:
    """What is done from now on, charge by charge: each earned its own cashback."""
    return [
        Done(one.hold_id, lease.account_id, one.price, lease.cashback_bp)
        for lease, change, _ in steps if change.to is State.FINISHED for one in charges[lease.id]
    ]  # fmt: skip


def _there(now: datetime | None) -> datetime:
    """The batch's time: there is one when anything was found, and a rental never vanishes."""
    if now is None:
        raise RuntimeError("a rental that was just read is gone")
    return now
