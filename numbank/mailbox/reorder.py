"""The desk that leases an address again: the same one, for the same site, under a new id.

Locks: accounts, mail prices, domains, addresses, leases that end for the next ones, then the new rows (engine 1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from numbank.db.counter import Answers
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import NoMailbox, Refusal, SiteDenied
from numbank.leases.paying import Charged, Purses, open_purses
from numbank.mailbox import rules
from numbank.mailbox.advance import read_locked
from numbank.mailbox.denied import decisions
from numbank.mailbox.desk import lock_prices, lock_rooms
from numbank.mailbox.ending import After, Ending, end_leases
from numbank.mailbox.model import Lease, Mailbox, MailType, Offer, ReorderRequest, Room
from numbank.mailbox.states import Event
from numbank.mailbox.writing import New, Times, write_leases

Q = Queries("numbank.mailbox")

TAKEN = 0  # holds an address from now on; no lease has this id


class _Parent(msgspec.Struct, frozen=True):
    """The lease that is gone on with; `offers` are the prices of now for what was bought."""

    id: int
    account_id: int
    address_id: int
    domain_id: int
    email: str
    site: str
    mail_type: MailType
    offers: list[Offer]


class _Stock(msgspec.Struct, frozen=True):
    """What is locked, counted down while a batch decides in order of arrival. `holders` are the leases that hold addresses,
    `leases` those of them that are gone on with, `now` the batch's time where there are any.
    """

    offers: dict[int, Offer]
    rooms: dict[int, Room]
    holders: dict[int, int | None]
    leases: dict[int, Lease]
    now: datetime | None


class _Won(msgspec.Struct, frozen=True):
    """A request that is served: the lease to write, and the one that ends for it."""

    index: int
    new: New
    ending: Ending | None


class ReorderDesk:
    """Serves the counter of reorders."""

    def __init__(self, times: Times, after: After) -> None:
        self._times = times
        self._after = after

    async def serve(self, tx: Connection, requests: Sequence[ReorderRequest]) -> Answers[Mailbox]:
        """Lease addresses again. A lease that has its mail ends for the next one; one that waits for it is refused.

        NoMailbox: a foreign lease, one that waits, an address on which another one lives, or nothing is sold there now.
        """
        parents = await self._parents(tx, requests)
        denied = await decisions(tx, [one.site for one in parents.values()])
        results: list[Mailbox | Refusal] = [NoMailbox()] * len(requests)
        trying: list[tuple[int, _Parent]] = []
        for index, request in enumerate(requests):
            parent = parents.get(request.mailbox_id)
            if parent is None or parent.account_id != request.account_id:
                continue
            if rules.denied(parent.site, denied):
                results[index] = SiteDenied()
            else:
                trying.append((index, parent))
        if not trying:
            return Answers(results, keep=False)
        purses = await open_purses(tx, [requests[index] for index, _ in trying])
        stock = await self._lock(tx, [parent for _, parent in trying])
        winners = []
        for index, parent in trying:
            won = _decide(index, requests[index], parent, purses, stock)
            if isinstance(won, _Won):
                winners.append(won)
            else:
                results[index] = won
        ending = [won.ending for won in winners if won.ending is not None]
        if ending and stock.now is not None:
            await end_leases(tx, ending, stock.now, self._after)
        if winners:
            made = await write_leases(tx, [won.new for won in winners], self._times)
            for won, mailbox in zip(winners, made, strict=True):
                results[won.index] = mailbox
        return Answers(results, keep=bool(winners))

    async def _lock(self, tx: Connection, parents: Sequence[_Parent]) -> _Stock:
        """Lock prices, domains, addresses, and the leases that may end for the next ones."""
        offers = await lock_prices(tx, {offer.price_id for one in parents for offer in one.offers})
        rooms = await lock_rooms(tx, {one.domain_id for one in parents})
        addresses = [one.address_id for one in parents]
        await tx.fetch(Q.lock_addresses, addresses)
        holders = {row[0]: row[1] for row in await tx.fetch(Q.read_addresses, addresses)}
        live = [one.id for one in parents if holders[one.address_id] == one.id]
        if not live:
            return _Stock(offers, rooms, holders, {}, None)
        return _Stock(offers, rooms, holders, *await read_locked(tx, live))

    async def _parents(self, tx: Connection, requests: Sequence[ReorderRequest]) -> dict[int, _Parent]:
        """The leases that are gone on with, and the prices of now; read unlocked, for none of it but the prices changes."""
        found: dict[int, _Parent] = {}
        accounts = list({one.account_id for one in requests})
        for row in await tx.fetch(Q.parents, [one.mailbox_id for one in requests], accounts):
            mailbox_id, account_id, address_id, domain_id, email, site, mail_type = row
            found[mailbox_id] = _Parent(
                mailbox_id, account_id, address_id, domain_id, email, site, MailType(mail_type), []
            )
        for mailbox_id, *offer in await tx.fetch(Q.offers_of_parents, list(found)):
            found[mailbox_id].offers.append(Offer(offer[0], MailType(offer[1]), *offer[2:]))
        return found


def _decide(index: int, request: ReorderRequest, parent: _Parent, purses: Purses, stock: _Stock) -> _Won | Refusal:
    """Set price, room, address and money aside for a request, or refuse it."""
    known = [stock.offers[one.price_id] for one in parent.offers if one.price_id in stock.offers]
    offer = rules.price_for(known, parent.site, parent.mail_type)
    room = stock.rooms.get(parent.domain_id)
    if offer is None or room is None or offer.remaining == 0:
        return NoMailbox()
    ending = None
    if stock.holders[parent.address_id] is not None:
        lease = stock.leases.get(parent.id)
        change = NoMailbox() if lease is None or stock.now is None else rules.advance(lease, Event.REORDER, stock.now)
        if lease is None or isinstance(change, Refusal):
            return NoMailbox()
        ending = Ending(lease, change, Event.REORDER)
    freed = 0 if ending is None else 1
    if room.left + freed < 1:
        return NoMailbox()
    paid = purses.pay(request, Charged(offer.price), ending=freed)
    if isinstance(paid, Refusal):
        return paid
    room.left -= 1 - freed
    stock.holders[parent.address_id] = TAKEN
    if offer.remaining is not None:
        stock.offers[offer.price_id] = msgspec.structs.replace(offer, remaining=offer.remaining - 1)
    return _Won(index, New(
        parent.account_id, parent.address_id, parent.domain_id, parent.email, parent.site, offer, paid,
        purses.balances[parent.account_id].currency, parent.id,
    ), ending)  # fmt: skip
