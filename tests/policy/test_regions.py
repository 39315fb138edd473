"""Regions: which rule decides about an address, and the database of countries."""

from __future__ import annotations

from pathlib import Path

import pytest

from numbank.errors import OperatorError
from numbank.policy.clients import address
from numbank.policy.countries import CountryDatabase, country_in
from numbank.policy.regions import Regions, Rule, subject_of
from tests.policy import mmdb

pytestmark = pytest.mark.unit

WHERE = {"198.51.100.1": "BR", "203.0.113.1": "RU", "2001:db8::1": "BR"}


def verdict(rules: dict[str, bool], client: str) -> tuple[bool, str]:
    found = Regions(Rule(subject, allowed) for subject, allowed in rules.items()).decide(
        address(client), lambda one: WHERE.get(str(one))
    )
    return found.allowed, found.decided_by


@pytest.mark.parametrize(
    ("rules", "client", "expected"),
    [
        ({}, "198.51.100.1", (True, "")),
        ({"all": False}, "198.51.100.1", (False, "all")),
        ({"all": False, "BR": True}, "198.51.100.1", (True, "BR")),
        ({"all": False, "BR": True}, "2001:db8::1", (True, "BR")),
        ({"all": False, "BR": True}, "203.0.113.1", (False, "all")),
        ({"all": False, "BR": True}, "192.0.2.1", (False, "all")),
        # An exception does not turn everybody else away.
        ({"RU": False, "203.0.113.0/24": True}, "203.0.113.1", (True, "203.0.113.0/24")),
        ({"RU": False, "203.0.113.0/24": True}, "192.0.2.1", (True, "")),
        ({"RU": False}, "203.0.113.1", (False, "RU")),
        # The narrowest network counts, in whatever order it was written.
        ({"10.0.0.0/8": False, "10.1.0.0/16": True, "10.1.1.0/24": False}, "10.1.1.9", (False, "10.1.1.0/24")),
        ({"10.1.1.0/24": False, "10.1.0.0/16": True, "10.0.0.0/8": False}, "10.1.2.9", (True, "10.1.0.0/16")),
        ({"unknown": False}, "192.0.2.1", (False, "unknown")),
        ({"unknown": False}, "198.51.100.1", (True, "")),
        ({"unknown": True, "all": False}, "192.0.2.1", (True, "unknown")),
        ({"2001:db8::/32": False}, "2001:db8::1", (False, "2001:db8::/32")),
        ({"2001:db8::/32": False}, "198.51.100.1", (True, "")),
        ({"198.51.100.0/24": False}, "::ffff:198.51.100.1", (False, "198.51.100.0/24")),
        # Nobody can tell where it comes from.
        ({"all": False}, "garbage", (False, "all")),
        ({"unknown": False, "all": True}, "garbage", (False, "unknown")),
        ({"RU": False}, "garbage", (True, "")),
    ],
)  # fmt: skip
def test_the_narrowest_rule_decides(rules: dict[str, bool], client: str, expected: tuple[bool, str]) -> None:
    assert verdict(rules, client) == expected


def test_subjects_are_kept_in_one_spelling() -> None:
    spelled = {" br ": "BR", "ALL": "all", "Unknown": "unknown", "10.0.0.0/8": "10.0.0.0/8", "192.0.2.1": "192.0.2.1/32",
               "::FFFF:10.0.0.0/104": "10.0.0.0/8", "2001:DB8::/32": "2001:db8::/32"}  # fmt: skip
    assert {text: subject_of(text) for text in spelled} == spelled
    for wrong in ("BRA", "10.0.0.1/8", "", "b", "everywhere"):
        with pytest.raises(OperatorError, match="is no network"):
            subject_of(wrong)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "countries.mmdb"
    mmdb.write(path, {
        "198.51.100.0/24": mmdb.country("BR"), "2001:db8::/32": mmdb.country("PT"), "203.0.113.0/25": {"country": "ru"},
        "203.0.113.128/25": {"registered_country": {"iso_code": "KZ"}}, "192.0.2.0/24": {"continent": {"code": "EU"}},
    })  # fmt: skip
    return path


def looked_up(database: CountryDatabase, text: str) -> str | None:
    found = address(text)
    assert found is not None
    return database.country(found)


def test_countries_are_read_from_a_database_in_maxminds_format(file: Path) -> None:
    database = CountryDatabase(str(file))
    database.open()
    addresses = ("198.51.100.7", "2001:db8::7", "203.0.113.1", "203.0.113.200", "192.0.2.1", "8.8.8.8", "2001:4860::1")
    assert [looked_up(database, each) for each in addresses] == ["BR", "PT", "RU", "KZ", None, None, None]


def test_a_file_of_ipv4_only_knows_no_ipv6(tmp_path: Path) -> None:
    path = tmp_path / "four.mmdb"
    mmdb.write(path, {"198.51.100.0/24": mmdb.country("BR")}, ip_version=4)
    database = CountryDatabase(str(path))
    database.open()
    assert (looked_up(database, "198.51.100.7"), looked_up(database, "2001:db8::7")) == ("BR", None)


def test_a_changed_file_is_read_again_and_a_broken_one_is_not(file: Path) -> None:
    database = CountryDatabase(str(file))
    database.open()
    assert not database.refresh()
    file.write_bytes(b"half a down")
    assert not database.refresh()
    assert looked_up(database, "198.51.100.7") == "BR"
    file.unlink()
    assert not database.refresh()
    assert looked_up(database, "198.51.100.7") == "BR"
    mmdb.write(file, {"198.51.100.0/24": mmdb.country("AR")})
    assert database.refresh()
    assert looked_up(database, "198.51.100.7") == "AR"


def test_a_file_that_cannot_be_read_keeps_the_bank_closed(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"NUMBANK_REGION_DATABASE=.*No such file"):
        CountryDatabase(str(tmp_path / "none.mmdb")).open()
    (tmp_path / "text.mmdb").write_text("no database")
    with pytest.raises(OperatorError) as caught:
        CountryDatabase(str(tmp_path / "text.mmdb")).open()
    named = str(tmp_path / "text.mmdb")
    assert str(caught.value) == f"setting NUMBANK_REGION_DATABASE={named!r}: no database in MaxMind's format"


@pytest.mark.parametrize("record", [None, [], {"country": {}}, {"country": {"iso_code": 7}}, {"country": "Brazil"}])
def test_a_record_without_a_country_is_unknown(record: object) -> None:
    assert country_in(record) is None
