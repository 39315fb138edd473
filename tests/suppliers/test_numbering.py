"""Made-up numbers look like mobile numbers of their country, and each is made once."""

from __future__ import annotations

import phonenumbers
import pytest

from numbank.catalogue import tables
from numbank.intake.door import MAX_E164
from numbank.suppliers.simulator.numbering import make, range_of

pytestmark = pytest.mark.unit

COUNTRIES = [(int(row["id"]), row["iso2"], row["dialing_prefix"]) for row in tables.rows("countries")]


@pytest.mark.parametrize(("country_id", "iso2", "prefix"), COUNTRIES)
def test_numbers_of_every_country(country_id: int, iso2: str, prefix: str) -> None:
    made = make(country_id, iso2, prefix, seed=1, start=0, count=200)
    assert len(set(made)) == 200
    assert max(made) < MAX_E164
    assert all(str(number).startswith(tuple(prefix.split(";"))) for number in made)
    valid = [number for number in made[:50] if phonenumbers.is_valid_number(phonenumbers.parse(f"+{number}"))]
    assert len(valid) > 45


def test_the_series_goes_on_where_it_stopped() -> None:
    whole = make(0, "RU", "7", seed=1, start=0, count=50)
    assert make(0, "RU", "7", seed=1, start=0, count=30) + make(0, "RU", "7", seed=1, start=30, count=20) == whole


def test_another_seed_and_another_country_of_one_range_walk_differently() -> None:
    first = make(12, "US", "1", seed=1, start=0, count=200)
    assert first != make(12, "US", "1", seed=2, start=0, count=200)
    assert len(set(first) & set(make(187, "US", "1", seed=1, start=0, count=200))) < 5


def test_a_million_numbers_of_one_country() -> None:
    assert len(set(make(0, "RU", "7", seed=1, start=0, count=1_000_000))) == 1_000_000


def test_a_series_ends_with_its_range() -> None:
    size = range_of("NC", "687", 10**7).size
    assert len(make(1, "NC", "687", seed=1, start=size - 5, count=100)) == 5
    assert make(1, "NC", "687", seed=1, start=size, count=100) == []


def test_a_country_without_a_plan_still_gets_numbers() -> None:
    made = make(999, "ZZ", "999", seed=1, start=0, count=1_000)
    assert len(set(made)) == 1_000
    assert all(str(number).startswith("999") for number in made)
