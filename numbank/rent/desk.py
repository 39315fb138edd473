"""The desk that rents numbers out: one transaction for everyone who waits. Load, decide, claim, save.

Locks: accounts, shelves, numbers (engine 1.2). A rented number is held under minus the rental's id: nobody else gets it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial

import msgspec

from numbank.db.counter import Again, Answers
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import NoNumbers, Refusal
from numbank.leases.paying import NOTHING, Charged, Purses, open_purses
from numbank.leases.refs import of_rent
from numbank.rent import rules, terms, writing
from numbank.rent.model import Rental, RentRequest
from numbank.rent.reading import tables_of
from numbank.supply import claim as shelves
from numbank.supply.supplier import Suppliers

Q = Queries("numbank.rent")

Key = tuple[int, int, bool]  # country, service, whether calls are wanted
# Gives the endpoint of an account's address that was checked; the account is locked.
Endpoint = Callable[[Connection, int, str], Awaitable[int]]


class _Plan(msgspec.Struct):
    """One request on its way through a batch: the pools that fit, those it tries now, the price; or its result."""

    request: RentRequest
    fitting: Sequence[rules.Pool] = ()
    trying: Sequence[rules.Pool] = ()
    charged: Charged = NOTHING
    result: Rental | Refusal | Again | None = None


class RentDesk:
    """Serves the rent counter. `endpoint` is for addresses that messages are told to, `cancel_s` is how long a rental can be
    cancelled."""

    def __init__(
        self, suppliers: Suppliers, endpoint: Endpoint, *, operator_fallback: bool, claim_pools: int, cancel_s: float
    ) -> None:
        self._suppliers = suppliers
        self._endpoint = endpoint
        self._operator_fallback = operator_fallback
        self._claim_pools = claim_pools
        self._cancel_s = cancel_s

    async def serve(self, tx: Connection, requests: Sequence[RentRequest]) -> Answers[Rental]:
        """Rent numbers for all requests. Money is decided in order of arrival on the locked balances."""
        purses = await open_purses(tx, requests)
        plans = await self._load(tx, requests, purses)
        short = [plan for plan in plans if plan.result is None and not _set_aside(plan, purses)]
        buying = [plan for plan in plans if plan.result is None]
        if not buying:
            return Answers([_result(plan) for plan in plans], keep=False)
        claims = await shelves.claim(
            tx, [shelves.Wish(plan.request.service_id, tuple(pool.id for pool in plan.trying)) for plan in buying]
        )
        winners = []
        freed = set()
        for index, plan in enumerate(buying):
            found = claims.found[index]
            if found is not None:
                winners.append((plan, found))
                continue
            freed.add(plan.request.account_id)
            plan.result = claims.otherwise(index, plan.request, partial(self._elsewhere, plan))
        for plan in short:  # what was set aside for somebody who then got no number may be enough after all
            if plan.request.account_id in freed:
                plan.result = Again(plan.request)
        if winners or claims.moved:
            await self._save(tx, winners, claims, purses)
        return Answers([_result(plan) for plan in plans], keep=bool(winners) or claims.moved)

    async def _load(self, tx: Connection, requests: Sequence[RentRequest], purses: Purses) -> list[_Plan]:
        """Read terms and pools; refuse what cannot be served."""
        tables = await tables_of(tx, ((one.country_id, one.service_id) for one in requests))
        pools = await pools_for(tx, ((one.country_id, one.service_id, one.calls) for one in requests))
        plans = [_Plan(request) for request in requests]
        for plan in plans:
            request = plan.request
            table = tables[request.country_id, request.service_id]
            price = terms.price_of(table, request.hours)
            plan.result = purses.refuse(request) or terms.refuse_hours(table, request.hours)
            plan.fitting = rules.fit(
                pools.get((request.country_id, request.service_id, request.calls), []),
                request.operators,
                operator_fallback=self._operator_fallback,
            )
            plan.trying = rules.choose(plan.fitting, request.tried, self._claim_pools)
            if plan.result is None and (price is None or not plan.trying):
                plan.result = NoNumbers()
            plan.charged = Charged(price or 0)
        return plans

    def _elsewhere(self, plan: _Plan) -> Refusal | Again:
        """All pools that were tried are empty: the next batch tries the next ones, if there are any."""
        tried = plan.request.tried | {pool.id for pool in plan.trying}
        if not rules.choose(plan.fitting, tried, 1):
            return NoNumbers()
        return Again(msgspec.structs.replace(plan.request, tried=tried))

    async def _save(
        self, tx: Connection, winners: Sequence[tuple[_Plan, shelves.Claim]], claims: shelves.Claims, purses: Purses
    ) -> None:
        """Numbers, endpoints, holds, rentals, and the suppliers' own word, in the order of the locks."""
        ids = await tx.fetch(Q.next_ids, len(winners)) if winners else []
        taken = [(found, of_rent(row[0])) for (_, found), row in zip(winners, ids, strict=True)]
        await shelves.save(tx, claims, taken)
        if not winners:
            return
        rows = []
        for (plan, found), (rent_id, hold_id, _) in zip(winners, ids, strict=True):
            request = plan.request
            pool = next(pool for pool in plan.trying if pool.id == found.pool_id)
            hook_id = await self._endpoint(tx, request.account_id, request.url) if request.url else None
            currency = purses.balances[request.account_id].currency
            new = writing.New(
                request.account_id, request.country_id, request.service_id, pool.supplier_id, pool.operator_id,
                found.number_id, found.e164, currency, request.hours, plan.charged, found.tries, request.calls, hook_id,
            )  # fmt: skip
            rows.append((rent_id, hold_id, new))
        made = await writing.write(tx, rows, ids[0][2], self._suppliers, cancel_s=self._cancel_s)
        for (plan, _), rental in zip(winners, made, strict=True):
            plan.result = rental


async def pools_for(tx: Connection, keys: Iterable[Key]) -> dict[Key, list[rules.Pool]]:
    """The pools whose numbers can be rented by (country, service, with calls)."""
    wanted = list(dict.fromkeys(keys))
    found: dict[Key, list[rules.Pool]] = {}
    if wanted:
        for key, *pool in await tx.fetch(Q.pools, *(list(column) for column in zip(*wanted, strict=True))):
            found.setdefault(wanted[key - 1], []).append(rules.Pool(*pool))
    return found


def _set_aside(plan: _Plan, purses: Purses) -> bool:
    """Set money and room aside; False with a refusal as the result when they are not there now."""
    paid = purses.pay(plan.request, plan.charged)
    if isinstance(paid, Refusal):
        plan.result = paid
        return False
    plan.charged = paid
    return True


def _result(plan: _Plan) -> Rental | Refusal | Again:
    return plan.result if plan.result is not None else NoNumbers()
