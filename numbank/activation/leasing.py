"""Leases as callers see them: the lease counter, and where it opened an order, the supplier's answer, offer after offer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from numbank.activation.model import Activation, LeaseRequest, Lost, Opened, Settlement
from numbank.errors import Overloaded, Refusal, Unavailable
from numbank.supply.asking import AskedSuppliers, Question

log = structlog.get_logger("numbank")

# A supplier's answer that cannot be written down now is worth some tries: a number may be paid for.
SETTLE_TRIES = 6
SETTLE_PAUSE_S = 0.2


class _Order(msgspec.Struct):
    """An order that is out; `wanted` until its customer stops waiting."""

    opened: Opened
    wanted: bool = True


class Leasing:
    """Leases numbers. `soft_s` is how long a customer waits for one supplier, `most` how many are asked for one request."""

    def __init__(
        self,
        ask: Callable[[LeaseRequest], Awaitable[Activation | Opened | Refusal]],
        settle: Callable[[Settlement], Awaitable[Activation | Lost | Refusal]],
        suppliers: AskedSuppliers,
        *,
        soft_s: float,
        most: int,
    ) -> None:
        self._ask = ask
        self._settle = settle
        self._suppliers = suppliers
        self._soft_s = soft_s
        self._most = most
        self._running: set[asyncio.Task[Activation | Lost | Refusal]] = set()

    async def lease(self, request: LeaseRequest) -> Activation | Refusal:
        """Lease a number. With stock here this is one wait for the counter and nothing else."""
        result = await self._ask(request)
        return await self._order(result) if isinstance(result, Opened) else result

    async def stop(self) -> None:
        """Wait for the suppliers that were asked; each ends at its hard deadline."""
        while self._running:
            await asyncio.wait(set(self._running))

    async def _order(self, opened: Opened) -> Activation | Refusal:
        """Ask one supplier after the other, with what the desk offers in between; none twice for one request."""
        asked = 0
        while True:
            asked += 1
            result = await self._patiently(opened)
            if isinstance(result, Lost):
                # Kept: an answer was written down, but the word of that was lost on the way; the lease shows in the lists.
                if result.kept:
                    return Unavailable()
            else:
                return result
            over = (
                {-opened.supplier_id} if asked < self._most else {-supplier_id for supplier_id in self._suppliers.ids}
            )
            # It goes on with one request, which was counted when it began.
            request = msgspec.structs.replace(opened.request, tried=opened.request.tried | over, per_min=0)
            answer = await self._ask(request)
            if not isinstance(answer, Opened):
                return answer
            opened = answer

    async def _patiently(self, opened: Opened) -> Activation | Lost | Refusal:
        """Ask a supplier and wait until the soft deadline; the call runs on, and what it still brings is given back."""
        order = _Order(opened)
        task = asyncio.create_task(self._carry_out(order), name=f"order-{opened.lease_id}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        # wait, not await: a customer who goes away must not take the call along.
        done, _ = await asyncio.wait({task}, timeout=self._soft_s)
        if not done:
            order.wanted = False
            result = await self._settle(Settlement(opened, None))
            if not (isinstance(result, Lost) and result.kept):
                return result
            await asyncio.wait({task})
        return task.result()

    async def _carry_out(self, order: _Order) -> Activation | Lost | Refusal:
        """Ask and settle, until the answer is written down or nobody can."""
        opened = order.opened
        request = opened.request
        question = Question(
            opened.acquisition_id,
            request.country_id,
            request.service_id,
            request.operators,
            opened.charged.price,
            opened.currency,
            request.kind,
            request.forward,
            request.language,
            request.excluded,
        )
        answer = await self._suppliers.acquire(opened.supplier_id, question)
        for tries in range(SETTLE_TRIES):
            result = await self._settle(Settlement(opened, answer, order.wanted))
            if not isinstance(result, Unavailable | Overloaded):
                return result
            await asyncio.sleep(SETTLE_PAUSE_S * 2**tries)
        log.error("order_not_settled", acquisition=opened.acquisition_id, answer=type(answer).__name__)
        return Unavailable()
