"""Every parameter and every word of getNumber and getNumberV2 (protocol.md 2.6, 2.7, 12.2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count

import pytest

from numbank.customers import bans, standing
from numbank.customers.end_users import digest_of_user
from numbank.customers.standing import Change
from numbank.server.app import App
from numbank.supply.numbers import CALL, FORWARD, SMS
from tests.support import PRICE, Caller, Shop, open_bank, until

SURCHARGE = 500
EVERYTHING = SMS | CALL | FORWARD
_countries = count(100)


class Market:
    """A country of its own for one test, with a customer."""

    def __init__(self, app: App, shop: Shop, country: int) -> None:
        self.app = app
        self.shop = shop
        self.country = country
        self.customer_id = 0
        self.caller = Caller(app, "")

    async def customer(self, balance: int = 1_000_000, **changes: object) -> Caller:
        """Another customer, whose account is changed before its key is used."""
        self.customer_id, key = await self.shop.customer(balance)
        if changes:
            await self.change(**changes)
        self.caller = Caller(self.app, key)
        return self.caller

    async def change(self, **changes: object) -> None:
        """Change the account as the operator's commands do."""
        async with self.shop.connection.transaction():
            await standing.change(
                self.shop.connection,
                self.customer_id,
                "test.change",
                Change(**changes),  # type: ignore[arg-type]
            )

    async def get(self, service: str = "tg", action: str = "getNumber", **params: object) -> str:
        """Lease here."""
        return await self.caller.get(action, service=service, country=self.country, **params)

    async def bought(self, service: str = "tg", **params: object) -> tuple[int, int]:
        """Lease here, with success; id and number."""
        return await self.caller.lease(service, country=self.country, **params)

    async def spent(self, before: int = 1_000_000) -> int:
        """What the customer has spent in cash."""
        return before - await self.shop.cash(self.customer_id)

    async def column(self, name: str, lease_id: int) -> object:
        """A column of an activation."""
        return await self.shop.connection.fetchval(f"select {name} from activation where id = $1", lease_id)


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0, forward_surcharge_minor=SURCHARGE) as (app, shop):
        yield app, shop


@pytest.fixture
async def market(bank: tuple[App, Shop]) -> Market:
    app, shop = bank
    while True:
        country = next(_countries)
        if country in app.bank.catalogue.countries:
            break
    made = Market(app, shop, country)
    await made.customer()
    return made


async def stocked(market: Market, how_many: int = 5, *, abilities: int = SMS, **offer: object) -> list[int]:
    numbers = await market.shop.numbers(how_many, country=market.country, abilities=abilities)
    await market.shop.offer("tg", country=market.country, **offer)  # type: ignore[arg-type]
    await market.shop.counted()  # what a limit is told of is the kept count
    return numbers


# tiers and prices -------------------------------------------------------------------------------------------------


async def test_a_limit_beyond_all_money_is_a_limit_that_everything_meets(market: Market) -> None:
    await stocked(market, price=1_000)
    await market.bought(maxPrice="9" * 30)
    assert await market.spent() == 1_000


async def test_without_a_limit_the_regular_tier_is_paid_with_one_the_cheapest(market: Market) -> None:
    await stocked(market, price=1_000)
    await market.shop.tier("tg", 800, country=market.country, count=1)
    await market.shop.tier("tg", 1_000, country=market.country, regular=True)
    await market.shop.tier("tg", 1_500, country=market.country)
    await market.bought()
    assert await market.spent() == 1_000
    await market.bought(maxPrice="0.2")
    assert await market.spent() == 1_800
    await market.bought(freePrice="true")  # the cheap tier is used up
    assert await market.spent() == 2_800
    assert await market.get(maxPrice="0.09") == "WRONG_MAX_PRICE:0.10"
    assert await market.get(maxPrice="cheap") == "WRONG_MAX_PRICE:0.10"
    await market.bought(maxPrice="")
    await market.bought(freePrice="True", maxPrice="0.1")
    await market.shop.counted()
    assert await market.get(maxPrice="0.09") == "NO_NUMBERS"  # nothing is left at any price
    assert await market.get() == "NO_NUMBERS"


async def test_a_regular_tier_that_is_used_up_is_no_numbers_although_others_have_some(market: Market) -> None:
    await stocked(market, price=1_500)
    await market.shop.tier("tg", 1_000, country=market.country, regular=True, count=1)
    await market.bought()
    assert await market.get() == "NO_NUMBERS"
    assert await market.get(maxPrice="0.1") == "WRONG_MAX_PRICE:0.15"
    await market.bought(maxPrice="0.15")


async def test_a_limited_tier_is_taken_exactly_and_given_back_by_a_cancel(market: Market) -> None:
    await stocked(market, 60, price=2_000)
    await market.shop.tier("tg", 1_000, country=market.country, count=10)
    answers = await asyncio.gather(*(market.get(maxPrice="0.1") for _ in range(50)))
    assert sum(answer.startswith("ACCESS_NUMBER:") for answer in answers) == 10
    assert {answer for answer in answers if not answer.startswith("ACCESS")} == {"WRONG_MAX_PRICE:0.20"}
    assert await market.spent() == 10_000
    left = "select remaining from offer where country_id = $1 and price = 1000"
    assert await market.shop.connection.fetchval(left, market.country) == 0
    lease_id = int(next(answer for answer in answers if answer.startswith("ACCESS")).split(":")[1])
    assert await market.caller.get("setStatus", id=lease_id, status=8) == "ACCESS_CANCEL"
    assert await market.shop.connection.fetchval(left, market.country) == 1
    answers = await asyncio.gather(*(market.get(maxPrice="0.2") for _ in range(20)))
    assert all(answer.startswith("ACCESS_NUMBER:") for answer in answers)
    assert await market.spent() == 10_000 + 19 * 2_000


async def test_leases_from_before_a_count_was_set_give_nothing_back_to_it(market: Market) -> None:
    """The operator says how many more are sold at this price: a cancel of what was sold before does not make it more."""
    await stocked(market, 10, price=1_000)
    old = (await market.get()).split(":")[1]
    await market.shop.tier("tg", 1_000, country=market.country, count=1)
    assert await market.caller.get("setStatus", id=old, status=8) == "ACCESS_CANCEL"
    left = "select remaining from offer where country_id = $1 and price = 1000"
    assert await market.shop.connection.fetchval(left, market.country) == 1
    for _ in range(2):
        new = (await market.get()).split(":")[1]
        assert await market.get() == "NO_NUMBERS"
        assert await market.caller.get("setStatus", id=new, status=8) == "ACCESS_CANCEL"
        assert await market.shop.connection.fetchval(left, market.country) == 1


async def test_the_discount_of_a_rank_is_taken_off_and_compared_with_the_limit(market: Market) -> None:
    await stocked(market, price=1_000)
    async with market.shop.connection.transaction():
        await market.shop.connection.execute(
            "insert into rank (name, turnover, discount_bp) values ('test', 10000000000, 500)"
        )
    caller = await market.customer()
    await market.shop.connection.execute("update customer set turnover = 10000000000 where id = $1", market.customer_id)
    assert await market.get(maxPrice="0.0949") == "WRONG_MAX_PRICE:0.095"
    answer = await caller.json("getNumberV2", service="tg", country=market.country, maxPrice="0.095")
    assert answer["activationCost"] == 0.095
    assert await market.spent() == 950
    rows = (await caller.json("getActiveActivations"))["activeActivations"]
    assert [row["discount"] for row in rows] == ["0.05"]
    assert await market.column("discount_bp", answer["activationId"]) == 500


async def test_two_nodes_sell_no_more_of_a_tier_than_it_has_and_keep_the_limit_of_an_account(
    market: Market, dsn: str
) -> None:
    await stocked(market, 80, price=2_000)
    await market.shop.tier("tg", 1_000, country=market.country, count=12)
    async with open_bank(dsn, early_cancel_s=0) as (other, _):
        callers = [market.caller, Caller(other, market.caller.key)]
        params = {"service": "tg", "country": market.country, "maxPrice": "0.1"}
        answers = await asyncio.gather(*(callers[turn % 2].get("getNumber", **params) for turn in range(60)))
        assert sum(answer.startswith("ACCESS_NUMBER:") for answer in answers) == 12
        await market.customer(max_live=5)
        callers = [market.caller, Caller(other, market.caller.key)]
        params["maxPrice"] = "1"
        answers = await asyncio.gather(*(callers[turn % 2].get("getNumber", **params) for turn in range(40)))
        assert sum(answer.startswith("ACCESS_NUMBER:") for answer in answers) == 5
        assert answers.count("CHANNELS_LIMIT") == 35


# forwarding -------------------------------------------------------------------------------------------------------


async def test_forwarding_costs_its_surcharge_and_needs_a_service_and_a_number_that_can(market: Market) -> None:
    await stocked(market, 2)
    await market.shop.offer("av", country=market.country)
    assert await market.get("tg", forward=1) == "NO_NUMBERS"  # the service cannot be forwarded
    assert await market.get("av", forward=1) == "NO_NUMBERS"  # no number can
    assert await market.spent() == 0
    await market.shop.numbers(3, country=market.country, abilities=EVERYTHING)
    lease_id, _ = await market.bought("av", forward=1)
    assert await market.spent() == PRICE + SURCHARGE
    assert [await market.column(name, lease_id) for name in ("price", "surcharge", "forward")] == [
        PRICE + SURCHARGE, SURCHARGE, True,
    ]  # fmt: skip
    await market.shop.connection.execute(
        "insert into offer_terms (country_id, service_id, forward_surcharge)"
        " select $1, id, 70 from service where code = 'av'",
        market.country,
    )
    await market.bought("av", forward=1, maxPrice="0.1")  # the limit is of the number's price
    assert await market.spent() == 2 * PRICE + SURCHARGE + 70
    assert await market.caller.get("setStatus", id=lease_id, status=8) == "ACCESS_CANCEL"
    assert await market.spent() == PRICE + 70


async def test_money_for_the_number_alone_is_not_enough_for_forwarding(market: Market) -> None:
    await market.shop.numbers(2, country=market.country, abilities=EVERYTHING)
    await market.shop.offer("av", country=market.country)
    await market.customer(PRICE + SURCHARGE - 1)
    assert await market.get("av", forward=1) == "NO_BALANCE_FORWARD"
    await market.bought("av", forward=0)
    assert await market.get("av", forward=1) == "NO_BALANCE"


# kinds and languages ----------------------------------------------------------------------------------------------


async def test_calls_have_offers_and_numbers_of_their_own(market: Market) -> None:
    await stocked(market)
    for asked in ({"activationType": 1}, {"activationType": 2}, {"verification": "true"}):
        assert await market.get(**asked) == "NO_NUMBERS"
    await market.shop.tier("tg", 300, country=market.country, kind=1)
    await market.shop.tier("tg", 600, country=market.country, kind=2)
    assert await market.get(activationType=1) == "NO_NUMBERS"  # no number takes calls
    await market.shop.numbers(5, country=market.country, abilities=EVERYTHING)
    flash, _ = await market.bought(activationType=1)
    old, _ = await market.bought(verification="true")
    voice, _ = await market.bought(activationType=2, language="cmn-hans-cn", verification="true")
    assert await market.spent() == 300 + 300 + 600
    assert [await market.column("kind", one) for one in (flash, old, voice)] == [1, 1, 2]
    assert [await market.column("language", one) for one in (flash, voice)] == [None, "cmn-Hans-CN"]
    assert await market.get(activationType=7) == "NO_NUMBERS"


async def test_no_second_code_is_promised_for_a_call(market: Market) -> None:
    await market.shop.numbers(3, country=0, abilities=EVERYTHING)
    for kind in (0, 1, 2):
        await market.shop.tier("tg", 600, country=0, kind=kind)
        made = await market.caller.json("getNumberV2", service="tg", country=0, activationType=kind)
        assert made["canGetAnotherSms"] == ("1" if kind == 0 else "0")
    live = (await market.caller.json("getActiveActivations"))["activeActivations"]
    assert [one["canGetAnotherSms"] for one in live] == ["0", "0", "1"]  # the newest first


async def test_the_language_of_a_voice_call_is_the_countrys_unless_named(market: Market) -> None:
    await market.shop.numbers(3, country=0, abilities=EVERYTHING)
    await market.shop.tier("tg", 600, country=0, kind=2)
    lease_id, _ = await market.caller.lease(activationType=2)
    assert await market.column("language", lease_id) == "ru"
    lease_id, _ = await market.caller.lease(activationType=2, language="EN")
    assert await market.column("language", lease_id) == "en"
    before = await market.shop.cash(market.customer_id)
    assert await market.caller.get("getNumber", service="tg", activationType=2, language="klingon") == "BAD_LANGUAGE"
    assert await market.shop.cash(market.customer_id) == before


async def test_the_language_of_an_sms_does_not_matter(market: Market) -> None:
    await stocked(market)
    lease_id, _ = await market.bought(language="klingon")
    assert await market.column("language", lease_id) is None


# prefixes ---------------------------------------------------------------------------------------------------------


async def test_numbers_with_excluded_prefixes_are_not_given(market: Market) -> None:
    first = 500_123_000_000 + market.country * 1_000
    await market.shop.numbers(10, country=market.country, first=first)
    good = await market.shop.numbers(2, country=market.country, first=600_123_000_000 + market.country * 1_000)
    await market.shop.offer("tg", country=market.country)
    found = [(await market.bought(phoneException="50012, 7918"))[1] for _ in good]
    assert sorted(found) == sorted(good)
    assert await market.get(phoneException="5001") == "NO_NUMBERS"
    assert len({(await market.bought())[1] for _ in range(10)}) == 10  # what was passed over is still there


@pytest.mark.parametrize(
    "text",
    [
        "791",
        "7918000000",
        "7918,",
        ",",
        "79x8",
        "+7918",
        "7918;7919",
        "٧٩١٨",
        ",".join(["7918"] + [str(n) for n in range(4000, 4020)]),
    ],
)
async def test_a_malformed_list_of_prefixes(market: Market, text: str) -> None:
    await stocked(market)
    assert await market.get(phoneException=text) == "WRONG_EXCEPTION_PHONE"
    assert await market.spent() == 0


async def test_the_prefixes_of_the_account_count_when_none_are_named(market: Market) -> None:
    bad = 500_223_000_000 + market.country * 1_000
    good = 600_223_000_000 + market.country * 1_000
    await market.shop.numbers(3, country=market.country, first=bad)
    await market.shop.numbers(1, country=market.country, first=good)
    await market.shop.offer("tg", country=market.country)
    await market.customer(phone_exception="500223")
    assert (await market.bought())[1] == good
    assert await market.get() == "NO_NUMBERS"
    assert bad <= (await market.bought(phoneException="7777"))[1] < bad + 3


# operators and suppliers ------------------------------------------------------------------------------------------


async def test_suppliers_are_chosen_by_their_numbers(market: Market) -> None:
    await stocked(market)
    assert await market.get(providerIds="999999") == "NO_NUMBERS"
    assert await market.get(providerIds="pool") == "NO_NUMBERS"
    assert await market.get(exceptProviderIds="1") == "NO_NUMBERS"
    await market.bought(providerIds="7, 1")
    await market.bought(exceptProviderIds="7,x")
    await market.bought(providerIds="null")


# cashback ---------------------------------------------------------------------------------------------------------


async def test_use_cashback_spends_it_first_from_then_on_and_a_cancel_brings_it_back(market: Market) -> None:
    await stocked(market, 10)
    await market.shop.give_cashback(market.customer_id, PRICE + 400)

    async def cashback() -> int:
        found: int = await market.shop.connection.fetchval(
            "select cashback from account where id = $1", market.customer_id
        )
        return found

    await market.bought()
    assert (await market.spent(), await cashback()) == (PRICE, PRICE + 400)
    first, _ = await market.bought(useCashBack="true")
    assert (await market.spent(), await cashback()) == (PRICE, 400)
    second, _ = await market.bought()  # the switch stays on
    assert (await market.spent(), await cashback()) == (2 * PRICE - 400, 0)
    hold = await market.shop.connection.fetchrow(
        "select h.cash, h.cashback from hold h join activation a on a.hold_id = h.id where a.id = $1", second
    )
    assert hold is not None
    assert tuple(hold) == (PRICE - 400, 400)
    await market.caller.get("setStatus", id=second, status=8)
    assert (await market.spent(), await cashback()) == (PRICE, 400)
    await market.caller.get("setStatus", id=first, status=8)
    assert (await market.spent(), await cashback()) == (PRICE, PRICE + 400)


async def test_a_request_that_leases_nothing_does_not_turn_the_switch(market: Market) -> None:
    await market.shop.give_cashback(market.customer_id, PRICE)
    assert await market.get(useCashBack="true") == "NO_NUMBERS"
    spends = "select spend_cashback from customer where id = $1"
    assert await market.shop.connection.fetchval(spends, market.customer_id) is False


# end users, partners ----------------------------------------------------------------------------------------------


async def test_a_ban_of_an_end_user_leaves_the_account_alone(market: Market) -> None:
    await stocked(market)
    lease_id, _ = await market.bought(userId="ann", ref="partner-7")
    assert await market.column("end_user", lease_id) == digest_of_user("ann")
    assert await market.column("ref", lease_id) == "partner-7"
    name = await market.shop.connection.fetchval(
        "select name from end_user where account_id = $1 and digest = $2", market.customer_id, digest_of_user("ann")
    )
    assert name == "ann"
    async with market.shop.connection.transaction():
        ban_id, until_ = await bans.add(
            market.shop.connection, market.customer_id, until=None, for_=timedelta(days=2), reason="test", user="ann"
        )
    assert await market.get(userID="ann") == until_.strftime("BANNED:'%Y-%m-%d %H-%M-%S'")
    await market.bought(userId="bob")
    await market.bought()
    assert await market.spent() == 3 * PRICE
    async with market.shop.connection.transaction():
        await bans.lift(market.shop.connection, ban_id)
    await market.bought(userId="ann")


@pytest.mark.parametrize("ref", ["null", "", "x" * 65, "a\nb"])
async def test_a_ref_that_says_nothing_is_left_out(market: Market, ref: str) -> None:
    await stocked(market)
    lease_id, _ = await market.bought(ref=ref, userId="null")
    assert await market.column("ref", lease_id) is None
    assert await market.column("end_user", lease_id) is None


async def test_an_end_user_of_strange_letters_is_kept(market: Market) -> None:
    await stocked(market)
    kept = []
    for name in ("\0\0", "Zoë\u202e", "x" * 400):
        lease_id, _ = await market.bought(userId=name)
        kept.append(await market.column("end_user", lease_id))
    assert kept[0] is None  # what no text can hold is nobody
    names = await market.shop.connection.fetch("select name from end_user where digest = any($1::uuid[])", kept[1:])
    assert {row["name"] for row in names} == {"Zoë\u202e", "x" * 255}


# the state of the account -----------------------------------------------------------------------------------------


async def test_the_account_is_looked_at_before_the_parameters(market: Market) -> None:
    async with market.shop.connection.transaction():
        _, until_ = await bans.add(
            market.shop.connection, market.customer_id, until=None, for_=timedelta(days=2), reason="test"
        )
    assert await market.get("nonsense") == until_.strftime("BANNED:'%Y-%m-%d %H-%M-%S'")
    await market.change(blocked=True)

    async def blocked() -> bool:
        return await market.get("nonsense") == "CHANNELS_LIMIT"

    await until(blocked)
    await market.change(active=False)

    async def inactive() -> bool:
        return await market.get("nonsense") == "ACCOUNT_INACTIVE"

    await until(inactive)
    assert (await market.caller.get("getBalance")).startswith("ACCESS_BALANCE:")


async def test_live_leases_are_limited_exactly_with_a_hundred_at_once(market: Market) -> None:
    await stocked(market, 120)
    await market.customer(max_live=7)
    answers = await asyncio.gather(*(market.get() for _ in range(100)))
    leased = [answer for answer in answers if answer.startswith("ACCESS_NUMBER:")]
    assert len(leased) == 7
    assert {answer for answer in answers if answer not in leased} == {"CHANNELS_LIMIT"}
    assert await market.spent() == 7 * PRICE
    assert await market.caller.get("setStatus", id=leased[0].split(":")[1], status=8) == "ACCESS_CANCEL"
    await market.bought()
    assert await market.get() == "CHANNELS_LIMIT"


async def test_leases_per_minute_are_limited_exactly_with_a_hundred_at_once(market: Market) -> None:
    await stocked(market, 120)
    await market.customer(leases_per_min=9)
    answers = await asyncio.gather(*(market.get() for _ in range(100)))
    leased = [answer for answer in answers if answer.startswith("ACCESS_NUMBER:")]
    assert len(leased) == 9
    assert {answer for answer in answers if answer not in leased} == {"TOO_MANY_REQUESTS"}
    await market.caller.get("setStatus", id=leased[0].split(":")[1], status=8)
    assert await market.get() == "TOO_MANY_REQUESTS"  # a cancelled lease counts too
    await market.shop.connection.execute(
        "update activation set created_at = created_at - interval '61 s' where account_id = $1", market.customer_id
    )
    await market.bought()


async def test_a_hundred_equal_order_ids_give_one_lease(market: Market) -> None:
    await stocked(market, 120)
    answers = await asyncio.gather(*(market.get(action="getNumberV2", orderId="the same") for _ in range(100)))
    assert sum(answer.startswith("{") for answer in answers) == 1
    assert answers.count("ORDER_ALREADY_EXISTS") == 99
    assert await market.spent() == PRICE


async def test_what_a_number_costs_and_when_it_ends(market: Market) -> None:
    await stocked(market)
    answer = await market.caller.json("getNumberV2", service="tg", country=market.country)
    assert answer["activationTime"] == answer["activationCancel"] < answer["activationEnd"]
    assert len(answer["activationEnd"]) == len("2026-01-01 00:00:00")
