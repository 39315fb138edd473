"""Which country a telephone number is of, also where several share a calling code or one has several."""

from __future__ import annotations

import pytest

from numbank.catalogue.catalogue import Catalogue
from numbank.db.pool import Pool


@pytest.mark.parametrize(("e164", "country"), [
    (79161234567, "RU"), (77011234567, "KZ"), (380501234567, "UA"),
    (14165550123, "CA"), (12025550123, "US"), (18765550123, "JM"), (16585550123, "JM"), (17875550123, "PR"),
    (442071838750, "GB"), (447797712345, "JE"), (447700812345, "JE"),
    (999, ""), (79, "RU"), (1, ""),
])  # fmt: skip
async def test_the_country_of_a_number(pool: Pool, e164: int, country: str) -> None:
    catalogue = Catalogue()
    await catalogue.load(pool)
    assert catalogue.iso2_of(e164) == country
