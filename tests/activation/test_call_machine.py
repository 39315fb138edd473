"""Hypothesis drives a lease for a call through all events on the real desks, and compares it with a model (12.2, 10g)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)

from numbank.activation.advance import AdvanceDesk
from numbank.activation.desk import LeaseDesk
from numbank.activation.model import AdvanceRequest, LeaseRequest
from numbank.activation.states import Event, State
from numbank.clock import new_uuid
from numbank.codes.spoken import hear
from numbank.errors import BadStatus, EarlyCancel
from numbank.intake.deliver import DeliverDesk
from numbank.messages.calls import Kind
from numbank.messages.model import Incoming, Medium
from numbank.messages.rules import CodeRules
from numbank.supply.numbers import CALL, SMS
from numbank.supply.supplier import Suppliers
from tests.machines import BankMachine, run_on_own_bank

pytestmark = pytest.mark.slow

PRICE, START = 1_000, 100_000
LIFE_S, WINDOW_S, DIGITS = 1200, 120, 5
CALLERS = ("447911123456", "+44 7911 654-321", "900", "anonymous", "", "12345")
TRANSCRIPTS = ("", "Hello?", "your code is 4 8 2 9", "your code is one two three four five", "press one")


class Model:
    """What the documents say of a lease for a call, in another way than the bank's tables."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.age_s = 0
        self.ready = False
        self.calls: list[str | None] = []
        self.ended_by: Event | None = None

    @property
    def over(self) -> bool:
        return self.ended_by is not None

    @property
    def state(self) -> State:
        if self.over:
            return State.DONE if self.calls else State.CANCELLED
        if self.calls:
            return State.CODE
        return State.READY if self.ready else State.PREPARED

    @property
    def code(self) -> str | None:
        return next((code for code in reversed(self.calls) if code is not None), None)

    @property
    def hold(self) -> int:
        return 1 if self.calls else 2 if self.over else 0

    def customer(self, event: Event) -> type[Exception] | None:
        """What the bank must refuse with, or None after the model took the event."""
        if self.over:
            return None if event == self.ended_by else BadStatus
        if self.calls and event is not Event.FINISH:
            return BadStatus  # only the end is possible after the call
        if event is Event.AGAIN:
            return BadStatus
        if event is Event.READY:
            self.ready = True
            return None
        if not self.calls and self.age_s < WINDOW_S:
            return EarlyCancel
        self.ended_by = event
        return None

    def call(self, caller: str, transcript: str) -> None:
        """A call comes: paid and shown if there is anything in it for this kind of lease."""
        if self.over:
            return
        digits = "".join(each for each in caller if each in "0123456789") if "a" not in caller else ""
        if self.kind is Kind.VOICE:
            self.calls.append(hear(transcript).code)
        elif digits:
            self.calls.append(digits[-DIGITS:] if len(digits) >= DIGITS else None)


class CallMachine(BankMachine):
    """One database for all runs; every run leases a number of its own."""

    service_id = 0

    @initialize(kind=st.sampled_from([Kind.FLASH, Kind.VOICE]))
    def lease(self, kind: Kind) -> None:
        self.model = Model(kind)
        self.wait(self.move_clock())
        self.account_id, _ = self.wait(self.shop.customer(balance=START))
        self.wait(self.shop.numbers(1, abilities=SMS | CALL))
        desk = LeaseDesk(Suppliers(), operator_fallback=True, claim_pools=1)
        request = LeaseRequest(self.account_id, 0, self.service_id, LIFE_S, WINDOW_S, kind=kind)
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

    @rule(caller=st.sampled_from(CALLERS), transcript=st.sampled_from(TRANSCRIPTS), twice=st.booleans())
    def call_comes(self, caller: str, transcript: str, *, twice: bool) -> None:
        found = hear(transcript)
        call = Incoming(
            1, str(new_uuid()), self.activation.e164, caller, transcript, found.code, found.confidence, frozenset(),
            medium=Medium.CALL, recording_url="https://sims.example/a.wav" if twice else "",
        )  # fmt: skip
        self.serve(DeliverDesk(frozenset, code_rules=CodeRules(lambda _: DIGITS)).serve, [call] * (1 + twice))
        self.model.call(caller, transcript)

    @rule()
    def sms_comes(self) -> None:
        sms = Incoming(1, str(new_uuid()), self.activation.e164, "x", "code 77777", "77777", 1.0, frozenset())
        self.serve(DeliverDesk(frozenset).serve, [sms])

    @precondition(lambda self: self.model.age_s >= LIFE_S)
    @rule()
    def time_is_over(self) -> None:
        if not self.model.over:
            self.model.ended_by = Event.EXPIRE
            assert self.advance(Event.EXPIRE, None) == self.model.state

    @invariant()
    def bank_and_model_agree(self) -> None:
        async def look() -> tuple[Any, ...]:
            row = await self.connection.fetchrow(
                "select a.state, a.code, c.cash, h.state as hold,"
                " (select count(*) from message m where m.lease_id = a.id and m.kind = 1) as calls,"
                " (select count(*) from message m where m.lease_id = a.id and m.kind = 0) as messages"
                " from activation a join account c on c.id = a.account_id join hold h on h.id = a.hold_id where a.id = $1",
                self.activation.id,
            )
            assert row is not None
            return tuple(row)

        if hasattr(self, "activation"):
            paid = 0 if self.model.hold == 2 else PRICE
            expected = (self.model.state, self.model.code, START - paid, self.model.hold, len(self.model.calls), 0)
            assert self.wait(look()) == expected


def test_a_lease_for_a_call_does_what_the_documents_say(template: str) -> None:
    async def stock() -> None:
        await CallMachine.shop.numbers(1, abilities=SMS | CALL)
        for kind in (Kind.FLASH, Kind.VOICE):
            await CallMachine.shop.offer("tg", price=PRICE, kind=kind)
        CallMachine.service_id = CallMachine.shop.catalogue.by_code["tg"].id

    run_on_own_bank(CallMachine, template, stock, examples=50, steps=20)
