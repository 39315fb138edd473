"""Suppliers that have to be asked: what their answers, silences and lies make of a lease."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from numbank.activation.advance import AdvanceDesk
from numbank.activation.model import Activation, AdvanceRequest, LeaseRequest, Opened, Settlement
from numbank.activation.settle import SettleDesk
from numbank.activation.states import Event
from numbank.errors import NoActivation, NotFound
from numbank.intake.deliver import DeliverDesk
from numbank.messages.model import Incoming
from numbank.server.app import App
from numbank.supply.asking import (
    AlreadyDone,
    Answer,
    Held,
    NoStock,
    Outcome,
    Question,
    Refused,
    Rejected,
    Unknown,
)
from tests.supply.asked import HASTY, LATE_S, PATIENT, QUICK, Market, Played, held, later, number, open_market, prove
from tests.support import PRICE, Shop, open_bank, until

ASKING, HELD, NONE, UNKNOWN, RELEASING, RELEASED = range(6)
FULL = 1_000_000


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    async with open_bank(dsn, **(QUICK | PATIENT)) as opened:
        yield opened
    await prove(dsn)


@pytest.fixture
async def market(bank: tuple[App, Shop]) -> Market:
    return Market(*bank)


@pytest.fixture(scope="module")
async def hasty_bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    async with open_bank(dsn, **(QUICK | HASTY)) as opened:
        yield opened


@pytest.fixture
async def hasty_market(hasty_bank: tuple[App, Shop]) -> Market:
    return Market(*hasty_bank)


async def is_free(market: Market, e164: int) -> bool:
    """Whether a number has rested."""
    free: bool = await market.shop.connection.fetchval("select state = 0 from number where e164 = $1", e164)
    return free


async def test_a_number_that_is_given_at_once_goes_all_the_way(market: Market) -> None:
    answer = held()
    played = Played(answer)
    supplier_id = await market.supplier(played)
    caller = await market.customer()
    lease_id, e164 = await caller.lease(country=market.country)
    assert e164 == answer.number
    assert await market.shop.cash(market.customer_id) == FULL - PRICE
    assert (played.asked[0].country_id, played.asked[0].price, played.asked[0].currency) == (market.country, PRICE, 840)
    assert await caller.get("getStatus", id=lease_id) == "STATUS_WAIT_CODE"
    await market.pushed(supplier_id, e164, "Telegram code: 48213")
    assert await caller.get("getStatus", id=lease_id) == "STATUS_OK:48213"
    assert await market.states(supplier_id) == [HELD]
    assert await caller.get("setStatus", id=lease_id, status=6) == "ACCESS_ACTIVATION"
    await market.becomes(supplier_id, RELEASED)
    assert played.told == [(answer.reference, Outcome.SOLD)]
    row = (await market.acquisitions(supplier_id))[0]
    assert (row["id"], row["e164"], row["cost"]) == (played.asked[0].acquisition_id, e164, 500)


async def test_a_cancelled_lease_is_given_back_and_its_number_may_come_again(market: Market) -> None:
    answer = held()
    played = Played(answer, answer)
    supplier_id = await market.supplier(played)
    caller = await market.customer()
    for states in ([RELEASED], [RELEASED, RELEASED]):
        lease_id, e164 = await caller.lease(country=market.country)
        assert e164 == answer.number
        assert await caller.get("setStatus", id=lease_id, status=8) == "ACCESS_CANCEL"
        await market.becomes(supplier_id, *states)

        async def rested() -> bool:
            return await is_free(market, answer.number)

        await until(rested)
    assert played.told == [(answer.reference, Outcome.CANCELLED)] * 2
    assert await market.shop.cash(market.customer_id) == FULL


async def test_an_expired_lease_is_given_back(dsn: str) -> None:
    async with open_market(dsn, activation_life_s=0.2) as market:
        played = Played(held())
        supplier_id = await market.supplier(played)
        await (await market.customer()).lease(country=market.country)
        await market.becomes(supplier_id, RELEASED)
        assert [outcome for _, outcome in played.told] == [Outcome.CANCELLED]
        assert await market.shop.cash(market.customer_id) == FULL


async def test_the_acquisition_is_committed_before_the_question_and_the_order_is_hidden(
    market: Market, dsn: str
) -> None:
    caller = await market.customer()
    seen: list[object] = []

    async def look(question: Question) -> Answer:
        other = await asyncpg.connect(dsn)
        row = await other.fetchrow("select state, lease_id from acquisition where id = $1", question.acquisition_id)
        await other.close()
        assert row is not None
        lease_id = row["lease_id"]
        seen.append(row["state"])
        seen.append(await caller.get("getStatus", id=lease_id))
        seen.append(await caller.get("getStatusV2", id=lease_id))
        seen.append(await caller.get("setStatus", id=lease_id, status=8))
        seen.append(await caller.get("getActiveActivations"))
        seen.append(await caller.get("getBalance"))
        return NoStock()

    played = Played(look)
    supplier_id = await market.supplier(played)
    assert await caller.get("getNumber", service="tg", country=market.country) == "NO_NUMBERS"
    hidden = ["NO_ACTIVATION", "NO_ACTIVATION", "NO_ACTIVATION", '{"status":"error","error":"NO_ACTIVATIONS"}']
    assert seen == [ASKING, *hidden, "ACCESS_BALANCE:99.90"]
    lease_id = (await market.acquisitions(supplier_id))[0]["lease_id"]
    for action in ("getStatus", "getStatusV2", "getFullSms"):
        assert await caller.get(action, id=lease_id) == "NO_ACTIVATION"
    assert await caller.get("setStatus", id=lease_id, status=8) == "NO_ACTIVATION"


async def test_local_stock_is_sold_before_anybody_is_asked_and_a_dearer_pool_after(market: Market) -> None:
    played = Played(held())
    supplier_id = await market.supplier(played)
    local = await market.shop.numbers(1, country=market.country)
    dear = await market.shop.numbers(1, country=market.country, operator="mts")
    await market.shop.offer("tg", country=market.country)
    await market.shop.offer("tg", country=market.country, operator="mts", price=2 * PRICE)
    await market.shop.connection.execute(
        "update offer set operator_id = (select id from operator where country_id = $1 and name = 'any')"
        " where country_id = $1 and operator_id is null and supplier_id = 1", market.country,
    )  # fmt: skip
    caller = await market.customer()
    assert (await caller.lease(country=market.country))[1] == local[0]
    assert not played.asked
    assert (await caller.lease(country=market.country))[1] not in (local[0], dear[0])
    assert await caller.get("getNumber", service="tg", country=market.country) == "NO_NUMBERS"
    assert (await caller.lease(country=market.country, maxPrice="1"))[1] == dear[0]
    assert await market.states(supplier_id) == [HELD, NONE, NONE]
    assert await market.shop.cash(market.customer_id) == FULL - 4 * PRICE


@pytest.mark.parametrize(
    "no", [NoStock(), Rejected("not today"), Unknown(), ConnectionResetError("cut"), ZeroDivisionError()]
)
async def test_a_supplier_that_gives_nothing_leaves_the_request_to_the_next(
    market: Market, no: Answer | Exception
) -> None:
    answer = held()
    empty, full = Played(no), Played(answer)
    first = await market.supplier(empty)
    second = await market.supplier(full)
    caller = await market.customer()
    assert (await caller.lease(country=market.country))[1] == answer.number
    assert await market.states(first) == [NONE if isinstance(no, NoStock | Rejected) else UNKNOWN]
    assert await market.states(second) == [HELD]
    assert len(empty.asked) == 1
    assert not empty.told
    assert await market.shop.cash(market.customer_id) == FULL - PRICE


async def test_an_answer_after_the_soft_deadline_is_given_back_once(hasty_market: Market) -> None:
    market = hasty_market
    late = held()
    played = Played(later(LATE_S, late))
    supplier_id = await market.supplier(played)
    caller = await market.customer()
    assert await caller.get("getNumber", service="tg", country=market.country) == "NO_NUMBERS"
    assert await market.shop.cash(market.customer_id) == FULL
    assert await market.states(supplier_id) == [ASKING]
    await market.becomes(supplier_id, RELEASED)
    assert played.told == [(late.reference, Outcome.CANCELLED)]
    assert (await market.acquisitions(supplier_id))[0]["e164"] == late.number
    assert await caller.get("getActiveActivations") == '{"status":"error","error":"NO_ACTIVATIONS"}'


async def test_after_the_soft_deadline_the_next_supplier_serves(hasty_market: Market) -> None:
    market = hasty_market
    slow = await market.supplier(slow_one := Played(later(LATE_S, held())))
    await market.supplier(quick_one := Played(answer := held()))
    caller = await market.customer()
    assert (await caller.lease(country=market.country))[1] == answer.number
    await market.becomes(slow, RELEASED)
    assert len(slow_one.told) == 1
    assert not quick_one.told
    assert await market.shop.cash(market.customer_id) == FULL - PRICE


async def test_a_supplier_that_never_answers_is_unknown_and_not_asked_again_for_this_request(
    hasty_market: Market,
) -> None:
    market = hasty_market
    played = Played(later(60, held()))
    supplier_id = await market.supplier(played)
    await market.shop.offer("tg", country=market.country, price=2 * PRICE)  # a second price, with nothing behind it
    caller = await market.customer()
    assert await caller.get("getNumber", service="tg", country=market.country) == "NO_NUMBERS"
    assert await market.shop.cash(market.customer_id) == FULL
    await market.becomes(supplier_id, UNKNOWN)
    assert len(played.asked) == 1
    assert not played.told


async def test_the_number_of_suppliers_for_one_request_is_bounded(dsn: str) -> None:
    async with open_market(dsn, supplier_most=2) as market:
        everyone = [Played() for _ in range(4)]
        for played in everyone:
            await market.supplier(played)
        caller = await market.customer()
        assert await caller.get("getNumber", service="tg", country=market.country) == "NO_NUMBERS"
        assert [len(played.asked) for played in everyone] == [1, 1, 0, 0]


async def test_the_number_of_somebody_elses_lease_is_refused(market: Market) -> None:
    taken = held()
    honest = await market.supplier(Played(taken))
    caller = await market.customer()
    lease_id, _ = await caller.lease(country=market.country)
    lie = Held(taken.number, "lie")
    liar = await market.supplier(lying := Played(lie), service="wa")
    assert await caller.get("getNumber", service="wa", country=market.country) == "NO_NUMBERS"
    await market.becomes(liar, RELEASED)
    assert lying.told == [("lie", Outcome.CANCELLED)]
    assert await market.states(honest) == [HELD]
    assert isinstance(await market.push(liar, taken.number, "Telegram code: 66666"), NotFound)
    assert await caller.get("getStatus", id=lease_id) == "STATUS_WAIT_CODE"
    assert await market.shop.cash(market.customer_id) == FULL - PRICE


async def test_a_number_of_our_own_pool_is_refused_even_when_it_is_free(market: Market) -> None:
    own = (await market.shop.numbers(1, country=market.country))[0]
    liar = await market.supplier(Played(held(own)))
    caller = await market.customer()
    assert await caller.get("getNumber", service="tg", country=market.country) == "NO_NUMBERS"
    await market.becomes(liar, RELEASED)
    assert await is_free(market, own)


@pytest.mark.parametrize("nonsense", [0, -1, 7, 2**70, 999_999_999_999_999])
async def test_what_cannot_be_a_number_is_given_back(market: Market, nonsense: int) -> None:
    supplier_id = await market.supplier(played := Played(Held(nonsense, "odd")))
    caller = await market.customer()
    assert await caller.get("getNumber", service="tg", country=market.country) == "NO_NUMBERS"
    await market.becomes(supplier_id, RELEASED)
    assert played.told == [("odd", Outcome.CANCELLED)]
    assert await market.shop.cash(market.customer_id) == FULL


@pytest.mark.parametrize("reference", ["", "a\0b", "\ud800", "x" * 256])
async def test_a_reference_that_cannot_be_kept_is_no_answer(market: Market, reference: str) -> None:
    supplier_id = await market.supplier(Played(Held(number(), reference)))
    caller = await market.customer()
    assert await caller.get("getNumber", service="tg", country=market.country) == "NO_NUMBERS"
    assert await market.states(supplier_id) == [UNKNOWN]


async def test_the_same_sale_twice_serves_one_customer_and_is_not_ended_for_the_other(market: Market) -> None:
    answer = held()
    supplier_id = await market.supplier(played := Played(answer, answer))
    caller = await market.customer()
    leased = await asyncio.gather(*(caller.get("getNumber", service="tg", country=market.country) for _ in range(2)))
    assert sorted(word.split(":")[0] for word in leased) == ["ACCESS_NUMBER", "NO_NUMBERS"]
    assert sorted(await market.states(supplier_id)) == [HELD, NONE]
    assert not played.told
    assert await market.shop.cash(market.customer_id) == FULL - PRICE


async def test_a_sale_that_is_still_open_is_not_ended_when_it_is_sold_again_later(market: Market) -> None:
    answer = held()
    supplier_id = await market.supplier(played := Played(answer, answer))
    caller = await market.customer()
    lease_id, _ = await caller.lease(country=market.country)
    assert await caller.get("getNumber", service="tg", country=market.country) == "NO_NUMBERS"
    assert await market.states(supplier_id) == [HELD, NONE]
    assert await caller.get("setStatus", id=lease_id, status=8) == "ACCESS_CANCEL"
    await market.becomes(supplier_id, RELEASED, NONE)
    assert played.told == [(answer.reference, Outcome.CANCELLED)]


async def test_the_same_number_under_two_references_serves_one_customer(market: Market) -> None:
    e164 = number()
    supplier_id = await market.supplier(played := Played(Held(e164, "one"), Held(e164, "two")))
    caller = await market.customer()
    leased = await asyncio.gather(*(caller.get("getNumber", service="tg", country=market.country) for _ in range(2)))
    assert sorted(word.split(":")[0] for word in leased) == ["ACCESS_NUMBER", "NO_NUMBERS"]

    async def refused_one() -> bool:
        return sorted(await market.states(supplier_id)) == [HELD, RELEASED]

    await until(refused_one)
    assert [outcome for _, outcome in played.told] == [Outcome.CANCELLED]


async def test_a_number_that_was_used_for_the_service_is_burnt(market: Market) -> None:
    answer = held()
    again = Held(answer.number, "again")
    supplier_id = await market.supplier(played := Played(answer, again))
    caller = await market.customer()
    lease_id, e164 = await caller.lease(country=market.country)
    await market.pushed(supplier_id, e164, "Telegram code: 48213")
    assert await caller.get("setStatus", id=lease_id, status=6) == "ACCESS_ACTIVATION"

    async def rested() -> bool:
        return await is_free(market, e164)

    await until(rested)
    assert await caller.get("getNumber", service="tg", country=market.country) == "NO_NUMBERS"
    await market.becomes(supplier_id, RELEASED, RELEASED)
    assert sorted(played.told) == [("again", Outcome.BURNT), (answer.reference, Outcome.SOLD)]


async def test_numbers_of_asked_suppliers_are_not_claimed_from_a_shelf(market: Market) -> None:
    await market.supplier(Played(held()))
    caller = await market.customer()
    lease_id, _ = await caller.lease(country=market.country)
    await caller.get("setStatus", id=lease_id, status=8)
    await market.shop.counted()
    assert await caller.get("getNumber", service="tg", country=market.country) == "NO_NUMBERS"
    assert '"count":0' in await caller.get("getPrices", service="tg", country=market.country)


async def test_a_message_that_comes_before_the_answer_is_settled_is_handed_over(market: Market) -> None:
    answer = held()
    supplier_id = 0

    async def hasty(question: Question) -> Answer:
        await market.pushed(supplier_id, answer.number, "Telegram code: 11111")
        await market.pushed(supplier_id, answer.number, "Your WhatsApp code is 99999")
        await market.pushed(supplier_id, answer.number, "Telegram code: 22222")
        return answer

    supplier_id = await market.supplier(Played(hasty))
    caller = await market.customer()
    lease_id, _ = await caller.lease(country=market.country)
    assert await caller.get("getStatus", id=lease_id) == "STATUS_OK:22222"
    fates = await market.shop.connection.fetch("select fate from message where e164 = $1 order by id", answer.number)
    assert [row["fate"] for row in fates] == [0, 3, 0]
    await market.pushed(supplier_id, answer.number, "Telegram code: 33333")
    assert await caller.get("getStatus", id=lease_id) == "STATUS_OK:33333"


async def test_only_the_last_messages_from_before_the_answer_are_read(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A supplier that sends very many long ones must not hold the locks of everybody's answers."""
    monkeypatch.setattr("numbank.messages.store.MOST_LOOKED_BACK", 2)
    answer = held()
    supplier_id = 0

    async def hasty(question: Question) -> Answer:
        for code in (11111, 22222, 33333):
            await market.pushed(supplier_id, answer.number, f"Telegram code: {code}")
        return answer

    supplier_id = await market.supplier(Played(hasty))
    caller = await market.customer()
    lease_id, _ = await caller.lease(country=market.country)
    assert await caller.get("getStatus", id=lease_id) == "STATUS_OK:33333"
    fates = await market.shop.connection.fetch("select fate from message where e164 = $1 order by id", answer.number)
    assert [row["fate"] for row in fates] == [3, 0, 0]


async def test_a_message_from_before_the_question_or_of_another_supplier_is_not_handed_over(market: Market) -> None:
    answer = held()
    strangers = await market.supplier(Played(), service="vk")

    async def hasty(question: Question) -> Answer:
        await market.pushed(strangers, answer.number, "Telegram code: 11111")
        return answer

    supplier_id = await market.supplier(Played(hasty))
    await market.pushed(supplier_id, answer.number, "Telegram code: 22222")
    caller = await market.customer()
    lease_id, _ = await caller.lease(country=market.country)
    assert await caller.get("getStatus", id=lease_id) == "STATUS_WAIT_CODE"


async def test_messages_and_answers_that_meet_always_find_each_other(market: Market) -> None:
    """The message is on its way while the answer is settled: stored before and looked back for, or after and matched."""
    rounds = 40
    pushes: list[asyncio.Task[None]] = []
    supplier_id = 0

    async def both(question: Question) -> Answer:
        answer = held()
        pushes.append(asyncio.create_task(market.pushed(supplier_id, answer.number, "Telegram code: 55555")))
        await asyncio.sleep(0.0002 * (len(pushes) % 20))
        return answer

    supplier_id = await market.supplier(Played(*[both] * rounds))
    caller = await market.customer()
    for _ in range(rounds // 4):
        await asyncio.gather(*(caller.lease(country=market.country) for _ in range(4)))
    await asyncio.gather(*pushes)
    states = await market.shop.connection.fetch(
        "select state from activation where account_id = $1", market.customer_id
    )
    assert [row["state"] for row in states] == [3] * rounds


async def test_a_release_is_told_until_it_is_final(hasty_market: Market) -> None:
    market = hasty_market
    answer = held()
    played = Played(answer, releases=(Refused("too early"), ConnectionResetError("cut"), Unknown(), AlreadyDone()))
    supplier_id = await market.supplier(played)
    caller = await market.customer()
    lease_id, _ = await caller.lease(country=market.country)
    assert await caller.get("setStatus", id=lease_id, status=8) == "ACCESS_CANCEL"
    await market.becomes(supplier_id, RELEASED)
    assert played.told == [(answer.reference, Outcome.CANCELLED)] * 4
    assert (await market.acquisitions(supplier_id))[0]["release_tries"] == 4


async def test_a_release_that_is_never_final_ends_with_an_alarm(dsn: str) -> None:
    async with open_market(dsn, **HASTY, release_tries=2) as market:
        played = Played(held(), releases=(Refused("no"), Refused("no"), Refused("no")))
        supplier_id = await market.supplier(played)
        caller = await market.customer()
        lease_id, _ = await caller.lease(country=market.country)
        await caller.get("setStatus", id=lease_id, status=8)

        async def given_up() -> bool:
            return (await market.acquisitions(supplier_id))[0]["next_try_at"] is None

        await until(given_up)
        assert len(played.told) == 2
        assert await market.states(supplier_id) == [RELEASING]


async def test_an_order_that_its_node_left_behind_heals(hasty_market: Market) -> None:
    market = hasty_market
    supplier_id = await market.supplier(Played())
    caller = await market.customer()
    service_id = market.shop.catalogue.by_code["tg"].id
    # The node stops after the commit: the question may be out or not.
    opened = await market.app.bank.lease.ask(LeaseRequest(market.customer_id, market.country, service_id, 1200, 0))
    assert isinstance(opened, Opened)
    assert await market.shop.cash(market.customer_id) == FULL - PRICE
    await market.becomes(supplier_id, UNKNOWN)

    async def voided() -> bool:
        return await market.shop.cash(market.customer_id) == FULL

    await until(voided)
    assert await caller.get("getStatus", id=opened.lease_id) == "NO_ACTIVATION"


async def desks(market: Market) -> tuple[Opened, AdvanceDesk, SettleDesk]:
    """An open order, and desks for transactions that a test holds open."""
    bank = market.app.bank
    await market.customer()
    service_id = market.shop.catalogue.by_code["tg"].id
    opened = await bank.lease.ask(LeaseRequest(market.customer_id, market.country, service_id, 1200, 0))
    assert isinstance(opened, Opened)
    advance = AdvanceDesk(bank.suppliers, cool_down_s=0, unused_rest_s=0, unused_tries=2)
    return opened, advance, SettleDesk(advance, frozenset, bank.door.read)


async def waits(market: Market, connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Wait until a connection waits for a lock."""

    async def locked_out() -> bool:
        waiting: bool = await market.shop.connection.fetchval(
            "select coalesce(wait_event_type = 'Lock', false) from pg_stat_activity where pid = $1",
            connection.get_server_pid(),
        )
        return waiting

    await until(locked_out)


@pytest.mark.parametrize("first", ["message", "answer"])
async def test_a_message_and_the_answer_wait_for_each_others_commit(market: Market, dsn: str, first: str) -> None:
    supplier_id = await market.supplier(Played())
    opened, _, settle = await desks(market)
    answer = held()
    deliver = DeliverDesk(frozenset, market.app.bank.asked)
    message = Incoming(
        supplier_id, "1", answer.number, "Telegram", "Your code is 48213", "48213", 1.0, frozenset(), own_only=True
    )
    one, two = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    steps: list[tuple[Any, list[Any]]] = [(deliver.serve, [message]), (settle.serve, [Settlement(opened, answer)])]
    if first == "answer":
        steps.reverse()
    (serve, request), (serve_later, request_later) = steps
    transaction = one.transaction()
    await transaction.start()
    await serve(one, request)
    later_one = two.transaction()
    await later_one.start()
    second = asyncio.create_task(serve_later(two, request_later))
    await waits(market, two)
    await transaction.commit()
    await second
    await later_one.commit()
    row = await market.shop.connection.fetchrow("select state, code from activation where id = $1", opened.lease_id)
    assert row is not None
    assert tuple(row) == (3, "48213")
    await one.close()
    await two.close()


async def test_an_order_that_expires_while_it_is_settled_stays_with_its_customer(market: Market, dsn: str) -> None:
    """The expiry read the order before it had a number, and comes to its locks after the settlement's commit."""
    await market.supplier(Played())
    opened, advance, settle = await desks(market)
    settling, expiring = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    transaction = settling.transaction()
    await transaction.start()
    assert isinstance((await settle.serve(settling, [Settlement(opened, held())])).results[0], Activation)
    expired = asyncio.create_task(advance.serve(expiring, [AdvanceRequest(opened.lease_id, Event.EXPIRE)]))

    await waits(market, expiring)
    await transaction.commit()
    assert isinstance((await expired).results[0], NoActivation)
    assert await market.shop.connection.fetchval("select state from activation where id = $1", opened.lease_id) == 1
    await settling.close()
    await expiring.close()


async def test_a_closing_bank_waits_for_those_that_were_asked(dsn: str) -> None:
    answer = held()
    async with open_market(dsn, **HASTY) as market:
        supplier_id = await market.supplier(Played(later(LATE_S, answer)))
        caller = await market.customer()
        assert await caller.get("getNumber", service="tg", country=market.country) == "NO_NUMBERS"
    connection = await asyncpg.connect(dsn)
    row = await connection.fetchrow("select state, e164 from acquisition where supplier_id = $1", supplier_id)
    await connection.close()
    assert row is not None
    assert row["e164"] == answer.number
    assert row["state"] in (RELEASING, RELEASED)


async def test_a_customer_who_goes_away_does_not_take_the_call_along(market: Market) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def slow(question: Question) -> Answer:
        asked.set()
        await gone.wait()
        return held()

    supplier_id = await market.supplier(Played(slow))
    caller = await market.customer()
    request = asyncio.create_task(caller.get("getNumber", service="tg", country=market.country))
    await asked.wait()
    request.cancel()
    gone.set()
    await market.becomes(supplier_id, HELD)
    assert request.cancelled()


async def test_an_order_id_is_used_up_by_a_number_and_not_by_an_order_without_one(market: Market) -> None:
    supplier_id = await market.supplier(Played(NoStock(), held()))
    caller = await market.customer()
    ask = {"service": "tg", "country": market.country, "orderId": "once"}
    assert await caller.get("getNumberV2", **ask) == "NO_NUMBERS"
    assert "activationId" in await caller.get("getNumberV2", **ask)
    assert await caller.get("getNumberV2", **ask) == "ORDER_ALREADY_EXISTS"
    assert await market.states(supplier_id) == [NONE, HELD]


async def test_a_supplier_that_this_node_cannot_ask_is_not_offered(market: Market) -> None:
    await market.supplier(Played(held()), register=False)
    caller = await market.customer()
    assert await caller.get("getNumber", service="tg", country=market.country) == "NO_NUMBERS"
