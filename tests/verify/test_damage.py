"""Every invariant that is broken by hand is found by the check that is there for it, and by no other than must see it."""

from __future__ import annotations

import pytest

from tests.verify.conftest import Break
from tests.verify.damage import Damage
from tests.verify.damage_to_books import BOOKS, MESSAGES
from tests.verify.damage_to_calls import CALLS
from tests.verify.damage_to_hooks import HOOKS
from tests.verify.damage_to_leases import LEASES
from tests.verify.damage_to_mailboxes import MAILBOXES
from tests.verify.damage_to_rentals import RENTALS
from tests.verify.damage_to_retention import RETENTION
from tests.verify.damage_to_software import SOFTWARE
from tests.verify.damage_to_stock import STOCK
from tests.verify.used_bank import ALL_CHECKS, broken

DAMAGES = BOOKS + STOCK + MESSAGES + LEASES + RENTALS + CALLS + HOOKS + RETENTION + MAILBOXES + SOFTWARE


@pytest.mark.parametrize("case", DAMAGES, ids=lambda case: f"{case.check}: {case.name}")
async def test_damage_is_found_and_named(case: Damage, break_it: Break) -> None:
    found = broken(await break_it(case.sql))
    assert found.keys() == {case.check} | case.also, found
    assert all(example for example in found[case.check])


def test_every_check_has_damage_that_it_finds() -> None:
    assert {case.check for case in DAMAGES} == {check.name for check in ALL_CHECKS}


def test_checks_have_names_of_their_own_and_a_sentence() -> None:
    assert len({check.name for check in ALL_CHECKS}) == len(ALL_CHECKS)
    assert all(check.sentence.endswith(".") for check in ALL_CHECKS)
