"""The desk for several services on one number: as many leases and holds as services, or nothing (protocol.md 2.8).

Locks: accounts, tiers, shelves of all services, numbers (engine 1.2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

import msgspec

from numbank.activation import further, rules
from numbank.activation.model import Activation, LeaseRequest, Offer, Origin
from numbank.activation.offering import offered, surcharged
from numbank.catalogue import limited
from numbank.db.counter import Again, Answers
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import NoNumbers, Refusal
from numbank.leases.paying import Charged, Purses, open_purses
from numbank.ledger import journal
from numbank.supply import claim as shelves
from numbank.supply.supplier import Suppliers

Q = Queries("numbank.activation")


class MultiRequest(msgspec.Struct, frozen=True):
    """A customer wants one number for several services: a LeaseRequest each, of one account, country and operators.

    The first one holds the number. At most one of them wants forwarding. `tried` are pools that earlier batches found
    empty.
    """

    parts: tuple[LeaseRequest, ...]
    tried: frozenset[int] = frozenset()

    @property
    def account_id(self) -> int:
        """Whose leases they will be."""
        return self.parts[0].account_id

    @property
    def max_live(self) -> int:
        """How many live leases the account may have, 0 for no limit."""
        return self.parts[0].max_live

    @property
    def per_min(self) -> int:
        """How many leases the account may make within 60 s, 0 for no limit."""
        return self.parts[0].per_min


class Choice(msgspec.Struct, frozen=True):
    """A pool that serves all parts, with the tier of each."""

    pool_id: int
    tiers: tuple[Offer, ...]


class _Plan(msgspec.Struct):
    """One request on its way through a batch: the pools it tries now, what each part costs; or its result."""

    request: MultiRequest
    choices: list[Choice] = []
    charged: list[Charged] = []
    result: list[Activation] | Refusal | Again | None = None


def choose(
    request: MultiRequest, offers: Sequence[Sequence[Offer]], *, operator_fallback: bool, limit: int
) -> list[Choice]:
    """The pools that serve every part at its regular price, those with stock first; `offers` are those of each part.

    Operators that serve nobody fall back to the first that do (protocol.md 12.2, 19).
    """
    for fallback in (False, True) if operator_fallback and request.parts[0].operators else (False,):
        by_pool: list[dict[int, Offer]] = []
        for part, tiers in zip(request.parts, offers, strict=True):
            wanted = msgspec.structs.replace(part, operators=frozenset()) if fallback else part
            fitting = [one for one in rules.fit(wanted, tiers, operator_fallback=False) if not one.asked]
            regular = rules.regular_price(fitting)
            by_pool.append({one.pool_id: one for one in fitting if one.price == regular})
        shared = set.intersection(*(set(one) for one in by_pool))
        if shared:
            found = [Choice(pool_id, tuple(one[pool_id] for one in by_pool)) for pool_id in shared - request.tried]
            found = [one for one in found if all(tier.left for tier in one.tiers)]
            found.sort(key=lambda one: (min(tier.available for tier in one.tiers) <= 0, one.pool_id))
            return found[:limit]
    return []


def share_out(parts: Sequence[Charged], paid: Charged) -> list[Charged]:
    """Spread the cashback of a charge over its parts, the first ones first."""
    left = paid.cashback
    spread = []
    for part in parts:
        cashback = min(left, part.price)
        left -= cashback
        spread.append(msgspec.structs.replace(part, cashback=cashback))
    return spread


class MultiDesk:
    """Serves the multi-service counter. `surcharge` is what forwarding costs where the offer's terms say nothing."""

    def __init__(self, suppliers: Suppliers, *, operator_fallback: bool, claim_pools: int, surcharge: int) -> None:
        self._suppliers = suppliers
        self._operator_fallback = operator_fallback
        self._claim_pools = claim_pools
        self._surcharge = surcharge

    async def serve(self, tx: Connection, requests: Sequence[MultiRequest]) -> Answers[list[Activation]]:
        """Lease numbers for all requests. Money is decided in order of arrival on the locked balances."""
        purses = await open_purses(tx, requests)
        plans = await self._load(tx, requests)
        short = self._set_aside(plans, purses)
        freed = await self._hold_tiers(tx, [plan for plan in plans if plan.result is None])
        buying = [plan for plan in plans if plan.result is None]
        claims = await shelves.claim(tx, [_wish(plan) for plan in buying])
        winners: list[tuple[_Plan, Choice, shelves.Claim]] = []
        for index, plan in enumerate(buying):
            found = claims.found[index]
            if found is not None:
                winners.append((plan, next(one for one in plan.choices if one.pool_id == found.pool_id), found))
                continue
            freed.add(plan.request.account_id)
            plan.result = claims.otherwise(index, plan.request, partial(_elsewhere, plan))
        for plan in short:
            # What was set aside for somebody who then got no number may be enough for these after all.
            if plan.request.account_id in freed:
                plan.result = Again(plan.request)
        if winners or claims.moved:
            await self._save(tx, winners, claims, purses.balances)
        results = [plan.result if plan.result is not None else NoNumbers() for plan in plans]
        return Answers(results, keep=bool(winners) or claims.moved)

    async def _load(self, tx: Connection, requests: Sequence[MultiRequest]) -> list[_Plan]:
        """Read offers and their terms; refuse what no pool serves."""
        parts = [part for request in requests for part in request.parts]
        offers = await offered(tx, parts)
        surcharges = await surcharged(tx, parts)
        plans = []
        for request in requests:
            tiers = [offers.get((one.country_id, one.service_id, one.kind), []) for one in request.parts]
            choices = choose(request, tiers, operator_fallback=self._operator_fallback, limit=self._claim_pools)
            plan = _Plan(request, choices, result=None if choices else NoNumbers())
            if choices:
                plan.charged = [
                    rules.charge(tier, part, surcharges.get((part.country_id, part.service_id), self._surcharge))
                    for tier, part in zip(choices[0].tiers, request.parts, strict=True)
                ]
            plans.append(plan)
        return plans

    @staticmethod
    def _set_aside(plans: Sequence[_Plan], purses: Purses) -> list[_Plan]:
        """Set money and room aside in order of arrival; gives the plans for which they are not there now."""
        short = []
        for plan in plans:
            request = plan.request
            total = Charged(sum(one.price for one in plan.charged), sum(one.surcharge for one in plan.charged))
            full = purses.refuse(request, len(request.parts))
            if full is not None:
                plan.result = full  # the state of the account comes before the stock
            if plan.result is not None:
                continue
            paid = purses.pay(request, total, len(request.parts))
            if isinstance(paid, Refusal):
                plan.result = paid
                short.append(plan)
                continue
            plan.charged = share_out(plan.charged, paid)
        return short

    async def _hold_tiers(self, tx: Connection, plans: Sequence[_Plan]) -> set[int]:
        """Set one of each limited tier aside for everybody who tries it, in order of arrival, under the tiers' locks.

        Who comes too late asks again: the next batch sees what is left. Gives the accounts of those.
        """
        held = {tier.id for plan in plans for one in plan.choices for tier in one.tiers if tier.remaining is not None}
        freed: set[int] = set()
        if not held:
            return freed
        left = {tier_id: count or 0 for tier_id, count in (await limited.lock(tx, held)).items()}
        for plan in plans:
            plan.choices = [
                one for one in plan.choices if all(left.get(tier.id, 0) > 0 for tier in one.tiers if tier.id in held)
            ]
            if not plan.choices:
                plan.result = Again(plan.request)
                freed.add(plan.request.account_id)
            for tier_id in {tier.id for one in plan.choices for tier in one.tiers} & held:
                left[tier_id] -= 1
        return freed

    async def _save(
        self,
        tx: Connection,
        winners: Sequence[tuple[_Plan, Choice, shelves.Claim]],
        claims: shelves.Claims,
        balances: dict[int, journal.Balance],
    ) -> None:
        """Numbers, holds, activations, tiers; the first lease of each number holds it for the others."""
        wanted = sum(len(plan.request.parts) for plan, _, _ in winners)
        ids = await tx.fetch(Q.next_ids, wanted) if wanted else []
        fresh = iter(ids)
        rows, leased = [], []
        for plan, choice, found in winners:
            root: int | None = None
            for part, tier, charged in zip(plan.request.parts, choice.tiers, plan.charged, strict=True):
                lease_id, hold_id, _ = next(fresh)
                if root is None:
                    leased.append((found, lease_id))
                rows.append((
                    lease_id, hold_id,
                    _further(part, tier, found, charged, balances[part.account_id].currency, group_id=root),
                ))  # fmt: skip
                root = root or lease_id
        await shelves.save(tx, claims, leased)
        if not rows:
            return
        made = iter(await further.write(tx, rows, ids[0][2], self._suppliers))
        for plan, _, _ in winners:
            plan.result = [next(made) for _ in plan.request.parts]
        tiers = [tier for _, choice, _ in winners for tier in choice.tiers if tier.remaining is not None]
        await limited.take(tx, Counter(tier.id for tier in tiers))


def _elsewhere(plan: _Plan) -> Again:
    """All pools that were tried are empty: the next batch tries the others, or refuses."""
    tried = plan.request.tried | {one.pool_id for one in plan.choices}
    return Again(msgspec.structs.replace(plan.request, tried=tried))


def _wish(plan: _Plan) -> shelves.Wish:
    first, *others = plan.request.parts
    pools = tuple(one.pool_id for one in plan.choices)
    return shelves.Wish(first.service_id, pools, first.excluded, tuple(one.service_id for one in others))


def _further(
    part: LeaseRequest, tier: Offer, found: shelves.Claim, charged: Charged, currency: int, *, group_id: int | None
) -> further.Further:
    return further.Further(
        part.account_id, part.country_id, part.service_id, tier.supplier_id, tier.operator_id, tier.operator,
        found.number_id, found.e164, charged, currency, Origin.MULTI, part.early_cancel_s, part.life_s,
        tries=found.tries if group_id is None else 0, group_id=group_id, offer_id=tier.id,
        counted=tier.remaining is not None, discount_bp=part.discount_bp, forward=part.forward, ref=part.ref,
    )  # fmt: skip
