"""The desk where messages come in: stored once, matched, the lease moved on and paid, in one transaction for a set.

Locks: message keys, numbers, leases (engine 1.2). The number's lock is the gate: a lease that is being committed on it
is seen by the statement that follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import IntEnum
from functools import partial

from numbank.activation import groups
from numbank.activation.advance import lock_and_read
from numbank.activation.attach import attach
from numbank.db.counter import Answers
from numbank.db.pool import Connection
from numbank.errors import NotFound, Refusal
from numbank.leases.refs import rent_of
from numbank.messages import store
from numbank.messages.model import Fate, Incoming
from numbank.messages.rules import DEFAULT, CodeRules
from numbank.rent.receive import receive
from numbank.supply import given, numbers
from numbank.supply.asking import AskedSuppliers


class Intake(IntEnum):
    """What the door answers: both mean that the message is durable."""

    STORED = 0
    DUPLICATE = 1


class DeliverDesk:
    """Serves the deliver counter. `any_service_ids` tells the services that stand for "any other" (code `ot`).

    What `asked` suppliers send for a number that nobody knows is kept: their answer that gives it may be on its way.
    `code_rules`: how codes are handed out. `told` hears what became of the new messages of a batch, once it is committed.
    """

    def __init__(
        self,
        any_service_ids: Callable[[], frozenset[int]],
        asked: AskedSuppliers | None = None,
        code_rules: CodeRules = DEFAULT,
        told: Callable[[Sequence[Fate]], None] | None = None,
    ) -> None:
        self._any_service_ids = any_service_ids
        self._code_rules = code_rules
        self._told = told
        self._asked = asked or AskedSuppliers(0.0)

    async def serve(self, tx: Connection, incoming: Sequence[Incoming]) -> Answers[Intake]:
        """Take messages in. NotFound: an agent pushed to a number that is not its own; nothing was kept."""
        known = await numbers.known(tx, [one.e164 for one in incoming])
        results: list[Intake | Refusal] = [Intake.DUPLICATE] * len(incoming)
        welcome = []
        for index, one in enumerate(incoming):
            number = known.get(one.e164)
            if one.own_only and not self._is_own(one, number):
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
        if now is not None:
            await self._attach(tx, list(new.values()), now)
            await store.keep(tx, list(new.values()), now)
        # A repeat is acknowledged by what another batch wrote: by a commit of its own, so that the standby has that too.
        told = None if self._told is None else partial(self._told, [kept.fate for kept in new.values()])
        return Answers(results, committed=told)

    def _is_own(self, one: Incoming, number: numbers.Known | None) -> bool:
        if number is None:
            return one.supplier_id in self._asked.ids
        return number.supplier_id == one.supplier_id

    async def _attach(self, tx: Connection, messages: list[store.Kept], now: datetime) -> None:
        """Lock the numbers and the leases on them, then let the messages do their work."""
        await self._look_again(tx, messages)
        occupied = await numbers.lock(tx, [kept.number_id for kept in messages if kept.number_id is not None])
        rented = {
            number_id: rent_id
            for number_id, one in occupied.items()
            if one.holder is not None and (rent_id := rent_of(one.holder)) is not None
        }
        if rented:
            # A rental holds its number alone, so these are not for activations.
            theirs = [kept for kept in messages if kept.number_id in rented]
            await receive(tx, theirs, rented, self._any_service_ids(), now, self._code_rules)
            messages = [kept for kept in messages if kept.number_id not in rented]
            occupied = {number_id: one for number_id, one in occupied.items() if number_id not in rented}
        members = await groups.members(tx, occupied)
        held = sorted({lease_id for on_it in members.values() for lease_id in on_it})
        leases = await lock_and_read(tx, held)
        await attach(tx, messages, members, leases, self._any_service_ids(), now, self._code_rules)

    async def _look_again(self, tx: Connection, messages: list[store.Kept]) -> None:
        """A number that an asked supplier just gave may be committed at this moment: meet it, or be met by its look-back."""
        unseen = [kept for kept in messages if kept.number_id is None and kept.incoming.supplier_id in self._asked.ids]
        if unseen:
            known = await given.settle_identity(tx, [kept.incoming.e164 for kept in unseen])
            for kept in unseen:
                number = known.get(kept.incoming.e164)
                kept.number_id = number.id if number is not None else None
