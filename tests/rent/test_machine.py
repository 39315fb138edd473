"""Hypothesis drives rentals on the real desks, with time going by, and compares them with a model: states, money to the
1/10,000, who holds which number, every message in its place. At the end of each run everything that verify proves holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import count
from math import floor
from typing import Any

import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)

from numbank.clock import new_uuid
from numbank.db.checks import Session, prove_all
from numbank.db.counter import Again
from numbank.errors import (
    BadHours,
    BadRentStatus,
    NoBalance,
    NoNumbers,
    NotCancellable,
    OperatorError,
    RentCancelled,
    RentDead,
    RentFinished,
    RentRevoked,
    TooManyHours,
)
from numbank.intake.deliver import DeliverDesk
from numbank.messages.model import Incoming, Medium
from numbank.rent.change import ChangeDesk
from numbank.rent.desk import RentDesk
from numbank.rent.extend import ExtendDesk
from numbank.rent.lost import lose
from numbank.rent.model import ChangeRequest, ExtendRequest, Rental, RentRequest
from numbank.rent.states import Event, State
from numbank.supply import numbers
from numbank.supply.supplier import Suppliers
from tests.machines import BankMachine, run_on_own_bank
from tests.rent.support import RENTABLE, TERMS, terms
from tests.verify.used_bank import ALL_CHECKS, broken

pytestmark = pytest.mark.slow

START = 700_000
WINDOW_S, REST_S = 1_200, 60
CASHBACK_BP = 250
SERVICES = ("full", "tg")
OVER = {State.FINISHED: RentFinished, State.CANCELLED: RentCancelled, State.REVOKED: RentRevoked}
_operators = count()


def half_up(amount: Fraction) -> int:
    return floor(amount + Fraction(1, 2))


def price(hours: int) -> int:
    """The line between the terms, written down once more and in another way."""
    below = max((row for row in TERMS if row[0] <= hours), default=TERMS[0])
    above = min((row for row in TERMS if row[0] >= hours), default=None)
    if above is None:
        return half_up(Fraction(TERMS[-1][1] * hours, TERMS[-1][0]))
    if above == below:
        return above[1]
    share = Fraction(hours - below[0], above[0] - below[0])
    return half_up(below[1] + share * (above[1] - below[1]))


class Number:
    """What a number is: held by a rental, resting, gone; and whether it was used up for tg."""

    def __init__(self, e164: int) -> None:
        self.e164 = e164
        self.holder: Model | None = None
        self.last: Model | None = None
        self.rests_until = -1
        self.gone = False
        self.used_for_tg = False

    def free_for(self, code: str, now_s: int) -> bool:
        idle = self.holder is None and not self.gone and now_s >= self.rests_until
        return idle and not (code == "tg" and self.used_for_tg)


class Model:
    """A rental as the documents say."""

    def __init__(self, rental: Rental, code: str, now_s: int, number: Number) -> None:
        self.id = rental.id
        self.code = code
        self.number = number
        self.began_s = now_s
        self.charges = [(rental.hours, rental.price)]
        self.messages: list[str] = []
        self.state = State.FRESH

    @property
    def hours(self) -> int:
        return sum(hours for hours, _ in self.charges)

    @property
    def price(self) -> int:
        return sum(paid for _, paid in self.charges)

    @property
    def live(self) -> bool:
        return self.state in (State.FRESH, State.FIRM)

    def due(self, now_s: int) -> bool:
        return now_s >= self.began_s + self.hours * 3600


class RentMachine(BankMachine):
    """One database for all runs; every run has a customer and a pool of its own."""

    services: dict[str, int]

    @initialize(pro_rata=st.booleans(), spends=st.booleans())
    def begin(self, pro_rata: bool, spends: bool) -> None:
        self.now_s = 0
        self.total = START
        self.rentals: list[Model] = []
        self.wait(self.move_clock())
        self.account_id, _ = self.wait(self.shop.customer(balance=START))
        if spends:
            self.wait(
                self.connection.execute("update customer set spend_cashback = true where id = $1", self.account_id)
            )
        operator = f"op{next(_operators)}"
        e164s = self.wait(self.shop.numbers(4, operator=operator, abilities=RENTABLE))
        self.numbers = [Number(e164) for e164 in e164s]
        # A shelf begins anywhere in its pool; here at the front, so that the same steps find the same numbers again.
        for service_id in self.services.values():
            self.wait(self.connection.execute(
                "with made as (insert into shelf (pool_id, service_id, start, hi)"
                " select pool_id, $2, 0, 0 from number where e164 = $1 returning pool_id)"
                " insert into shelf_stock (pool_id, service_id) select pool_id, $2 from made",
                e164s[0], service_id,
            ))  # fmt: skip
        self.operator_id = self.wait(self.connection.fetchval("select id from operator where name = $1", operator))
        self.change_desk = ChangeDesk(
            cool_down_s=REST_S, unused_rest_s=REST_S, unused_tries=100, cashback_bp=CASHBACK_BP, pro_rata=pro_rata
        )
        self.pro_rata = pro_rata
        for code in SERVICES:
            self.rent(code, 4)

    def wait(self, awaitable: Any) -> Any:
        return self.loop.run_until_complete(awaitable)

    def serve(self, desk: Any, requests: Sequence[Any]) -> Sequence[Any]:
        async def one() -> Sequence[Any]:
            async with self.connection.transaction():
                return (await desk(self.connection, requests)).results  # type: ignore[no-any-return]

        results = self.wait(one())
        again = [(place, one.request) for place, one in enumerate(results) if isinstance(one, Again)]
        if again:
            results = list(results)
            for (place, _), one in zip(again, self.serve(desk, [request for _, request in again]), strict=True):
                results[place] = one
        return results  # type: ignore[no-any-return]

    async def move_clock(self) -> None:
        await self.connection.execute("select set_config('numbank.clock_offset_s', $1, false)", str(self.now_s))

    async def no_endpoint(self, *_: object) -> int:
        raise AssertionError("nobody named an address")

    def change(self, model: Model, event: Event, *, bank: bool = False) -> Any:
        request = ChangeRequest(model.id, event, None if bank else self.account_id)
        return self.serve(self.change_desk.serve, [request])[0]

    def end(self, model: Model, state: State) -> None:
        """What every end does in the model."""
        model.state = state
        number = model.number
        number.holder, number.last = None, model
        number.rests_until = self.now_s + REST_S
        if model.code == "tg" and model.messages:
            number.used_for_tg = True
        if state is State.FINISHED:
            self.total += sum(paid * CASHBACK_BP // 10_000 for _, paid in model.charges)

    def begun(self, rental: Rental, code: str, hours: int, number: Number) -> Model:
        """A new rental in the model."""
        assert (rental.hours, rental.price, rental.state) == (hours, price(hours), State.FRESH)
        assert rental.ends_at - rental.created_at == timedelta(hours=hours)
        model = Model(rental, code, self.now_s, number)
        number.holder = model
        self.rentals.append(model)
        self.total -= rental.price
        return model

    def cash_for(self, amount: int) -> bool:
        """Whether the customer can pay; the split of cash and cashback is the bank's own word."""
        row = self.wait(self.connection.fetchrow(
            "select a.cash, a.cashback, c.spend_cashback from account a join customer c on c.id = a.id where a.id = $1",
            self.account_id,
        ))  # fmt: skip
        return bool(row["cash"] + (row["cashback"] if row["spend_cashback"] else 0) >= amount)

    @rule(code=st.sampled_from(SERVICES), hours=st.sampled_from([4, 5, 24, 100, 200, 3, 1_345]))
    def rents(self, code: str, hours: int) -> None:
        self.rent(code, hours)

    def rent(self, code: str, hours: int) -> None:
        """One more rental, or its refusal."""
        desk = RentDesk(Suppliers(), self.no_endpoint, operator_fallback=False, claim_pools=2, cancel_s=WINDOW_S)
        request = RentRequest(self.account_id, 0, self.services[code], hours, frozenset({self.operator_id}))
        affordable = self.cash_for(price(max(hours, 4)))
        result = self.serve(desk.serve, [request])[0]
        free = [number for number in self.numbers if number.free_for(code, self.now_s)]
        if not 4 <= hours <= 1_344:
            assert isinstance(result, BadHours)
        elif not affordable:
            assert isinstance(result, NoBalance)
        elif not free:
            assert isinstance(result, NoNumbers)
        else:
            assert isinstance(result, Rental)
            number = next(number for number in free if number.e164 == result.e164)
            self.begun(result, code, hours, number)

    @rule(data=st.data(), hours=st.sampled_from([4, 20, 500, 2, 1_344]))
    def extend(self, data: st.DataObject, hours: int) -> None:
        finished = [model for model in self.rentals if model.state is State.FINISHED]
        model = data.draw(st.sampled_from([*finished, *self.rentals]))
        if model.live and model.due(self.now_s):
            self.end(model, State.FINISHED)  # its end has come, though no sweep did
        cost = max(0, price(model.hours + hours) - price(model.hours)) if model.live else price(hours)
        affordable = self.cash_for(cost)
        desk = ExtendDesk(Suppliers(), lambda _: True, self.change_desk, cancel_s=WINDOW_S)
        result = self.serve(desk.serve, [ExtendRequest(self.account_id, model.id, hours)])[0]
        number = model.number
        resting = self.now_s < number.rests_until
        # Of several rentals of this customer on a number any may go on: he was the last one there.
        mine = number.holder is None and not number.gone
        if not model.live and (model.state is not State.FINISHED or not mine):
            assert isinstance(result, RentDead), (resting, result)
        elif not 4 <= hours <= 1_344:
            assert isinstance(result, BadHours)
        elif model.live and model.hours + hours > 1_344:
            assert isinstance(result, TooManyHours)
            assert result.most_hours == 1_344 - model.hours
        elif not affordable:
            assert isinstance(result, NoBalance)
        elif model.live:
            model.charges.append((hours, cost))
            self.total -= cost
            assert isinstance(result, Rental)
            assert (result.id, result.hours, result.price, result.state) == (
                model.id,
                model.hours,
                model.price,
                model.state,
            )
        else:
            assert isinstance(result, Rental)
            assert result.e164 == number.e164
            self.begun(result, model.code, hours, number)

    @rule(data=st.data(), event=st.sampled_from([Event.FINISH, Event.CANCEL]))
    def customer_acts(self, data: st.DataObject, event: Event) -> None:
        model = data.draw(st.sampled_from(self.rentals))
        result = self.change(model, event)
        if not model.live:
            assert isinstance(result, OVER[model.state])
        elif event is Event.FINISH:
            assert result is State.FINISHED
            self.end(model, State.FINISHED)
        elif model.state is State.FIRM or self.now_s >= model.began_s + WINDOW_S:
            assert isinstance(result, NotCancellable)
        else:
            assert result is State.CANCELLED
            self.total += model.price
            self.end(model, State.CANCELLED)

    @precondition(lambda self: len(self.rentals) > 2)
    @rule(data=st.data())
    def number_is_lost(self, data: st.DataObject) -> None:
        firm = [number for number in self.numbers if number.holder is not None and number.holder.state is State.FIRM]
        number = data.draw(st.sampled_from(firm or self.numbers))
        model = number.holder

        async def lost() -> Any:
            async with self.connection.transaction():
                return await lose(self.connection, self.change_desk, number.e164)

        if number.gone:
            with pytest.raises(OperatorError, match="lost already"):
                self.wait(lost())
            return
        gone = self.wait(lost())
        if model is not None and model.due(self.now_s):
            self.end(model, State.FINISHED)  # it had all of its time: nothing goes back
            model = None
        number.gone = True
        if model is None:
            assert gone.rent_id is None
            return
        ended_at, ends_at = self.wait(self.times(model))
        back = model.price
        if model.state is State.FIRM and self.pro_rata:
            left = max(timedelta(0), ends_at - ended_at) / timedelta(microseconds=1)
            back = min(back, half_up(Fraction(model.price * int(left), model.hours * 3_600_000_000)))
        assert (gone.rent_id, gone.account_id, gone.back) == (model.id, self.account_id, back)
        self.total += back
        self.end(model, State.REVOKED)

    async def times(self, model: Model) -> tuple[datetime, datetime]:
        row = await self.connection.fetchrow("select ended_at, ends_at from rent where id = $1", model.id)
        assert row is not None
        return row[0], row[1]

    @rule(seconds=st.sampled_from([5, REST_S, 600, WINDOW_S, 4 * 3600, 24 * 3600]))
    def time_goes_by(self, seconds: int) -> None:
        """Rests end with it; what is due waits for the sweep."""
        self.now_s += seconds + 1  # a real second may pass in a run: limits are never met by a hair
        self.wait(self.move_clock())

        async def wake() -> None:
            async with self.connection.transaction():
                await numbers.wake(self.connection, await self.connection.fetchval("select bank_now()"), 100)

        self.wait(wake())

    @precondition(lambda self: any(model.live for model in self.rentals))
    @rule(data=st.data(), event=st.sampled_from([Event.WINDOW, Event.EXPIRE]))
    def sweep_comes(self, data: st.DataObject, event: Event) -> None:
        model = data.draw(st.sampled_from([model for model in self.rentals if model.live]))
        result = self.change(model, event, bank=True)
        if event is Event.EXPIRE and model.due(self.now_s):
            assert result is State.FINISHED
            self.end(model, State.FINISHED)
        elif event is Event.WINDOW and model.state is State.FRESH and self.now_s >= model.began_s + WINDOW_S:
            assert result is State.FIRM
            model.state = State.FIRM
        else:
            assert isinstance(result, BadRentStatus)

    @rule(
        data=st.data(),
        names=st.sampled_from(["tg", "wa", None]),
        text=st.sampled_from(["hello", " "]),
        medium=st.sampled_from([Medium.SMS, Medium.SMS, Medium.CALL]),
        twice=st.booleans(),
    )
    def message_comes(self, data: st.DataObject, names: str | None, text: str, medium: Medium, twice: bool) -> None:
        number = data.draw(st.sampled_from(self.numbers))
        named = frozenset() if names is None else frozenset({self.services[names]})
        mark = str(new_uuid())
        message = Incoming(1, mark, number.e164, mark, text, None, 0.0, named, medium=medium)
        self.serve(DeliverDesk(frozenset).serve, [message] * (1 + twice))
        model = number.holder
        if model is None or medium is Medium.CALL or text == " " or (model.code == "tg" and names == "wa"):
            return
        model.messages.append(mark)
        model.state = State.FIRM

    @invariant()
    def bank_and_model_agree(self) -> None:
        if hasattr(self, "change_desk"):
            self.wait(self.look())

    async def look(self) -> None:
        rows = await self.connection.fetch(
            "select r.id, r.state, r.hours::int, r.price, r.messages, n.holder from rent r"
            " join number n on n.id = r.number_id where r.account_id = $1 order by r.id",
            self.account_id,
        )
        expected = [
            (
                one.id,
                one.state,
                one.hours,
                one.price,
                len(one.messages),
                -one.number.holder.id if one.number.holder else None,
            )
            for one in self.rentals
        ]
        assert [tuple(row) for row in rows] == expected
        for one in self.rentals:
            found = await self.connection.fetch(
                "select m.sender from rent_message p join message m on m.id = p.message_id"
                " where p.rent_id = $1 order by place",
                one.id,
            )
            assert [row[0] for row in found] == one.messages
        money = await self.connection.fetchval("select cash + cashback from account where id = $1", self.account_id)
        assert money == self.total

    def teardown(self) -> None:
        if hasattr(self, "change_desk"):
            self.wait(self.connection.execute("reset numbank.clock_offset_s"))
            assert broken(self.wait(prove_all(Session(self.connection, 1_000), ALL_CHECKS))) == {}


def test_rentals_do_what_the_documents_say(template: str) -> None:
    async def stock() -> None:
        RentMachine.services = await terms(RentMachine.shop, *SERVICES)
        RentMachine.services["wa"] = await RentMachine.connection.fetchval("select id from service where code = 'wa'")

    run_on_own_bank(
        RentMachine,
        template,
        stock,
        examples=40,
        steps=40,
        # Not shrunk: that takes minutes here, and a run that fails must say so at once, with its steps.
        phases=(Phase.generate,),
        report_multiple_bugs=False,
    )
