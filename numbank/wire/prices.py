"""The price lists: getPrices and its relatives (protocol.md 2.16, 6). Prices here are those without a loyalty discount.

`get_prices_v2` and `get_prices_v3` are registered by the dialects that have them. All numbers that are counted are here, so
`physicalCount` is always `count`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import islice
from typing import TypeVar

from numbank.catalogue.prices import PriceLists
from numbank.catalogue.tiers import CALL, VOICE, Counts, Price, Stock
from numbank.errors import BadService
from numbank.money import as_number, format_minor
from numbank.wire import params as p
from numbank.wire.board import Board, Names, Style
from numbank.wire.call import Call
from numbank.wire.encoding import encode
from numbank.wire.page import Page, page_of
from numbank.wire.registry import action

T = TypeVar("T")


@lru_cache(maxsize=65_536)
def number(minor: int) -> bytes:
    """A price as a JSON number."""
    return encode(as_number(minor))


# Services that are shown in one go: a millisecond or two of work.
PORTION = 250


def portions(rows: Iterable[T], show: Callable[[list[T]], list[bytes]]) -> Iterator[bytes]:
    """The members of an object, a portion of rows at a time; portions in which nothing is shown are left out."""
    rows = iter(rows)
    while some := list(islice(rows, PORTION)):
        if members := show(some):
            yield b",".join(members)


def _briefs(stock: Stock, names: Names) -> Iterator[bytes]:
    """Regular prices with their counts; the list that most clients want, so it takes the quick way."""
    keys = names.keys
    return portions(stock.briefs(), lambda rows: [
        b'%b:{"cost":%b,"count":%d,"physicalCount":%d}' % (keys[service_id], number(cost), count, count)
        for service_id, cost, count in rows if service_id in keys
    ])  # fmt: skip


def _listed(show: Callable[[Price], object], stock: Stock, names: Names) -> Iterator[bytes]:
    """Any other list: `show` gives what stands for a service, None leaves it out."""
    keys = names.keys
    return portions(stock.prices(), lambda prices: [
        b"%b:%b" % (keys[price.service_id], encode(shown))
        for price in prices if price.service_id in keys and (shown := show(price)) is not None
    ])  # fmt: skip


def brief(price: Price) -> dict[str, object]:
    """The regular price."""
    return {"cost": as_number(price.cost), "count": price.count, "physicalCount": price.count}


def tiers(counts: Counts) -> dict[str, int]:
    """What is left at each price, cheapest first, with two decimals at least; what is sold out is not there. Prices that a
    discount made equal are one."""
    left: dict[str, int] = {}
    for price, count in counts:
        if count:
            shown = format_minor(price)
            left[shown] = left.get(shown, 0) + count
    return left


def cheapest(price: Price) -> int:
    """The lowest price at which something is left, the regular one when there is nothing."""
    return next((minor for minor, count in price.tiers if count), price.cost)


def total(price: Price) -> int:
    """What is left at all prices together."""
    return sum(count for _, count in price.tiers)


def free(price: Price) -> dict[str, object]:
    """As by FreePrice: the cheapest price, everything that is left, and how that is spread over the prices."""
    return {
        "cost": as_number(cheapest(price)),
        "count": total(price),
        "physicalCount": total(price),
        "freePriceMap": tiers(price.tiers),
    }


def _version_two(price: Price) -> dict[str, int] | None:
    return {str(as_number(minor)): count for minor, count in price.tiers if count} or None


def _version_three(price: Price) -> dict[str, object]:
    providers = {
        str(supplier_id): {
            "count": sum(count for _, count in counts),
            "price": [as_number(minor) for minor, count in counts if count],
            "provider_id": supplier_id,
        }
        for supplier_id, counts in price.suppliers
        if any(count for _, count in counts)
    }
    return {"price": as_number(price.cost), "count": total(price), "providers": providers}


PLAIN = Style("plain", _briefs)
FREE = Style("free", partial(_listed, free))
TWO = Style("two", partial(_listed, _version_two))
THREE = Style("three", partial(_listed, _version_three))


async def _answer(call: Call, style: Style, show: Callable[[Price], object]) -> bytes | Page:
    """The list of everything, of a country, of a service, or of both; an empty object when nothing fits."""
    desks = call.desks
    country = call.text(p.COUNTRY)
    country_id = call.whole(p.COUNTRY)
    if country and country_id not in desks.catalogue.countries:
        return b"{}"
    code = call.text(p.SERVICE)
    if not code:
        return await (
            desks.board.country(style, country_id) if country and country_id is not None else desks.board.whole(style)
        )
    service = desks.catalogue.activatable(code)
    if service is None or service.id not in desks.board.names().codes:
        return b"{}"
    if country and country_id is not None:
        stocks = await desks.prices.countries([country_id])
    else:
        stocks = list(await desks.prices.service(service.id))
    prices = [(stock.country_id, stock.price(service.id)) for stock in stocks]
    shown = [(number, show(price)) for number, price in prices if price is not None]
    return encode({str(number): {code: one} for number, one in shown if one is not None})


@action(
    "getPrices",
    params=(p.SERVICE, p.COUNTRY_FILTER),
    replies=('{"<country>":{"<service>":{"cost":<number>,"count":<number>,"physicalCount":<number>}}}',),
    json=True,
    way=(PriceLists, Stock, Board),
)
async def get_prices(call: Call) -> bytes | Page:
    """Regular prices and counts by country and service; an empty object when nothing fits."""
    return await _answer(call, PLAIN, brief)


@action(
    "getPricesExtended",
    params=(p.SERVICE, p.COUNTRY_FILTER, p.FREE_PRICE_LIST),
    replies=(
        '{"<country>":{"<service>":{"cost":<number>,"count":<number>,"physicalCount":<number>}}}',
        '{"<country>":{"<service>":{"cost":<number>,"count":<number>,"physicalCount":<number>,'
        '"freePriceMap":{"<decimal>":<number>}}}}',
    ),
    json=True,
    way=(PriceLists, Stock, Board),
)
async def get_prices_extended(call: Call) -> bytes | Page:
    """As getPrices; with freePrice the cheapest price, all that is left, and how much at each price."""
    return await (_answer(call, FREE, free) if call.true(p.FREE_PRICE_LIST) else _answer(call, PLAIN, brief))


async def get_prices_v2(call: Call) -> bytes | Page:
    """How many are left at each price, by country and service; BadService for one that is not known."""
    _known(call)
    return await _answer(call, TWO, _version_two)


async def get_prices_v3(call: Call) -> bytes | Page:
    """Regular price, everything that is left, and what each supplier has at which prices; BadService as in version 2."""
    _known(call)
    return await _answer(call, THREE, _version_three)


def _known(call: Call) -> None:
    code = call.text(p.SERVICE)
    if code and call.desks.catalogue.activatable(code) is None:
        raise BadService


def _verified(stock: Stock, service_id: int) -> Price | None:
    """The price of a verification by call: the cheaper of both kinds, by number where they cost the same."""
    prices = [price for kind in (CALL, VOICE) if (price := stock.price(service_id, kind)) is not None]
    return min(prices, key=lambda price: price.cost, default=None)


@action(
    "getPricesVerification",
    params=(p.SERVICE,),
    replies=('{"<service>":{"<country>":{"count":<number>,"price":"<decimal>"}}}',),
    json=True,
    way=(PriceLists, Stock),
)
async def get_prices_verification(call: Call) -> bytes | Page:
    """Regular prices and counts of verification by call, the service first; an empty object when nothing fits."""
    desks = call.desks
    codes = desks.board.names().codes
    code = call.text(p.SERVICE)
    if not code:
        return await desks.board.made_of_all("verification", _all_verified)
    service = desks.catalogue.activatable(code)
    if service is None or service.id not in codes:
        return b"{}"
    found = [(stock.country_id, _verified(stock, service.id)) for stock in await desks.prices.service(service.id)]
    shown = {str(number): _row(price) for number, price in found if price is not None}
    return encode({code: shown} if shown else {})


def _row(price: Price) -> dict[str, object]:
    return {"count": price.count, "price": format_minor(price.cost)}


async def _all_verified(stocks: Sequence[Stock], names: Names) -> Page:
    """All services, some hundred at a time so that the loop goes on in between."""
    rows: dict[int, list[bytes]] = {}
    for stock in stocks:
        offered = {line.service_id for kind in (CALL, VOICE) for line in stock.book.lines(kind)}
        for at, service_id in enumerate(sorted(offered & names.keys.keys()), 1):
            price = _verified(stock, service_id)
            if price is not None:
                rows.setdefault(service_id, []).append(b'"%d":%b' % (stock.country_id, encode(_row(price))))
            if at % PORTION == 0:
                await asyncio.sleep(0)
        await asyncio.sleep(0)
    return await service_first(rows, names)


async def service_first(rows: Mapping[int, Sequence[bytes]], names: Names) -> Page:
    """An object of services, each an object of rows; the loop goes on between portions."""
    parts: list[bytes] = []
    for service_id, key in names.keys.items():
        if service_id in rows:
            parts.append(b"%b%b:{%b}" % (b"," if parts else b"{", key, b",".join(rows[service_id])))
            if len(parts) % PORTION == 0:
                await asyncio.sleep(0)
    return await page_of([*parts, b"}"] if parts else [b"{}"])
