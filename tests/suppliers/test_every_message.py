"""Every service in every language: what the simulator writes for it, the bank reads."""

from __future__ import annotations

import pytest

from tests.suppliers.reference import LANGUAGES, assert_read_right, services

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_service_gets_a_message_that_the_bank_misreads(language: str) -> None:
    for code in services():
        for seed in range(2):
            assert_read_right(language, code, seed)
