"""The desk that leases addresses: one transaction for everyone who waits. Load, decide, save.

Locks: accounts, mail prices, domains, then the new rows (engine 1.2). What is read before the locks only tells what to lock.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from numbank.clock import Chance
from numbank.db.columns import columns
from numbank.db.counter import Again, Answers
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import BadDomain, NoNumbers, Refusal, SiteDenied
from numbank.leases.paying import Charged, Purses, open_purses
from numbank.mailbox import rules
from numbank.mailbox.denied import decisions
from numbank.mailbox.model import Mailbox, MailRequest, MailType, Offer, Room
from numbank.mailbox.writing import New, Times, new_addresses, write_leases

Q = Queries("numbank.mailbox")

# Of a zone so many domains are tried at once, those with the most room first.
MOST_DOMAINS = 16


class _Plan(msgspec.Struct):
    """One request on its way through a batch; `domain_ids` are those that may serve it."""

    request: MailRequest
    offer: Offer | None = None
    domain_ids: list[int] = []
    paid: Charged | None = None
    chosen: list[Room] = []
    result: list[Mailbox] | Refusal | Again | None = None


class BuyDesk:
    """Serves the counter of purchases."""

    def __init__(self, times: Times, chance: Chance) -> None:
        self._times = times
        self._chance = chance

    async def serve(self, tx: Connection, requests: Sequence[MailRequest]) -> Answers[list[Mailbox]]:
        """Lease addresses: for each request all or none. Money is decided in arrival order on the locked balances."""
        plans = await self._load(tx, requests)
        if all(plan.result is not None for plan in plans):
            return Answers([_result(plan) for plan in plans], keep=False)
        purses = await open_purses(tx, [plan.request for plan in plans if plan.result is None])
        offers, rooms = await self._lock(tx, [plan for plan in plans if plan.result is None])
        for plan in plans:
            if plan.result is None:
                _decide(plan, purses, offers, rooms)
        winners = [plan for plan in plans if plan.result is None]
        if winners:
            await self._save(tx, winners, purses)
        return Answers([_result(plan) for plan in plans], keep=bool(winners))

    async def _load(self, tx: Connection, requests: Sequence[MailRequest]) -> list[_Plan]:
        """Read what is denied, prices and domains, to know what to lock; refuse what is not sold."""
        plans = [_Plan(request) for request in requests]
        denied = await decisions(tx, [request.site for request in requests])
        wanted = sorted({(request.domain, request.site) for request in requests})
        prices: dict[tuple[str, str], list[Offer]] = {}
        for name, site, *row in await tx.fetch(Q.mail_offers, *columns(wanted)):
            prices.setdefault((name, site), []).append(Offer(row[0], MailType(row[1]), *row[2:]))
        for plan in plans:
            request = plan.request
            if rules.denied(request.site, denied):
                plan.result = SiteDenied()
                continue
            plan.offer = rules.price_for(
                prices.get((request.domain, request.site), []), request.site, request.mail_type
            )
            if plan.offer is None:
                plan.result = BadDomain()
        buying = [plan for plan in plans if plan.offer is not None and plan.result is None]
        named = sorted({(plan.request.domain, int(plan.offer.mail_type)) for plan in buying if plan.offer is not None})
        domains: dict[tuple[str, int], list[int]] = {}
        if named:
            for name, mail_type, domain_id in await tx.fetch(Q.domains_with_room, *columns(named), MOST_DOMAINS):
                domains.setdefault((name, mail_type), []).append(domain_id)
        for plan in buying:
            if plan.offer is not None:
                plan.domain_ids = domains.get((plan.request.domain, plan.offer.mail_type), [])
        return plans

    async def _lock(self, tx: Connection, plans: Sequence[_Plan]) -> tuple[dict[int, Offer], dict[int, Room]]:
        """Lock prices and domains, then read what they have left."""
        return await lock_prices(tx, {plan.offer.price_id for plan in plans if plan.offer}), await lock_rooms(
            tx, {domain_id for plan in plans for domain_id in plan.domain_ids}
        )

    async def _save(self, tx: Connection, winners: Sequence[_Plan], purses: Purses) -> None:
        names = [room for plan in winners for room in plan.chosen]
        addresses = iter(await new_addresses(tx, names, [
            plan.request.account_id for plan in winners for _ in plan.chosen
        ], self._chance))  # fmt: skip
        wanted = []
        for plan in winners:
            request, offer, paid = plan.request, plan.offer, plan.paid
            if offer is None or paid is None:
                raise RuntimeError("a purchase without a price")
            cashback = paid.cashback
            for room in plan.chosen:
                part = min(cashback, offer.price)
                cashback -= part
                address = next(addresses)
                wanted.append(New(
                    request.account_id, address.id, room.id, address.email, request.site, offer,
                    Charged(offer.price, 0, part), purses.balances[request.account_id].currency,
                ))  # fmt: skip
        made = iter(await write_leases(tx, wanted, self._times))
        for plan in winners:
            plan.result = [next(made) for _ in plan.chosen]


async def lock_prices(tx: Connection, price_ids: set[int]) -> dict[int, Offer]:
    """Lock prices in id order, then read them; one that is gone is missing."""
    ids = sorted(price_ids)
    await tx.fetch(Q.lock_prices, ids)
    return {row[0]: Offer(row[0], MailType(row[1]), *row[2:]) for row in await tx.fetch(Q.read_prices, ids)}


async def lock_rooms(tx: Connection, domain_ids: set[int]) -> dict[int, Room]:
    """Lock domains in id order, then read their room; one that is switched off is missing."""
    ids = sorted(domain_ids)
    if not ids:
        return {}
    await tx.fetch(Q.lock_domains, ids)
    return {row[0]: Room(*row) for row in await tx.fetch(Q.read_rooms, ids)}


def _decide(plan: _Plan, purses: Purses, offers: dict[int, Offer], rooms: dict[int, Room]) -> None:
    """Set price, room and money aside for a request, or refuse it. `offers` and `rooms` are counted down."""
    request, seen = plan.request, plan.offer
    offer = None if seen is None else offers.get(seen.price_id)
    if offer is None:
        plan.result = Again(request)  # the operator took the price away just now: what is left says what is sold
        return
    full = purses.refuse(request, request.count)
    if full is not None:
        plan.result = full
        return
    here = [rooms[domain_id] for domain_id in plan.domain_ids if domain_id in rooms]
    if offer.remaining is not None and offer.remaining < request.count:
        plan.result = NoNumbers()
        return
    if sum(max(0, room.left) for room in here) < request.count:
        # Others may have more room than those that were tried; when these were all, it is said now.
        plan.result = Again(request) if len(plan.domain_ids) == MOST_DOMAINS else NoNumbers()
        return
    paid = purses.pay(request, Charged(offer.price * request.count), request.count)
    if isinstance(paid, Refusal):
        plan.result = paid
        return
    plan.offer, plan.paid = offer, paid
    plan.chosen = rules.spread(here, request.count) or []  # never: the sum above is enough
    if offer.remaining is not None:
        offers[offer.price_id] = msgspec.structs.replace(offer, remaining=offer.remaining - request.count)


def _result(plan: _Plan) -> list[Mailbox] | Refusal | Again:
    return plan.result if plan.result is not None else NoNumbers()
