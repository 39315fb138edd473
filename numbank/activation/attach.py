"""What messages do to leases: each is decided on in order, leases move on, and what can be read is paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

import msgspec

from numbank.activation import rules
from numbank.activation.forwarding import pass_on
from numbank.activation.model import Lease
from numbank.activation.states import DELIVERED, FIRST_ENDED, Charge, State
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import Refusal
from numbank.hooks import queue as hooks
from numbank.ledger import journal
from numbank.messages.calls import Kind, can_be_read
from numbank.messages.match import Seeker, match, waiting_for
from numbank.messages.model import Fate, Medium
from numbank.messages.rules import DEFAULT, CodeRules
from numbank.messages.store import Kept

Q = Queries("numbank.activation")


async def attach(
    tx: Connection,
    messages: Sequence[Kept],
    members: Mapping[int, Sequence[int]],
    leases: dict[int, Lease],
    any_service_ids: frozenset[int],
    now: datetime,
    code_rules: CodeRules = DEFAULT,
) -> None:
    """Match messages to the leases on their numbers, move those on and earn their holds.

    Numbers and leases are locked by the caller; `members` are the leases on each number (groups.py). What became of a
    message is left in it, of a lease in `leases`.
    """
    moved: dict[int, tuple[Lease, int | None]] = {}
    posted = []
    for kept in messages:
        if kept.number_id is None:
            continue
        on_it = [leases[lease_id] for lease_id in members.get(kept.number_id, ()) if lease_id in leases]
        kept.fate, taken = _decide(kept, on_it, any_service_ids, now, code_rules)
        if taken is None:
            continue
        lease, step, code = taken
        kept.lease_id = lease.id
        if step.charge is Charge.POST:
            posted.append(lease.hold_id)
        # A second message of the same batch is decided on what the first one left.
        leases[lease.id] = msgspec.structs.replace(lease, state=step.to, code=code)
        first, shown = moved.get(lease.id, (lease, None))
        moved[lease.id] = (first, kept.id if _shows(kept, lease) else shown)
    if moved:
        listening = await _save(tx, moved, leases)
        if listening:
            heard = [kept for kept in messages if kept.lease_id in listening]
            await hooks.enqueue(tx, [(leases[kept.lease_id or 0].account_id, kept.lease_id, kept.id) for kept in heard])
        await pass_on(tx, messages, leases, now)
    await journal.post_holds(tx, posted)


def _decide(
    kept: Kept, on_it: Sequence[Lease], any_service_ids: frozenset[int], now: datetime, code_rules: CodeRules
) -> tuple[Fate, tuple[Lease, rules.Change, str | None] | None]:
    """What becomes of a message; which of the leases on its number gets it, and what that does to the lease."""
    if kept.incoming.medium is Medium.SMS and not can_be_read(kept.incoming, Kind.SMS):
        return Fate.NO_TEXT, None
    live = [lease for lease in on_it if lease.state < FIRST_ENDED]
    if not live:
        return Fate.NO_LEASE, None
    if len(live) > 1:
        live.sort(key=_eagerness)
    seekers = [Seeker(lease.id, lease.service_id, lease.service_id in any_service_ids, lease.kind) for lease in live]
    seekers = waiting_for(kept.incoming.medium, seekers)
    if not seekers:
        return Fate.OTHER_KIND, None
    incoming = kept.incoming
    sent_by = partial(code_rules.habits.sent_by, incoming.sender)
    seeker = match(incoming.services, seekers, sent_by, service=incoming.service)
    if seeker is None:
        return Fate.OTHER_SERVICE, None
    if not can_be_read(incoming, seeker.kind):
        return Fate.NO_TEXT, None
    lease = next(lease for lease in live if lease.id == seeker.lease_id)
    value = code_rules.of(incoming, seeker.kind, lease.service_id, any_service=seeker.any_service)
    if lease.state is not State.RETRY:  # nobody asked for another one
        value = value.beside(lease.code)
    change = rules.receive(lease, value.code, now)
    if isinstance(change, Refusal):
        return Fate.NO_LEASE, None
    kept.code, kept.confidence = value.code, value.confidence
    return Fate.ATTACHED, (lease, *change)


def _shows(kept: Kept, lease: Lease) -> bool:
    """Whether a message takes the place of the one that shows: a code and its text stay together.

    A call does in any case, for its code may still have to be written down.
    """
    return kept.code is not None or lease.code is None or lease.kind is not Kind.SMS


def _eagerness(lease: Lease) -> tuple[int, int]:
    """Of leases on one number who is served first: who received nothing yet, who waits for more, then the others."""
    return (0 if lease.state not in DELIVERED else 1 if lease.state is State.RETRY else 2, lease.id)


async def _save(tx: Connection, moved: dict[int, tuple[Lease, int | None]], leases: dict[int, Lease]) -> frozenset[int]:
    """Write the leases; gives those whose accounts have webhooks."""
    rows = [
        (lease_id, first.state, leases[lease_id].state, leases[lease_id].code, message_id)
        for lease_id, (first, message_id) in moved.items()
    ]
    saved = await tx.fetchrow(Q.save_messages, *(list(column) for column in zip(*rows, strict=True)))
    changed, listening = saved or (0, ())
    if changed != len(rows):
        raise RuntimeError(f"{changed} of {len(rows)} activations were in the state that was decided on")
    return frozenset(listening)
