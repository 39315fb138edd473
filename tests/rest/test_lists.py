"""The lists of version 2: countries, services, operators, products; pages, order, no key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from numbank.supply import numbers
from tests.rest.world import MailWorld, mail_world, refused


@pytest.fixture
async def bank(dsn: str) -> AsyncIterator[MailWorld]:
    async with mail_world(dsn) as opened:
        yield opened


async def shown(bank: MailWorld, path: str) -> Any:
    """A list, asked for without a key."""
    answer = await bank.stranger.get(path)
    assert answer.status_code == 200, answer.text
    assert "cache-control" not in answer.headers
    return answer.json()


async def test_countries_and_services_in_pages(bank: MailWorld) -> None:
    first = await shown(bank, "/countries")
    assert first["data"][:2] == [{"id": 0, "name": "Russia"}, {"id": 1, "name": "Ukraine"}]
    assert len(first["data"]) == 10
    known = [one for one in bank.app.bank.catalogue.countries.values() if one.visible]
    assert first["meta"] == {"page": 1, "size": 10, "sort": {"id": "asc"}, "total": len(known)}
    everything = (await shown(bank, "/countries?size=1000"))["data"]
    assert len(everything) == len(known)
    assert (await shown(bank, "/countries?size=1000&sort[id]=desc"))["data"] == everything[::-1]
    assert (await shown(bank, "/countries?size=2&page=2&sort=asc"))["data"] == everything[2:4]
    assert (await shown(bank, "/countries?page=1000000"))["data"] == []
    pages = [await shown(bank, f"/services?per_page=1000&page={page}") for page in (1, 2, 3)]
    services = [row for page in pages for row in page["data"]]
    assert len(services) == pages[0]["meta"]["total"] == len(bank.app.bank.catalogue.services)
    assert {"code": "tg", "name": "Telegram"} in services
    for query in ("size=1001", "size=0", "page=0", "sort=name"):
        refused(await bank.stranger.get(f"/countries?{query}"), 422)


async def test_a_wrong_key_is_not_looked_at_where_none_is_needed(bank: MailWorld) -> None:
    for path in ("/countries", "/services", "/operators", "/partners/products", "/currencies", "/currencies/840/rates"):
        assert (await bank.stranger.get(path, headers={"X-API-Key": "wrong"})).status_code == 200


async def test_operators_with_their_countries(bank: MailWorld) -> None:
    rows = {row["name"]: row["countries"] for row in (await shown(bank, "/operators?size=1000"))["data"]}
    assert {"id": 0, "name": "Russia"} in rows["mts"]
    assert "any" not in rows
    assert sum(len(countries) for countries in rows.values()) == sum(
        1
        for one in bank.app.bank.catalogue.operators.values()
        if one.name != "any" and bank.app.bank.catalogue.countries[one.country_id].visible
    ), "as in the list of countries"


async def test_operators_that_have_numbers_now(bank: MailWorld) -> None:
    await bank.shop.offer("tg")
    await bank.shop.numbers(3, operator="mts", abilities=numbers.SMS)
    await bank.shop.numbers(3, operator="beeline", abilities=numbers.SMS | numbers.RENT)
    await bank.shop.counted()

    async def enabled(query: str) -> set[str]:
        rows = await bank.ask("GET", f"/operators/available?{query}")
        assert isinstance(rows, list)
        assert list(rows[0]) == [
            "id", "ruDescription", "engDescription", "chineseDescription", "protocolName", "enable",
        ]  # fmt: skip
        return {row["protocolName"] for row in rows if row["enable"]}

    assert await enabled("country=0&service=tg") == await enabled("") == {"mts", "beeline"}
    assert await enabled("country=0&service=wa") == set(), "nothing of it is offered"
    assert await enabled("country=0&type=rent") == {"beeline"}
    countries = bank.app.bank.catalogue.countries
    countries[0] = msgspec.structs.replace(countries[0], rent=False)
    assert await enabled("country=0&type=rent") == set(), "no rentals are sold there"
    assert await enabled("country=1") == set()
    assert await bank.ask("GET", "/operators/available?country=99999") == []
    assert (await bank.no("GET", "/operators/available?service=nothing", 422))["title"] == "BAD_SERVICE"
    assert list((await bank.no("GET", "/operators/available?type=x", 422))["errors"]) == ["type"]


async def test_partner_products(bank: MailWorld) -> None:
    assert (await shown(bank, "/partners/products"))["data"] == []
    for name, active in (("Antivirus", True), ("Old one", False)):
        await bank.db.execute(
            "insert into product (name, price, manual, active) values ($1, 15000, 'secret manual', $2)", name, active
        )
    page = await shown(bank, "/partners/products")
    assert [row | {"id": 0} for row in page["data"]] == [
        {"id": 0, "name": "Antivirus", "group": 0, "cost": 1.5, "currency": 840, "count": 0}
    ]
    assert page["meta"]["total"] == 1


async def test_currencies_without_any_rate(bank: MailWorld) -> None:
    assert await shown(bank, "/currencies") == {"data": {"840": "USD"}}
    assert (await shown(bank, "/currencies/840/rates"))["data"]["rates"] == {"840": 1.0}
