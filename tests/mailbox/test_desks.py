"""Mailboxes on the real database: purchase, mails, ends, reorders, views, money."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from numbank.clock import Chance
from numbank.errors import (
    BadDomain,
    BadRequest,
    BadSite,
    ChannelsLimit,
    EarlyCancel,
    NoBalance,
    NoMailbox,
    NoNumbers,
    NotFound,
    RateLimited,
    SiteDenied,
)
from numbank.mailbox import domains
from numbank.mailbox.deliver import Taken
from numbank.mailbox.desk import BuyDesk
from numbank.mailbox.ending import After
from numbank.mailbox.model import LONGEST_TEXT, HistoryRequest, Mailbox, ReorderRequest
from numbank.mailbox.reorder import ReorderDesk
from numbank.mailbox.states import State
from numbank.mailbox.writing import Times
from numbank.messages.model import Fate
from tests.mailbox.world import CALM, PRICE, arrive, bought, cancel, deny, domain, live, mail, request, see, zone
from tests.support import open_bank, until


async def test_an_address_is_leased_held_and_paid_by_its_first_mail(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        name, customer = zone(), (await shop.customer(balance=5_000))[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        box = await bought(app, customer, name, site="https://www.Site.example/join")
        assert box.email.endswith(f"@mail.{name}")
        assert (box.site, box.state, box.price, box.currency) == ("site.example", State.WAITING, PRICE, 840)
        assert box.due_at - box.created_at == timedelta(seconds=1200)
        assert box.cancel_from - box.created_at == timedelta(seconds=120)
        assert await shop.cash(customer) == 4_000
        assert await see(app, box) == box
        assert await app.bank.mail_door.accepts(f"<{box.email.upper()}>") is True
        assert await arrive(app, box.email) is Taken.STORED
        after = await see(app, box)
        assert (after.state, after.value, after.full_message) == (State.RECEIVED, "123456", "Your code is 123456")
        assert await shop.connection.fetchval(
            "select h.state from hold h join mailbox b on b.hold_id = h.id where b.id = $1", box.id
        ) == 1  # fmt: skip
        assert await shop.cash(customer) == 4_000


async def test_what_shows_is_never_hidden_by_a_mail_that_is_worth_less(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        box = await bought(app, customer, name)
        await arrive(app, box.email, code=None, text="Welcome")
        assert ((await see(app, box)).value, (await see(app, box)).full_message) == (None, "Welcome")
        await arrive(app, box.email, code=None, link="https://site.example/c?t=1", text="Confirm")
        assert ((await see(app, box)).value, (await see(app, box)).full_message) == (
            "https://site.example/c?t=1",
            "Confirm",
        )
        await arrive(app, box.email, code=None, text="News")
        assert (await see(app, box)).full_message == "Confirm"
        await arrive(app, box.email, code="77", text="Code 77")
        await arrive(app, box.email, code=None, link="https://site.example/d", text="Confirm again")
        assert ((await see(app, box)).value, (await see(app, box)).full_message) == ("77", "Code 77")
        await arrive(app, box.email, code="78", text="Code 78")
        assert ((await see(app, box)).value, (await see(app, box)).full_message) == ("78", "Code 78")
        assert await shop.connection.fetchval("select mails from mailbox where id = $1", box.id) == 6


async def test_a_mail_without_a_text_is_read_by_its_html(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        box = await bought(app, customer, name)
        await arrive(app, box.email, text=" \n", html="<p>Code <b>991</b></p>", code="991")
        assert (await see(app, box)).full_message == "Code 991"
        await arrive(app, box.email, text="", html="<p>Code <b>992</b></p>" + "<i></i>" * 5_000, code="992")
        assert (await see(app, box)).full_message == "Code 992"


async def test_texts_end_with_their_last_word(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        box = await bought(app, customer, name)
        await arrive(app, box.email, text="  Hello\r\nCode 991 \r\n\n\n")
        assert (await see(app, box)).full_message == "  Hello\r\nCode 991"


async def test_a_mail_that_says_all_in_its_subject_shows_that(dsn: str) -> None:
    async with open_bank(dsn, **CALM) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        box = await bought(app, customer, name)
        await arrive(app, box.email, text="\n", subject="Welcome, and nothing else", code=None)
        assert (await see(app, box)).full_message == "Welcome, and nothing else"
        listed = await app.bank.desks.mail.history(HistoryRequest(customer))
        assert [one.full_message for one in listed.page] == ["Welcome, and nothing else"]  # type: ignore[union-attr]
        ended = await cancel(app, box)
        assert isinstance(ended, Mailbox)
        assert ended.full_message == "Welcome, and nothing else"


async def test_a_cancel_shows_no_more_of_a_long_mail_than_a_look_at_it(dsn: str) -> None:
    async with open_bank(dsn, **CALM) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        box = await bought(app, customer, name)
        await arrive(app, box.email, text="x" * (LONGEST_TEXT + 1))
        seen, ended = await see(app, box), await cancel(app, box)
        assert isinstance(ended, Mailbox)
        assert len(seen.full_message or "") == len(ended.full_message or "") == LONGEST_TEXT


async def test_a_mail_that_nobody_can_read_is_kept_and_not_paid(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        box = await bought(app, customer, name)
        await arrive(app, box.email, text="", html="<img src=x>", subject=" ", code=None)
        assert (await see(app, box)).state is State.WAITING
        assert await shop.connection.fetchval("select fate from mail where recipient = $1", box.email) == Fate.NO_TEXT


async def test_a_cancel_gives_back_after_the_window_and_is_the_same_when_repeated(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        name, customer = zone(), (await shop.customer(balance=5_000))[0]
        await domain(shop.connection, f"mail.{name}", zone=name, remaining=1)
        box = await bought(app, customer, name)
        assert isinstance(await cancel(app, box), EarlyCancel)
        await shop.connection.execute("update mailbox set cancel_from = created_at where id = $1", box.id)
        found = [await cancel(app, box), await cancel(app, box)]
        assert [one.state for one in found if isinstance(one, Mailbox)] == [State.CANCELLED] * 2
        assert await shop.cash(customer) == 5_000
        assert await live(shop, f"mail.{name}") == 0
        assert await shop.connection.fetchval("select remaining from mail_price where zone = $1", name) == 1


async def test_a_cancel_after_a_mail_closes_without_giving_back(dsn: str) -> None:
    async with open_bank(dsn, **CALM) as (app, shop):
        name, customer = zone(), (await shop.customer(balance=5_000))[0]
        await domain(shop.connection, f"mail.{name}", zone=name, remaining=1)
        box = await bought(app, customer, name)
        await arrive(app, box.email)
        found = await cancel(app, box)
        assert isinstance(found, Mailbox)
        assert (found.state, found.value, found.full_message) == (State.CLOSED, "123456", "Your code is 123456")
        again = await cancel(app, box)
        assert isinstance(again, Mailbox)
        assert again.state is State.CLOSED
        assert await shop.cash(customer) == 4_000
        assert await shop.connection.fetchval("select remaining from mail_price where zone = $1", name) == 0


async def test_a_lease_ends_by_itself_and_its_address_rests(dsn: str) -> None:
    async with open_bank(dsn, mailbox_life_s=0.3, cashback_bp=1_000) as (app, shop):
        name, customer = zone(), (await shop.customer(balance=5_000))[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        empty, full = await bought(app, customer, name), await bought(app, customer, name)
        await arrive(app, full.email)

        async def over() -> bool:
            return (await see(app, empty)).state is State.CANCELLED and (await see(app, full)).state is State.DONE

        await until(over)
        assert await shop.cash(customer) == 4_000
        assert await shop.connection.fetchval("select cashback from account where id = $1", customer) == PRICE // 10
        assert await live(shop, f"mail.{name}") == 0
        for box in (empty, full):
            assert isinstance(await cancel(app, box), NoMailbox)
        assert await app.bank.mail_door.accepts(full.email) is True
        await arrive(app, full.email, code="2", text="too late")
        assert (await see(app, full)).value == "123456"
        (row,) = await shop.connection.fetch("select fate, mailbox_id from mail order by id desc limit 1")
        assert tuple(row) == (Fate.NO_LEASE, None)


async def test_an_address_that_has_rested_takes_no_mail(dsn: str) -> None:
    async with open_bank(dsn, mailbox_rest_s=0.0, **CALM) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        box = await bought(app, customer, name)
        await cancel(app, box)
        assert await app.bank.mail_door.accepts(box.email) is False

        async def woken() -> bool:
            return await shop.connection.fetchval(
                "select rests_until is null from mail_address where id = (select address_id from mailbox where id = $1)",
                box.id,
            ) is True  # fmt: skip

        await until(woken)
        # What was under way is kept for the operator.
        assert await arrive(app, box.email) is Taken.STORED
        assert (await see(app, box)).state is State.CANCELLED


async def test_what_never_was_ours_is_refused(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        name = zone()
        await domain(shop.connection, f"mail.{name}", zone=name)
        door = app.bank.mail_door
        for recipient in (f"nobody@mail.{name}", "nobody@elsewhere.example"):
            assert await door.accepts(recipient) is False
            assert isinstance(await door.take(mail(recipient)), NotFound)
        assert await door.accepts("garbage") is False
        assert isinstance(await door.take(mail("garbage")), BadRequest)
        assert await shop.connection.fetchval("select count(*) from mail where recipient like '%nobody%'") == 0


async def test_a_domain_that_is_switched_off_is_not_sold_but_its_leases_run_on(dsn: str) -> None:
    async with open_bank(dsn, **CALM) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        running, ended = await bought(app, customer, name), await bought(app, customer, name)
        await cancel(app, ended)
        await shop.connection.execute("update mail_domain set active = false where zone = $1", name)
        desks, door = app.bank.desks.mail, app.bank.mail_door
        assert isinstance(await desks.buy(request(customer, name)), BadDomain)
        assert isinstance(await desks.reorder(ReorderRequest(customer, ended.id)), NoMailbox)
        assert (await door.accepts(running.email), await door.accepts(ended.email)) == (True, False)
        await arrive(app, running.email)
        assert (await see(app, running)).state is State.RECEIVED


async def test_a_zone_with_more_domains_than_are_tried_at_once_gives_all_of_them(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        for number in range(40):
            await domain(shop.connection, f"d{number}.{name}", zone=name, capacity=1)
        found = await asyncio.gather(*(app.bank.desks.mail.buy(request(customer, name)) for _ in range(45)))
        assert sum(isinstance(one, list) for one in found) == 40
        assert sum(isinstance(one, NoNumbers) for one in found) == 5


async def test_a_batch_is_all_or_nothing(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        name, customer = zone(), (await shop.customer(balance=5_500))[0]
        await domain(shop.connection, f"mail.{name}", zone=name, remaining=9)
        buy = app.bank.desks.mail.buy
        assert isinstance(await buy(request(customer, name, count=6)), NoBalance)
        assert isinstance(await buy(request(customer, name, count=10)), NoNumbers)
        for wrong in (0, 11, -1):
            assert isinstance(await buy(request(customer, name, count=wrong)), BadRequest)
        assert (await shop.cash(customer), await live(shop, f"mail.{name}")) == (5_500, 0)
        assert isinstance(await buy(request(customer, name, count=5)), list)
        assert await shop.cash(customer) == 500


async def test_what_cannot_be_sold_is_refused(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        await deny(shop.connection, "denied.example")
        await deny(shop.connection, "open.denied.example", denied_=False)
        buy = app.bank.desks.mail.buy
        assert isinstance(await buy(request(customer, name, site="no site")), BadSite)
        assert isinstance(await buy(request(customer, "")), BadDomain)
        assert isinstance(await buy(request(customer, "unknown")), BadDomain)
        for site in ("denied.example", "www.denied.example", "a.b.denied.example"):
            assert isinstance(await buy(request(customer, name, site=site)), SiteDenied)
        assert isinstance(await buy(request(customer, name, site="open.denied.example")), list)
        assert isinstance(await buy(request(customer, name, site="notdenied.example")), list)
        desks = app.bank.desks.mail
        assert await desks.domains("denied.example") == []
        assert isinstance(await desks.domains("no site"), BadSite)


async def test_limits_of_the_account_count(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        buy = app.bank.desks.mail.buy
        assert isinstance(await buy(request(customer, name, count=3, max_live=2)), ChannelsLimit)
        assert isinstance(await buy(request(customer, name, count=2, max_live=2)), list)
        assert isinstance(await buy(request(customer, name, max_live=2)), ChannelsLimit)
        assert isinstance(await buy(request(customer, name, per_min=2)), RateLimited)


async def test_cashback_pays_first_and_comes_back_where_it_came_from(dsn: str) -> None:
    async with open_bank(dsn, **CALM) as (app, shop):
        name, customer = zone(), (await shop.customer(balance=2_000))[0]
        await shop.give_cashback(customer, 1_500)
        await shop.connection.execute("update customer set spend_cashback = true where id = $1", customer)
        await domain(shop.connection, f"mail.{name}", zone=name)
        found = await app.bank.desks.mail.buy(request(customer, name, count=3))
        assert isinstance(found, list)
        parts = await shop.connection.fetch(
            "select h.cash, h.cashback from hold h join mailbox b on b.hold_id = h.id where b.account_id = $1 order by h.id",
            customer,
        )
        assert [tuple(row) for row in parts] == [(0, 1_000), (500, 500), (1_000, 0)]
        for box in found:
            assert isinstance(await cancel(app, box), Mailbox)
        (row,) = await shop.connection.fetch("select cash, cashback from account where id = $1", customer)
        assert tuple(row) == (2_000, 1_500)


async def test_an_ended_lease_is_ordered_again_on_the_same_address(dsn: str) -> None:
    async with open_bank(dsn, **CALM) as (app, shop):
        name, customer = zone(), (await shop.customer(balance=10_000))[0]
        stranger = (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        reorder = app.bank.desks.mail.reorder
        box = await bought(app, customer, name)
        assert isinstance(await reorder(ReorderRequest(customer, box.id)), NoMailbox)  # it waits for its mail
        await arrive(app, box.email)
        await cancel(app, box)
        assert isinstance(await reorder(ReorderRequest(stranger, box.id)), NoMailbox)
        assert isinstance(await reorder(ReorderRequest(customer, 1)), NoMailbox)
        await shop.connection.execute("update mail_price set price = 2000 where zone = $1", name)
        again = await reorder(ReorderRequest(customer, box.id))
        assert isinstance(again, Mailbox)
        assert (again.email, again.site, again.price, again.state) == (box.email, box.site, 2_000, State.WAITING)
        assert again.id > box.id
        assert isinstance(await reorder(ReorderRequest(customer, box.id)), NoMailbox)  # its address lives
        await arrive(app, again.email, code="5")
        assert ((await see(app, again)).value, (await see(app, box)).value) == ("5", "123456")
        await cancel(app, again)
        assert await shop.cash(customer) == 7_000
        await deny(shop.connection, "site.example")
        assert isinstance(await reorder(ReorderRequest(customer, again.id)), SiteDenied)
        await deny(shop.connection, "site.example", denied_=False)
        await shop.connection.execute("update account set cash = 0 where id = $1", customer)
        assert isinstance(await reorder(ReorderRequest(customer, again.id)), NoBalance)
        await shop.connection.execute("update account set cash = 7000 where id = $1", customer)
        await shop.connection.execute("delete from mail_price where zone = $1", name)
        assert isinstance(await reorder(ReorderRequest(customer, again.id)), NoMailbox)


async def test_a_lease_that_has_its_mail_ends_for_the_next_one_on_its_address(dsn: str) -> None:
    async with open_bank(dsn, cashback_bp=1_000) as (app, shop):
        name, customer = zone(), (await shop.customer(balance=3_000))[0]
        # Full, and the account may have one lease: what ends makes the room.
        await domain(shop.connection, f"mail.{name}", zone=name, capacity=1, remaining=3)
        reorder = app.bank.desks.mail.reorder
        box = await bought(app, customer, name)
        await arrive(app, box.email)
        again = await reorder(ReorderRequest(customer, box.id, max_live=1))
        assert isinstance(again, Mailbox)
        assert (again.email, again.state, again.value) == (box.email, State.WAITING, None)
        before = await see(app, box)
        assert (before.state, before.value, before.full_message) == (State.DONE, "123456", "Your code is 123456")
        assert isinstance(await cancel(app, box), NoMailbox)
        assert await live(shop, f"mail.{name}") == 1
        assert await shop.connection.fetchval("select remaining from mail_price where zone = $1", name) == 1
        row = await shop.connection.fetchrow("select cash, cashback from account where id = $1", customer)
        assert tuple(row or ()) == (1_000, PRICE // 10)
        assert await app.bank.mail_door.accepts(box.email) is True
        await arrive(app, box.email, code="5")
        assert ((await see(app, again)).value, (await see(app, box)).value) == ("5", "123456")
        # Only its last lease is gone on with.
        assert isinstance(await reorder(ReorderRequest(customer, box.id)), NoMailbox)
        assert (await see(app, again)).state is State.RECEIVED


async def test_what_cannot_be_ordered_again_goes_on_as_it_is(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        name, customer = zone(), (await shop.customer(balance=1_500))[0]
        stranger = (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name, remaining=2)
        reorder = app.bank.desks.mail.reorder
        box = await bought(app, customer, name)
        await arrive(app, box.email)
        assert isinstance(await reorder(ReorderRequest(stranger, box.id)), NoMailbox)
        assert isinstance(await reorder(ReorderRequest(customer, box.id)), NoBalance)
        assert isinstance(await reorder(ReorderRequest(customer, box.id, per_min=1)), RateLimited)
        await shop.connection.execute("update mail_domain set capacity = 0 where zone = $1", name)
        assert isinstance(await reorder(ReorderRequest(customer, box.id)), NoMailbox)
        await shop.connection.execute("update mail_domain set capacity = 1, active = false where zone = $1", name)
        assert isinstance(await reorder(ReorderRequest(customer, box.id)), NoMailbox)
        assert ((await see(app, box)).state, await shop.cash(customer)) == (State.RECEIVED, 500)
        assert await live(shop, f"mail.{name}") == 1


async def test_reorders_of_one_batch_leave_room_and_addresses_for_each_other(dsn: str) -> None:
    async with open_bank(dsn, **CALM) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name, capacity=2, remaining=9)
        boxes = [await bought(app, customer, name) for _ in range(2)]
        for box in boxes:
            await arrive(app, box.email)
        desk = ReorderDesk(Times(1200.0, 0.0), After(3600.0, 0))

        async def at_once(*mailbox_ids: int) -> list[object]:
            async with shop.connection.transaction():
                asked = [ReorderRequest(customer, mailbox_id) for mailbox_id in mailbox_ids]
                return list((await desk.serve(shop.connection, asked)).results)

        made = await at_once(*(box.id for box in boxes))  # the domain is full, each goes on in its own place
        assert [one.email for one in made if isinstance(one, Mailbox)] == [box.email for box in boxes]
        assert await live(shop, f"mail.{name}") == 2
        first, second = boxes[0], made[0]
        assert isinstance(second, Mailbox)
        await arrive(app, second.email)
        # Both had this address: it is leased to who comes first, though there is room for both.
        await shop.connection.execute("update mail_domain set capacity = 3 where zone = $1", name)
        found = await at_once(second.id, first.id)
        assert [type(one) for one in found] == [Mailbox, NoMailbox]
        assert isinstance(found[0], Mailbox)
        await cancel(app, found[0])
        assert [type(one) for one in await at_once(first.id, second.id)] == [Mailbox, NoMailbox]
        assert await live(shop, f"mail.{name}") == 2
        assert await shop.connection.fetchval("select remaining from mail_price where zone = $1", name) == 4
        assert [type(one) for one in await at_once(first.id, second.id)] == [NoMailbox] * 2


async def test_one_address_is_ordered_again_once_at_a_time(dsn: str) -> None:
    async with open_bank(dsn, **CALM) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        reorder = app.bank.desks.mail.reorder
        first = await bought(app, customer, name)
        await cancel(app, first)
        second = await reorder(ReorderRequest(customer, first.id))
        assert isinstance(second, Mailbox)
        await cancel(app, second)
        both = await asyncio.gather(*(reorder(ReorderRequest(customer, box.id)) for box in (first, second)))
        assert sorted(type(one).__name__ for one in both) == ["Mailbox", "NoMailbox"]


async def test_the_same_mail_is_stored_once(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop), open_bank(dsn) as (other, _):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name)
        box = await bought(app, customer, name)
        once = mail(box.email)
        taken = await asyncio.gather(*(node.bank.mail_door.take(once) for node in (app, other) for _ in range(8)))
        assert sorted(map(int, taken)) == [Taken.STORED] + [Taken.DUPLICATE] * 15  # type: ignore[arg-type]
        assert await shop.connection.fetchval("select mails from mailbox where id = $1", box.id) == 1
        assert await arrive(app, box.email, key_parts=(once.key_parts[0], "other content")) is Taken.STORED


async def test_a_new_count_knows_its_leases_whoever_waited_for_whom(dsn: str) -> None:
    """The time of a transaction is that of its beginning: it does not tell on which count a lease was taken."""
    async with open_bank(dsn, **CALM) as (app, shop), open_bank(dsn, **CALM) as (_, other):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name, remaining=3)

        async def left() -> int:
            kept: int = await shop.connection.fetchval("select remaining from mail_price where zone = $1", name)
            return kept

        async with shop.connection.transaction():
            await shop.connection.fetchval("select bank_now()")
            of_the_old_count = await bought(app, customer, name)
            await domains.put_price(shop.connection, (name, None), "", PRICE, 5)
        await cancel(app, of_the_old_count)
        assert await left() == 5
        async with shop.connection.transaction():
            await shop.connection.fetchval("select bank_now()")
            await domains.put_price(other.connection, (name, None), "", PRICE, 8)
            desk = BuyDesk(Times(1200.0, 0.0), Chance())
            (found,) = (await desk.serve(shop.connection, [request(customer, name)])).results
        assert isinstance(found, list)
        assert await left() == 7
        await cancel(app, found[0])
        assert await left() == 8


async def test_a_count_that_is_set_while_a_cancel_waits_for_it_gets_nothing_back(dsn: str) -> None:
    async with open_bank(dsn, **CALM) as (app, shop), open_bank(dsn, **CALM) as (_, other):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name, remaining=3)
        box = await bought(app, customer, name)
        async with shop.connection.transaction():
            await domains.put_price(shop.connection, (name, None), "", PRICE, 5)
            cancelled = asyncio.ensure_future(cancel(app, box))

            async def waits() -> bool:
                return bool(await other.connection.fetchval(
                    "select exists (select from pg_stat_activity where datname = current_database()"
                    " and wait_event_type = 'Lock')"
                ))  # fmt: skip

            await until(waits)
        assert isinstance(await cancelled, Mailbox)
        assert await shop.connection.fetchval("select remaining from mail_price where zone = $1", name) == 5


async def test_a_new_count_is_of_what_is_leased_from_then_on(dsn: str) -> None:
    async with open_bank(dsn, **CALM) as (app, shop):
        name, customer = zone(), (await shop.customer())[0]
        await domain(shop.connection, f"mail.{name}", zone=name, remaining=3)
        before = await bought(app, customer, name)
        async with shop.connection.transaction():
            await domains.put_price(shop.connection, (name, None), "", PRICE, 5)
        after = await bought(app, customer, name)
        await cancel(app, before)
        assert await shop.connection.fetchval("select remaining from mail_price where zone = $1", name) == 4
        await cancel(app, after)
        assert await shop.connection.fetchval("select remaining from mail_price where zone = $1", name) == 5
