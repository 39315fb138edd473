"""The dependency audit: what is known is told, and what could not be asked is never taken for clean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.audit import CLEAN, LOCKS, NOT_AUDITED, SERVICES, VULNERABLE, Package, audit, last_line, names, read

pytestmark = pytest.mark.unit

LOCKED = ["one", "two"]


def run(answers: dict[str, list[Package] | str], locked: list[str] = LOCKED) -> tuple[int, str]:
    said: list[str] = []
    return audit(answers.__getitem__, said.append, locked), "\n".join(said)


def test_what_every_service_knows_nothing_against_is_clean() -> None:
    code, said = run({"osv": [Package("one"), Package("two")], "pypi": "unreachable"})
    assert (code, said) == (CLEAN, "audited: 2 locked packages, 0 with known vulnerabilities")


def test_services_that_cannot_be_reached_are_said_aloud() -> None:
    code, said = run(dict.fromkeys(SERVICES, "no such host"))
    assert code == NOT_AUDITED
    assert said == "NOT AUDITED: 2 of 2 locked packages (one, two). osv: no such host; pypi: no such host"


def test_a_service_that_skips_packages_has_not_audited_them() -> None:
    skipping = [Package("one", skipped="not found"), Package("two")]
    code, said = run({"osv": skipping, "pypi": "down"})
    assert code == NOT_AUDITED
    assert said.startswith("NOT AUDITED: 1 of 2 locked packages (one). osv: does not know 1 packages")


def test_what_one_service_knows_is_enough_to_fail() -> None:
    bad = Package("two", "1.0", ("CVE-1",))
    code, said = run({"osv": [Package("one"), Package("two")], "pypi": [bad]})
    assert code == VULNERABLE
    assert said.startswith("VULNERABLE: two 1.0: CVE-1")
    assert run({"osv": [bad], "pypi": "down"})[0] == VULNERABLE, "also when the rest could not be asked"


def test_empty_locks_are_not_audited() -> None:
    assert run({"osv": [], "pypi": []}, [])[0] == NOT_AUDITED


def test_the_output_of_the_tool_is_read() -> None:
    output = {"dependencies": [
        {"name": "one", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]},
        {"name": "two", "skip_reason": "not found"},
    ]}  # fmt: skip
    assert read(json.dumps(output)) == [
        Package("one", "1", ("CVE-1 (mended in 2)",)),
        Package("two", skipped="not found"),
    ]
    assert last_line("Traceback\nConnectionError: pool(host=x)") == "ConnectionError: pool"


def test_every_locked_package_is_counted() -> None:
    locks = [Path(__file__).parent.parent / lock for lock in LOCKS]
    counted = [names(lock.read_text()) for lock in locks]
    assert set(counted[0]) < set(counted[1])
    assert {"granian", "asyncpg", "pytest"} <= set(counted[1])
