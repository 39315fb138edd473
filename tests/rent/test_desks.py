"""Renting, extending and ending on the real database: money, numbers, messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from numbank.codes.decide import POSSIBLE, THRESHOLD
from numbank.errors import (
    BadHours,
    BadRentStatus,
    ChannelsLimit,
    NoBalance,
    NoMessages,
    NoNumbers,
    NoRent,
    NoRents,
    NotCancellable,
    OutOfStock,
    RateLimited,
    RentCancelled,
    RentDead,
    RentFinished,
    RentRevoked,
    TooManyHours,
)
from numbank.messages.model import Fate
from numbank.rent.lost import Lost, lose
from numbank.rent.model import Inbox, Quote, Rentable, Rental
from numbank.rent.states import Event, State
from numbank.rent.terms import price_of
from numbank.server.app import App
from numbank.server.rent import change_desk
from numbank.supply import lines, numbers
from numbank.wire.desks import RentDesks
from tests.rent.support import RENTABLE, START, TERMS, Renter, clean, hold_states, number_of, older, spends, terms
from tests.support import Caller, Shop, open_bank, push, ring, until

HOUR = timedelta(hours=1)
QUIET = {"sweep_every_s": 3600.0, "early_cancel_s": 0, "cool_down_s": 0.0, "unused_rest_s": 0.0}


@pytest.fixture
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    """A bank without background work on leases, with numbers to rent; what a test leaves is proved to be right."""
    async with open_bank(dsn, **QUIET) as (app, shop):
        await terms(shop, "full", "tg", "ot")
        await shop.numbers(5, abilities=RENTABLE)
        await shop.counted()
        yield app, shop
        await shop.counted()
    await clean(dsn)


def desks(app: App) -> RentDesks:
    return app.bank.desks.rent


async def test_a_rental_holds_a_number_and_takes_its_price(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop)
    rental = await ann.rent("full", 24)
    assert (rental.hours, rental.price, rental.state) == (24, 30_000, State.FRESH)
    assert rental.ends_at - rental.created_at == 24 * HOUR
    assert rental.cancel_until - rental.created_at == timedelta(minutes=20)
    assert await ann.cash() == START - 30_000
    assert await hold_states(shop, rental) == [0]
    assert await number_of(shop, rental) == (1, -rental.id)
    assert await ann.one(rental) == rental
    assert await desks(app).live(ann.account_id, 1, 10) == [rental]


async def test_a_foreign_rental_looks_like_a_missing_one(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    ann, eve = await Renter.new(app, shop), await Renter.new(app, shop)
    rental = await ann.rent()
    assert isinstance(await desks(app).one(eve.account_id, rental.id), NoRent)
    assert isinstance(await eve.inbox(rental), NoRent)
    assert isinstance(await eve.try_extend(rental, 4), NoRent)
    assert isinstance(await eve.change(rental, Event.CANCEL), NoRent)
    assert isinstance(await desks(app).quote(eve.account_id, rental.id, 4), NoRent)
    assert isinstance(await desks(app).live(eve.account_id, 1, 10), NoRents)


async def test_what_cannot_be_rented_is_refused(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop, 10_000)
    for hours in (0, 3, 1_345):
        assert isinstance(await ann.try_rent(hours=hours), BadHours)
    assert isinstance(await ann.try_rent(hours=5), NoBalance)
    assert isinstance(await ann.try_rent("wa"), NoNumbers)  # no terms
    assert isinstance(await ann.try_rent(country=1), NoNumbers)
    assert isinstance(await ann.try_rent(calls=True), NoNumbers)
    await ann.rent(max_live=1)
    assert isinstance(await ann.try_rent(max_live=1), ChannelsLimit)
    assert isinstance(await ann.try_rent(per_min=1), RateLimited)
    assert await ann.cash() == 0


async def test_numbers_without_the_ability_are_not_rented(dsn: str) -> None:
    async with open_bank(dsn, **QUIET) as (app, shop):
        await terms(shop, "full", country=6)
        await shop.numbers(1, country=6)
        ann = await Renter.new(app, shop)
        assert isinstance(await ann.try_rent(country=6), NoNumbers)
        assert isinstance(await desks(app).rentable(6, 4, frozenset(), False), OutOfStock)


async def test_cancel_in_time_gives_all_back_and_the_number_comes_again(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop)
    rental = await ann.extend(await ann.rent(), 20)
    assert await ann.cash() == START - 30_000
    assert await ann.change(rental, Event.CANCEL) is State.CANCELLED
    assert await ann.cash() == START
    assert await hold_states(shop, rental) == [2, 2]
    assert (await number_of(shop, rental))[0] == 2
    assert isinstance(await ann.change(rental, Event.CANCEL), RentCancelled)
    assert isinstance(await ann.try_extend(rental, 4), RentDead)
    assert isinstance(await ann.inbox(rental), RentCancelled)


async def test_cancel_is_refused_after_a_message_and_after_the_window(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop)
    heard, late = await ann.rent(), await ann.rent()
    await push(app, heard.e164, "hello")
    assert isinstance(await ann.change(heard, Event.CANCEL), NotCancellable)
    await older(shop, late, timedelta(minutes=20))
    assert isinstance(await ann.change(late, Event.CANCEL), NotCancellable)
    assert await ann.change(late, Event.WINDOW, bank=True) is State.FIRM
    assert await hold_states(shop, late) == await hold_states(shop, heard) == [1]
    assert isinstance(await ann.change(late, Event.CANCEL), NotCancellable)
    assert await ann.cash() == START - 20_000


async def test_finish_pays_and_ends(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop)
    rental = await ann.rent()
    assert await ann.change(rental, Event.FINISH) is State.FINISHED
    assert await hold_states(shop, rental) == [1]
    assert isinstance(await ann.change(rental, Event.FINISH), RentFinished)
    assert isinstance(await ann.change(rental, Event.CANCEL), RentFinished)
    assert isinstance(await ann.inbox(rental), RentFinished)


async def test_the_sweep_ends_what_is_due(dsn: str) -> None:
    async with open_bank(dsn, **(QUIET | {"sweep_every_s": 0.02})) as (app, shop):
        await terms(shop, "full")
        await shop.numbers(2, abilities=RENTABLE)
        ann = await Renter.new(app, shop)
        young, old = await ann.rent(), await ann.rent()
        await older(shop, young, timedelta(minutes=21))
        await older(shop, old, 4 * HOUR)

        async def swept() -> bool:
            return ((await ann.one(young)).state, (await ann.one(old)).state) == (State.FIRM, State.FINISHED)

        await until(swept)
        await older(shop, young, 4 * HOUR)

        async def over() -> bool:
            return (await ann.one(young)).state is State.FINISHED

        await until(over)
        assert await ann.cash() == START - 20_000


async def test_the_sweep_changes_nothing_too_early(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop)
    rental = await ann.rent()
    for event in (Event.WINDOW, Event.EXPIRE):
        assert isinstance(await ann.change(rental, event, bank=True), BadRentStatus)
    await push(app, rental.e164, "firm now")
    assert isinstance(await ann.change(rental, Event.WINDOW, bank=True), BadRentStatus)
    assert (await ann.one(rental)).state is State.FIRM


async def test_a_live_rental_is_extended_by_the_difference(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop, 30_000)
    rental = await ann.rent()
    assert isinstance(await ann.try_extend(rental, 2), BadHours)
    refusal = await ann.try_extend(rental, 1_344)
    assert isinstance(refusal, TooManyHours)
    assert refusal.most_hours == 1_340
    quote = await desks(app).quote(ann.account_id, rental.id, 20)
    assert isinstance(quote, Quote)
    assert (quote.price, quote.hours, quote.most_hours) == (20_000, 20, 1_340)
    assert [(one.hours, one.price) for one in quote.history] == [(4, 10_000)]
    await push(app, rental.e164, "firm")
    longer = await ann.extend(rental, 20)
    assert (longer.id, longer.hours, longer.price) == (rental.id, 24, 30_000)
    assert longer.ends_at - rental.ends_at == 20 * HOUR
    assert await hold_states(shop, rental) == [1, 1]
    assert isinstance(await ann.try_extend(rental, 4), NoBalance)
    assert await ann.cash() == 0


async def test_a_finished_rental_begins_anew_on_its_number(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    ann, bob = await Renter.new(app, shop), await Renter.new(app, shop)
    for code in ("full", "tg"):
        rental = await ann.rent(code)
        await push(app, rental.e164, "Telegram code 12345")
        await ann.change(rental, Event.FINISH)
        again = await ann.extend(rental, 24)
        assert again.id != rental.id
        assert (again.e164, again.hours, again.price, again.state) == (rental.e164, 24, 30_000, State.FRESH)
        assert await number_of(shop, again) == (1, -again.id)
        assert isinstance(await ann.try_extend(rental, 4), RentDead)  # taken, by himself
        assert isinstance(await bob.try_extend(rental, 4), NoRent)
        await ann.change(again, Event.CANCEL)
        assert (await ann.extend(rental, 4)).e164 == rental.e164


async def test_a_rental_whose_end_has_come_begins_anew_before_the_sweep_came(bank: tuple[App, Shop]) -> None:
    """It must not matter when the sweep runs: from its end on it costs and counts as a new one, not as a difference."""
    app, shop = bank
    ann = await Renter.new(app, shop)
    rental = await ann.rent()
    await older(shop, rental, 4 * HOUR)
    quote = await desks(app).quote(ann.account_id, rental.id, 20)
    assert isinstance(quote, Quote)
    assert (quote.price, quote.most_hours) == (26_000, 1_344)
    assert isinstance(await ann.try_extend(rental, 20, max_live=1), Rental)
    first = await ann.one(rental)
    assert (first.state, first.hours, await hold_states(shop, rental)) == (State.FINISHED, 4, [1])
    assert await ann.cash() == START - 10_000 - 26_000
    # The line goes off with the lease: nothing can go on there, and the quote says so too.
    last = await ann.rent()
    await older(shop, last, 4 * HOUR)
    async with shop.connection.transaction():
        number = (await numbers.known(shop.connection, [last.e164]))[last.e164]
        await lines.disconnect(shop.connection, [number.id])
    assert isinstance(await desks(app).quote(ann.account_id, last.id, 20), RentDead)
    assert isinstance(await ann.try_extend(last, 20), RentDead)
    assert await number_of(shop, last) == (3, None)


async def test_a_number_that_was_used_up_stays_so_when_it_began_anew_in_vain(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop)
    rental = await ann.rent("tg")
    await push(app, rental.e164, "Telegram code 12345")
    await ann.change(rental, Event.FINISH)
    again = await ann.extend(rental, 4)
    await ann.change(again, Event.CANCEL)
    used = "select count(*) from use u join rent r using (number_id, service_id) where r.id = $1"
    assert await shop.connection.fetchval(used, again.id) == 1


async def test_a_number_that_somebody_else_has_cannot_be_had_again(dsn: str) -> None:
    async with open_bank(dsn, **(QUIET | {"sweep_every_s": 0.02})) as (app, shop):
        await terms(shop, "full", country=7)
        await shop.offer("wa", country=7)
        await shop.numbers(1, country=7, abilities=RENTABLE)
        await shop.counted()
        ann = await Renter.new(app, shop)
        _, key = await shop.customer()
        rental = await ann.rent(country=7)
        caller = Caller(app, key)
        assert await caller.get("getNumber", service="wa", country=7) == "NO_NUMBERS"
        await ann.change(rental, Event.FINISH)

        async def free() -> bool:
            return (await number_of(shop, rental))[0] == 0

        await until(free)
        await caller.lease("wa", country=7)
        assert isinstance(await ann.try_extend(rental, 4), RentDead)
        assert isinstance(await desks(app).quote(ann.account_id, rental.id, 4), RentDead)


async def test_messages_are_handed_over_newest_first(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop)
    rental = await ann.rent()
    assert isinstance(await ann.inbox(rental), NoMessages)
    for place in range(5):
        await push(app, rental.e164, f"message {place}", sender=f"s{place}")
    await push(app, rental.e164, "Your Telegram code is 12345")
    found = await ann.inbox(rental, 0, 4)
    assert isinstance(found, Inbox)
    assert found.total == 6
    assert [one.text for one in found.page[1:]] == ["message 4", "message 3", "message 2"]
    assert [one.service for one in found.page] == ["tg", "ot", "ot", "ot"]
    second = await ann.inbox(rental, 1, 4)
    assert isinstance(second, Inbox)
    assert [one.sender for one in second.page] == ["s1", "s0"]
    assert await ann.inbox(rental, 2, 4) == Inbox(6, [])
    assert (await ann.one(rental)).messages == 6


async def test_the_code_of_a_rentals_message_is_kept_and_a_guess_only_as_how_sure_it_is(
    bank: tuple[App, Shop],
) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop)
    rental = await ann.rent()
    await push(app, rental.e164, "Your Telegram code is 12345", sender="Telegram")
    await push(app, rental.e164, "Hello Ann 59204")
    rows = await shop.connection.fetch("select code, confidence from message where e164 = $1 order by id", rental.e164)
    assert [row[0] for row in rows] == ["12345", None]
    assert rows[0][1] >= THRESHOLD > rows[1][1] >= POSSIBLE
    found = await ann.inbox(rental)
    assert isinstance(found, Inbox)
    assert [one.text for one in found.page] == ["Hello Ann 59204", "Your Telegram code is 12345"]


async def test_a_rental_for_one_service_gets_no_other_ones_messages(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop)
    rental = await ann.rent("tg")
    await push(app, rental.e164, "Your WhatsApp code is 123-456")
    assert isinstance(await ann.inbox(rental), NoMessages)
    await push(app, rental.e164, "Your code is 777")
    await push(app, rental.e164, "Telegram code 12345")
    found = await ann.inbox(rental)
    assert isinstance(found, Inbox)
    assert [one.service for one in found.page] == ["tg", "tg"]
    fates = await shop.connection.fetch("select fate, lease_id from message where e164 = $1 order by id", rental.e164)
    assert [tuple(row) for row in fates] == [
        (Fate.OTHER_SERVICE, None), (Fate.ATTACHED, -rental.id), (Fate.ATTACHED, -rental.id)
    ]  # fmt: skip
    other = await ann.rent("ot")
    await push(app, other.e164, "Your WhatsApp code is 123-456")
    found = await ann.inbox(other)
    assert isinstance(found, Inbox)
    assert found.page[0].service == "wa"


async def test_nothing_to_read_pays_nothing(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop)
    rental = await ann.rent()
    await push(app, rental.e164, " ")
    assert (await ann.one(rental)).state is State.FRESH
    await ann.change(rental, Event.CANCEL)
    await push(app, rental.e164, "too late")
    assert (await ann.one(rental)).messages == 0
    assert await ann.cash() == START


async def test_calls_go_to_those_who_rented_them(dsn: str) -> None:
    async with open_bank(dsn, **QUIET) as (app, shop):
        await terms(shop, "full", country=8)
        await shop.numbers(2, country=8, abilities=RENTABLE | numbers.CALL)
        ann = await Renter.new(app, shop)
        deaf, hearing = await ann.rent(country=8), await ann.rent(country=8, calls=True)
        await ring(app, deaf.e164, "447911123456")
        await ring(app, hearing.e164, "447911123456")
        assert isinstance(await ann.inbox(deaf), NoMessages)
        found = await ann.inbox(hearing)
        assert isinstance(found, Inbox)
        assert [(one.sender, one.text, one.service) for one in found.page] == [("447911123456", "", "ot")]
        fate = await shop.connection.fetchval("select fate from message where e164 = $1", deaf.e164)
        assert fate == Fate.OTHER_KIND
    await clean(dsn)


async def test_a_lost_number_revokes_and_gives_all_back(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    ann = await Renter.new(app, shop)
    fresh, firm = await ann.rent(), await ann.extend(await ann.rent(), 20)
    await push(app, firm.e164, "firm")
    await older(shop, firm, 6 * HOUR)
    for rental in (fresh, firm):
        assert await ann.change(rental, Event.LOST, bank=True) is State.REVOKED
        assert isinstance(await ann.inbox(rental), RentRevoked)
        assert isinstance(await ann.try_extend(rental, 4), RentDead)
        assert await number_of(shop, rental) == (4, None)
    assert await ann.cash() == START


async def test_a_number_that_is_lost_after_its_rentals_end_gives_nothing_back(bank: tuple[App, Shop]) -> None:
    """Whether the sweep was there first must not be worth the whole price."""
    app, shop = bank
    ann = await Renter.new(app, shop)
    rental = await ann.rent()
    await older(shop, rental, 4 * HOUR)
    async with shop.connection.transaction():
        assert await lose(shop.connection, change_desk(app.bank.settings), rental.e164) == Lost(rental.e164)
    assert (await ann.one(rental)).state is State.FINISHED
    assert await number_of(shop, rental) == (4, None)
    assert await ann.cash() == START - 10_000


async def test_pro_rata_gives_back_the_price_of_the_time_that_is_left(dsn: str) -> None:
    async with open_bank(dsn, **(QUIET | {"rent_refund_pro_rata": True})) as (app, shop):
        await terms(shop, "full", country=10)
        await shop.numbers(2, country=10, abilities=RENTABLE)
        ann = await Renter.new(app, shop)
        fresh, firm = await ann.rent(country=10), await ann.extend(await ann.rent(country=10), 20)
        await push(app, firm.e164, "firm")
        await older(shop, firm, 12 * HOUR)
        await ann.change(fresh, Event.LOST, bank=True)  # nothing was paid yet: all of it goes back
        assert await ann.cash() == START - 30_000
        await ann.change(firm, Event.LOST, bank=True)
        # Half of 3.00 but for the seconds of this test.
        assert START - 15_000 - 30 <= await ann.cash() <= START - 15_000
        await shop.counted()
    await clean(dsn)


async def test_cashback_is_earned_when_a_rental_is_finished(dsn: str) -> None:
    async with open_bank(dsn, **(QUIET | {"cashback_bp": 250})) as (app, shop):
        await terms(shop, "full", country=11)
        await shop.numbers(1, country=11, abilities=RENTABLE)
        ann = await Renter.new(app, shop)
        await spends(shop, ann.account_id, 4_000)
        rental = await ann.extend(await ann.rent(country=11), 20)
        assert await ann.cash() == START - 26_000
        await ann.change(rental, Event.FINISH)
        earned = await shop.connection.fetchval("select cashback from account where id = $1", ann.account_id)
        assert earned == 250 + 500
    await clean(dsn)


async def test_what_can_be_rented_is_listed(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    await shop.numbers(3, operator="aiva", abilities=RENTABLE)
    await shop.counted()
    aiva = await shop.connection.fetchval("select id from operator where name = 'aiva' and country_id = 0")
    found = await desks(app).rentable(0, 24, frozenset({aiva}), False)
    assert isinstance(found, Rentable)
    assert 0 in found.countries
    assert found.operators == ["aiva", "any"]
    assert found.services["full"] == (30_000, 3)
    assert set(found.services) == {"full", "tg", "ot"}
    assert isinstance(await desks(app).rentable(0, 3, frozenset(), False), BadHours)
    assert isinstance(await desks(app).rentable(2, 24, frozenset(), False), OutOfStock)


@pytest.mark.parametrize("hours", [4, 5, 24, 100, 168, 200, 1_344])
async def test_what_is_listed_is_what_is_taken(bank: tuple[App, Shop], hours: int) -> None:
    """The list reads the two terms around the hours alone; a country may have thousands of tables."""
    app, shop = bank
    found = await desks(app).rentable(0, hours, frozenset(), False)
    assert isinstance(found, Rentable)
    assert {price for price, _ in found.services.values()} == {price_of(TERMS, hours)}
    assert (await (await Renter.new(app, shop, balance=10_000_000)).rent("ot", hours)).price == price_of(TERMS, hours)


async def test_numbers_that_served_a_service_are_not_listed_for_it(dsn: str) -> None:
    async with open_bank(dsn, **(QUIET | {"sweep_every_s": 0.02})) as (app, shop):
        await terms(shop, "full", "tg", country=14)
        for operator in ("a", "b"):
            await shop.numbers(2, country=14, operator=operator, abilities=RENTABLE)
        ann = await Renter.new(app, shop)
        rental = await ann.rent("tg", country=14)
        await push(app, rental.e164, "Telegram code 12345")
        await ann.change(rental, Event.FINISH)

        async def back() -> bool:
            found = await desks(app).rentable(14, 4, frozenset(), False)
            return isinstance(found, Rentable) and (found.services["full"][1], found.services["tg"][1]) == (4, 3)

        await until(back)


async def test_operators_choose_pools(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    await shop.numbers(1, operator="aiva", abilities=RENTABLE)
    ann = await Renter.new(app, shop)
    aiva = await shop.connection.fetchval("select id from operator where name = 'aiva' and country_id = 0")
    rental = await ann.rent(operators=frozenset({aiva}))
    operator = await shop.connection.fetchval("select operator_id from rent where id = $1", rental.id)
    assert operator == aiva


async def test_an_empty_pool_does_not_hide_the_next(dsn: str) -> None:
    async with open_bank(dsn, **(QUIET | {"claim_pools": 1})) as (app, shop):
        await terms(shop, "full", country=12)
        for operator in ("a", "b", "c"):
            await shop.numbers(1, country=12, operator=operator, abilities=RENTABLE)
        ann = await Renter.new(app, shop)
        rented = {(await ann.rent(country=12)).e164 for _ in range(3)}
        assert len(rented) == 3
        assert isinstance(await ann.try_rent(country=12), NoNumbers)


async def test_a_number_rented_in_full_comes_back_again_and_again(dsn: str) -> None:
    async with open_bank(dsn, **(QUIET | {"sweep_every_s": 0.02, "unused_tries": 1})) as (app, shop):
        await terms(shop, "full", country=13)
        await shop.numbers(1, country=13, abilities=RENTABLE)
        ann = await Renter.new(app, shop)
        for _ in range(3):
            found: list[Rental] = []

            async def rented(found: list[Rental] = found) -> bool:
                rental = await ann.try_rent(country=13)
                if isinstance(rental, Rental):
                    found.append(rental)
                return bool(found)

            await until(rented)
            await push(app, found[0].e164, "something")
            await ann.change(found[0], Event.FINISH)
    await clean(dsn)
