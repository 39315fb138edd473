"""Hypothesis drives several services on one number, additional services and reactivations on the real desks, and compares
them with a model; at the end of every run `verify` proves the bank."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from numbank.activation.additional import AdditionalDesk, AdditionalRequest
from numbank.activation.advance import AdvanceDesk
from numbank.activation.desk import LeaseDesk
from numbank.activation.model import Activation, AdvanceRequest, LeaseRequest
from numbank.activation.multi import MultiDesk, MultiRequest
from numbank.activation.reactivation import ReactivationDesk, RenewRequest
from numbank.activation.states import Event, State
from numbank.clock import new_uuid
from numbank.db.checks import Session, prove_all
from numbank.db.counter import Again
from numbank.errors import (
    BadStatus,
    NeverSuccessful,
    NoNumbers,
    NotRenewable,
    RepeatedAdditional,
    SimOffline,
    WrongAdditional,
    WrongSecurity,
)
from numbank.intake.deliver import DeliverDesk
from numbank.messages.model import Incoming
from numbank.supply import lines, numbers
from numbank.supply.supplier import Suppliers
from tests.machines import BankMachine, run_on_own_bank
from tests.verify.used_bank import ALL_CHECKS, broken

pytestmark = pytest.mark.slow

PRICE, FURTHER_PRICE = 1_000, 300
START = 10_000_000
COOL_DOWN = timedelta(seconds=120)
LIFE_S, COOL_DOWN_S, UNUSED_REST_S = 1200, 120, 3600
CAPABLE = ("av", "ym")  # services that can be forwarded
CODES = ("tg", "wa", *CAPABLE)
STOCK = 3
WHICH = st.integers(0, 7)


class Number(msgspec.Struct):
    """A number of the model. `rests_for`: services for which it was given back, and until when; `perhaps`: given back as a
    further service, with or without a rest, as the bookmark of that shelf has it.
    """

    e164: int
    used: set[str] = set()
    rests_for: dict[str, int] = {}
    perhaps: set[str] = set()
    rests_until: int | None = None
    last_account: int | None = None
    offline: bool = False


class Held(msgspec.Struct):
    """A lease of the model."""

    id: int
    account: int
    code: str
    number: int
    price: int
    due: int
    forward: bool = False
    further: bool = False
    again: bool = False
    parent: int | None = None
    delivered: int = 0
    state: State = State.PREPARED

    @property
    def live(self) -> bool:
        return self.state < State.DONE


class GroupsMachine(BankMachine):
    """One database for all runs; every run has an operator, and so a pool and shelves, of its own."""

    runs = 0

    @initialize()
    def open(self) -> None:
        type(self).runs += 1
        self.now = 0
        self.wait(self.move_clock(0))
        name = f"operator{self.runs}"
        e164s = self.wait(self.shop.numbers(STOCK, operator=name, abilities=numbers.SMS | numbers.FORWARD))
        self.numbers = {e164: Number(e164) for e164 in e164s}
        self.operator = self.wait(self.connection.fetchval("select id from operator where name = $1", name))
        rows = self.wait(self.connection.fetch("select e164, id from number where e164 = any($1)", e164s))
        self.number_ids = dict(map(tuple, rows))
        self.accounts = [self.wait(self.shop.customer(balance=START))[0] for _ in range(2)]
        self.leases: list[Held] = []
        suppliers = Suppliers()
        self.lease_desk = LeaseDesk(suppliers, operator_fallback=False, claim_pools=4)
        self.multi_desk = MultiDesk(suppliers, operator_fallback=False, claim_pools=4, surcharge=0)
        self.additional_desk = AdditionalDesk(suppliers, {840: FURTHER_PRICE})
        self.renew_desk = ReactivationDesk(suppliers, lambda _: (LIFE_S, 0.0), lambda _: True)
        self.advance_desk = AdvanceDesk(
            suppliers, cool_down_s=COOL_DOWN_S, unused_rest_s=UNUSED_REST_S, unused_tries=1_000
        )

    def wait(self, awaitable: Any) -> Any:
        return self.loop.run_until_complete(awaitable)

    async def move_clock(self, now: int) -> None:
        await self.connection.execute("select set_config('numbank.clock_offset_s', $1, false)", str(now))

    def serve(self, desk: Any, *requests: Any) -> Sequence[Any]:
        async def all_() -> list[Any]:
            open_ = dict(enumerate(requests))
            results: dict[int, Any] = {}
            for _ in range(20):
                async with self.connection.transaction():
                    answers = (await desk.serve(self.connection, list(open_.values()))).results
                for place, answer in zip(list(open_), answers, strict=True):
                    if isinstance(answer, Again):
                        open_[place] = answer.request
                    else:
                        results[place] = answer
                        del open_[place]
                if not open_:
                    return [results[place] for place in range(len(requests))]
            raise AssertionError("a desk asks for ever")

        return self.wait(all_())  # type: ignore[no-any-return]

    def service(self, code: str) -> int:
        return self.shop.catalogue.by_code[code].id

    def live_on(self, e164: int) -> list[Held]:
        return [one for one in self.leases if one.number == e164 and one.live]

    def newest(self, which: int) -> Held | None:
        """One of the leases, counted from the newest. Never drawn from the list itself: which number a desk gives is not
        Hypothesis's choice, and it must be able to play a run again.
        """
        return self.leases[-1 - which % len(self.leases)] if self.leases else None

    def is_free(self, number: Number) -> bool:
        return not number.offline and number.rests_until is None and not self.live_on(number.e164)

    def fits(self, number: Number, code: str) -> bool:
        return code not in number.used and code not in number.rests_for

    def may_have(self, codes: Sequence[str]) -> set[int]:
        return {
            one.e164
            for one in self.numbers.values()
            if self.is_free(one) and all(self.fits(one, code) for code in codes)
        }

    def must_have(self, codes: Sequence[str]) -> set[int]:
        return {e164 for e164 in self.may_have(codes) if not self.numbers[e164].perhaps & set(codes)}

    def begin(self, activation: Activation, code: str, **more: Any) -> Held:
        held = Held(
            activation.id, activation.account_id, code, activation.e164, activation.price, self.now + LIFE_S, **more
        )
        self.leases.append(held)
        number = self.numbers[held.number]
        number.used.add(code)
        number.perhaps.discard(code)
        number.rests_for.pop(code, None)
        number.rests_until = None
        assert activation.state is State.PREPARED
        assert (activation.group is not None) == held.further
        return held

    def ends(self, held: Held, state: State) -> None:
        held.state = state
        number = self.numbers[held.number]
        if state is State.CANCELLED and not held.again:
            number.used.discard(held.code)
            if held.further:
                number.perhaps.add(held.code)
            else:
                number.rests_for[held.code] = self.now + UNUSED_REST_S
        if not self.live_on(held.number):
            number.last_account = held.account
            number.rests_until = None if number.offline else self.now + COOL_DOWN_S

    @rule(who=st.integers(0, 1), code=st.sampled_from(CODES))
    def lease(self, who: int, code: str) -> None:
        forward = code in CAPABLE
        request = LeaseRequest(
            self.accounts[who], 0, self.service(code), LIFE_S, 0, operators=frozenset({self.operator}), forward=forward
        )
        (answer,) = self.serve(self.lease_desk, request)
        if isinstance(answer, NoNumbers):
            assert not self.must_have([code])
            return
        assert isinstance(answer, Activation), answer
        assert answer.e164 in self.may_have([code])
        self.begin(answer, code, forward=forward)

    @rule(which=WHICH, code=st.sampled_from(CODES))
    def served_and_once_more(self, which: int, code: str) -> None:
        """What is rare by chance: a lease that is served, with one more service on it, finished, and had once more."""
        lease = self.newest(which)
        if lease is None or not lease.live:
            return
        self.deliver(lease.number, lease.code)
        self.one_more_of(lease, code)
        if which % 2:
            (answer,) = self.serve(self.advance_desk, AdvanceRequest(lease.id, Event.FINISH, lease.account))
            assert answer is State.DONE
            self.ends(lease, answer)
            self.again_of(lease, 1)

    @rule(who=st.integers(0, 1), codes=st.permutations(CODES), how_many=st.integers(2, 4))
    def several(self, who: int, codes: Sequence[str], how_many: int) -> None:
        wanted = codes[:how_many]
        forward = next((code for code in wanted if code in CAPABLE), None)
        request = MultiRequest(tuple(
            LeaseRequest(
                self.accounts[who], 0, self.service(code), LIFE_S, 0, operators=frozenset({self.operator}),
                forward=code == forward,
            )
            for code in wanted
        ))  # fmt: skip
        (answer,) = self.serve(self.multi_desk, request)
        if isinstance(answer, NoNumbers):
            assert not self.must_have(wanted)
            return
        assert [one.service_id for one in answer] == [self.service(code) for code in wanted]
        assert {one.e164 for one in answer} <= self.may_have(wanted)
        for place, (one, code) in enumerate(zip(answer, wanted, strict=True)):
            self.begin(one, code, forward=code == forward, further=place > 0)

    @rule(which=WHICH, code=st.sampled_from(CODES))
    def one_more(self, which: int, code: str) -> None:
        parent = self.newest(which)
        if parent is not None:
            self.one_more_of(parent, code)

    def one_more_of(self, parent: Held, code: str) -> None:
        request = AdditionalRequest(parent.account, parent.id, self.service(code), code in CAPABLE, LIFE_S, 0)
        (answer,) = self.serve(self.additional_desk, request)
        number = self.numbers[parent.number]
        bought = any(one.parent == parent.id and one.code == code and not one.again for one in self.leases)
        if not parent.live or not parent.forward or not parent.delivered or number.offline:
            assert isinstance(answer, WrongSecurity)
        elif code not in CAPABLE:
            assert isinstance(answer, WrongAdditional)
        elif code in number.used or bought:
            assert isinstance(answer, RepeatedAdditional)
        else:
            assert (answer.e164, answer.price) == (parent.number, FURTHER_PRICE)
            self.begin(answer, code, forward=True, further=True, parent=parent.id)

    @rule(which=WHICH, twice=st.booleans())
    def once_more(self, which: int, *, twice: bool) -> None:
        """A reactivation; two of them at once are in one batch, and one gets the number at most."""
        parent = self.newest(which)
        if parent is not None:
            self.again_of(parent, 2 if twice else 1)

    def again_of(self, parent: Held, times: int) -> None:
        request = RenewRequest(parent.account, parent.id)
        answer, *others = self.serve(self.renew_desk, *[request] * times)
        number = self.numbers[parent.number]
        own = number.rests_until is not None and number.last_account == parent.account
        if parent.state is not State.DONE:
            assert isinstance(answer, NeverSuccessful)
        elif self.live_on(parent.number):
            assert isinstance(answer, NotRenewable)
        elif number.offline:
            assert isinstance(answer, SimOffline)
        elif self.is_free(number) or own:
            assert (answer.e164, answer.price) == (parent.number, PRICE)
            self.begin(answer, parent.code, again=True, parent=parent.id)
            assert all(isinstance(other, NotRenewable) for other in others)
        else:
            assert isinstance(answer, NotRenewable)

    @rule(which=st.integers(0, STOCK - 1), names=st.sampled_from([None, *CODES]))
    def message_comes(self, which: int, names: str | None) -> None:
        self.deliver(sorted(self.numbers)[which], names)

    def deliver(self, e164: int, names: str | None) -> None:
        services = frozenset() if names is None else frozenset({self.service(names)})
        incoming = Incoming(1, str(new_uuid()), e164, "sender", "code 1234", "1234", 1.0, services)
        self.serve(DeliverDesk(frozenset), incoming)
        live = sorted(self.live_on(e164), key=lambda one: (one.delivered > 0, one.id))
        served = [one for one in live if names in (None, one.code)][:1]
        for one in served:
            one.delivered += 1
            one.state = State.CODE

    @rule(which=WHICH, event=st.sampled_from([Event.FINISH, Event.CANCEL]), how_many=st.integers(1, 4))
    def customer_ends(self, which: int, event: Event, how_many: int) -> None:
        """Some leases at once: siblings may end in one batch."""
        live = [one for one in self.leases if one.live]
        first = which % len(live) if live else 0
        chosen = live[first : first + how_many]
        if not chosen:
            return
        answers = self.serve(self.advance_desk, *(AdvanceRequest(one.id, event, one.account) for one in chosen))
        for one, answer in zip(chosen, answers, strict=True):
            if event is Event.CANCEL and one.delivered:
                assert isinstance(answer, BadStatus)
            else:
                assert answer is (State.DONE if one.delivered else State.CANCELLED)
                self.ends(one, answer)

    @rule(seconds=st.sampled_from([60, COOL_DOWN_S + 1, LIFE_S + 1, UNUSED_REST_S + 1]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds
        self.wait(self.move_clock(self.now))
        due = [one for one in self.leases if one.live and one.due <= self.now]
        if due:
            self.serve(self.advance_desk, *(AdvanceRequest(one.id, Event.EXPIRE) for one in due))
            for one in due:
                self.ends(one, State.DONE if one.delivered else State.CANCELLED)
        self.wait(self.wake())
        for number in self.numbers.values():
            number.rests_for = {code: until for code, until in number.rests_for.items() if until > self.now}
            if number.rests_until is not None and number.rests_until <= self.now:
                number.rests_until = None

    async def wake(self) -> None:
        async with self.connection.transaction():
            while await numbers.wake(self.connection, await self.connection.fetchval("select bank_now()"), 100):
                pass
            await numbers.fold(self.connection)

    @rule(which=st.integers(0, STOCK - 1))
    def line_changes(self, which: int) -> None:
        number = self.numbers[sorted(self.numbers)[which]]

        async def change() -> None:
            async with self.connection.transaction():
                if number.offline:
                    await lines.connect(self.connection, [self.number_ids[number.e164]], COOL_DOWN)
                else:
                    await lines.disconnect(self.connection, [self.number_ids[number.e164]])

        self.wait(change())
        number.offline = not number.offline
        if not self.live_on(number.e164):
            number.rests_until = None if number.offline else self.now + COOL_DOWN_S

    @invariant()
    def leases_and_money_agree(self) -> None:
        if not hasattr(self, "leases"):
            return
        rows = self.wait(self.connection.fetch(
            "select id, state from activation where account_id = any($1) order by id", self.accounts
        ))  # fmt: skip
        assert [tuple(row) for row in rows] == sorted((one.id, one.state) for one in self.leases)
        for account in self.accounts:
            paid = sum(one.price for one in self.leases if one.account == account and one.state is not State.CANCELLED)
            assert self.wait(self.shop.cash(account)) == START - paid

    def teardown(self) -> None:
        assert broken(self.wait(prove_all(Session(self.connection, 1000), ALL_CHECKS))) == {}


def test_groups_and_reactivations_do_what_the_model_says(template: str) -> None:
    async def stock() -> None:
        await GroupsMachine.shop.numbers(1)
        await GroupsMachine.shop.offer(*CODES, price=PRICE)

    run_on_own_bank(GroupsMachine, template, stock, examples=60, steps=40)
