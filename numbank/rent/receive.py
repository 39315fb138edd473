"""What messages do to rentals: each is decided on in order, gets its place, and what can be read is paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.hooks import queue as hooks
from numbank.leases.refs import of_rent
from numbank.ledger import journal
from numbank.messages.calls import Kind
from numbank.messages.model import Fate, Medium
from numbank.messages.rules import DEFAULT, CodeRules
from numbank.messages.store import Kept
from numbank.rent import rules
from numbank.rent.reading import charges_of, read_locked
from numbank.rent.states import Charge

Q = Queries("numbank.rent")


async def receive(
    tx: Connection,
    messages: Sequence[Kept],
    rented: Mapping[int, int],
    any_service_ids: frozenset[int],
    now: datetime,
    code_rules: CodeRules = DEFAULT,
) -> None:
    """Hand messages to the rentals of their numbers; `rented` gives the rental by number, and the numbers are locked.

    What became of a message is left in it.
    """
    leases, _ = await read_locked(tx, list(rented.values()))
    before = dict(leases)
    places: list[tuple[int, int, int, int | None]] = []
    earned: list[int] = []
    for kept in messages:
        lease = leases.get(rented.get(kept.number_id or 0, 0))
        if lease is None:
            kept.fate = Fate.NO_LEASE
            continue
        any_service = lease.service_id in any_service_ids
        kept.fate, taken = rules.receive(lease, kept.incoming, any_service=any_service, now=now)
        if taken is None:
            continue
        kept.lease_id = of_rent(lease.id)
        kind = Kind.VOICE if kept.incoming.medium is Medium.CALL else Kind.SMS
        value = code_rules.of(kept.incoming, kind, lease.service_id, any_service=any_service or lease.full)
        kept.code, kept.confidence = value.code, value.confidence
        if taken.charge is Charge.POST:
            earned.append(lease.id)
        # A second message of the same batch is decided on what the first one left.
        lease = leases[lease.id] = msgspec.structs.replace(lease, state=taken.to, messages=lease.messages + 1)
        places.append((lease.id, lease.messages, kept.id, taken.named))
    if not places:
        return
    await _save(tx, [(before[rent_id], leases[rent_id]) for rent_id in dict.fromkeys(row[0] for row in places)])
    await tx.execute(Q.add_messages, *(list(column) for column in zip(*places, strict=True)))
    heard = [
        (hook_id, leases[rent_id].account_id, of_rent(rent_id), message_id)
        for rent_id, _, message_id, _ in places if (hook_id := leases[rent_id].hook_id) is not None
    ]  # fmt: skip
    if heard:
        await hooks.enqueue_rent(tx, heard)
    charges = await charges_of(tx, earned)
    await journal.post_holds(tx, [one.hold_id for found in charges.values() for one in found])


async def _save(tx: Connection, moved: Sequence[tuple[rules.Lease, rules.Lease]]) -> None:
    rows = [(was.id, was.state, now.state, was.messages, now.messages, now.due_at) for was, now in moved]
    changed = await tx.fetchval(Q.save_received, *(list(column) for column in zip(*rows, strict=True)))
    if changed != len(rows):
        raise RuntimeError(f"{changed} of {len(rows)} rentals were in the state that was decided on")
