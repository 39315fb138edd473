"""The desk that leases numbers: one transaction for everyone who waits. Load, decide, claim, save."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from numbank.activation import rules
from numbank.activation.model import Activation, LeaseRequest, Offer, Opened
from numbank.activation.ordering import open_orders, write_order_ids
from numbank.activation.states import State
from numbank.db.counter import Again, Answers
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import NoBalance, NoNumbers, OrderExists, Refusal
from numbank.ledger import journal
from numbank.supply import claim as shelves
from numbank.supply.asking import AskedSuppliers
from numbank.supply.supplier import Leased, Suppliers

Q = Queries("numbank.activation")


class _Plan(msgspec.Struct):
    """One request on its way through a batch: the offers it tries now, all at `price`, or its result."""

    request: LeaseRequest
    offers: list[Offer] = []
    tier: list[Offer] = []
    result: Activation | Opened | Refusal | Again | None = None


class LeaseDesk:
    """Serves the lease counter. `asked` and `patience_s` are for suppliers that have to be asked; activation/leasing.py."""

    def __init__(
        self,
        suppliers: Suppliers,
        *,
        operator_fallback: bool,
        claim_pools: int,
        asked: AskedSuppliers | None = None,
        patience_s: float = 0.0,
    ) -> None:
        self._suppliers = suppliers
        self._asked = asked or AskedSuppliers(0.0)
        self._patience_s = patience_s
        self._operator_fallback = operator_fallback
        self._claim_pools = claim_pools

    async def serve(self, tx: Connection, requests: Sequence[LeaseRequest]) -> Answers[Activation | Opened]:
        """Lease numbers or open orders for all requests. Money is decided in arrival order on the locked balances."""
        balances = await journal.lock_balances(tx, [request.account_id for request in requests])
        plans = await self._load(tx, requests)
        waiting = [plan for plan in plans if plan.result is None]
        short = self._reserve(waiting, balances)
        buying = [plan for plan in waiting if plan.result is None]
        if not buying:
            return Answers([_result(plan) for plan in plans], keep=False)
        asking = [plan for plan in buying if plan.tier[0].asked]
        buying = [plan for plan in buying if not plan.tier[0].asked]
        wishes = [shelves.Wish(plan.request.service_id, tuple(offer.pool_id for offer in plan.tier)) for plan in buying]
        claims = await shelves.claim(tx, wishes)
        winners = []
        freed: set[int] = set()
        for index, plan in enumerate(buying):
            found = claims.found[index]
            if found is not None:
                winners.append((plan, found))
                continue
            freed.add(plan.request.account_id)
            plan.result = Again(plan.request) if index in claims.more else self._elsewhere(plan)
        for plan in short:
            # Money that was set aside for somebody who then got no number may be enough after all.
            plan.result = Again(plan.request) if plan.request.account_id in freed else NoBalance()
        if winners or claims.moved:
            await self._save(tx, winners, claims, balances)
        if asking:
            wanted = [(plan.request, plan.tier[0]) for plan in asking]
            opened = await open_orders(tx, wanted, balances, self._patience_s)
            for plan, order in zip(asking, opened, strict=True):
                plan.result = order
        return Answers([_result(plan) for plan in plans], keep=bool(winners or asking) or claims.moved)

    async def _load(self, tx: Connection, requests: Sequence[LeaseRequest]) -> list[_Plan]:
        """Read used orderIds and offers; refuse what cannot be served."""
        plans = [_Plan(request) for request in requests]
        ordered = [(request.account_id, request.order) for request in requests if request.order is not None]
        used: set[tuple[int, object]] = set()
        if ordered:
            rows = await tx.fetch(Q.used_orders, [account for account, _ in ordered], [order for _, order in ordered])
            used = {(account_id, digest) for account_id, digest in rows}
        keys = list(dict.fromkeys((request.country_id, request.service_id) for request in requests))
        offers: dict[tuple[int, int], list[Offer]] = {}
        rows = await tx.fetch(
            Q.offers, [country for country, _ in keys], [service for _, service in keys], self._asked.ids
        )
        for key, *offered in rows:
            offers.setdefault(keys[key - 1], []).append(Offer(*offered))
        for plan in plans:
            request = plan.request
            if (request.account_id, request.order) in used:
                plan.result = OrderExists()
                continue
            plan.offers = offers.get((request.country_id, request.service_id), [])
            self._choose(plan)
        return plans

    def _choose(self, plan: _Plan) -> None:
        chosen = rules.choose(
            plan.request, plan.offers, operator_fallback=self._operator_fallback, limit=self._claim_pools
        )
        if isinstance(chosen, Refusal):
            plan.result = chosen
        else:
            plan.tier = chosen

    def _reserve(self, plans: list[_Plan], balances: dict[int, journal.Balance]) -> list[_Plan]:
        """Set the price aside in arrival order; gives the plans for which it is not there now."""
        left = {account_id: balance.cash for account_id, balance in balances.items()}
        short = []
        for plan in plans:
            account_id = plan.request.account_id
            price = plan.tier[0].price
            if left[account_id] < price:
                plan.result = NoBalance()
                short.append(plan)
            else:
                left[account_id] -= price
        return short

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
        """Holds, numbers, activations, orderIds, and the suppliers' own word, in the order of the locks."""
        ids = await tx.fetch(Q.next_ids, len(winners)) if winners else []
        await shelves.save(tx, claims, [(found, row[0]) for (_, found), row in zip(winners, ids, strict=True)])
        if not winners:
            return
        holds, rows, leased = [], [], []
        for (plan, found), (lease_id, hold_id, now) in zip(winners, ids, strict=True):
            request = plan.request
            offer = next(offer for offer in plan.tier if offer.pool_id == found.pool_id)
            balance = balances[request.account_id]
            holds.append(journal.Hold(hold_id, request.account_id, offer.price, 0, balance.currency))
            activation = Activation(
                lease_id, request.account_id, request.country_id, request.service_id, offer.operator, found.e164,
                offer.price, balance.currency, State.PREPARED, now,
                now + timedelta(seconds=request.early_cancel_s), now + timedelta(seconds=request.life_s),
            )  # fmt: skip
            plan.result = activation
            leased.append(
                Leased(
                    lease_id,
                    request.country_id,
                    request.service_id,
                    offer.supplier_id,
                    found.e164,
                    now,
                    activation.due_at,
                )
            )
            rows.append((
                lease_id, request.account_id, request.country_id, request.service_id, offer.supplier_id, offer.operator_id,
                found.number_id, found.e164, hold_id, offer.price, balance.currency, found.tries,
                request.early_cancel_s, request.life_s,
            ))  # fmt: skip
        await journal.place_holds(tx, holds)
        columns = [list(column) for column in zip(*rows, strict=True)]
        await tx.execute(Q.insert_activations, *columns[:13], ids[0][2], columns[13])
        await write_order_ids(tx, ((plan.request, row[0]) for (plan, _), row in zip(winners, ids, strict=True)))
        await self._suppliers.leased(tx, leased)


def _result(plan: _Plan) -> Activation | Opened | Refusal | Again:
    return plan.result if plan.result is not None else NoNumbers()
