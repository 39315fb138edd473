"""The desk where messages come in: stored once, matched, the lease moved on and paid, in one transaction for a set.

Locks: message keys, numbers, leases (engine 1.2). The number's lock is the gate: a lease that is being committed on it
is seen by the statement that follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import IntEnum

import msgspec

from numbank.activation import rules
from numbank.activation.advance import read_locked
from numbank.activation.model import Lease
from numbank.activation.states import Charge
from numbank.db.counter import Answers
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import NotFound, Refusal
from numbank.ledger import journal
from numbank.messages import store
from numbank.messages.match import Seeker, match
from numbank.messages.model import Fate, Incoming
from numbank.supply import numbers

Q = Queries("numbank.activation")


class Intake(IntEnum):
    """What the door answers: both mean that the message is durable."""

    STORED = 0
    DUPLICATE = 1


class DeliverDesk:
    """Serves the deliver counter. `any_service_ids` tells the services that stand for "any other" (code `ot`)."""

    def __init__(self, any_service_ids: Callable[[], frozenset[int]]) -> None:
        self._any_service_ids = any_service_ids

    async def serve(self, tx: Connection, incoming: Sequence[Incoming]) -> Answers[Intake]:
        """Take messages in. NotFound: an agent pushed to a number that is not its own; nothing was kept."""
        known = await numbers.known(tx, [one.e164 for one in incoming])
        results: list[Intake | Refusal] = [Intake.DUPLICATE] * len(incoming)
        welcome = []
        for index, one in enumerate(incoming):
            number = known.get(one.e164)
            if one.own_only and (number is None or number.supplier_id != one.supplier_id):
                results[index] = NotFound()
            else:
                welcome.append(index)
        if not welcome:
            return Answers(results, keep=False)
        new, now = await store.take_new(tx, [incoming[index] for index in welcome])
        for place, kept in new.items():
            results[welcome[place]] = Intake.STORED
            number = known.get(kept.incoming.e164)
            kept.number_id = number.id if number is not None else None
        if new:
            await self._attach(tx, list(new.values()), now)
            await store.keep(tx, list(new.values()), now)
        return Answers(results, keep=bool(new))

    async def _attach(self, tx: Connection, messages: list[store.Kept], now: datetime) -> None:
        """Match messages to the live leases of their numbers, move those on and earn their holds."""
        holders = await numbers.lock(tx, [kept.number_id for kept in messages if kept.number_id is not None])
        held = sorted({holder for holder in holders.values() if holder is not None})
        leases = (await read_locked(tx, held))[0] if held else {}
        moved: dict[int, tuple[Lease, int]] = {}
        posted = []
        for kept in messages:
            if kept.number_id is None:
                continue
            lease = leases.get(holders.get(kept.number_id) or 0)
            kept.fate, change = self._decide(kept, lease, now)
            if lease is None or change is None:
                continue
            kept.lease_id = lease.id
            step, code = change
            if step.charge is Charge.POST:
                posted.append(lease.hold_id)
            # A second message of the same batch is decided on what the first one left.
            leases[lease.id] = _after(lease, step, code)
            first = moved[lease.id][0] if lease.id in moved else lease
            moved[lease.id] = (first, kept.id)
        if moved:
            await self._save(tx, moved, leases)
        await journal.post_holds(tx, posted)

    def _decide(
        self, kept: store.Kept, lease: Lease | None, now: datetime
    ) -> tuple[Fate, tuple[rules.Change, str | None] | None]:
        if lease is None:
            return Fate.NO_LEASE, None
        seeker = Seeker(lease.id, lease.service_id, lease.service_id in self._any_service_ids())
        if match(kept.incoming.services, [seeker]) is None:
            return Fate.OTHER_SERVICE, None
        change = rules.receive(lease, kept.incoming.code, now)
        if isinstance(change, Refusal):
            return Fate.NO_LEASE, None
        return Fate.ATTACHED, change

    async def _save(self, tx: Connection, moved: dict[int, tuple[Lease, int]], leases: dict[int, Lease]) -> None:
        rows = [
            (lease_id, first.state, leases[lease_id].state, leases[lease_id].code, message_id)
            for lease_id, (first, message_id) in moved.items()
        ]
        changed = await tx.fetchval(Q.save_messages, *(list(column) for column in zip(*rows, strict=True)))
        if changed != len(rows):
            raise RuntimeError(f"{changed} of {len(rows)} activations were in the state that was decided on")


def _after(lease: Lease, step: rules.Change, code: str | None) -> Lease:
    return msgspec.structs.replace(lease, state=step.to, code=code)
