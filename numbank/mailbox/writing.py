"""Writes leases of mailboxes down: addresses, holds, leases, and what they take from domains and prices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from numbank.clock import Chance
from numbank.db.columns import columns
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.leases.paying import Charged
from numbank.ledger import journal
from numbank.mailbox.address import new_local
from numbank.mailbox.model import Mailbox, Offer, Room
from numbank.mailbox.states import State

Q = Queries("numbank.mailbox")

# A new local part that is taken already is drawn again: among 10^15 that happens to nobody.
MOST_DRAWS = 5


class Times(msgspec.Struct, frozen=True):
    """How long a lease lives, and how long a cancel is refused, in seconds."""

    life_s: float
    early_cancel_s: float


class Address(msgspec.Struct, frozen=True):
    """An address that has just been made."""

    id: int
    email: str


class New(msgspec.Struct, frozen=True):
    """A lease to write. `parent_id`: the one that it goes on with, on the same address."""

    account_id: int
    address_id: int
    domain_id: int
    email: str
    site: str
    offer: Offer
    charged: Charged
    currency: int
    parent_id: int | None = None


async def new_addresses(
    tx: Connection, rooms: Sequence[Room], account_ids: Sequence[int], chance: Chance
) -> list[Address]:
    """A fresh address on each of these domains, in their order; its lease is written next."""
    made: dict[int, Address] = {}
    for _ in range(MOST_DRAWS):
        missing = [index for index in range(len(rooms)) if index not in made]
        if not missing:
            break
        locals_ = [new_local(chance) for _ in missing]
        rows = await tx.fetch(
            Q.insert_addresses,
            [rooms[index].id for index in missing],
            locals_,
            [account_ids[index] for index in missing],
        )
        ids = {(domain_id, local): address_id for address_id, domain_id, local in rows}
        for index, local in zip(missing, locals_, strict=True):
            address_id = ids.pop((rooms[index].id, local), None)
            if address_id is not None:
                made[index] = Address(address_id, f"{local}@{rooms[index].name}")
    if len(made) != len(rooms):
        raise RuntimeError(f"no free address in {MOST_DRAWS} draws")
    return [made[index] for index in range(len(rooms))]


async def write_leases(tx: Connection, wanted: Sequence[New], times: Times) -> list[Mailbox]:
    """Holds and leases on addresses, the room on their domains, what is left at their prices; all of these are locked."""
    ids = await tx.fetch(Q.next_mailbox_ids, len(wanted))
    now = ids[0][2]
    cancel_from, due_at = now + timedelta(seconds=times.early_cancel_s), now + timedelta(seconds=times.life_s)
    domains = Counter(one.domain_id for one in wanted)
    if await tx.fetchval(Q.fill_domains, list(domains), list(domains.values())) != len(domains):
        raise RuntimeError(f"not every domain of {sorted(domains)} had the room that was seen")
    prices = Counter(one.offer.price_id for one in wanted if one.offer.remaining is not None)
    if prices and await tx.fetchval(Q.take_from_prices, list(prices), list(prices.values())) != len(prices):
        raise RuntimeError(f"not every price of {sorted(prices)} had as many left as were seen")
    rows, holds, made = [], [], []
    for one, (mailbox_id, hold_id, _) in zip(wanted, ids, strict=True):
        holds.append(one.charged.hold(hold_id, one.account_id, one.currency))
        rows.append((
            mailbox_id, one.account_id, one.address_id, one.domain_id, one.email, one.site, one.offer.mail_type,
            None if one.offer.remaining is None else one.offer.price_id, hold_id, one.offer.price, one.currency,
            one.parent_id,
        ))  # fmt: skip
        made.append(Mailbox(
            mailbox_id, one.account_id, one.email, one.site, State.WAITING, one.offer.price, one.currency, now,
            cancel_from, due_at,
        ))  # fmt: skip
    held = await tx.fetchval(Q.hold_addresses, [one.address_id for one in wanted], [row[0] for row in rows])
    if held != len(wanted):
        raise RuntimeError(f"{held} of {len(wanted)} addresses were free")
    await journal.place_holds(tx, holds)
    await tx.execute(Q.insert_mailboxes, *columns(rows), now, cancel_from, due_at)
    return made
