"""The look-back: messages that came before their number's answer was settled are handed over after all (engine 3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import msgspec

from numbank.activation.attach import attach
from numbank.activation.model import Lease
from numbank.db.pool import Connection
from numbank.messages import store
from numbank.messages.model import Incoming, Read
from numbank.messages.rules import DEFAULT, CodeRules


class Found(msgspec.Struct, frozen=True):
    """A lease that just got its number, and when its supplier was asked for it."""

    lease_id: int
    supplier_id: int
    asked_at: datetime
    number_id: int
    e164: int


async def look_back(
    tx: Connection,
    found: Sequence[Found],
    leases: dict[int, Lease],
    any_service_ids: frozenset[int],
    read: Callable[[Incoming], Awaitable[Read]],
    now: datetime,
    code_rules: CodeRules = DEFAULT,
) -> None:
    """Attach what its own supplier sent to each number since it was asked; the locked numbers let nothing pass by.

    Older messages, and those of others, are somebody else's: they never reach this customer.
    """
    messages = await store.unclaimed(tx, [(one.e164, one.supplier_id, one.asked_at) for one in found], read)
    number_ids = {one.e164: one.number_id for one in found}
    for message in messages:
        message.number_id = number_ids[message.incoming.e164]
    await attach(
        tx, messages, {one.number_id: [one.lease_id] for one in found}, leases, any_service_ids, now, code_rules
    )
    await store.claim(tx, [message for message in messages if message.lease_id is not None], now)
