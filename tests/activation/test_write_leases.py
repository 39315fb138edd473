"""What leases write is counted in the statement that writes it; when it is not what was decided, nothing is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from numbank.activation.model import LeaseRequest, Offer
from numbank.activation.writing import Bought, write_leases
from numbank.leases.paying import Charged
from numbank.ledger import journal
from numbank.supply.claim import Bookmark, Claim
from tests.support import Caller, Shop, open_bank

COUNTRY, PRICE = 0, 1_000


class Scene:
    """A bank in which one number is leased, and the next lease is written by hand."""

    def __init__(self, shop: Shop, caller: Caller, account_id: int) -> None:
        self.tx = shop.connection
        self.caller = caller
        self.account_id = account_id

    async def write(self, e164: int, account_id: int, bookmarks: Sequence[Bookmark] = ()) -> None:
        """Lease a number for another service, as the desk does."""
        found = await self.tx.fetchrow("select id, pool_id from number where e164 = $1", e164)
        service_id = await self.tx.fetchval("select id from service where code = 'wa'")
        assert found is not None
        offer = Offer(PRICE, found["pool_id"], 1, 1, "any", 1)
        bought = Bought(LeaseRequest(account_id, COUNTRY, service_id, 1200.0, 120.0), offer, Charged(PRICE))
        claim = Claim(found["pool_id"], service_id, found["id"], e164, 0)
        async with self.tx.transaction():
            await write_leases(self.tx, [(bought, claim)], bookmarks, {account_id: journal.Balance(840, PRICE, 0)})

    async def counts(self) -> tuple[int, ...]:
        """What a lease would change."""
        row = await self.tx.fetchrow(
            "select (select count(*) from activation), (select count(*) from hold), (select count(*) from entry),"
            " (select count(*) from use), (select sum(cash) from account)::bigint"
        )
        assert row is not None
        return tuple(row)


@pytest.fixture
async def scene(own_dsn: str) -> AsyncIterator[Scene]:
    async with open_bank(own_dsn) as (app, shop):
        await shop.offer("tg", country=COUNTRY)
        await shop.numbers(2, country=COUNTRY)
        account_id, key = await shop.customer()
        yield Scene(shop, Caller(app, key), account_id)


async def test_a_number_that_is_no_longer_free_stops_the_whole_set(scene: Scene) -> None:
    _, e164 = await scene.caller.lease("tg", country=COUNTRY)
    before = await scene.counts()
    with pytest.raises(RuntimeError, match="0 of 1 claimed numbers were free"):
        await scene.write(e164, scene.account_id)
    assert await scene.counts() == before


async def test_an_account_that_is_not_there_breaks_the_books(scene: Scene) -> None:
    free = await scene.tx.fetchval("select e164 from number where state = 0 order by id limit 1")
    before = await scene.counts()
    with pytest.raises(journal.BrokenBooks, match="0 accounts debited"):
        await scene.write(free, scene.account_id + 1_000)
    assert await scene.counts() == before


async def test_a_bookmark_of_no_shelf_stops_the_whole_set(scene: Scene) -> None:
    free = await scene.tx.fetchval("select e164 from number where state = 0 order by id limit 1")
    before = await scene.counts()
    with pytest.raises(RuntimeError, match="0 of 1 bookmarks moved on"):
        await scene.write(free, scene.account_id, [(2_000_000_000, 1, 5, 5)])
    assert await scene.counts() == before


async def test_more_than_an_account_has_is_refused_by_the_database(scene: Scene) -> None:
    await scene.tx.execute("update account set cash = $2 where id = $1", scene.account_id, PRICE - 1)
    free = await scene.tx.fetchval("select e164 from number where state = 0 order by id limit 1")
    before = await scene.counts()
    with pytest.raises(asyncpg.CheckViolationError):
        await scene.write(free, scene.account_id)
    assert await scene.counts() == before


async def test_a_lease_writes_its_number_in_place(scene: Scene) -> None:
    """No index of `number` names what a lease changes, or each lease would write into all of them."""
    named = await scene.tx.fetch(
        "select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid"
        " where i.indrelid = 'number'::regclass and pg_get_indexdef(i.indexrelid) ~ '(state|holder|last_service_id)'"
    )
    assert named == []
