"""The operator's lists are whole, however long they are: they are read in pages."""

from __future__ import annotations

import pytest

from numbank.db.pool import Pool
from numbank.mailbox import denied, domains
from tests.mailbox.world import deny, domain


async def test_prices_are_read_in_pages(dsn: str, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    async with pool.acquire() as connection:
        await domain(connection, "a.box", zone="box")  # type: ignore[arg-type]
        await domain(connection, "b.box", zone="box", popular=True)  # type: ignore[arg-type]
        async with connection.transaction():
            for site in ("", "s.example", "t.example"):
                await domains.put_price(connection, ("box", None), site, 5, None)
                await domains.put_price(connection, await domains.place(connection, "b.box"), site, 7, 3)
    whole = await domains.prices(pool)
    assert [(one.zone, one.domain, one.site) for one in whole] == [
        (zone, name, site) for zone, name in (("box", None), (None, "b.box")) for site in ("", "s.example", "t.example")
    ]
    monkeypatch.setattr(domains, "MOST_LISTED", 2)
    found: list[domains.Price] = []
    while page := await domains.prices(pool, found[-1] if found else None):
        assert len(page) == 2
        found.extend(page)
    assert found == whole


async def test_decisions_about_sites_are_read_in_pages(dsn: str, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    async with pool.acquire() as connection:
        for host in ("a.example", "b.example", "c.example"):
            await deny(connection, host)  # type: ignore[arg-type]
    monkeypatch.setattr(denied, "MOST_LISTED", 2)
    first = await denied.listed(pool)
    assert [one.host for one in first] == ["a.example", "b.example"]
    assert [one.host for one in await denied.listed(pool, first[-1].host)] == ["c.example"]
    assert await denied.listed(pool, "c.example") == []
