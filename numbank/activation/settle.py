"""The desk that settles orders: what asked suppliers answered becomes a lease, or gives the money back. One transaction
for all that wait.

Locks: accounts, limited tiers of orders that may be lost, identities of numbers without a row, shelves, numbers, leases,
acquisitions (engine 1.2).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from numbank.activation import rules
from numbank.activation.advance import AdvanceDesk, read_locked
from numbank.activation.lookback import Found, look_back
from numbank.activation.model import Activation, AdvanceRequest, Lease, Lost, Opened, Settlement
from numbank.activation.states import FIRST_ENDED, Event, State
from numbank.catalogue import limited
from numbank.db.counter import Answers
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.ledger import journal
from numbank.messages.model import Incoming, Read
from numbank.messages.rules import DEFAULT, CodeRules
from numbank.supply import acquisitions, given
from numbank.supply.acquisitions import UNANSWERED, Acquisition, AcquisitionState, Answered
from numbank.supply.asking import Answer, Held
from numbank.supply.e164 import is_plausible

Q = Queries("numbank.activation")


class _Batch(msgspec.Struct):
    """What was locked and read, and what is decided so far: a number or a reference counts once within a batch too."""

    leases: dict[int, Lease]
    acquisitions: dict[int, Acquisition]
    numbers: dict[tuple[int, int], given.Given]
    references: set[tuple[int, str]]
    answered: list[Answered] = []
    held: list[tuple[Opened, given.Given]] = []
    lost: list[int] = []


class SettleDesk:
    """Serves the settle counter. `read` reads a message again, for the look-back."""

    def __init__(
        self,
        advance: AdvanceDesk,
        any_service_ids: Callable[[], frozenset[int]],
        read: Callable[[Incoming], Awaitable[Read]],
        code_rules: CodeRules = DEFAULT,
    ) -> None:
        self._advance = advance
        self._code_rules = code_rules
        self._any_service_ids = any_service_ids
        self._read = read

    async def serve(self, tx: Connection, settlements: Sequence[Settlement]) -> Answers[Activation | Lost]:
        """Settle orders. The counter gives no order twice in one batch."""
        orders = [one.opened for one in settlements]
        await journal.lock_accounts(tx, [order.request.account_id for order in orders])
        tiers = [order.tier_id for order in orders if order.tier_id is not None]
        if tiers:
            await limited.lock(tx, tiers)
        numbers = await given.sight(tx, [_sighting(one) for one in settlements if _is_given(one)])
        leases, now = await read_locked(tx, [order.lease_id for order in orders])
        asked = await acquisitions.lock(tx, [order.acquisition_id for order in orders])
        references = [
            (one.opened.supplier_id, one.answer.reference) for one in settlements if isinstance(one.answer, Held)
        ]
        batch = _Batch(leases, asked, numbers, await acquisitions.known_references(tx, references))
        for one in settlements:
            self._decide(batch, one)
        if now is not None:
            await self._save(tx, batch, now)
        results = [_result(batch, order, now) for order in orders]
        return Answers(results, keep=bool(batch.answered or batch.lost))

    def _decide(self, batch: _Batch, one: Settlement) -> None:
        order, answer = one.opened, one.answer
        lease = batch.leases.get(order.lease_id)
        waits = lease is not None and lease.state is State.ORDERING
        asked = batch.acquisitions.get(order.acquisition_id)
        number = None
        if answer is not None and asked is not None and asked.state in UNANSWERED:
            repeated = False
            if isinstance(answer, Held):
                key = (order.supplier_id, answer.reference)
                repeated = key in batch.references
                batch.references.add(key)
                number = batch.numbers.get((answer.number, order.request.service_id))
            wanted = one.wanted and not (
                isinstance(answer, Held) and rules.rejects(order.request.excluded, answer.number)
            )
            verdict = rules.settle(lease, answer, number, order.supplier_id, wanted=wanted, repeated=repeated)
            batch.answered.append(_answered(asked.id, verdict, answer))
            if verdict.state is AcquisitionState.HELD and number is not None:
                batch.held.append((order, number))
                for key_, other in batch.numbers.items():
                    if other.number_id == number.number_id:
                        batch.numbers[key_] = msgspec.structs.replace(other, free=False)
                return
        if waits:
            batch.lost.append(order.lease_id)

    async def _save(self, tx: Connection, batch: _Batch, now: datetime) -> None:
        """Numbers, leases, acquisitions; then what is lost is voided, and what came before the answer is handed over."""
        if batch.held:
            await given.take(
                tx, [(number.number_id, order.lease_id, order.request.service_id) for order, number in batch.held]
            )
            rows = [
                (order.lease_id, number.number_id, number.e164, order.request.early_cancel_s, order.request.life_s)
                for order, number in batch.held
            ]
            changed = await tx.fetchval(Q.save_held, *(list(column) for column in zip(*rows, strict=True)), now)
            if changed != len(rows):
                raise RuntimeError(f"{changed} of {len(rows)} activations waited for their number")
            for order, number in batch.held:
                lease = batch.leases[order.lease_id]
                batch.leases[lease.id] = msgspec.structs.replace(
                    lease, state=State.PREPARED, number_id=number.number_id
                )
        await acquisitions.save(tx, batch.answered, now)
        if batch.lost:
            await self._advance.serve(tx, [AdvanceRequest(lease_id, Event.LOST) for lease_id in batch.lost])
        if batch.held:
            asked = batch.acquisitions
            found = [
                Found(one.lease_id, one.supplier_id, asked[one.acquisition_id].asked_at, number.number_id, number.e164)
                for one, number in batch.held
            ]
            await look_back(tx, found, batch.leases, self._any_service_ids(), self._read, now, self._code_rules)


def _is_given(one: Settlement) -> bool:
    """Whether an answer brings a number that is still wanted and can be one."""
    return one.wanted and isinstance(one.answer, Held) and is_plausible(one.answer.number)


def _sighting(one: Settlement) -> given.Sighting:
    order = one.opened
    e164 = one.answer.number if isinstance(one.answer, Held) else 0
    return given.Sighting(
        order.supplier_id, order.request.country_id, order.operator_id, order.request.service_id, e164
    )


def _answered(acquisition_id: int, verdict: rules.Verdict, answer: Answer) -> Answered:
    if not isinstance(answer, Held):
        return Answered(acquisition_id, verdict.state)
    e164 = answer.number if is_plausible(answer.number) else None
    return Answered(acquisition_id, verdict.state, answer.reference, e164, answer.cost, verdict.outcome)


def _result(batch: _Batch, order: Opened, now: datetime | None) -> Activation | Lost:
    lease = batch.leases.get(order.lease_id)
    for held, number in batch.held:
        if held is order and lease is not None and now is not None:
            request = order.request
            return Activation(
                lease.id, lease.account_id, request.country_id, lease.service_id, order.operator, number.e164,
                order.charged.price, order.currency, lease.state, lease.created_at,
                now + timedelta(seconds=request.early_cancel_s), now + timedelta(seconds=request.life_s), lease.code,
                kind=request.kind, discount_bp=request.discount_bp, forward=request.forward,
            )  # fmt: skip
    return Lost(kept=lease is not None and State.ORDERING < lease.state < FIRST_ENDED)
