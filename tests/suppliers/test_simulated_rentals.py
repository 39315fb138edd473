"""The sandbox rents numbers out: stock and terms of its own in every country, and messages over time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from numbank.leases.refs import of_rent
from numbank.rent import terms
from numbank.server.app import App
from numbank.suppliers.simulator import rental_stock
from numbank.suppliers.simulator.rentals import TIMES
from numbank.suppliers.simulator.stock import open_sandbox
from numbank.supply.numbers import CALL, RENT, SMS
from numbank.supply.supplier import Leased
from tests.rent.support import clean
from tests.support import Caller, Shop, open_bank, settings_for, until

SETTINGS: dict[str, object] = {
    "sandbox": True, "sandbox_countries": "0,2,43", "sandbox_numbers": 20, "sandbox_rent_numbers": 6,
    "sandbox_delay_s": 0.05,
}  # fmt: skip


async def opened(dsn: str, **changes: object) -> rental_stock.Opened:
    """What a node does at its start."""
    settings = settings_for(dsn, **(SETTINGS | changes))
    connection = await asyncpg.connect(dsn)
    try:
        await open_sandbox(connection, settings)
        return await rental_stock.open_rentals(connection, settings)
    finally:
        await connection.close()


@pytest.fixture
async def sandbox(own_dsn: str) -> AsyncIterator[tuple[App, Shop, Caller]]:
    await opened(own_dsn)
    async with open_bank(own_dsn, **SETTINGS) as (app, shop):
        _, key = await shop.customer(balance=10**9)
        await shop.counted()
        yield app, shop, Caller(app, key)
    await clean(own_dsn)


async def test_numbers_and_terms_are_made_once_in_every_country(own_dsn: str) -> None:
    first = await opened(own_dsn)
    assert first == rental_stock.Opened(numbers=18, tables=33)
    assert await opened(own_dsn) == rental_stock.Opened(0, 0)
    assert await opened(own_dsn, sandbox_rent_numbers=8) == rental_stock.Opened(6, 0)
    connection = await asyncpg.connect(own_dsn)
    rows = await connection.fetch("select country_id, sum(last_seq), min(abilities), max(abilities) from pool"
                                  " where abilities & 8 <> 0 group by 1 order by 1")  # fmt: skip
    assert [tuple(row) for row in rows] == [
        (country, 8, SMS | CALL | RENT, SMS | CALL | RENT) for country in (0, 2, 43)
    ]
    tables: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for country, code, hours, price in await connection.fetch(
        "select t.country_id, s.code, t.hours, t.price from rent_term t join service s on s.id = t.service_id"
    ):
        tables.setdefault((country, code), []).append((hours, price))
    assert {country for country, _ in tables} == {0, 2, 43}
    day: dict[tuple[int, str], int] = {}
    for place, rows_ in tables.items():
        table = terms.table_of(rows_)
        terms.check_table(table)
        day[place] = terms.price_of(table, 24) or 0
    for country in (0, 2, 43):
        others = [price for (where, code), price in day.items() if where == country and code != "full"]
        assert len(others) == 10
        assert day[country, "full"] == 2 * max(others)
    await connection.close()


async def test_what_the_operator_priced_stays_and_none_are_made_when_none_are_wanted(own_dsn: str) -> None:
    assert await opened(own_dsn, sandbox_rent_numbers=0) == rental_stock.Opened(0, 0)
    connection = await asyncpg.connect(own_dsn)
    await connection.execute(
        "insert into rent_term (country_id, service_id, hours, price) select 2, id, 5, 77 from service where code = 'tg'"
    )
    assert (await opened(own_dsn)).tables == 22  # of the other two countries
    assert await connection.fetchval("select count(*) from rent_term where country_id = 2") == 1
    await connection.close()


async def test_the_numbers_for_activations_are_as_many_as_without(own_dsn: str) -> None:
    await opened(own_dsn)
    connection = await asyncpg.connect(own_dsn)
    rows = await connection.fetch(
        "select country_id, sum(last_seq) from pool where abilities & 8 = 0 group by 1 order by 1"
    )
    assert [tuple(row) for row in rows] == [(0, 20), (2, 20), (43, 20)]
    await connection.close()


async def received(caller: Caller, rent_id: int, count: int) -> list[dict[str, str]]:
    """The messages of a rental once there are so many, the oldest first."""
    found: dict[str, dict[str, str]] = {}

    async def there() -> bool:
        nonlocal found
        found = (await caller.json("getRentStatus", id=rent_id)).get("values", {})
        return len(found) >= count

    await until(there, tries=1_500)
    return list(reversed(found.values()))


async def test_a_rental_in_full_receives_codes_of_several_services_over_time(
    sandbox: tuple[App, Shop, Caller],
) -> None:
    app, _, caller = sandbox
    phone = (await caller.json("getRentNumber", service="full", country=43))["phone"]
    came = await received(caller, phone["id"], len(TIMES))
    services = [one["service"] for one in came]
    assert len(set(services)) >= 3
    assert set(services) <= app.bank.catalogue.by_code.keys()
    assert all(any(letter.isdigit() for letter in one["text"]) for one in came)


async def test_a_rental_for_one_service_receives_codes_of_that_service(sandbox: tuple[App, Shop, Caller]) -> None:
    _, _, caller = sandbox
    phone = (await caller.json("getRentNumber", service="tg", country=0))["phone"]
    came = await received(caller, phone["id"], len(TIMES))
    assert {one["service"] for one in came} == {"tg"}
    assert len({one["text"] for one in came}) == len(TIMES)


async def test_messages_come_one_after_the_other_and_none_after_the_end(sandbox: tuple[App, Shop, Caller]) -> None:
    app, shop, _ = sandbox
    simulator = app.bank.simulator
    assert simulator is not None
    at = await app.bank.now() + timedelta(hours=1)
    service_id = app.bank.catalogue.by_code["full"].id
    ids = (123, 124)
    for rent_id, life in zip(ids, (timedelta(hours=4), timedelta(seconds=0.2)), strict=True):
        lease = Leased(
            of_rent(rent_id), 43, service_id, simulator.supplier_id, 4_915_100_000_000 + rent_id, at, at + life
        )
        async with shop.connection.transaction():
            await simulator.leased(shop.connection, [lease])
    rows = await shop.connection.fetch("select foreign_id, due_at from simulated_message order by id")
    long = [row["due_at"] - at for row in rows if row["foreign_id"].startswith("rent-123-")]
    assert long == [timedelta(seconds=times * 0.05) for times in TIMES]
    short = [row for row in rows if row["foreign_id"].startswith("rent-124-")]
    assert len(short) == len([times for times in TIMES if times * 0.05 < 0.2])
    await shop.connection.execute("delete from simulated_message")
