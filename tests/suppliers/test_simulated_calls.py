"""The simulator rings: callers whose numbers end in codes, voices that say them, and errands that it writes down."""

from __future__ import annotations

import pytest

from numbank.activation.model import Activation, LeaseRequest
from numbank.activation.states import State
from numbank.clock import Chance
from numbank.codes.spoken import hear
from numbank.messages.calls import Kind, caller_digits
from numbank.messages.model import Fate, Medium
from numbank.suppliers.simulator import calls
from numbank.suppliers.simulator.plan import Fault, Order, Planned, chance_for, plan
from numbank.suppliers.simulator.templates import book
from numbank.supply.e164 import is_plausible
from tests.suppliers.conftest import OpenSandbox, Sandbox
from tests.suppliers.reference import services, writer


def order(kind: Kind, language: str | None = None, iso2: str = "GB", prefix: str = "44") -> Order:
    return Order(7, services()["tg"], iso2, 1200.0, kind, language, prefix)


def planned(kind: Kind, fault: Fault | None = None, seed: int = 1, **more: str) -> list[Planned]:
    return plan(order(kind, **more), fault, writer(), chance_for(seed, 7), 3.0)


@pytest.mark.unit
def test_a_call_by_number_has_a_caller_of_the_country_and_no_words() -> None:
    for seed in range(20):
        (one,) = planned(Kind.FLASH, seed=seed)
        assert (one.medium, one.text, one.delay_s) == (Medium.CALL, "", 3.0)
        assert one.sender.startswith("44")
        assert is_plausible(int(caller_digits(one.sender)))
    assert planned(Kind.FLASH) == planned(Kind.FLASH)
    assert len({planned(Kind.FLASH, seed=seed)[0].sender for seed in range(20)}) > 15


@pytest.mark.unit
@pytest.mark.parametrize("language", sorted(book().voice))
def test_every_voice_says_a_code_that_the_bank_hears(language: str) -> None:
    for seed in range(50):
        code = hear(calls.said(language, Chance(seed))).code
        assert code is not None
        assert len(code) == calls.SPOKEN_DIGITS
    assert hear(calls.silent(language)).code is None


@pytest.mark.unit
@pytest.mark.parametrize(
    ("wanted", "iso2", "language"),
    [("ru", "GB", "ru"), ("de-AT", "GB", "de"), (None, "RU", "ru"), (None, "GB", "en"), ("ja", "RU", "en"),
     (None, "UA", "en")],
)  # fmt: skip
def test_the_language_is_the_one_that_was_wanted_where_there_is_a_voice_for_it(
    wanted: str | None, iso2: str, language: str
) -> None:
    assert calls.language_of(wanted, iso2) == language


@pytest.mark.unit
@pytest.mark.parametrize("kind", [Kind.FLASH, Kind.VOICE])
def test_faults_of_calls(kind: Kind) -> None:
    assert planned(kind, Fault.NEVER) == []
    (late,) = planned(kind, Fault.LATE)
    assert late.delay_s > 1200
    first, second = planned(kind, Fault.TWICE)
    assert (first.foreign_id, first.sender, first.text) == (second.foreign_id, second.sender, second.text)
    first, second = planned(kind, Fault.TWO)
    assert first.foreign_id != second.foreign_id
    assert (first.sender, first.text) != (second.sender, second.text)
    wrong, right = planned(kind, Fault.WRONG)
    assert (wrong.medium, right.medium) == (Medium.SMS, Medium.CALL)
    (silent,) = planned(kind, Fault.NOCODE)
    assert silent.medium is Medium.CALL
    assert hear(silent.text).code is None
    assert len(silent.sender) < 4


async def leased(sandbox: Sandbox, kind: Kind, language: str | None = None) -> Activation:
    """A lease for a call in a country of the sandbox."""
    service_id = sandbox.catalogue.by_code["tg"].id
    request = LeaseRequest(sandbox.account_id, 0, service_id, 1200.0, 0.0, kind=kind, language=language)
    result = await sandbox.lease_counter.ask(request)
    assert isinstance(result, Activation), result
    return result


@pytest.mark.parametrize("kind", [Kind.FLASH, Kind.VOICE])
async def test_a_lease_for_a_call_gets_one(open_a_sandbox: OpenSandbox, kind: Kind) -> None:
    sandbox: Sandbox = await open_a_sandbox()
    activation = await leased(sandbox, kind, "de" if kind is Kind.VOICE else None)
    (row,) = await sandbox.planned()
    assert row["kind"] == Medium.CALL
    assert row["language"] == ("de" if kind is Kind.VOICE else None)
    await sandbox.pass_time(10)
    assert await sandbox.send() == 1
    state, code = await sandbox.state(activation)
    assert state is State.CODE
    assert code == (row["sender"][-4:] if kind is Kind.FLASH else hear(row["text"]).code)


async def test_a_wrong_sms_before_the_call_reaches_nobody(open_a_sandbox: OpenSandbox) -> None:
    sandbox: Sandbox = await open_a_sandbox(sandbox_faults="wrong=1")
    activation = await leased(sandbox, Kind.VOICE)
    await sandbox.pass_time(30)
    assert await sandbox.send() == 2
    assert [row["fate"] for row in await sandbox.kept(activation)] == [Fate.OTHER_KIND, Fate.ATTACHED]
    assert (await sandbox.state(activation))[0] is State.CODE
