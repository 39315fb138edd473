"""To whom a message goes."""

from __future__ import annotations

import pytest

from numbank.messages.calls import Kind, caller_digits, tail
from numbank.messages.match import Seeker, match, waiting_for
from numbank.messages.model import Incoming, Medium
from numbank.messages.rules import DEFAULT

pytestmark = pytest.mark.unit

TG, WA, OTHER = 1, 2, 3


@pytest.mark.parametrize(
    ("named", "seekers", "lease_id"),
    [
        (set(), [Seeker(1, TG, False)], 1),
        ({TG}, [Seeker(1, TG, False)], 1),
        ({WA}, [Seeker(1, TG, False)], None),
        ({TG, WA}, [Seeker(1, TG, False)], 1),
        ({WA}, [Seeker(1, OTHER, True)], 1),
        (set(), [Seeker(1, OTHER, True)], 1),
        ({WA}, [Seeker(1, TG, False), Seeker(2, WA, False)], 2),
        ({WA}, [Seeker(1, OTHER, True), Seeker(2, WA, False)], 2),
        (set(), [Seeker(1, TG, False), Seeker(2, WA, False)], 1),
        ({TG}, [], None),
    ],
)
def test_a_message_never_goes_to_a_lease_of_another_service(
    named: set[int], seekers: list[Seeker], lease_id: int | None
) -> None:
    found = match(frozenset(named), seekers)
    assert (found.lease_id if found else None) == lease_id


@pytest.mark.parametrize(
    ("named", "likely", "lease_id"),
    [
        (set(), set(), 1),
        (set(), {WA}, 2),
        (set(), {TG, WA}, 1),
        (set(), {OTHER}, 1),
        ({TG}, {WA}, 1),
        ({OTHER}, {WA}, None),
    ],
)
def test_of_several_that_wait_the_sender_tells_whose_a_message_is_that_names_nothing(
    named: set[int], likely: set[int], lease_id: int | None
) -> None:
    seekers = [Seeker(1, TG, False), Seeker(2, WA, False)]
    found = match(frozenset(named), seekers, lambda: frozenset(likely))
    assert (found.lease_id if found else None) == lease_id


@pytest.mark.parametrize(
    ("named", "service", "lease_id"),
    [
        ({TG, WA}, WA, 2),  # a name that they share
        ({TG, WA}, TG, 1),
        (set(), WA, 2),  # a faint one
        (set(), OTHER, 1),
        ({OTHER}, WA, None),
        ({TG}, WA, 1),
    ],
)
def test_of_several_that_may_have_it_the_likeliest_has_it(named: set[int], service: int, lease_id: int | None) -> None:
    seekers = [Seeker(1, TG, False), Seeker(2, WA, False)]
    found = match(frozenset(named), seekers, lambda: frozenset({TG}), service=service)
    assert (found.lease_id if found else None) == lease_id


def test_one_that_waits_alone_gets_what_names_nothing_whoever_sent_it() -> None:
    def never() -> frozenset[int]:
        pytest.fail("nobody has to look")

    assert match(frozenset(), [Seeker(1, TG, False)], never) == Seeker(1, TG, False)


def incoming(**changes: object) -> Incoming:
    fields: dict[str, object] = {
        "supplier_id": 1, "foreign_id": "7", "e164": 79, "sender": "a", "text": "b", "code": None, "confidence": 0.0,
        "services": frozenset(),
    }  # fmt: skip
    return Incoming(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"e164": 80}, {"sender": "ab"}, {"text": "bc"}])
def test_other_content_under_the_same_id_is_another_message_with_the_same_ref(change: dict[str, object]) -> None:
    ref, content = incoming().key
    other_ref, other_content = incoming(**change).key
    assert ref == other_ref
    assert content != other_content


@pytest.mark.parametrize("change", [{"supplier_id": 2}, {"foreign_id": "8"}])
def test_the_id_counts_per_supplier(change: dict[str, object]) -> None:
    assert incoming().key[0] != incoming(**change).key[0]


def test_parts_do_not_run_together_in_a_key() -> None:
    assert incoming(sender="ab", text="c").key[1] != incoming(sender="a", text="bc").key[1]


def test_a_call_and_an_sms_are_for_different_leases() -> None:
    sms, flash, voice = [Seeker(kind, TG, False, kind) for kind in Kind]
    assert waiting_for(Medium.SMS, [sms, flash, voice]) == [sms]
    assert waiting_for(Medium.CALL, [sms, flash, voice]) == [flash, voice]
    assert waiting_for(Medium.CALL, [sms]) == []


def test_calls_and_sms_are_counted_apart_and_a_recording_is_part_of_its_call() -> None:
    call = incoming(medium=Medium.CALL)
    assert call.key[0] != incoming().key[0]
    assert call.key == incoming(medium=Medium.CALL, language="en").key
    recorded = incoming(medium=Medium.CALL, recording_url="https://sims.example/1")
    assert (recorded.key[0], recorded.key[1] == call.key[1]) == (call.key[0], False)


@pytest.mark.parametrize(
    ("sender", "digits"),
    [
        ("+7 (916) 123-45.67", "79161234567"),
        ("900", "900"),
        ("anonymous", ""),
        ("", ""),
        ("+", ""),
        ("٠١٢٣", ""),
        ("7916x", ""),
    ],
)
def test_a_caller_is_digits_or_withheld(sender: str, digits: str) -> None:
    assert caller_digits(sender) == digits


def test_the_code_of_a_call_depends_on_what_was_leased() -> None:
    call = incoming(sender="79161234567", code="482913", medium=Medium.CALL)
    assert DEFAULT.of(call, Kind.FLASH, TG).code == "4567"
    assert DEFAULT.of(call, Kind.VOICE, TG).code == "482913"
    assert tail("900", 4) is None
    assert tail("900", 3) == "900"
