"""Hypothesis buys, cancels and receives with an account that has money and cashback, and compares it with a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from numbank.activation.advance import AdvanceDesk
from numbank.activation.desk import LeaseDesk
from numbank.activation.model import Activation, AdvanceRequest, LeaseRequest
from numbank.activation.states import Event
from numbank.clock import new_uuid
from numbank.errors import NoBalance, NoBalanceForward
from numbank.intake.deliver import DeliverDesk
from numbank.messages.model import Incoming
from numbank.supply.numbers import CALL, FORWARD, SMS
from numbank.supply.supplier import Suppliers
from tests.machines import BankMachine, run_on_own_bank

pytestmark = pytest.mark.slow

PRICE, SURCHARGE, START = 1_000, 300, 2_500
CODE = "av"


class Bought:
    """A lease in the model: what it took from where, and whether that is earned."""

    def __init__(self, activation: Activation, cash: int, cashback: int) -> None:
        self.activation = activation
        self.cash = cash
        self.cashback = cashback
        self.over = False


class CashbackMachine(BankMachine):
    """One database for all runs; every run has an account of its own."""

    service_id = 0

    @initialize()
    def open_account(self) -> None:
        self.account_id, _ = self.wait(self.shop.customer(balance=START))
        self.cash, self.cashback, self.spends = START, 0, False
        self.bought: list[Bought] = []

    def wait(self, awaitable: Any) -> Any:
        return self.loop.run_until_complete(awaitable)

    def serve(self, desk: Any, requests: Sequence[Any]) -> Sequence[Any]:
        async def one() -> Sequence[Any]:
            async with self.connection.transaction():
                results: Sequence[Any] = (await desk(self.connection, requests)).results
                return results

        return self.wait(one())  # type: ignore[no-any-return]

    def expect(self, *, forward: bool, use: bool) -> tuple[int, int] | type[Exception]:
        """What a lease takes in cash and cashback, written down once more and in another way."""
        price = PRICE + SURCHARGE * forward
        pot = [("cashback", self.cashback)] if self.spends or use else []
        taken = {"cash": 0, "cashback": 0}
        missing = price
        for name, amount in (*pot, ("cash", self.cash)):
            taken[name] = min(amount, missing)
            missing -= taken[name]
        if missing > 0:
            return NoBalanceForward if forward and missing <= SURCHARGE else NoBalance
        return taken["cash"], taken["cashback"]

    @rule(wanted=st.lists(st.tuples(st.booleans(), st.sampled_from([False, False, True])), min_size=1, max_size=3))
    def lease(self, wanted: list[tuple[bool, bool]]) -> None:
        """Some leases in one batch, decided in order of arrival."""
        self.wait(self.shop.numbers(len(wanted), abilities=SMS | CALL | FORWARD))
        desk = LeaseDesk(Suppliers(), operator_fallback=True, claim_pools=1, surcharge=SURCHARGE)
        requests = [
            LeaseRequest(self.account_id, 0, self.service_id, 1200, 0, forward=forward, use_cashback=use)
            for forward, use in wanted
        ]
        results = self.serve(desk.serve, requests)
        for (forward, use), result in zip(wanted, results, strict=True):
            expected = self.expect(forward=forward, use=use)
            if isinstance(expected, type):
                assert type(result) is expected
                continue
            assert isinstance(result, Activation)
            self.spends = self.spends or use
            self.cash -= expected[0]
            self.cashback -= expected[1]
            self.bought.append(Bought(result, *expected))

    @rule(data=st.data(), cancelled=st.booleans())
    def end(self, data: st.DataObject, cancelled: bool) -> None:
        """A lease is cancelled, and gives back what it took to where that came from; or it receives a message."""
        live = [one for one in self.bought if not one.over]
        if not live:
            return
        one = data.draw(st.sampled_from(live))
        one.over = True
        if cancelled:
            desk = AdvanceDesk(Suppliers(), cool_down_s=0, unused_rest_s=60, unused_tries=1)
            self.serve(desk.serve, [AdvanceRequest(one.activation.id, Event.CANCEL, self.account_id)])
            self.cash += one.cash
            self.cashback += one.cashback
        else:
            message = Incoming(1, str(new_uuid()), one.activation.e164, "x", "text", "1234", 1.0, frozenset())
            self.serve(DeliverDesk(frozenset).serve, [message])

    @rule(amount=st.sampled_from([1, 299, 700, 1_300]))
    def cashback_comes(self, amount: int) -> None:
        self.wait(self.shop.give_cashback(self.account_id, amount))
        self.cashback += amount

    @invariant()
    def bank_and_model_agree(self) -> None:
        async def look() -> tuple[tuple[Any, ...], list[tuple[Any, ...]]]:
            account = await self.connection.fetchrow(
                "select a.cash, a.cashback, c.spend_cashback from account a join customer c on c.id = a.id where a.id = $1",
                self.account_id,
            )
            holds = await self.connection.fetch(
                "select a.id, h.cash, h.cashback from activation a join hold h on h.id = a.hold_id"
                " where a.account_id = $1 order by a.id",
                self.account_id,
            )
            assert account is not None
            return tuple(account), [tuple(row) for row in holds]

        if hasattr(self, "bought"):
            account, holds = self.wait(look())
            assert account == (self.cash, self.cashback, self.spends)
            assert holds == [(one.activation.id, one.cash, one.cashback) for one in self.bought]


def test_cashback_goes_first_and_comes_back_to_where_it_was(template: str) -> None:
    async def stock() -> None:
        await CashbackMachine.shop.numbers(1, abilities=SMS | CALL | FORWARD)
        await CashbackMachine.shop.offer(CODE, price=PRICE)
        CashbackMachine.service_id = CashbackMachine.shop.catalogue.by_code[CODE].id

    run_on_own_bank(CashbackMachine, template, stock, examples=40, steps=20)
