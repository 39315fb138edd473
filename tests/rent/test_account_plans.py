"""A customer with thousands of rentals behind him pays no more for the next one: what is read is what lives, or is new."""

from __future__ import annotations

import asyncpg
import pytest

from numbank.db.pool import CLERK, HOT
from numbank.db.queries import Queries
from numbank.leases.limits import Q as LIMITS
from tests.activation.test_history_plans import touched
from tests.rent.test_plans import FIRST, PAST

RENT = Queries("numbank.rent")
RENTALS = 6_000
# The accounts of PAST; each has 120 of them, the one below has all.
ALL = 1_000_000
FEW_BLOCKS = 60


@pytest.fixture(scope="module", params=["young", "analyzed"])
async def past(dsn: str, request: pytest.FixtureRequest) -> str:
    connection = await asyncpg.connect(dsn)
    if not await connection.fetchval("select count(*) from rent where id > $1", FIRST):
        for statement in PAST:
            await connection.execute(statement, FIRST, RENTALS)
        await connection.execute("update rent set account_id = $1 where id > $2", ALL, FIRST)
        await connection.execute("vacuum rent, rent_charge, rent_message")
    if request.param == "analyzed":
        await connection.execute("analyze")
    await connection.close()
    return dsn


@pytest.mark.parametrize(
    ("sql", "arguments", "settings"),
    [
        (LIMITS.live_leases, f"array[{ALL}], array[50]", CLERK),
        (RENT.live_views, f"{ALL}, 10, 0", HOT),
        (RENT.due_rents, "now(), 500, '{}'", HOT),
        (RENT.charges, f"array[{FIRST + 5}]", CLERK),
        (RENT.read_rents, f"array[{FIRST + 5}], null", CLERK),
        (RENT.keys_of_rents, f"array[{FIRST + 5}]", CLERK),
        (RENT.inbox_page, f"{FIRST + 5}, 1, 10, 'ot', 10", HOT),
    ],
    ids=["live_leases", "live_views", "due_rents", "charges", "read_rents", "keys_of_rents", "inbox_page"],
)
async def test_a_long_past_costs_nothing(past: str, sql: str, arguments: str, settings: dict[str, str]) -> None:
    connection = await asyncpg.connect(past, server_settings=settings, statement_cache_size=0)
    assert await touched(connection, sql, arguments) < FEW_BLOCKS
    await connection.close()


async def test_what_began_lately_is_counted_up_to_the_limit(past: str) -> None:
    connection = await asyncpg.connect(past, server_settings=CLERK, statement_cache_size=0)
    # Each of the newest is looked up: as many blocks as the limit says, not as many as there are rentals.
    assert await touched(connection, LIMITS.leases_lately, f"array[{ALL}], array[20]") < 2 * FEW_BLOCKS
    await connection.close()
