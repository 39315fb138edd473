"""Hypothesis drives mailboxes of one customer through purchases, mails, cancels, expiry and reorders on the real desks, and
compares states, values and every coin with a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from numbank.clock import Chance
from numbank.errors import EarlyCancel, NoBalance, NoMailbox, NoNumbers, Refusal
from numbank.mailbox.address import split
from numbank.mailbox.advance import ChangeDesk
from numbank.mailbox.deliver import DeliverDesk, Taken, accepting
from numbank.mailbox.desk import BuyDesk
from numbank.mailbox.ending import After
from numbank.mailbox.model import ChangeRequest, Mailbox, ReorderRequest
from numbank.mailbox.reorder import ReorderDesk
from numbank.mailbox.states import Event, State
from numbank.mailbox.writing import Times
from tests.machines import BankMachine, run_on_own_bank
from tests.mailbox.world import domain, mail, request

pytestmark = pytest.mark.slow

PRICE, START = 1_000, 8_000
LIFE_S, WINDOW_S, REST_S = 1200.0, 120.0, 3600.0
CAPACITY, REMAINING = 5, 9
RATE_BP = 1_000
AFTER = After(REST_S, RATE_BP)


class Box:
    """A lease in the model."""

    def __init__(self, box: Mailbox, at: float, parent: Box | None = None) -> None:
        self.id, self.email, self.at, self.parent = box.id, box.email, at, parent
        self.mails: list[str | None] = []
        self.ended_by: Event | None = None
        self.ended_at = 0.0

    @property
    def state(self) -> State:
        if self.ended_by is None:
            return State.RECEIVED if self.mails else State.WAITING
        if not self.mails:
            return State.CANCELLED
        return State.CLOSED if self.ended_by is Event.CANCEL else State.DONE  # expired, or gone on with

    @property
    def value(self) -> str | None:
        codes = [value for value in self.mails if value and value.isdigit()]
        links = [value for value in self.mails if value]
        return codes[-1] if codes else links[-1] if links else None


class MailboxMachine(BankMachine):
    """One database for all runs; every run has a customer and a zone of its own."""

    @initialize(spends=st.booleans())
    def begin(self, spends: bool) -> None:
        self.age_s = 0.0
        self.boxes: list[Box] = []
        self.zone = f"z{uuid4().hex[:12]}"
        self.wait(self.move_clock())
        self.account_id, _ = self.wait(self.shop.customer(balance=START))
        self.wait(self.shop.give_cashback(self.account_id, 1_500))
        if spends:
            self.wait(
                self.connection.execute("update customer set spend_cashback = true where id = $1", self.account_id)
            )
        self.spends = spends
        self.wait(domain(self.connection, f"a.{self.zone}", zone=self.zone, capacity=2, remaining=REMAINING))
        self.wait(domain(self.connection, f"b.{self.zone}", zone=self.zone, capacity=CAPACITY - 2, price=None))
        self.times = Times(LIFE_S, WINDOW_S)
        self.chance = Chance()

    def wait(self, awaitable: Any) -> Any:
        return self.loop.run_until_complete(awaitable)

    async def move_clock(self) -> None:
        await self.connection.execute("select set_config('numbank.clock_offset_s', $1, false)", str(self.age_s))

    def serve(self, desk: Any, requests: Sequence[Any]) -> Sequence[Any]:
        async def one() -> Sequence[Any]:
            async with self.connection.transaction():
                results: Sequence[Any] = (await desk(self.connection, requests)).results
                return results

        return self.wait(one())  # type: ignore[no-any-return]

    @property
    def live(self) -> list[Box]:
        return [box for box in self.boxes if box.ended_by is None]

    @property
    def left(self) -> int:
        """What the limited price has: what was cancelled without a mail came back."""
        return REMAINING - sum(box.state is not State.CANCELLED for box in self.boxes)

    @property
    def money(self) -> int:
        """What the customer can pay with, cash and cashback together; without the switch the cashback is not for paying."""
        spent = sum(PRICE for box in self.boxes if box.state is not State.CANCELLED)
        earned = sum(PRICE * RATE_BP // 10_000 for box in self.boxes if box.state is State.DONE)
        return START - spent + (1_500 + earned if self.spends else 0)

    def refusal(self, count: int) -> type[Refusal] | None:
        """Why so many cannot be bought now."""
        if self.left < count or CAPACITY - len(self.live) < count:
            return NoNumbers
        return NoBalance if self.money < PRICE * count else None

    @rule(count=st.integers(1, 4))
    def buy(self, count: int) -> None:
        expected = self.refusal(count)
        desk = BuyDesk(self.times, self.chance)
        found = self.serve(desk.serve, [request(self.account_id, self.zone, count=count)])[0]
        if expected is not None:
            assert type(found) is expected
            return
        assert len(found) == count
        self.boxes.extend(Box(box, self.age_s) for box in found)

    @precondition(lambda self: self.boxes)
    @rule(data=st.data())
    def reorder(self, data: st.DataObject) -> None:
        parent = data.draw(st.sampled_from(self.boxes))
        goes_on = parent.state is State.RECEIVED
        found = self.serve(ReorderDesk(self.times, AFTER).serve, [ReorderRequest(self.account_id, parent.id)])[0]
        if (
            any(box.email == parent.email for box in self.live if not goes_on)
            or self.left < 1
            or not (goes_on or self.same_room(parent))
        ):
            assert type(found) is NoMailbox
        elif self.money < PRICE:
            assert type(found) is NoBalance
        else:
            assert found.email == parent.email
            if goes_on:
                parent.ended_by, parent.ended_at = Event.REORDER, self.age_s
            self.boxes.append(Box(found, self.age_s, parent))

    def same_room(self, parent: Box) -> bool:
        name = parent.email.rpartition("@")[2]
        room = 2 if name.startswith("a.") else CAPACITY - 2
        return sum(box.email.endswith(f"@{name}") for box in self.live) < room

    @precondition(lambda self: self.boxes)
    @rule(data=st.data(), value=st.sampled_from([None, "https://site.example/1", "https://site.example/2", "11", "22"]))
    def mail_comes(self, data: st.DataObject, value: str | None) -> None:
        # In the order of their leases: addresses are drawn anew in every run, and a run must go the same way when repeated.
        email = data.draw(st.sampled_from(list(dict.fromkeys(box.email for box in self.boxes))))
        code = value if value and value.isdigit() else None
        one = mail(email, code=code, link=None if code else value)
        assert self.serve(DeliverDesk().serve, [one, one]) == [Taken.STORED, Taken.DUPLICATE]
        for box in self.live:
            if box.email == email:
                box.mails.append(value)

    @precondition(lambda self: self.boxes)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        box = data.draw(st.sampled_from(self.boxes))
        found = self.serve(self.change, [ChangeRequest(box.id, Event.CANCEL, self.account_id)])[0]
        if box.ended_by in (Event.EXPIRE, Event.REORDER):
            assert type(found) is NoMailbox
        elif box.ended_by is None and self.age_s < box.at + WINDOW_S:
            assert type(found) is EarlyCancel
        else:
            if box.ended_by is None:
                box.ended_by, box.ended_at = Event.CANCEL, self.age_s
            assert (found.state, found.value) == (box.state, box.value)

    @property
    def change(self) -> Any:
        return ChangeDesk(AFTER).serve

    @rule(seconds=st.sampled_from([5.0, WINDOW_S, LIFE_S / 2, REST_S]))
    def time_goes_by(self, seconds: float) -> None:
        self.age_s += seconds
        self.wait(self.move_clock())
        due = [box for box in self.live if self.age_s >= box.at + LIFE_S]
        for box in due:
            box.ended_by, box.ended_at = Event.EXPIRE, self.age_s
        if due:
            found = self.serve(self.change, [ChangeRequest(box.id, Event.EXPIRE) for box in due])
            assert [one.state for one in found] == [box.state for box in due]

    @invariant()
    def bank_and_model_agree(self) -> None:
        if not hasattr(self, "boxes"):
            return
        rows = self.wait(self.connection.fetch(
            "select b.id, b.state, b.value, b.mails, h.state from mailbox b join hold h on h.id = b.hold_id"
            " where b.account_id = $1 order by b.id", self.account_id,
        ))  # fmt: skip
        assert [tuple(row) for row in rows] == [
            (box.id, box.state, box.value, len(box.mails), 1 if box.mails else 2 if box.ended_by else 0)
            for box in self.boxes
        ]
        row = self.wait(self.connection.fetchrow("select cash, cashback from account where id = $1", self.account_id))
        assert row["cash"] + (row["cashback"] if self.spends else 0) == self.money
        live = self.wait(self.connection.fetch("select live from mail_domain where zone = $1", self.zone))
        assert sum(one["live"] for one in live) == len(self.live)
        left = self.wait(self.connection.fetchval("select remaining from mail_price where zone = $1", self.zone))
        assert left == self.left
        emails = sorted({box.email for box in self.boxes})
        open_ = self.wait(accepting(self.connection, [split(email) for email in emails])) if emails else None
        assert (list(open_.results) if open_ else []) == [self.accepts(email) for email in emails]

    def accepts(self, email: str) -> bool:
        mine = [box for box in self.boxes if box.email == email]
        return any(box.ended_by is None or self.age_s < box.ended_at + REST_S for box in mine)


def test_mailboxes_do_what_the_documents_say(template: str) -> None:
    async def stock() -> None:
        """Nothing: every run makes its own."""

    run_on_own_bank(MailboxMachine, template, stock, examples=60, steps=25)
