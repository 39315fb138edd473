"""Many at once: the last number, messages against cancels, extensions against ends, rentals against activations.

Two banks on one database: two clerks for each counter, as two nodes have them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest

from numbank.errors import NoNumbers, NotCancellable, Refusal, RentCancelled, RentDead, RentFinished
from numbank.rent.model import Inbox, Rental
from numbank.rent.states import Event, State
from numbank.server.app import App
from tests.rent.support import RENTABLE, START, Renter, clean, hold_states, number_of, older, terms
from tests.support import Caller, Shop, open_bank, push, until

Nodes = tuple[tuple[App, App], Shop]
SETTINGS = {"early_cancel_s": 0, "cool_down_s": 0.0, "unused_rest_s": 0.0, "sweep_every_s": 3600.0}
BUYERS = 64


@pytest.fixture(scope="module")
async def nodes(dsn: str) -> AsyncIterator[Nodes]:
    async with open_bank(dsn, **SETTINGS) as (first, shop), open_bank(dsn, **SETTINGS) as (second, _):
        await terms(shop, "full", "tg")
        yield (first, second), shop
        await shop.counted()
        await clean(dsn)


async def at_once(*acts: Awaitable[object]) -> list[object]:
    """Start all of them together."""
    return list(await asyncio.gather(*acts))


async def both(nodes: Nodes, balance: int = START) -> tuple[Renter, Renter]:
    """One customer at both nodes."""
    (first, second), shop = nodes
    here = await Renter.new(first, shop, balance)
    return here, Renter(second, shop, here.account_id)


async def test_64_buyers_of_the_last_number_have_one_winner(nodes: Nodes) -> None:
    _, shop = nodes
    await terms(shop, "full", "tg", country=20)
    await shop.numbers(1, country=20, abilities=RENTABLE)
    renters = [await both(nodes) for _ in range(BUYERS // 2)]
    codes = ("full", "tg")
    acts = [one.try_rent(codes[turn % 2], country=20) for turn, pair in enumerate(renters) for one in pair]
    results = await at_once(*acts)
    won = [one for one in results if isinstance(one, Rental)]
    assert len(won) == 1
    assert {type(one) for one in results if not isinstance(one, Rental)} == {NoNumbers}
    assert await number_of(shop, won[0]) == (1, -won[0].id)
    spent = [START - await here.cash() for here, _ in renters]
    assert sorted(spent)[-2:] == [0, 10_000]


async def test_64_mixed_buyers_never_share_a_number(nodes: Nodes) -> None:
    (first, second), shop = nodes
    await terms(shop, "full", "tg", country=21)
    await shop.offer("wa", "av", country=21)
    await shop.numbers(48, country=21, abilities=RENTABLE)
    await shop.counted()
    renters = [await both(nodes) for _ in range(BUYERS // 4)]
    callers = [Caller(app, (await shop.customer())[1]) for app in (first, second) for _ in range(BUYERS // 4)]
    rented = [one.try_rent("full", country=21) for pair in renters for one in pair]
    leased = [one.get("getNumber", service=("wa", "av")[turn % 2], country=21) for turn, one in enumerate(callers)]
    results = await at_once(*(act for pair in zip(rented, leased, strict=True) for act in pair))
    for_hours = [one.e164 for one in results if isinstance(one, Rental)]
    for_minutes = [int(one.split(":")[2]) for one in results if isinstance(one, str) and one.startswith("ACCESS")]
    assert for_hours
    assert for_minutes
    # wa and av stand on shelves of their own, but a number has one holder: none is in two hands.
    assert len(set(for_hours) | set(for_minutes)) == len(for_hours) + len(for_minutes) == 48


@pytest.mark.parametrize("turn", range(6))
async def test_a_cancel_and_a_message_agree_on_who_was_first(nodes: Nodes, turn: int) -> None:
    (first, _), shop = nodes
    await shop.numbers(1, abilities=RENTABLE)
    here, there = await both(nodes)
    rental = await here.rent()
    acts: list[Awaitable[object]] = [there.change(rental, Event.CANCEL), push(first, rental.e164, "hello")]
    cancelled = (await at_once(*(acts if turn % 2 else acts[::-1])))[0 if turn % 2 else 1]
    state = (await here.one(rental)).state
    if cancelled is State.CANCELLED:
        assert (state, await here.cash(), await hold_states(shop, rental)) == (State.CANCELLED, START, [2])
    else:
        assert isinstance(cancelled, NotCancellable)
        assert (state, await here.cash(), await hold_states(shop, rental)) == (State.FIRM, START - 10_000, [1])
        assert isinstance(await here.inbox(rental), Inbox)


@pytest.mark.parametrize("turn", range(6))
async def test_an_extension_and_a_cancel_agree(nodes: Nodes, turn: int) -> None:
    _, shop = nodes
    await shop.numbers(1, abilities=RENTABLE)
    here, there = await both(nodes)
    rental = await here.rent()
    acts: list[Awaitable[object]] = [here.try_extend(rental, 20), there.change(rental, Event.CANCEL)]
    results = await at_once(*(acts if turn % 2 else acts[::-1]))
    extended, cancelled = results if turn % 2 else results[::-1]
    assert cancelled is State.CANCELLED
    assert isinstance(extended, Rental | RentDead)
    assert await here.cash() == START
    assert set(await hold_states(shop, rental)) == {2}


@pytest.mark.parametrize("turn", range(6))
async def test_an_extension_and_the_end_agree(nodes: Nodes, turn: int) -> None:
    """Whoever ends it, the sweep or the extension: it is over, once, and begins anew on its number."""
    _, shop = nodes
    await shop.numbers(1, abilities=RENTABLE)
    here, there = await both(nodes)
    rental = await here.rent()
    await older(shop, rental, timedelta(hours=4))
    acts: list[Awaitable[object]] = [here.try_extend(rental, 20), there.change(rental, Event.EXPIRE, bank=True)]
    results = await at_once(*(acts if turn % 2 else acts[::-1]))
    extended, ended = results if turn % 2 else results[::-1]
    assert isinstance(extended, Rental)
    assert extended.id != rental.id
    assert extended.e164 == rental.e164
    assert ended is State.FINISHED or isinstance(ended, RentFinished)
    # 4 h and 20 h, each as a term of its own.
    assert await here.cash() == START - 10_000 - 26_000
    await here.change(extended, Event.FINISH)


@asynccontextmanager
async def held_up(shop: Shop, dsn: str, account_id: int, how_many: int) -> AsyncIterator[None]:
    """Nobody gets the account's lock until so many wait for it: then all of them go on at once."""
    holder = await asyncpg.connect(dsn)
    try:
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("select from account where id = $1 for update", account_id)
        yield

        async def all_wait() -> bool:
            waiting = (
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            )
            return bool(await shop.connection.fetchval(waiting) >= how_many)

        await until(all_wait)
        await transaction.rollback()
    finally:
        await holder.close()


@pytest.mark.parametrize("turn", range(3))
async def test_an_extension_a_finish_and_the_end_that_wait_for_one_lock_agree(
    nodes: Nodes, dsn: str, turn: int
) -> None:
    """Extension and changes stand at counters of their own; all have read the rental unlocked when the lock is given."""
    _, shop = nodes
    await shop.numbers(1, abilities=RENTABLE)
    here, there = await both(nodes)
    rental = await here.rent()
    await older(shop, rental, timedelta(hours=4))
    acts: list[Awaitable[object]] = [
        here.try_extend(rental, 20), there.change(rental, Event.EXPIRE, bank=True), here.change(rental, Event.FINISH)
    ]  # fmt: skip
    acts = acts[turn:] + acts[:turn]
    async with held_up(shop, dsn, here.account_id, 3):
        running = [asyncio.ensure_future(act) for act in acts]
    results = await asyncio.gather(*running)
    results = results[-turn:] + results[:-turn] if turn else results
    extended, expired, finished = results
    assert isinstance(extended, Rental)
    assert extended.id != rental.id
    for one in (expired, finished):  # it ended once, by one of the three
        assert one is State.FINISHED or isinstance(one, RentFinished)
    assert (expired, finished).count(State.FINISHED) <= 1
    assert await here.cash() == START - 10_000 - 26_000
    await here.change(extended, Event.FINISH)


async def test_the_same_change_twice_happens_once(nodes: Nodes) -> None:
    _, shop = nodes
    await shop.numbers(1, abilities=RENTABLE)
    here, there = await both(nodes)
    rental = await here.rent()
    results = await at_once(*(one.change(rental, Event.CANCEL) for one in (here, there) * 8))
    assert [one for one in results if one is State.CANCELLED] == [State.CANCELLED]
    assert {type(one) for one in results if isinstance(one, Refusal)} == {RentCancelled}
    assert await here.cash() == START


async def test_two_extensions_of_a_finished_rental_have_one_winner(nodes: Nodes) -> None:
    _, shop = nodes
    await shop.numbers(1, abilities=RENTABLE)
    here, there = await both(nodes)
    rental = await here.rent()
    await here.change(rental, Event.FINISH)
    results = await at_once(*(one.try_extend(rental, 4) for one in (here, there) * 4))
    assert len([one for one in results if isinstance(one, Rental)]) == 1
    assert {type(one) for one in results if isinstance(one, Refusal)} == {RentDead}


async def test_a_resting_number_goes_to_its_last_customer_or_to_nobody(nodes: Nodes) -> None:
    """The end, a new lease by somebody else and the extension at once: never two on the number."""
    (first, _), shop = nodes
    await terms(shop, "full", country=22)
    await shop.numbers(1, country=22, abilities=RENTABLE)
    here, there = await both(nodes)
    eve = await Renter.new(first, shop)
    rental = await here.rent(country=22)
    results = await at_once(
        there.change(rental, Event.FINISH),
        here.try_extend(rental, 4),
        eve.try_rent(country=22),
        there.try_extend(rental, 4),
    )
    assert results[0] is State.FINISHED
    assert isinstance(results[2], NoNumbers)
    live = await shop.connection.fetchval("select count(*) from rent where e164 = $1 and state < 8", rental.e164)
    assert live <= 1


async def test_messages_to_many_rentals_at_once_lose_nothing(nodes: Nodes) -> None:
    (first, second), shop = nodes
    await shop.numbers(4, abilities=RENTABLE)
    here, _ = await both(nodes)
    rentals = [await here.rent() for _ in range(4)]
    acts = [
        push((first, second)[turn % 2], rental.e164, f"{turn}", message_id=f"{rental.id}-{turn}")
        for turn in range(25) for rental in rentals
    ]  # fmt: skip
    await at_once(*acts)
    for rental in rentals:
        found = await here.inbox(rental, 0, 100)
        assert isinstance(found, Inbox)
        assert found.total == 25
        assert sorted(int(one.text) for one in found.page) == list(range(25))
        assert await hold_states(shop, rental) == [1]


async def test_the_sweep_of_two_nodes_ends_each_rental_once(dsn: str) -> None:
    quick = SETTINGS | {"sweep_every_s": 0.02}
    async with open_bank(dsn, **quick) as (first, shop), open_bank(dsn, **quick):
        await terms(shop, "full", country=23)
        await shop.numbers(30, country=23, abilities=RENTABLE)
        ann = await Renter.new(first, shop)
        rentals = [await ann.rent(country=23) for _ in range(30)]
        for rental in rentals:
            await older(shop, rental, timedelta(hours=4))

        async def over() -> bool:
            live = await shop.connection.fetchval(
                "select count(*) from rent where account_id = $1 and state <> 8", ann.account_id
            )
            return not live

        await until(over)
        assert await ann.cash() == START - 300_000
