"""The desk that leases numbers: one transaction for everyone who waits. Load, decide, claim, save."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import partial

import msgspec

from numbank.activation import rules
from numbank.activation.model import Activation, LeaseRequest, Offer, Opened
from numbank.activation.offering import offered, surcharged
from numbank.activation.ordering import open_orders
from numbank.activation.writing import Bought, as_told, name_end_users, write_leases
from numbank.catalogue import limited
from numbank.customers import bans, spending
from numbank.db.counter import Again, Answers
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import Banned, NoNumbers, OrderExists, Refusal
from numbank.leases.paying import NOTHING, Charged, Purses, open_purses
from numbank.ledger import journal
from numbank.supply import claim as shelves
from numbank.supply.asking import AskedSuppliers
from numbank.supply.supplier import Suppliers

Q = Queries("numbank.activation")


class _Plan(msgspec.Struct):
    """One request on its way through a batch: the tiers it tries now, all at one price, what that costs; or its result."""

    request: LeaseRequest
    offers: list[Offer] = []
    tier: list[Offer] = []
    charged: Charged = NOTHING
    result: Activation | Opened | Refusal | Again | None = None


class LeaseDesk:
    """Serves the lease counter. `asked` and `patience_s` are for suppliers that have to be asked; activation/leasing.py.

    `surcharge` is what forwarding costs, in 1/10,000, where the offer's terms say nothing.
    """

    def __init__(
        self,
        suppliers: Suppliers,
        *,
        operator_fallback: bool,
        claim_pools: int,
        asked: AskedSuppliers | None = None,
        patience_s: float = 0.0,
        surcharge: int = 0,
    ) -> None:
        self._suppliers = suppliers
        self._asked = asked or AskedSuppliers(0.0)
        self._patience_s = patience_s
        self._operator_fallback = operator_fallback
        self._claim_pools = claim_pools
        self._surcharge = surcharge
        self._luck = shelves.Luck()

    async def serve(self, tx: Connection, requests: Sequence[LeaseRequest]) -> Answers[Activation | Opened]:
        """Lease numbers or open orders for all requests. Money is decided in arrival order on the locked balances; who
        pauses, because others hold the numbers (Again.last), is decided on when back.
        """
        purses = await open_purses(tx, requests, starting=(one.account_id for one in requests if one.use_cashback))
        balances = purses.balances
        plans = await self._load(tx, requests, purses)
        short = [plan for plan in plans if plan.result is None and not _set_aside(plan, purses)]
        freed = await self._hold_tiers(tx, [plan for plan in plans if plan.result is None])
        buying = [plan for plan in plans if plan.result is None]
        if not buying:
            _try_again(short, freed)
            return Answers([_result(plan) for plan in plans], keep=_repeated(plans))
        asking = [plan for plan in buying if plan.tier[0].asked]
        buying = [plan for plan in buying if not plan.tier[0].asked]
        claims = await shelves.claim(tx, [_wish(plan) for plan in buying], self._luck)
        winners = []
        for index, plan in enumerate(buying):
            found = claims.found[index]
            if found is not None:
                winners.append((plan, found))
                continue
            freed.add(plan.request.account_id)
            plan.result = claims.otherwise(index, plan.request, partial(self._elsewhere, plan))
        _try_again(short, freed)
        if winners or claims.moved:
            await self._save(tx, winners, claims, balances)
        if asking:
            wanted = [Bought(plan.request, plan.tier[0], plan.charged) for plan in asking]
            opened = await open_orders(tx, wanted, balances, self._patience_s)
            for plan, order in zip(asking, opened, strict=True):
                plan.result = order
        made = [*asking, *(plan for plan, _ in winners)]
        await _settle(tx, made, purses)
        return Answers([_result(plan) for plan in plans], keep=bool(made) or claims.moved or _repeated(plans))

    async def _load(self, tx: Connection, requests: Sequence[LeaseRequest], purses: Purses) -> list[_Plan]:
        """Read bans, used orderIds, offers and their terms; refuse what cannot be served. What no request needs is
        not read.
        """
        plans = [_Plan(request) for request in requests]
        banned = await bans.of_users(
            tx, {(one.account_id, one.end_user) for one in requests if one.end_user is not None}
        )
        used = await _used_orders(tx, requests)
        offers = await offered(tx, requests, *self._asked.abilities)
        surcharges = await surcharged(tx, requests)
        for plan in plans:
            request = plan.request
            full = purses.refuse(request)
            if full is not None:
                plan.result = full
            elif request.end_user is not None and (request.account_id, request.end_user) in banned:
                plan.result = Banned(banned[request.account_id, request.end_user])
            elif (request.account_id, request.order) in used:
                plan.result = OrderExists()
            else:
                plan.offers = offers.get((request.country_id, request.service_id, request.kind), [])
                self._choose(plan, surcharges.get((request.country_id, request.service_id), self._surcharge))
        return plans

    def _choose(self, plan: _Plan, surcharge: int) -> None:
        chosen = rules.choose(
            plan.request, plan.offers, operator_fallback=self._operator_fallback, limit=self._claim_pools
        )
        if isinstance(chosen, Refusal):
            plan.result = chosen
        else:
            plan.tier = chosen
            plan.charged = rules.charge(chosen[0], plan.request, surcharge)

    async def _hold_tiers(self, tx: Connection, plans: Sequence[_Plan]) -> set[int]:
        """Set one of each limited tier aside for everybody who tries it, in order of arrival, under the tiers' locks.

        Who comes too late asks again: the next batch sees what is left. Gives the accounts of those.
        """
        held = {offer.id for plan in plans for offer in plan.tier if offer.remaining is not None}
        freed: set[int] = set()
        if not held:
            return freed
        left = {tier_id: count or 0 for tier_id, count in (await limited.lock(tx, held)).items()}
        for plan in plans:
            plan.tier = [offer for offer in plan.tier if offer.id not in held or left.get(offer.id, 0) > 0]
            if not plan.tier:
                plan.result = Again(plan.request)
                freed.add(plan.request.account_id)
            for tier_id in {offer.id for offer in plan.tier} & held:
                left[tier_id] -= 1
        return freed

    def _elsewhere(self, plan: _Plan) -> Refusal | Again:
        """All pools of this tier are empty: the next batch tries the next ones, if there are any."""
        tried = plan.request.tried | {offer.pool_id for offer in plan.tier}
        request = msgspec.structs.replace(plan.request, tried=tried)
        chosen = rules.choose(request, plan.offers, operator_fallback=self._operator_fallback, limit=1)
        return chosen if isinstance(chosen, Refusal) else Again(request)

    async def _save(
        self,
        tx: Connection,
        winners: list[tuple[_Plan, shelves.Claim]],
        claims: shelves.Claims,
        balances: dict[int, journal.Balance],
    ) -> None:
        """Bookmarks and piles, what leases write, and the suppliers' own word; all of it is locked."""
        if not winners:
            await shelves.save(tx, claims, [])
            return
        await shelves.tidy(tx, claims)
        bought = []
        for plan, found in winners:
            offer = next(offer for offer in plan.tier if offer.pool_id == found.pool_id)
            plan.tier = [offer]
            bought.append((Bought(plan.request, offer, plan.charged), found))
        made = await write_leases(tx, bought, claims.bookmarks, balances)
        for (plan, _), activation in zip(winners, made, strict=True):
            plan.result = activation
        if self._suppliers.listen:
            await self._suppliers.leased(tx, as_told(bought, made))


def _set_aside(plan: _Plan, purses: Purses) -> bool:
    """Set money and room for a lease aside; False with a refusal as the result when they are not there now."""
    paid = purses.pay(plan.request, plan.charged, starts=plan.request.use_cashback)
    if isinstance(paid, Refusal):
        plan.result = paid
        return False
    plan.charged = paid
    return True


def _try_again(short: Iterable[_Plan], freed: Collection[int]) -> None:
    """What was set aside for somebody who then got no number may be enough for these after all."""
    for plan in short:
        if plan.request.account_id in freed:
            plan.result = Again(plan.request)


async def _settle(tx: Connection, made: Sequence[_Plan], purses: Purses) -> None:
    """What leases that were made change besides themselves: limited tiers, the switch of cashback, names of end users."""
    await limited.take(tx, Counter(plan.tier[0].id for plan in made if plan.tier[0].remaining is not None))
    await spending.start(tx, purses.starting & {plan.request.account_id for plan in made})
    await name_end_users(tx, [plan.request for plan in made])


def _repeated(plans: Sequence[_Plan]) -> bool:
    """Whether somebody is told that an order was served: by a commit, so that the standby has the first one too."""
    return any(type(plan.result) is OrderExists for plan in plans)


async def _used_orders(tx: Connection, requests: Sequence[LeaseRequest]) -> set[tuple[int, object]]:
    ordered = [(request.account_id, request.order) for request in requests if request.order is not None]
    if not ordered:
        return set()
    rows = await tx.fetch(Q.used_orders, *(list(column) for column in zip(*ordered, strict=True)))
    return {(account_id, digest) for account_id, digest in rows}


def _wish(plan: _Plan) -> shelves.Wish:
    request = plan.request
    return shelves.Wish(request.service_id, tuple(offer.pool_id for offer in plan.tier), request.excluded)


def _result(plan: _Plan) -> Activation | Opened | Refusal | Again:
    return plan.result if plan.result is not None else NoNumbers()
