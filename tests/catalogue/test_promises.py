"""Counts are promises: what a list says in a snapshot can be leased, whatever stock, tiers and history it was made of."""

from __future__ import annotations

from collections import Counter
from random import Random

import msgspec
import pytest

from tests.support import Caller, Shop, open_bank, push

TIER = """
insert into offer (country_id, service_id, supplier_id, operator_id, price, remaining, regular)
select $1, s.id, $2, (select id from operator where country_id = $1 and name = $3), $4, $5, $6 from service s where code = $7
on conflict do nothing
"""
OPERATORS = ("any", "mts", "beeline")
CODES = ("tg", "wa")
PRICES = (1_000, 2_000, 3_000)
# Shops that promise something: at the regular price, at any price, of one operator. What is looked at is the rest by three.
SEEDS = ((3, 6, 9, 21, 24), (1, 10, 16, 19, 25), (5, 11, 17, 20, 26))


async def fill(shop: Shop, chance: Random, country: int) -> None:
    """Random pools and tiers of two suppliers."""
    for supplier in ("pool", "other"):
        for operator in OPERATORS:
            if count := chance.choice([0, 0, 1, 3, 6]):
                await shop.numbers(count, country=country, operator=operator, supplier=supplier)
    for code in CODES:
        for supplier_id in (1, 2):
            for own in (None, "mts", "beeline"):
                for price in PRICES:
                    if chance.random() < 0.3:
                        remaining = chance.choice([None, None, 0, 1, 4])
                        regular = chance.random() < 0.3
                        await shop.connection.execute(TIER, country, supplier_id, own, price, remaining, regular, code)


async def live(caller: Caller, chance: Random, country: int) -> None:
    """Some leases before anybody looks: finished, cancelled or still running."""
    for _ in range(chance.randrange(8)):
        answer = await caller.get("getNumber", service=chance.choice(CODES), country=country, maxPrice=10)
        word, _, rest = answer.partition(":")
        if word != "ACCESS_NUMBER":
            continue
        lease_id, _, e164 = rest.partition(":")
        end = chance.choice(["cancel", "finish", "leave"])
        if end == "finish":
            await push(caller.app, int(e164), "Your Telegram or WhatsApp code is 48213", message_id=lease_id)
        if end != "leave":
            await caller.get("setStatus", id=lease_id, status=6 if end == "finish" else 8)


async def sell_out(caller: Caller, country: int, **params: object) -> Counter[float]:
    """Lease until there is nothing left; how many at each price."""
    sold: Counter[float] = Counter()
    for _ in range(200):
        answer = await caller.get("getNumberV2", service="tg", country=country, **params)
        if answer == "NO_NUMBERS":
            return sold
        assert answer.startswith("{"), answer
        sold[msgspec.json.decode(answer)["activationCost"]] += 1
    raise AssertionError("there is no end of it")


@pytest.mark.parametrize("seed", [one for seeds in SEEDS for one in seeds])
async def test_what_a_list_says_can_be_leased(dsn: str, seed: int) -> None:
    # Nothing comes back while it is sold out.
    async with open_bank(dsn, operator_fallback=False, early_cancel_s=0, cool_down_s=600, unused_rest_s=600) as (
        app,
        shop,
    ):
        chance = Random(seed)
        country = 30 + seed
        _, key = await shop.customer(balance=10**9)
        caller = Caller(app, key)
        await shop.connection.execute(
            "insert into supplier (name, kind) values ('other', 'pool') on conflict do nothing"
        )
        await fill(shop, chance, country)
        await live(caller, chance, country)
        await shop.counted()
        shown = (
            (await caller.json("getPrices", country=country)).get(str(country), {}).get("tg", {"cost": 0, "count": 0})
        )
        free = await caller.json("getPricesExtended", country=country, service="tg", freePrice="true")
        tiers = free[str(country)]["tg"]["freePriceMap"] if free else {}
        mts = (await caller.json("getNumbersStatus", country=country, operator="mts")).get("tg_0", 0)
        promised = (shown["count"], sum(tiers.values()), mts)[seed % 3]
        assert promised > 0, "a shop that promises nothing proves nothing: choose another seed"
        if seed % 3 == 0:
            sold = await sell_out(caller, country)
            assert sum(sold.values()) >= shown["count"]
            assert set(sold) <= {shown["cost"]}
        elif seed % 3 == 1:
            sold = await sell_out(caller, country, maxPrice=100)
            assert {price: sold[float(price)] for price in tiers if sold[float(price)] < tiers[price]} == {}
        else:
            assert sum((await sell_out(caller, country, operator="mts")).values()) >= mts
        await shop.counted()
        after = await caller.json("getPricesExtended", country=country, service="tg", freePrice="true")
        left = after[str(country)]["tg"]["freePriceMap"] if after else {}
        assert not left or seed % 3 != 1
