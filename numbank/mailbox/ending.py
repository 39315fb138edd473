"""Ends leases of mailboxes: their states, their money, and what they leave: addresses, room on domains, prices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from numbank.db.columns import columns
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.leases.earning import Done, credit_cashback
from numbank.ledger import journal
from numbank.mailbox.model import Lease
from numbank.mailbox.rules import Change
from numbank.mailbox.states import Charge, Event, State

Q = Queries("numbank.mailbox")


class After(msgspec.Struct, frozen=True):
    """What follows a lease: its address rests for `rest_s`, and one with a mail earns `cashback_bp`."""

    rest_s: float
    cashback_bp: int


class Ending(msgspec.Struct, frozen=True):
    """A lease that ends. `price_id` is the limited price that gets it back if it was for nothing."""

    lease: Lease
    change: Change
    event: Event
    price_id: int | None = None


async def end_leases(tx: Connection, ending: Sequence[Ending], now: datetime, after: After) -> None:
    """Write ends down; accounts, prices, domains, addresses and the leases are locked."""
    changed = await tx.fetchval(
        Q.save_ends,
        [one.lease.id for one in ending],
        [one.lease.state for one in ending],
        [one.change.to for one in ending],
        [one.event for one in ending],
        now,
    )
    if changed != len(ending):
        raise RuntimeError(f"{changed} of {len(ending)} mailboxes were in the state that was decided on")
    rested = await tx.fetchval(
        Q.rest_addresses,
        [one.lease.address_id for one in ending],
        [one.lease.id for one in ending],
        now + timedelta(seconds=after.rest_s),
    )
    if rested != len(ending):
        raise RuntimeError(f"{rested} of {len(ending)} addresses were held by the leases that end")
    freed = Counter(one.lease.domain_id for one in ending)
    if await tx.fetchval(Q.free_domains, list(freed), list(freed.values())) != len(freed):
        raise RuntimeError(f"not every domain of {sorted(freed)} was there with its leases")
    back = [
        (one.price_id, one.lease.id)
        for one in ending if one.change.to is State.CANCELLED and one.price_id is not None
    ]  # fmt: skip
    if back:
        await tx.execute(Q.give_to_prices, *columns(back))
    await journal.void_holds(tx, [one.lease.hold_id for one in ending if one.change.charge is Charge.VOID])
    done = [
        Done(one.lease.hold_id, one.lease.account_id, one.lease.price, one.lease.cashback_bp)
        for one in ending if one.change.to is State.DONE
    ]  # fmt: skip
    await credit_cashback(tx, done, after.cashback_bp)
