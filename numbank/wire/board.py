"""The board: price lists as the wire shows them, rendered country by country where something changed, and kept.

A style is a way to show a country. Its page is kept while somebody asks for it; the list of all countries is put together
from these pages. Between two countries the loop goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial
from time import monotonic
from typing import Any

import msgspec

from numbank.catalogue.catalogue import Catalogue
from numbank.catalogue.prices import PriceLists
from numbank.catalogue.tiers import Stock
from numbank.once import Once
from numbank.wire.encoding import encode
from numbank.wire.page import Page, tag_of

KEPT_S = 60.0
EMPTY = b"{}"


class Names:
    """How services are called in a list: a piece of JSON for each that is shown. What is denied has none."""

    def __init__(self, codes: dict[int, str], forward: frozenset[int]) -> None:
        self.codes = codes
        self.forward = forward
        self.keys = {service_id: encode(code) for service_id, code in codes.items()}


# The members of a country's object, some hundred services at a time: between two portions the loop goes on.
Render = Callable[[Stock, Names], Iterator[bytes]]
Make = Callable[[Sequence[Stock], Names], Coroutine[Any, Any, Page]]


class Style(msgspec.Struct, frozen=True):
    """A way to show a country: `render` gives the members of the JSON object of its services."""

    name: str
    render: Render


class _Shown(msgspec.Struct):
    """A country in a style: what it was made of, the object of its services alone, and the page under its number."""

    stock: Stock
    names: Names
    bare: Page
    page: Page
    asked_at: float


class _Whole(msgspec.Struct):
    """A page made of all countries, as of an epoch of the price lists."""

    epoch: int
    names: Names
    page: Page
    made_at: float
    asked_at: float


class Board:
    """Keeps pages. `denied` tells which services are not sold now: they are left out of every list."""

    def __init__(
        self,
        prices: PriceLists,
        catalogue: Catalogue,
        denied: Callable[[], frozenset[int]] = frozenset,
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        self._prices = prices
        self._catalogue = catalogue
        self._denied = denied
        self._monotonic = monotonic
        self._names = Names({}, frozenset())
        self._named: tuple[object, frozenset[int]] = (None, frozenset())
        self._shown: dict[tuple[str, int], _Shown] = {}
        self._wholes: dict[str, _Whole] = {}
        self._once = Once()

    def names(self) -> Names:
        """The services as they are called and sold now; the same object until something of that changes."""
        services, denied = self._catalogue.services, self._denied()
        if self._named[0] is not services or self._named[1] != denied:
            # A service that is younger than this node's catalogue is shown with the next reading of it.
            sold = [one for one in services.values() if one.id not in denied]
            codes = {one.id: one.code for one in sold}
            forward = frozenset(one.id for one in sold if one.forward_capable)
            if codes != self._names.codes or forward != self._names.forward:
                self._names = Names(codes, forward)
            self._named = (services, denied)
        return self._names

    async def country(self, style: Style, country_id: int) -> Page:
        """One country, under its number."""
        (stock,) = await self._prices.countries([country_id])
        return (await self._show(style, stock, self.names())).page

    async def services(self, style: Style, country_id: int, operators: frozenset[int]) -> Page:
        """The services of one country without its number; those of some operators are not kept."""
        (stock,) = await self._prices.countries([country_id])
        if operators:
            return Page([await rendered(style, stock.of(operators), self.names())])
        return (await self._show(style, stock, self.names())).bare

    async def whole(self, style: Style) -> Page:
        """All countries that have something, by number."""
        return await self.made_of_all(style.name, partial(self._join, style))

    async def made_of_all(self, name: str, make: Make, age_s: float = 0.0) -> Page:
        """A page that `make` makes of all countries; made once for all who ask until something changes, and not more often
        than every `age_s` seconds."""
        names = self.names()
        await self._prices.look()
        kept = self._wholes.get(name)
        now = self._monotonic()
        if kept and kept.names is names and (kept.epoch == self._prices.epoch or now - kept.made_at < age_s):
            kept.asked_at = now
            self._prices.all_asked()
            return kept.page
        return await self._once(name, partial(self._make, name, make, names))

    async def _make(self, name: str, make: Make, names: Names) -> Page:
        epoch, made_at = self._prices.epoch, self._monotonic()
        page = await make(await self._prices.countries(list(self._catalogue.countries)), names)
        kept = self._wholes.get(name)
        if kept is not None and kept.page.tag == page.tag:
            page = kept.page  # it has its compressed forms already
        self._wholes[name] = _Whole(epoch, names, page, made_at, self._monotonic())
        return page

    async def _join(self, style: Style, stocks: Sequence[Stock], names: Names) -> Page:
        parts: list[bytes] = []
        tags: list[bytes] = []
        for stock in stocks:
            page = (await self._show(style, stock, names)).page
            if len(page.parts) > 1:
                _, number, body, _ = page.parts
                parts += [b"," if parts else b"{", number, body]
                tags.append(page.tag)
        return Page([*parts, b"}"] if parts else [EMPTY], tag_of(tags))

    async def _show(self, style: Style, stock: Stock, names: Names) -> _Shown:
        key = (style.name, stock.country_id)
        shown = self._shown.get(key)
        if shown is None or shown.stock is not stock or shown.names is not names:
            shown = await self._once((*key, id(stock), id(names)), partial(self._render, style, stock, names))
        shown.asked_at = self._monotonic()
        return shown

    async def _render(self, style: Style, stock: Stock, names: Names) -> _Shown:
        body = await rendered(style, stock, names)
        key = (style.name, stock.country_id)
        shown = self._shown.get(key)
        if shown is not None and shown.bare.parts[0] == body:
            bare, page = shown.bare, shown.page  # what looks the same keeps its compressed forms
        else:
            bare = Page([body])
            page = bare if body == EMPTY else Page([b"{", b'"%d":' % stock.country_id, body, b"}"])
        shown = self._shown[key] = _Shown(stock, names, bare, page, self._monotonic())
        return shown

    def forget(self) -> int:
        """Drop what nobody asked for lately, and what it was made of; gives how many pages. All in one style take 50 MB."""
        since = self._monotonic() - KEPT_S
        old = [key for key, shown in self._shown.items() if shown.asked_at < since]
        # The page of everything is made of these.
        fresh = {name for name, whole in self._wholes.items() if whole.asked_at >= since}
        for key in old:
            if key[0] not in fresh:
                del self._shown[key]
        self._wholes = {name: whole for name, whole in self._wholes.items() if name in fresh}
        return self._prices.forget() + len(old)


async def rendered(style: Style, stock: Stock, names: Names) -> bytes:
    """The object of a country's services; the loop goes on between its portions."""
    portions = []
    for portion in style.render(stock, names):
        portions.append(portion)
        await asyncio.sleep(0)
    return b"{%b}" % b",".join(portions)
