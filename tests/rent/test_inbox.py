"""Pages of a rental's messages: exact at every size, and none is missed while new ones arrive."""

from __future__ import annotations

import asyncio
import os
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from numbank.db.pool import create_pool
from numbank.rent.model import Inbox
from numbank.rent.views import RentViews
from tests.conftest import DSN_VARIABLE, drop, on_database
from tests.rent.support import RENTABLE, Renter, terms
from tests.support import Shop, open_bank, push

pytestmark = pytest.mark.slow


async def arrive(shop: Shop, rent_id: int, first: int, how_many: int) -> None:
    """Messages get the next places, as the desk writes them: count and places together."""
    async with shop.connection.transaction():
        await shop.connection.execute(
            "insert into message (id, supplier_id, foreign_id, e164, number_id, sender, text, confidence, fate, lease_id,"
            " same_id_other_text, kind, received_at)"
            " select nextval('message_id'), 1, g::text, r.e164, r.number_id, 's', g::text, 0, 0, -r.id, false, 0, bank_now()"
            " from rent r, generate_series($2::int, $2 + $3 - 1) g where r.id = $1",
            rent_id, first, how_many,
        )  # fmt: skip
        await shop.connection.execute(
            "insert into rent_message (rent_id, place, message_id)"
            " select $1::bigint, text::int, id from message where lease_id = -$1::bigint and text::int >= $2",
            rent_id, first,
        )  # fmt: skip
        await shop.connection.execute(
            "update rent set state = 3, messages = messages + $2 where id = $1", rent_id, how_many
        )


async def walk(views: RentViews, shop: Shop, ids: tuple[int, int], before: int, size: int, arrivals: list[int]) -> None:
    """Read page after page until an empty one, while messages arrive between the pages."""
    account_id, rent_id = ids
    seen: list[int] = []
    total = before
    page = 0
    while True:
        found = await views.inbox(account_id, rent_id, page, size)
        assert isinstance(found, Inbox)
        texts = [int(one.text) for one in found.page]
        # The page is exact: those places of the count that it was cut by, newest first, without a gap.
        first = total - page * size
        assert found.total == total
        assert texts == list(range(first, max(0, first - size), -1))
        seen += texts
        if not texts:
            break
        page += 1
        coming = arrivals.pop() if arrivals else 0
        if coming:
            await arrive(shop, rent_id, total + 1, coming)
            total += coming
    assert set(range(1, before + 1)) <= set(seen), "a message that was there when the walk began was missed"


def test_no_message_is_missed_at_any_page_size_while_new_ones_arrive(template: str) -> None:
    dsn = os.environ[DSN_VARIABLE]
    name = f"inbox_{uuid4().hex}"
    loop = asyncio.new_event_loop()
    admin = loop.run_until_complete(asyncpg.connect(dsn))
    loop.run_until_complete(admin.execute(f"create database {name} template {template}"))
    here = on_database(dsn, name)

    async def begin() -> tuple[RentViews, Shop, tuple[int, int]]:
        async with open_bank(here, sweep_every_s=3600.0) as (app, shop):
            await terms(shop, "full")
            await shop.numbers(1, abilities=RENTABLE)
            ann = await Renter.new(app, shop)
            rental = await ann.rent()
            await push(app, rental.e164, "1")
        pool = await create_pool(here, size=2, command_timeout_s=30, hot=True)
        return (
            RentViews(pool, lambda _: True, operator_fallback=True),
            Shop(await asyncpg.connect(here)),
            (ann.account_id, rental.id),
        )

    views, shop, ids = loop.run_until_complete(begin())

    async def emptied() -> None:
        await shop.connection.execute("delete from rent_message where rent_id = $1", ids[1])
        await shop.connection.execute("delete from message where lease_id = -$1::bigint", ids[1])
        await shop.connection.execute("update rent set messages = 0 where id = $1", ids[1])

    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(1, 25), st.integers(1, 12), st.lists(st.integers(0, 8), max_size=12))
    def pages(before: int, size: int, arrivals: list[int]) -> None:
        async def one() -> None:
            await emptied()
            await arrive(shop, ids[1], 1, before)
            await walk(views, shop, ids, before, size, list(arrivals))

        loop.run_until_complete(one())

    try:
        pages()
    finally:
        loop.run_until_complete(shop.connection.close())
        loop.run_until_complete(views._pool.close())
        loop.run_until_complete(admin.close())
        loop.run_until_complete(drop(name))
        loop.close()
