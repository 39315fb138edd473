"""Hypothesis drives one activation through all events on the real desks, and compares it with a model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from numbank.activation.advance import AdvanceDesk
from numbank.activation.desk import LeaseDesk
from numbank.activation.model import AdvanceRequest, LeaseRequest
from numbank.activation.states import Event, State
from numbank.clock import new_uuid
from numbank.errors import BadStatus, EarlyCancel
from numbank.intake.deliver import DeliverDesk
from numbank.messages.model import Incoming
from numbank.supply.supplier import Suppliers
from tests.machines import BankMachine, run_on_own_bank

pytestmark = pytest.mark.slow

PRICE = 1_000
START = 100_000
LIFE_S, WINDOW_S = 1200, 120


class Model:
    """What the documents say, written down once more and in another way."""

    def __init__(self) -> None:
        self.age_s = 0
        self.codes: list[str | None] = []
        self.asked_again = False
        self.ready = False
        self.resend = False
        self.ended_by: Event | None = None
        self.cancelled = False

    @property
    def state(self) -> State:
        if self.ended_by is not None:
            return State.CANCELLED if self.cancelled else State.DONE
        if self.codes:
            return State.RETRY if self.asked_again else State.CODE
        if self.resend:
            return State.RESEND
        return State.READY if self.ready else State.PREPARED

    @property
    def paid(self) -> int:
        return 0 if self.cancelled else PRICE

    @property
    def code(self) -> str | None:
        return next((code for code in reversed(self.codes) if code is not None), None)

    def customer(self, event: Event) -> type[Exception] | None:
        """What the bank must refuse with, or None after the model took the event."""
        if self.ended_by is not None:
            return None if event == self.ended_by else BadStatus
        delivered = bool(self.codes)
        match event:
            case Event.READY:
                self.ready = True
            case Event.AGAIN if not delivered:
                return BadStatus
            case Event.AGAIN:
                self.asked_again = True
            case Event.CANCEL if delivered:
                return BadStatus
            case Event.FINISH if self.resend and not delivered:
                self.resend, self.ready = False, True
            case _ if not delivered and self.age_s < WINDOW_S:
                return EarlyCancel
            case _:
                self.ended_by, self.cancelled = event, not delivered
        return None


class ActivationMachine(BankMachine):
    """One database for all runs; every run leases a number of its own."""

    dsn = ""
    service_id = 0

    @initialize()
    def lease(self) -> None:
        self.model = Model()
        self.wait(self.move_clock())
        self.account_id, _ = self.wait(self.shop.customer(balance=START))
        self.wait(self.shop.numbers(1))
        desk = LeaseDesk(Suppliers(), operator_fallback=True, claim_pools=1)
        request = LeaseRequest(self.account_id, 0, self.service_id, LIFE_S, WINDOW_S)
        self.activation = self.serve(desk.serve, [request])[0]
        assert self.activation.state is State.PREPARED

    def wait(self, awaitable: Any) -> Any:
        return self.loop.run_until_complete(awaitable)

    def serve(self, desk: Any, requests: Sequence[Any]) -> Sequence[Any]:
        async def one() -> Sequence[Any]:
            async with self.connection.transaction():
                results: Sequence[Any] = (await desk(self.connection, requests)).results
                return results

        return self.wait(one())  # type: ignore[no-any-return]

    async def move_clock(self) -> None:
        await self.connection.execute("select set_config('numbank.clock_offset_s', $1, false)", str(self.model.age_s))

    def advance(self, event: Event, account_id: int | None) -> Any:
        desk = AdvanceDesk(Suppliers(), cool_down_s=0, unused_rest_s=60, unused_tries=1)
        return self.serve(desk.serve, [AdvanceRequest(self.activation.id, event, account_id)])[0]

    @rule(event=st.sampled_from([Event.READY, Event.AGAIN, Event.FINISH, Event.CANCEL]))
    def customer_acts(self, event: Event) -> None:
        expected = self.model.customer(event)
        result = self.advance(event, self.account_id)
        if expected is None:
            assert result == self.model.state
        else:
            assert type(result) is expected

    @rule(seconds=st.sampled_from([5, WINDOW_S, 600]))
    def time_goes_by(self, seconds: int) -> None:
        self.model.age_s += seconds
        self.wait(self.move_clock())

    @rule(code=st.one_of(st.none(), st.integers(1000, 9999).map(str)), twice=st.booleans())
    def message_comes(self, code: str | None, twice: bool) -> None:
        message = Incoming(1, str(new_uuid()), self.activation.e164, "x", "text", code, 1.0, frozenset())
        self.serve(DeliverDesk(frozenset).serve, [message] * (1 + twice))
        if self.model.ended_by is None:
            first = not self.model.codes
            self.model.codes.append(code)
            if first or code is not None:
                self.model.asked_again = False

    @precondition(lambda self: self.model.age_s >= LIFE_S)
    @rule()
    def time_is_over(self) -> None:
        if self.model.ended_by is None:
            self.model.ended_by, self.model.cancelled = Event.EXPIRE, not self.model.codes
            assert self.advance(Event.EXPIRE, None) == self.model.state

    @rule()
    def supplier_wants_it_sent_again(self) -> None:
        waiting = self.model.ended_by is None and not self.model.codes
        result = self.advance(Event.ASK_RESEND, None)
        assert (result is State.RESEND) == waiting
        self.model.resend = self.model.resend or waiting

    @invariant()
    def bank_and_model_agree(self) -> None:
        async def look() -> tuple[Any, ...]:
            row = await self.connection.fetchrow(
                "select a.state, a.code, c.cash, h.state as hold from activation a join account c on c.id = a.account_id"
                " join hold h on h.id = a.hold_id where a.id = $1",
                self.activation.id,
            )
            assert row is not None
            return tuple(row)

        if hasattr(self, "activation"):
            hold = 2 if self.model.cancelled else 1 if self.model.codes else 0
            assert self.wait(look()) == (self.model.state, self.model.code, START - self.model.paid, hold)
            assert self.activation.due_at - self.activation.created_at == timedelta(seconds=LIFE_S)


def test_an_activation_does_what_the_documents_say(template: str) -> None:
    async def stock() -> None:
        await ActivationMachine.shop.numbers(1)
        await ActivationMachine.shop.offer("tg", price=PRICE)
        ActivationMachine.service_id = ActivationMachine.shop.catalogue.by_code["tg"].id

    run_on_own_bank(ActivationMachine, template, stock, examples=60, steps=25)
