"""Products with keys in stock and sold keys, for the checks of the shop."""

from __future__ import annotations

from numbank.server.app import App
from numbank.software import stock
from numbank.software.model import Bought, BuyRequest
from tests.support import Shop

KEYS = tuple(f"KEY-{turn}" for turn in range(8))


async def use_software(app: App, shop: Shop) -> None:
    """Two products of four keys each; two customers buy."""
    accounts = [(await shop.customer())[0] for _ in range(2)]
    for turn, price in enumerate((2_500, 0)):
        async with shop.connection.transaction():
            product_id = await stock.add(shop.connection, f"product {turn}", price, "manual")
            loader = stock.Loader(app.bank.seals, product_id)
            lines = list(enumerate(KEYS[4 * turn : 4 * turn + 4], start=1))
            assert await loader.load(shop.connection, lines, stock.Loaded()) == len(lines)
        for account_id in accounts:
            bought = await app.bank.software.counter.ask(BuyRequest(account_id, product_id))
            assert isinstance(bought, Bought), bought
