"""The sandbox is set up once, the same everywhere, and does not run dry."""

from __future__ import annotations

import asyncio
from time import monotonic

import asyncpg
import pytest

from numbank.activation.model import LeaseRequest
from numbank.catalogue import offers
from numbank.db.pool import Pool
from numbank.errors import OperatorError, Refusal
from numbank.settings import Settings, load
from numbank.suppliers.simulator import numbering
from numbank.suppliers.simulator.prices import REACTIVATION_SHARE, SURCHARGE, WITH_MORE
from numbank.suppliers.simulator.restock import LEAST, restock
from numbank.suppliers.simulator.stock import NAME, Opened, open_sandbox, supplier_id
from numbank.supply import numbers
from tests.suppliers.conftest import OpenSandbox, Sandbox


def settings_of(**changes: object) -> Settings:
    """Settings of a small sandbox."""
    return load({}, **({"sandbox_countries": "0,187", "sandbox_numbers": 60} | changes))


async def set_up(dsn: str, **changes: object) -> Opened:
    """What a node does at its start."""
    connection = await asyncpg.connect(dsn)
    try:
        return await open_sandbox(connection, settings_of(**changes))
    finally:
        await connection.close()


async def snapshot(pool: Pool) -> tuple[object, ...]:
    """All prices and numbers by what they are called, not by their ids."""
    prices = await pool.fetch(
        "select o.country_id, s.code, o.kind, o.price, o.remaining, o.regular"
        " from offer o join service s on s.id = o.service_id order by 1, 2, 3, 4"
    )
    stock = await pool.fetch(
        "select p.country_id, r.name, n.seq, n.e164 from number n join pool p on p.id = n.pool_id"
        " join operator r on r.id = p.operator_id order by 1, 2, 3"
    )
    return [tuple(row) for row in prices], [tuple(row) for row in stock]


async def test_there_is_no_simulator_before(fresh_pool: Pool) -> None:
    assert await supplier_id(fresh_pool) is None


async def test_a_sandbox_has_numbers_and_prices_for_every_service_but_full(fresh_dsn: str, fresh_pool: Pool) -> None:
    opened = await set_up(fresh_dsn)
    assert (opened.numbers, opened.priced_countries) == (120, 2)
    assert opened.supplier_id == await supplier_id(fresh_pool)
    services = await fresh_pool.fetchval("select count(*) from service where code <> 'full'")
    rows = await fresh_pool.fetch(
        "select country_id, count(distinct service_id), min(price), max(price) from offer"
        " where kind = 0 and remaining is null group by 1 order by 1"
    )
    assert [(row[0], row[1]) for row in rows] == [(0, services), (187, services)]
    assert all(500 <= row[2] <= row[3] <= 45_000 for row in rows)
    assert await fresh_pool.fetchval("select count(*) from offer where price % 100 <> 0") == 0
    assert (
        await fresh_pool.fetchval(
            "select count(*) from offer o join service s on s.id = o.service_id where s.code = 'full'"
        )
        == 0
    )


async def test_well_known_services_have_tiers_calls_and_terms(fresh_dsn: str, fresh_pool: Pool) -> None:
    await set_up(fresh_dsn)
    rows = await fresh_pool.fetch(
        "select o.kind, o.price, o.remaining, o.regular from offer o join service s on s.id = o.service_id"
        " where o.country_id = 187 and s.code = 'wa' order by o.kind, o.price"
    )
    sms = [row for row in rows if row["kind"] == 0]
    assert [(row["remaining"], row["regular"]) for row in sms] == [(25, False), (None, True), (None, False)]
    assert sms[0]["price"] < sms[1]["price"] < sms[2]["price"]
    assert [row["kind"] for row in rows[3:]] == [1, 2]
    assert await fresh_pool.fetchval("select count(*) from offer_terms") == 2 * len(WITH_MORE)
    terms = await fresh_pool.fetchrow(
        "select forward_surcharge, reactivation_price from offer_terms t join service s on s.id = t.service_id"
        " where t.country_id = 187 and s.code = 'wa'"
    )
    assert terms is not None
    assert tuple(terms) == (SURCHARGE, sms[1]["price"] * REACTIVATION_SHARE // 10_000 * 100)


async def test_some_operators_of_every_country_take_calls(fresh_dsn: str, fresh_pool: Pool) -> None:
    await set_up(fresh_dsn, sandbox_countries="0,43,187")
    rows = await fresh_pool.fetch(
        "select country_id, count(*) filter (where abilities = 7) as able, count(*) filter (where abilities = 1) as plain"
        " from pool group by 1"
    )
    assert len(rows) == 3
    assert all(row["able"] >= 1 and row["able"] == (row["able"] + row["plain"] + 2) // 3 for row in rows)


async def test_numbers_are_dealt_out_to_all_operators_and_counted(fresh_dsn: str, fresh_pool: Pool) -> None:
    await set_up(fresh_dsn)
    rows = await fresh_pool.fetch(
        "select p.country_id, p.last_seq, s.free, (select max(seq) from number n where n.pool_id = p.id) as seq"
        " from pool p join stock s on s.pool_id = p.id order by 1"
    )
    operators = await fresh_pool.fetchval("select count(*) from operator where country_id in (0, 187)")
    assert len(rows) == operators
    assert {row["country_id"]: sum(one["last_seq"] for one in rows if one["country_id"] == row["country_id"])
            for row in rows} == {0: 60, 187: 60}  # fmt: skip
    assert all(row["last_seq"] == row["free"] == row["seq"] for row in rows)
    sizes = [row["last_seq"] for row in rows if row["country_id"] == 0]
    assert max(sizes) - min(sizes) <= 1


async def test_a_second_start_changes_nothing_and_is_quick(fresh_dsn: str, fresh_pool: Pool) -> None:
    await set_up(fresh_dsn)
    before = await snapshot(fresh_pool)
    took = []
    for _ in range(3):
        started = monotonic()
        opened = await set_up(fresh_dsn)
        took.append(monotonic() - started)
        assert (opened.numbers, opened.priced_countries) == (0, 0)
    assert min(took) < 0.5
    assert await snapshot(fresh_pool) == before


async def test_what_the_operator_set_stays(fresh_dsn: str, fresh_pool: Pool) -> None:
    await set_up(fresh_dsn)
    await fresh_pool.execute("update offer set price = price % 77 + id * 77 where country_id = 0")
    before = await snapshot(fresh_pool)
    assert (await set_up(fresh_dsn, sandbox_seed=9)).priced_countries == 0
    assert await snapshot(fresh_pool) == before


async def test_two_nodes_at_once_and_a_bigger_sandbox_later(fresh_dsn: str, fresh_pool: Pool) -> None:
    opened = await asyncio.gather(
        *(set_up(fresh_dsn, sandbox_countries="12,36,187", sandbox_numbers=80) for _ in range(3))
    )
    assert sorted((one.numbers, one.priced_countries) for one in opened) == [(0, 0), (0, 0), (240, 3)]
    bigger = await set_up(fresh_dsn, sandbox_countries="12,36,187", sandbox_numbers=90)
    assert (bigger.numbers, bigger.priced_countries) == (30, 0)
    rows = await fresh_pool.fetch(
        "select country_id, sum(last_seq) from pool where country_id in (12, 36, 187) group by 1 order by 1"
    )
    assert [tuple(row) for row in rows] == [(12, 90), (36, 90), (187, 90)]


async def test_the_same_seed_stocks_the_same_on_another_database(
    fresh_dsn: str, fresh_pool: Pool, dsn: str, pool: Pool
) -> None:
    await set_up(fresh_dsn)
    await set_up(dsn)
    assert await snapshot(fresh_pool) == await snapshot(pool)
    await set_up(fresh_dsn, sandbox_countries="43", sandbox_seed=2)
    await set_up(dsn, sandbox_countries="43", sandbox_seed=3)
    assert await snapshot(fresh_pool) != await snapshot(pool)


async def test_numbers_that_somebody_has_already_are_skipped(fresh_dsn: str, fresh_pool: Pool) -> None:
    taken = numbering.make(1, "UA", "380", seed=1, start=0, count=20)
    async with fresh_pool.acquire() as connection, connection.transaction():
        own = await offers.supplier(connection, offers.OWN_POOL, "pool")
        operator_id = await offers.operator(connection, 1, "any")
        assert len(await numbers.add(connection, own, 1, operator_id, taken)) == 20
    assert (await set_up(fresh_dsn, sandbox_countries="1")).numbers == 60
    assert (await set_up(fresh_dsn, sandbox_countries="1")).numbers == 0


async def test_a_country_without_operators_gets_the_operator_any(fresh_dsn: str, fresh_pool: Pool) -> None:
    country_id = await fresh_pool.fetchval(
        "select min(id) from country c where not exists (select from operator o where o.country_id = c.id)"
    )
    assert (await set_up(fresh_dsn, sandbox_countries=str(country_id))).numbers == 60
    names = await fresh_pool.fetch("select name from operator where country_id = $1", country_id)
    assert [row["name"] for row in names] == ["any"]


@pytest.mark.parametrize("countries", ["0,99999", "russia", "0;1"])
async def test_a_country_that_there_is_not(fresh_dsn: str, countries: str) -> None:
    with pytest.raises(OperatorError, match="there is no country"):
        await set_up(fresh_dsn, sandbox_countries=countries)


async def test_the_name_of_the_simulator_belongs_to_it(fresh_dsn: str) -> None:
    connection = await asyncpg.connect(fresh_dsn)
    await connection.execute("insert into supplier (name, kind) values ($1, 'agent')", NAME)
    await connection.close()
    with pytest.raises(OperatorError, match="of kind agent"):
        await set_up(fresh_dsn)


async def test_the_limits_of_the_session_are_back_afterwards(fresh_dsn: str, fresh_pool: Pool) -> None:
    async with fresh_pool.acquire() as connection:
        await open_sandbox(connection, settings_of())
        for limit, value in (("statement_timeout", "3s"), ("lock_timeout", "1s")):
            assert await connection.fetchval(f"show {limit}") == value
    async with fresh_pool.acquire() as other, other.transaction():
        assert await other.fetchval("select pg_try_advisory_xact_lock(1936289141)")


async def test_a_customer_who_leases_on_and_on_does_not_run_dry(open_a_sandbox: OpenSandbox) -> None:
    sandbox: Sandbox = await open_a_sandbox(sandbox_countries="43", sandbox_numbers=20)
    own_id, settings = sandbox.opened.supplier_id, sandbox.settings
    assert await restock(sandbox.pool, own_id, settings) == 0
    request = LeaseRequest(sandbox.account_id, 43, sandbox.catalogue.by_code["wa"].id, 1200.0, 0.0)
    leased = set()
    for _ in range(120):
        result = await sandbox.lease_counter.ask(request)
        if isinstance(result, Refusal):
            assert await restock(sandbox.pool, own_id, settings) >= LEAST
        else:
            leased.add(result.e164)
    assert len(leased) > 100
    while await restock(sandbox.pool, own_id, settings):
        pass
    async with sandbox.pool.acquire() as connection, connection.transaction():
        await numbers.fold(connection)
    free = await sandbox.pool.fetchval(
        "select sum(s.free) from stock s join pool p on p.id = s.pool_id where p.supplier_id = $1 and p.country_id = 43",
        own_id,
    )
    stocked = await sandbox.pool.fetchval("select sum(last_seq) from pool where country_id = 43")
    assert free == stocked - len(leased)


async def test_only_one_node_restocks_at_a_time(open_a_sandbox: OpenSandbox) -> None:
    sandbox: Sandbox = await open_a_sandbox(sandbox_countries="6", sandbox_numbers=4)
    for _ in range(4):
        await sandbox.lease(country=6)
    steps = (restock(sandbox.pool, sandbox.opened.supplier_id, sandbox.settings) for _ in range(4))
    assert sum(await asyncio.gather(*steps)) > 0
    seqs = await sandbox.pool.fetch(
        "select p.last_seq, count(*) as count, max(n.seq) as seq from pool p join number n on n.pool_id = p.id group by p.id"
    )
    assert all(row["last_seq"] == row["count"] == row["seq"] for row in seqs)
