"""The lists of top countries (protocol.md 2.2, 2.14; 12.3, 28 and 29).

Top is what was bought most often in the last 30 days, then what has the most left, then the cheapest, then the lowest
country number.
"""

from __future__ import annotations

import asyncio
from bisect import insort
from collections.abc import Mapping, Sequence
from functools import partial

from numbank.activation.rules import discounted
from numbank.catalogue.prices import PriceLists
from numbank.catalogue.sales import Sales
from numbank.catalogue.tiers import Price, Stock
from numbank.errors import BadService, WrongService
from numbank.money import as_number
from numbank.wire import params as p
from numbank.wire.board import Names
from numbank.wire.call import Call
from numbank.wire.encoding import encode
from numbank.wire.page import Page
from numbank.wire.prices import PORTION, cheapest, service_first, tiers, total
from numbank.wire.registry import action

# Without a service only so many countries are listed for each: all of them would be 400,000 rows.
MOST_OF_EACH = 10
MOST_LISTED = 100
DEFAULT_LISTED = 10

ROW = '"country":<number>,"count":<number>,"price":<number>,"retail_price":<number>'
MAP = ',"freePriceMap":{"<decimal>":<number>}'
REPLIES = (
    f'{{"<place>":{{{ROW}}}}}',
    f'{{"<place>":{{{ROW}{MAP}}}}}',
    f'{{"<service>":{{"<place>":{{{ROW}}}}}}}',
    f'{{"<service>":{{"<place>":{{{ROW}{MAP}}}}}}}',
)
PARAMS = (p.SERVICE_OR_ALL, p.FREE_PRICE_LIST)
Rank = tuple[int, int, int, int]


def rank(price: Price, country_id: int, leased: int) -> Rank:
    """Where a country stands among others; lower is better."""
    return -leased, -total(price), price.cost, country_id


def row(price: Price, country_id: int, discount_bp: int, *, free: bool) -> dict[str, object]:
    """A country as the list shows it. Under FreePrice: the cheapest price, and everything that is left."""
    shown: dict[str, object] = {
        "country": country_id,
        "count": total(price) if free else price.count,
        "price": as_number(discounted(cheapest(price) if free else price.cost, discount_bp)),
        "retail_price": as_number(price.cost),
    }
    if free:
        shown["freePriceMap"] = tiers(tuple((discounted(minor, discount_bp), count) for minor, count in price.tiers))
    return shown


@action(
    "getTopCountriesByService",
    params=PARAMS,
    replies=REPLIES,
    refusals=(BadService,),
    json=True,
    way=(PriceLists, Stock, rank),
)
async def get_top_countries_by_service(call: Call) -> bytes | Page:
    """The countries of a service, the most bought first; without a service the first ten of each."""
    return await _top(call, 0)


@action(
    "getTopCountriesByServiceRank",
    params=PARAMS,
    replies=REPLIES,
    refusals=(BadService,),
    json=True,
    way=(PriceLists, Stock, rank, discounted),
)
async def get_top_countries_by_service_rank(call: Call) -> bytes | Page:
    """The same at the prices of the caller's loyalty rank; retail_price is the price without it."""
    return await _top(call, call.customer.discount_bp)


async def _top(call: Call, discount_bp: int) -> bytes | Page:
    desks = call.desks
    free = call.true(p.FREE_PRICE_LIST)
    code = call.text(p.SERVICE_OR_ALL)
    if not code:
        make = partial(_all_services, desks.prices, discount_bp, free)
        # Seconds of work for a list that nobody buys from: as old as the statistics that it ranks by.
        return await desks.board.made_of_all(f"top {discount_bp} {free}", make, desks.prices.sales_age_s)
    service = desks.catalogue.activatable(code)
    if service is None:
        raise BadService
    if service.id not in desks.board.names().codes:
        return b"{}"
    stocks, sales = await asyncio.gather(desks.prices.service(service.id), desks.prices.sales(service.id))
    none = Sales(0, 0)
    ranked = []
    for stock in stocks:
        price = stock.price(service.id)
        if price is not None:
            leased = sales.get(stock.country_id, none).leased
            ranked.append((rank(price, stock.country_id, leased), price, stock.country_id))
    ranked.sort(key=lambda one: one[0])
    return encode({str(at): row(price, number, discount_bp, free=free) for at, (_, price, number) in enumerate(ranked)})


async def _all_services(
    prices: PriceLists, discount_bp: int, free: bool, stocks: Sequence[Stock], names: Names
) -> Page:
    """The best countries of every service, some hundred prices at a time so that the loop goes on in between."""
    sales = await prices.all_sales()
    none = Sales(0, 0)
    best: dict[int, list[tuple[Rank, Price]]] = {}
    for stock in stocks:
        for at, price in enumerate(stock.prices()):
            if at % PORTION == 0:
                await asyncio.sleep(0)
            if price.service_id in names.keys:
                leased = sales.get((stock.country_id, price.service_id), none).leased
                found = best.setdefault(price.service_id, [])
                place = rank(price, stock.country_id, leased)
                if len(found) < MOST_OF_EACH or place < found[-1][0]:
                    insort(found, (place, price))
                    del found[MOST_OF_EACH:]
    rows: dict[int, list[bytes]] = {}
    for at, (service_id, found) in enumerate(best.items()):
        if at % (PORTION // MOST_OF_EACH) == 0:
            await asyncio.sleep(0)
        rows[service_id] = [
            b'"%d":%b' % (place, encode(row(price, where[-1], discount_bp, free=free)))
            for place, (where, price) in enumerate(found)
        ]
    return await service_first(rows, names)


@action(
    "getListOfTopCountriesByService",
    params=(p.SERVICE, p.LENGTH, p.PAGE),
    replies=('[{"country":<number>,"share":<number>,"rate":<number>}]',),
    refusals=(WrongService,),
    json=True,
    way=(PriceLists,),
)
async def get_list_of_top_countries_by_service(call: Call) -> bytes:
    """Where a service was bought in the last 30 days: the share of its purchases, and how many of them were successful."""
    desks = call.desks
    service = desks.catalogue.activatable(call.text(p.SERVICE))
    if service is None or service.id not in desks.board.names().codes:
        raise WrongService
    sales = await desks.prices.sales(service.id)
    length = min(_positive(call.whole(p.LENGTH), DEFAULT_LISTED), MOST_LISTED)
    start = (_positive(call.whole(p.PAGE), 1) - 1) * length
    return encode(shares(sales)[start : start + length])


def shares(sales: Mapping[int, Sales]) -> list[dict[str, object]]:
    """The countries with purchases, the most first; share and rate are percentages with two decimals at most."""
    whole = sum(one.leased for one in sales.values())
    bought = sorted((-one.leased, country_id) for country_id, one in sales.items() if one.leased)
    return [
        {"country": country_id, "share": percent(-sold, whole), "rate": percent(sales[country_id].delivered, -sold)}
        for sold, country_id in bought
    ]


def percent(part: int, whole: int) -> int | float:
    """A percentage; whole ones as integers, for some clients read no other."""
    share = round(100 * part / whole, 2)
    return int(share) if share == int(share) else share


def _positive(given: int | None, otherwise: int) -> int:
    return given if given is not None and given > 0 else otherwise
