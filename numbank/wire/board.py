"""The board: all prices of all countries, put together once for everybody who asks within its age."""

from __future__ import annotations

import asyncio

import msgspec

from numbank.catalogue.catalogue import Catalogue
from numbank.catalogue.model import Price
from numbank.catalogue.prices import PriceLists, Stock
from numbank.money import as_number
from numbank.wire.encoding import encode


class Board:
    """Renders country by country and lets others go on in between; the whole list is 20 MB and is not kept for long."""

    def __init__(self, prices: PriceLists, catalogue: Catalogue, max_age_s: float) -> None:
        self._prices = prices
        self._catalogue = catalogue
        self._max_age_s = max_age_s
        self._making: asyncio.Task[bytes] | None = None

    async def whole(self) -> bytes:
        """The list of everything."""
        if self._making is None:
            self._making = asyncio.create_task(self._make())
            self._making.add_done_callback(self._forget_later)
        return await asyncio.shield(self._making)

    def _forget_later(self, making: asyncio.Task[bytes]) -> None:
        def forget() -> None:
            if self._making is making:
                self._making = None

        failed = making.cancelled() or making.exception() is not None
        asyncio.get_running_loop().call_later(0 if failed else self._max_age_s, forget)

    async def _make(self) -> bytes:
        shown: dict[str, msgspec.Raw] = {}
        for country_id in list(self._catalogue.countries):
            stock = await self._prices.of(country_id)
            if stock.prices:
                shown[str(country_id)] = self.country(stock)
            await asyncio.sleep(0)
        return await asyncio.to_thread(encode, shown)

    def country(self, stock: Stock) -> msgspec.Raw:
        """One country's part."""
        services = self._catalogue.services
        # A service that is younger than this node's catalogue is shown with the next reading of it.
        return msgspec.Raw(
            encode({services[one.service_id].code: price(one) for one in stock.prices if one.service_id in services})
        )


def price(one: Price) -> dict[str, object]:
    """A price as the wire shows it."""
    return {"cost": as_number(one.cost), "count": one.count, "physicalCount": one.count}
