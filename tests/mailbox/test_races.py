"""Who is last: prices, room, ends and mails at once, on two nodes. Afterwards everything that `verify` knows is right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from numbank.db.checks import Session, prove_all
from numbank.errors import NoBalance, NoMailbox, NoNumbers, Refusal
from numbank.mailbox.deliver import Taken
from numbank.mailbox.ending import After
from numbank.mailbox.model import ChangeRequest, Mailbox, ReorderRequest
from numbank.mailbox.reorder import ReorderDesk
from numbank.mailbox.states import Event, State
from numbank.mailbox.writing import Times
from numbank.server.app import App
from tests.mailbox.world import PRICE, bought, domain, mail, request, zone
from tests.support import Shop, open_bank, until
from tests.verify.used_bank import ALL_CHECKS, broken

Nodes = tuple[tuple[App, App], Shop]
SETTINGS = {"mailbox_early_cancel_s": 0.0, "sweep_every_s": 3600.0, "cashback_bp": 1_000}


@pytest.fixture(scope="module")
async def nodes(dsn: str) -> AsyncIterator[Nodes]:
    async with open_bank(dsn, **SETTINGS) as (first, shop), open_bank(dsn, **SETTINGS) as (second, _):
        yield (first, second), shop


async def right(shop: Shop) -> None:
    assert broken(await prove_all(Session(shop.connection, 1000), ALL_CHECKS)) == {}


def waiting(shop: Shop, how_many: int) -> Callable[[], Awaitable[bool]]:
    """Whether so many wait for locks now."""

    async def look() -> bool:
        query = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        return bool(await shop.connection.fetchval(query) == how_many)

    return look


@pytest.mark.parametrize(("remaining", "capacity"), [(7, 1_000), (None, 7), (7, 7)])
async def test_64_buyers_of_the_last_addresses(nodes: Nodes, remaining: int | None, capacity: int) -> None:
    both, shop = nodes
    name = zone()
    await domain(shop.connection, f"a.{name}", zone=name, capacity=capacity, remaining=remaining)
    buyers = [(await shop.customer(PRICE))[0] for _ in range(64)]
    found = await asyncio.gather(*(
        both[index % 2].bank.desks.mail.buy(request(buyer, name)) for index, buyer in enumerate(buyers)
    ))  # fmt: skip
    assert sum(isinstance(one, list) for one in found) == 7
    assert sum(isinstance(one, NoNumbers) for one in found) == 57
    assert sum([await shop.cash(buyer) for buyer in buyers]) == 57 * PRICE
    await right(shop)


async def test_one_purse_pays_for_no_more_than_it_holds(nodes: Nodes) -> None:
    both, shop = nodes
    name, buyer = zone(), (await shop.customer(10 * PRICE))[0]
    await domain(shop.connection, f"a.{name}", zone=name)
    found = await asyncio.gather(*(
        both[index % 2].bank.desks.mail.buy(request(buyer, name, count=3)) for index in range(12)
    ))  # fmt: skip
    assert sum(isinstance(one, list) for one in found) == 3
    assert sum(isinstance(one, NoBalance) for one in found) == 9
    assert await shop.cash(buyer) == PRICE
    await right(shop)


async def test_a_cancel_the_first_mail_and_the_expiry_meet(nodes: Nodes) -> None:
    """Whoever is first decides: either the mail is paid and stays, or the money goes back and the mail is nobody's."""
    (first, second), shop = nodes
    name = zone()
    await domain(shop.connection, f"a.{name}", zone=name)
    for turn in range(24):
        customer = (await shop.customer(PRICE))[0]
        box = await bought(first, customer, name)
        await shop.connection.execute("update mailbox set due_at = created_at where id = $1", box.id)
        cancel = first.bank.desks.mail.change(ChangeRequest(box.id, Event.CANCEL, customer))
        expire = second.bank.mailboxes.changing.ask(ChangeRequest(box.id, Event.EXPIRE))
        comes = (second if turn % 2 else first).bank.mail_door.take(mail(box.email))
        order = [cancel, expire, comes]
        cancelled, expired, taken = await asyncio.gather(*order)
        assert taken is Taken.STORED
        assert sum(isinstance(one, Mailbox) for one in (cancelled, expired)) >= 1
        after = await first.bank.desks.mail.one(customer, box.id)
        assert isinstance(after, Mailbox)
        paid = after.state in (State.DONE, State.CLOSED)
        assert paid or after.state is State.CANCELLED
        assert await shop.cash(customer) == (0 if paid else PRICE)
        assert (after.value is not None) == paid
    await right(shop)


@pytest.mark.parametrize("mail_first", [True, False])
@pytest.mark.parametrize("event", [Event.CANCEL, Event.EXPIRE])
async def test_who_is_first_at_the_address_decides(nodes: Nodes, event: Event, *, mail_first: bool) -> None:
    """Both wait for the lock of the address, which gives them their turns in the order in which they came."""
    (first, second), shop = nodes
    name, customer = zone(), (await shop.customer(PRICE))[0]
    await domain(shop.connection, f"a.{name}", zone=name)
    box = await bought(first, customer, name)
    await shop.connection.execute("update mailbox set due_at = created_at where id = $1", box.id)
    await first.bank.mail_door.take(mail(f"x@a.{name}"))  # the clerks are connected

    async def end() -> object:
        account_id = customer if event is Event.CANCEL else None
        return await first.bank.mailboxes.changing.ask(ChangeRequest(box.id, event, account_id))

    async def deliver() -> object:
        return await second.bank.mail_door.take(mail(box.email))

    async with shop.connection.transaction():
        await shop.connection.execute(
            "select from mail_address where id = (select address_id from mailbox where id = $1) for update", box.id
        )
        tasks = []
        for number, act in enumerate((deliver, end) if mail_first else (end, deliver), start=1):
            tasks.append(asyncio.create_task(act()))
            await until(waiting(shop, number))
    assert not [one for one in await asyncio.gather(*tasks) if isinstance(one, Refusal)]
    after = await first.bank.desks.mail.one(customer, box.id)
    assert isinstance(after, Mailbox)
    if mail_first:
        assert after.state is (State.CLOSED if event is Event.CANCEL else State.DONE)
        assert (after.value, await shop.cash(customer)) == ("123456", 0)
    else:
        assert (after.state, after.value, await shop.cash(customer)) == (State.CANCELLED, None, PRICE)
    await right(shop)


async def test_cancels_and_mails_in_one_crowd(nodes: Nodes) -> None:
    both, shop = nodes
    name, customer = zone(), (await shop.customer(40 * PRICE))[0]
    await domain(shop.connection, f"a.{name}", zone=name, remaining=40)
    await domain(shop.connection, f"b.{name}", zone=name, price=None)
    boxes = [await bought(both[0], customer, name) for _ in range(40)]
    barrier = asyncio.Barrier(80)

    async def cancel(index: int, box: Mailbox) -> Mailbox | Refusal:
        await barrier.wait()
        done: Mailbox | Refusal = await both[index % 2].bank.desks.mail.change(
            ChangeRequest(box.id, Event.CANCEL, customer)
        )
        return done

    async def deliver(index: int, box: Mailbox) -> Taken | Refusal:
        await barrier.wait()
        return await both[(index + 1) % 2].bank.mail_door.take(mail(box.email))

    found = await asyncio.gather(
        *(cancel(index, box) for index, box in enumerate(boxes)),
        *(deliver(index, box) for index, box in enumerate(boxes)),
    )
    states = [one.state for one in found if isinstance(one, Mailbox)]
    assert len(states) == 40
    assert found.count(Taken.STORED) == 40
    back = states.count(State.CANCELLED)
    assert back + states.count(State.CLOSED) == 40
    assert await shop.cash(customer) == back * PRICE
    assert await shop.connection.fetchval("select remaining from mail_price where zone = $1", name) == back
    await right(shop)


async def test_one_address_is_ordered_again_once_on_two_nodes(nodes: Nodes) -> None:
    both, shop = nodes
    name, customer = zone(), (await shop.customer(20 * PRICE))[0]
    await domain(shop.connection, f"a.{name}", zone=name)
    box = await bought(both[0], customer, name)
    assert isinstance(await both[0].bank.desks.mail.change(ChangeRequest(box.id, Event.CANCEL, customer)), Mailbox)
    found = await asyncio.gather(*(
        both[index % 2].bank.desks.mail.reorder(ReorderRequest(customer, box.id)) for index in range(10)
    ))  # fmt: skip
    assert sum(isinstance(one, Mailbox) for one in found) == 1
    assert sum(isinstance(one, NoMailbox) for one in found) == 9
    assert await shop.cash(customer) == 19 * PRICE
    await right(shop)


async def test_a_reorder_meets_the_expiry_the_cancel_and_a_further_mail(nodes: Nodes) -> None:
    """The lease ends once, the next one begins at most once, and each mail is one's or the other's."""
    (first, second), shop = nodes
    name = zone()
    await domain(shop.connection, f"a.{name}", zone=name, capacity=1)
    for turn in range(24):
        customer = (await shop.customer(3 * PRICE))[0]
        box = await bought(first, customer, name)
        assert await first.bank.mail_door.take(mail(box.email)) is Taken.STORED
        await shop.connection.execute("update mailbox set due_at = created_at where id = $1", box.id)
        ways = [
            first.bank.desks.mail.reorder(ReorderRequest(customer, box.id)),
            second.bank.desks.mail.reorder(ReorderRequest(customer, box.id)),
            first.bank.mailboxes.changing.ask(ChangeRequest(box.id, Event.EXPIRE)),
            second.bank.mail_door.take(mail(box.email, code="7")),
            second.bank.desks.mail.change(ChangeRequest(box.id, Event.CANCEL, customer)),
        ]
        order = [(turn + step) % len(ways) for step in range(len(ways))]
        found = dict(zip(order, await asyncio.gather(*(ways[index] for index in order)), strict=True))
        assert found[3] is Taken.STORED
        (again,) = [one for index in (0, 1) if isinstance(one := found[index], Mailbox)]
        after = await first.bank.desks.mail.one(customer, box.id)
        assert isinstance(after, Mailbox)
        assert after.state in (State.DONE, State.CLOSED)
        next_ = await first.bank.desks.mail.one(customer, again.id)
        assert isinstance(next_, Mailbox)
        assert "7" in (after.value, next_.value, await shop.connection.fetchval(
            "select code from mail where recipient = $1 and mailbox_id is null", box.email
        ))  # fmt: skip
        if next_.state is State.WAITING:
            await shop.connection.execute("update mailbox set due_at = created_at where id = $1", next_.id)
        await first.bank.desks.mail.change(ChangeRequest(next_.id, Event.CANCEL, customer))
    await right(shop)


@pytest.mark.parametrize("reorder_first", [True, False])
@pytest.mark.parametrize("other", [Event.MAIL, Event.CANCEL, Event.EXPIRE])
async def test_who_is_first_decides_what_a_reorder_goes_on_with(
    nodes: Nodes, other: Event, *, reorder_first: bool
) -> None:
    """Both wait for the same lock, the mail for that of the address, the ends for that of the account."""
    (first, second), shop = nodes
    name, customer = zone(), (await shop.customer(3 * PRICE))[0]
    await domain(shop.connection, f"a.{name}", zone=name, capacity=1)
    box = await bought(first, customer, name)
    assert await second.bank.mail_door.take(mail(box.email)) is Taken.STORED
    await shop.connection.execute("update mailbox set due_at = created_at where id = $1", box.id)

    async def reorder() -> object:
        return await first.bank.desks.mail.reorder(ReorderRequest(customer, box.id))

    async def meet() -> object:
        if other is Event.MAIL:
            return await second.bank.mail_door.take(mail(box.email, code="7"))
        account_id = customer if other is Event.CANCEL else None
        return await second.bank.mailboxes.changing.ask(ChangeRequest(box.id, other, account_id))

    async with shop.connection.transaction():
        table, column = ("mail_address", "address_id") if other is Event.MAIL else ("account", "account_id")
        await shop.connection.execute(
            f"select from {table} where id = (select {column} from mailbox where id = $1) for update", box.id
        )
        tasks = []
        for number, act in enumerate((reorder, meet) if reorder_first else (meet, reorder), start=1):
            tasks.append(asyncio.create_task(act()))
            await until(waiting(shop, number))
    found = await asyncio.gather(*tasks)
    again, met = found if reorder_first else found[::-1]
    assert isinstance(again, Mailbox)
    before, after = [await first.bank.desks.mail.one(customer, each.id) for each in (box, again)]
    assert isinstance(before, Mailbox)
    assert isinstance(after, Mailbox)
    if other is Event.MAIL:
        assert (before.value, after.value) == (("123456", "7") if reorder_first else ("7", None))
        assert (before.state, met) == (State.DONE, Taken.STORED)
    elif reorder_first:
        assert isinstance(met, NoMailbox)
        assert (before.state, after.state) == (State.DONE, State.WAITING)
    else:
        assert before.state is (State.CLOSED if other is Event.CANCEL else State.DONE)
        assert after.state is State.WAITING
    await right(shop)


async def test_a_reorder_that_began_before_the_end_which_it_waited_for_is_right(nodes: Nodes) -> None:
    (first, _), shop = nodes
    name, customer = zone(), (await shop.customer(3 * PRICE))[0]
    await domain(shop.connection, f"a.{name}", zone=name)
    box = await bought(first, customer, name)
    async with shop.connection.transaction():
        await shop.connection.fetchval("select bank_now()")
        assert isinstance(await first.bank.desks.mail.change(ChangeRequest(box.id, Event.CANCEL, customer)), Mailbox)
        desk = ReorderDesk(Times(1200.0, 0.0), After(3600.0, 0))
        (again,) = (await desk.serve(shop.connection, [ReorderRequest(customer, box.id)])).results
        assert isinstance(again, Mailbox)
    await right(shop)


async def test_the_same_mail_on_two_nodes_is_paid_once(nodes: Nodes) -> None:
    both, shop = nodes
    name, customer = zone(), (await shop.customer(20 * PRICE))[0]
    await domain(shop.connection, f"a.{name}", zone=name)
    boxes = [await bought(both[0], customer, name) for _ in range(8)]
    same = [mail(box.email) for box in boxes]
    found = await asyncio.gather(*(node.bank.mail_door.take(one) for _ in range(3) for one in same for node in both))
    assert (found.count(Taken.STORED), found.count(Taken.DUPLICATE)) == (8, 40)
    await right(shop)


async def test_mails_to_many_addresses_in_any_order_do_not_lock_each_other_out(nodes: Nodes) -> None:
    both, shop = nodes
    name, customer = zone(), (await shop.customer(30 * PRICE))[0]
    await domain(shop.connection, f"a.{name}", zone=name)
    boxes = [await bought(both[0], customer, name) for _ in range(20)]
    there, back = [mail(box.email) for box in boxes], [mail(box.email) for box in reversed(boxes)]
    found = await asyncio.gather(*(
        node.bank.mail_door.take(one) for pair in zip(there, back, strict=True) for node, one in zip(both, pair, strict=True)
    ))  # fmt: skip
    assert found.count(Taken.STORED) == 40
    assert await shop.connection.fetchval("select sum(mails) from mailbox where account_id = $1", customer) == 40
    await right(shop)
