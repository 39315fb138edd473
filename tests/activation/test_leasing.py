"""The callers' way to a number when the database or the supplier lets them down; no database needed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from numbank.activation import leasing
from numbank.activation.leasing import SETTLE_TRIES, Leasing
from numbank.activation.model import Activation, LeaseRequest, Lost, Opened, Settlement
from numbank.errors import NoNumbers, Refusal, Unavailable
from numbank.leases.paying import Charged
from numbank.supply.asking import Answer, AskedSuppliers, Done, Held, Outcome, Question, Release

pytestmark = pytest.mark.unit

REQUEST = LeaseRequest(1, 0, 1, 1200, 120)
SUPPLIER = 7
OPENED = Opened(100, 5, SUPPLIER, REQUEST, 1, "any", Charged(1_000), 840, datetime(2026, 1, 1, tzinfo=UTC))
GIVEN = Held(79_250_000_000, "ref")


class Slow:
    """Answers after a while."""

    def __init__(self, after_s: float = 0.0) -> None:
        self.after_s = after_s

    async def acquire(self, question: Question) -> Answer:
        assert question.acquisition_id == OPENED.acquisition_id
        await asyncio.sleep(self.after_s)
        return GIVEN

    async def release(self, reference: str, outcome: Outcome) -> Release:
        return Done()


class Desks:
    """Counters that give what a test wants."""

    def __init__(self, *settled: Activation | Lost | Refusal, slow: Slow | None = None, soft_s: float = 5.0) -> None:
        self.requests: list[LeaseRequest] = []
        self.settlements: list[Settlement] = []
        self.settled = list(settled)
        suppliers = AskedSuppliers(10.0)
        suppliers.register(SUPPLIER, slow or Slow())
        self.leasing = Leasing(self.ask, self.settle, suppliers, soft_s=soft_s, most=3)

    async def ask(self, request: LeaseRequest) -> Activation | Opened | Refusal:
        self.requests.append(request)
        return NoNumbers() if request.tried else OPENED

    async def settle(self, settlement: Settlement) -> Activation | Lost | Refusal:
        self.settlements.append(settlement)
        return self.settled.pop(0)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leasing, "SETTLE_PAUSE_S", 0.0001)


async def test_who_stopped_waiting_is_given_nothing_even_if_that_could_not_be_written_down() -> None:
    desks = Desks(Unavailable(), Lost(), slow=Slow(0.1), soft_s=0.02)
    assert isinstance(await desks.leasing.lease(REQUEST), Unavailable)
    await desks.leasing.stop()
    assert [(one.answer, one.wanted) for one in desks.settlements] == [(None, True), (GIVEN, False)]
    assert desks.requests == [REQUEST]


async def test_an_answer_that_cannot_be_written_down_is_tried_again() -> None:
    desks = Desks(Unavailable(), Unavailable(), Lost())
    assert isinstance(await desks.leasing.lease(REQUEST), NoNumbers)
    assert desks.settlements == [Settlement(OPENED, GIVEN)] * 3
    assert [request.tried for request in desks.requests] == [frozenset(), {-SUPPLIER}]


async def test_an_answer_that_can_never_be_written_down_is_given_up() -> None:
    desks = Desks(*[Unavailable()] * SETTLE_TRIES)
    assert isinstance(await desks.leasing.lease(REQUEST), Unavailable)
    assert not desks.settled


async def test_a_lease_that_was_made_by_a_settlement_whose_word_was_lost_is_not_bought_again() -> None:
    desks = Desks(Unavailable(), Lost(kept=True))
    assert isinstance(await desks.leasing.lease(REQUEST), Unavailable)
    assert len(desks.requests) == 1
