"""What is seen of mailboxes: one lease, the history of an account, what is offered and at which price."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from numbank.errors import (
    BadDomain,
    NoMailbox,
    NoNumbers,
    Refusal,
)
from numbank.mailbox import views
from numbank.mailbox.model import ChangeRequest, HistoryRequest, MailType
from numbank.mailbox.states import Event
from tests.mailbox.world import CALM, arrive, bought, cancel, domain, live, request, see, zone
from tests.support import open_bank


async def test_the_price_for_the_site_beats_the_price_for_any(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name, popular=True, price=300)
        async with shop.connection.transaction():
            for site, price in (("", 100), ("dear.example", 900)):
                await shop.connection.execute(
                    "insert into mail_price (zone, site, price) values ($1, $2, $3)", name, site, price
                )
        assert (await bought(app, customer, name)).price == 100
        assert (await bought(app, customer, name, site="dear.example")).price == 900
        assert (await bought(app, customer, f"mail.{name}")).price == 300
        assert (await bought(app, customer, f"@mail.{name}", mail_type=MailType.POPULAR)).price == 300
        buy = app.bank.desks.mail.buy
        assert isinstance(await buy(request(customer, name, mail_type=MailType.POPULAR)), BadDomain)
        assert isinstance(await buy(request(customer, f"mail.{name}", mail_type=MailType.ZONE)), BadDomain)
        shown = await app.bank.desks.mail.domains("dear.example")
        assert isinstance(shown, list)
        mine = [(one.mail_type, one.name, one.price, one.count) for one in shown if name in one.name]
        assert mine == [(MailType.ZONE, name, 900, 996), (MailType.POPULAR, f"mail.{name}", 300, 996)]


async def test_a_zone_gives_of_the_domain_with_the_most_room_and_shows_all_of_it(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"a.{name}", zone=name, capacity=3)
        await domain(shop.connection, f"b.{name}", zone=name, capacity=5)
        found = await app.bank.desks.mail.buy(request(customer, name, count=6))
        assert isinstance(found, list)
        assert (await live(shop, f"a.{name}"), await live(shop, f"b.{name}")) == (2, 4)
        assert len({box.email for box in found}) == 6
        shown = await app.bank.desks.mail.domains("")
        assert isinstance(shown, list)
        assert [one.count for one in shown if one.name == name] == [2]
        assert isinstance(await app.bank.desks.mail.buy(request(customer, name, count=3)), NoNumbers)
        assert len(await app.bank.desks.mail.buy(request(customer, name, count=2))) == 2  # type: ignore[arg-type]
        shown = await app.bank.desks.mail.domains("")
        assert isinstance(shown, list)
        assert name not in [one.name for one in shown]


async def test_a_foreign_lease_looks_like_a_missing_one(dsn: str) -> None:
    async with open_bank(dsn, **CALM) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        stranger = (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        box = await bought(app, customer, name)
        for account_id, mailbox_id in ((stranger, box.id), (customer, 2**62)):
            assert isinstance(await app.bank.desks.mail.one(account_id, mailbox_id), NoMailbox)
            change = ChangeRequest(mailbox_id, Event.CANCEL, account_id)
            assert isinstance(await app.bank.desks.mail.change(change), NoMailbox)


@pytest.mark.parametrize("oldest_first", [False, True])
async def test_history_is_filtered_and_paged_in_both_directions(dsn: str, *, oldest_first: bool) -> None:
    async with open_bank(dsn, **CALM) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        stranger = (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        made = []
        for number in range(7):
            made.append(await bought(app, customer, name, site=f"s{number % 2}.example"))
            await bought(app, stranger, name)
        await arrive(app, made[0].email)
        await arrive(app, made[1].email)
        await cancel(app, made[1])
        await cancel(app, made[2])
        order = made if oldest_first else made[::-1]
        history = app.bank.desks.mail.history

        async def ids(**given: Any) -> tuple[int, list[int]]:
            asked = HistoryRequest(customer, oldest_first=oldest_first, **given)
            found = await history(asked)
            assert not isinstance(found, Refusal)
            return found.total, [box.id for box in found.page]

        assert await ids(size=3) == (7, [box.id for box in order[:3]])
        assert await ids(size=3, page=3) == (7, [box.id for box in order[6:]])
        assert await ids(size=3, page=4) == (7, [])
        assert await ids(search="S1.EXAMPLE") == (3, [box.id for box in order if box.site == "s1.example"])
        assert await ids(search=made[4].email[:8]) == (1, [made[4].id])
        assert await ids(search="%") == (0, [])
        assert await ids(search="nothing\0") == (0, [])
        for status, which in ((3, made[3:]), (4, made[2:3]), (5, made[:1]), (6, made[1:2]), (7, [])):
            assert await ids(statuses=frozenset({status})) == (len(which), [box.id for box in order if box in which])
        since: datetime = made[5].created_at
        assert (await ids(since=since))[0] == 2
        assert (await ids(until=since))[0] == 6
        assert (await ids(page=10**9, size=10**9))[1] == []
        first = await history(HistoryRequest(customer, size=1, oldest_first=True))
        assert not isinstance(first, Refusal)
        assert (first.page[0].value, first.page[0].full_message) == ("123456", "Your code is 123456")


async def test_a_search_reaches_so_far_back_and_the_whole_history_has_no_end(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_bank(dsn) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        made = [await bought(app, customer, name) for _ in range(5)]
        monkeypatch.setattr(views, "MOST_LOOKED_AT", 3)
        for oldest_first in (False, True):
            for search, reached in (("@", made[2:]), ("", made)):
                wanted = HistoryRequest(customer, oldest_first=oldest_first, search=search)
                found = await app.bank.desks.mail.history(wanted)
                assert not isinstance(found, Refusal)
                assert found.total == len(reached)
                assert sorted(box.id for box in found.page) == [box.id for box in reached]


async def test_a_list_cuts_long_texts_and_one_lease_shows_more_of_it(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        box = await bought(app, customer, name)
        await arrive(app, box.email, text="x" * 50_000)
        assert len((await see(app, box)).full_message or "") == 50_000
        found = await app.bank.desks.mail.history(HistoryRequest(customer))
        assert not isinstance(found, Refusal)
        assert len(found.page[0].full_message or "") == views.LONGEST_LISTED


async def test_what_shows_is_at_most_what_is_left_at_the_price(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name, capacity=50, remaining=3)

        async def count() -> list[int]:
            shown = await app.bank.desks.mail.domains("site.example")
            assert isinstance(shown, list)
            return [one.count for one in shown if one.name == name]

        assert await count() == [3]
        await bought(app, customer, name)
        assert await count() == [2]
        await shop.connection.execute("update mail_domain set capacity = 2 where zone = $1", name)
        assert await count() == [1]
        await shop.connection.execute("update mail_domain set capacity = 0 where zone = $1", name)
        assert await count() == []
