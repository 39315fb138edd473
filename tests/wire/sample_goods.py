"""Mailboxes and software that golden files and fuzz tests ask for."""

from __future__ import annotations

from collections.abc import Iterable

from numbank.db.seals import Seals
from numbank.software import stock
from tests.mailbox.world import deny, domain
from tests.support import Shop

ZONE, POPULAR, SMALL = "example", "mail.popular", "small.popular"
SITE, DENIED = "telegram.com", "blocked.example"
MANUAL = "Software download link: https://soft.example/"
KEYS = 400


async def sell_mailboxes(shop: Shop, price: int) -> None:
    """A zone of two domains, a popular domain, one that takes nobody, and a site that is denied."""
    for name in ("first.example", "second.example"):
        await domain(shop.connection, name, price=price, capacity=950)
    await domain(shop.connection, POPULAR, popular=True, price=2 * price, capacity=950)
    await domain(shop.connection, SMALL, popular=True, price=price, capacity=0)
    await deny(shop.connection, DENIED)


async def sell_software(seals: Seals, shop: Shop, price: int) -> dict[str, int]:
    """Products by name: one with keys, one without, one that is off, one that nobody can pay."""
    made = {}
    for name, cost in (("software", price), ("sold out", price), ("off", price), ("dear", 10**15)):
        async with shop.connection.transaction():
            made[name] = await stock.add(shop.connection, name, cost, MANUAL)
            if name != "sold out":
                loader = stock.Loader(seals, made[name])
                keys = [(turn, f"{name}-{turn:05d}") for turn in range(1, KEYS + 1)]
                assert await loader.load(shop.connection, keys, stock.Loaded()) == KEYS
    async with shop.connection.transaction():
        await stock.change(shop.connection, made["off"], active=False)
    return made


async def verify_resellers(shop: Shop, customer_ids: Iterable[int]) -> None:
    """Customers that may buy software; none of their keys was used yet, so no node remembers them otherwise."""
    await shop.connection.execute("update customer set verified = true where id = any($1)", list(customer_ids))
