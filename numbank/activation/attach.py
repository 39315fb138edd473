"""What messages do to leases: each is decided on in order, leases move on, and what can be read is paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from numbank.activation import rules
from numbank.activation.model import Lease
from numbank.activation.states import Charge
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import Refusal
from numbank.ledger import journal
from numbank.messages.match import Seeker, match
from numbank.messages.model import Fate
from numbank.messages.store import Kept

Q = Queries("numbank.activation")


async def attach(
    tx: Connection,
    messages: Sequence[Kept],
    holders: Mapping[int, int | None],
    leases: dict[int, Lease],
    any_service_ids: frozenset[int],
    now: datetime,
) -> None:
    """Match messages to the leases that hold their numbers, move those on and earn their holds.

    Numbers and leases are locked by the caller. What became of a message is left in it, of a lease in `leases`.
    """
    moved: dict[int, tuple[Lease, int]] = {}
    posted = []
    for kept in messages:
        if kept.number_id is None:
            continue
        lease = leases.get(holders.get(kept.number_id) or 0)
        kept.fate, change = _decide(kept, lease, any_service_ids, now)
        if lease is None or change is None:
            continue
        kept.lease_id = lease.id
        step, code = change
        if step.charge is Charge.POST:
            posted.append(lease.hold_id)
        # A second message of the same batch is decided on what the first one left.
        leases[lease.id] = msgspec.structs.replace(lease, state=step.to, code=code)
        first = moved[lease.id][0] if lease.id in moved else lease
        moved[lease.id] = (first, kept.id)
    if moved:
        await _save(tx, moved, leases)
    await journal.post_holds(tx, posted)


def _decide(
    kept: Kept, lease: Lease | None, any_service_ids: frozenset[int], now: datetime
) -> tuple[Fate, tuple[rules.Change, str | None] | None]:
    if not kept.incoming.text.strip():
        return Fate.NO_TEXT, None
    if lease is None:
        return Fate.NO_LEASE, None
    seeker = Seeker(lease.id, lease.service_id, lease.service_id in any_service_ids)
    if match(kept.incoming.services, [seeker]) is None:
        return Fate.OTHER_SERVICE, None
    change = rules.receive(lease, kept.incoming.code, now)
    if isinstance(change, Refusal):
        return Fate.NO_LEASE, None
    return Fate.ATTACHED, change


async def _save(tx: Connection, moved: dict[int, tuple[Lease, int]], leases: dict[int, Lease]) -> None:
    rows = [
        (lease_id, first.state, leases[lease_id].state, leases[lease_id].code, message_id)
        for lease_id, (first, message_id) in moved.items()
    ]
    changed = await tx.fetchval(Q.save_messages, *(list(column) for column in zip(*rows, strict=True)))
    if changed != len(rows):
        raise RuntimeError(f"{changed} of {len(rows)} activations were in the state that was decided on")
