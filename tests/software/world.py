"""A bank with a software shop, on one node or two, and what its tests ask again and again."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from numbank.customers import standing
from numbank.db.checks import Session, prove_all
from numbank.db.seals import Seals
from numbank.server.app import App
from numbank.software import stock
from numbank.software.verify import CHECKS
from tests.support import Caller, Shop, open_bank, until
from tests.verify.used_bank import ALL_CHECKS, broken

PRICE = 25_000
MANUAL = "Software download link: https://soft.example/"
_FOLDER = tempfile.TemporaryDirectory(prefix="numbank-software-")


def key_file(dsn: str) -> Path:
    """The key file of a test's database."""
    return Path(_FOLDER.name) / f"{dsn.partition('@/')[2].partition('?')[0]}.key"


@asynccontextmanager
async def shop_open(dsn: str, **changes: object) -> AsyncIterator[tuple[App, Shop]]:
    """A bank of this database with its key file."""
    async with open_bank(dsn, **({"secrets_file": str(key_file(dsn))} | changes)) as opened:
        yield opened


async def product(shop: Shop, name: str, price: int = PRICE) -> int:
    """A product without keys."""
    async with shop.connection.transaction():
        return await stock.add(shop.connection, name, price, MANUAL)


async def load(shop: Shop, path: Path, product_id: int, keys: Sequence[str]) -> stock.Loaded:
    """Put keys in stock as `product load` does."""
    loaded = stock.Loaded()
    async with shop.connection.transaction():
        loader = stock.Loader(Seals(path), product_id)
        loaded.added = await loader.load(shop.connection, list(enumerate(keys, start=1)), loaded)
    return loaded


async def stocked(shop: Shop, path: Path, name: str, keys: Sequence[str], price: int = PRICE) -> int:
    """A product with keys."""
    product_id = await product(shop, name, price)
    assert (await load(shop, path, product_id, keys)).added == len(keys)
    return product_id


async def verify(apps: Sequence[App], shop: Shop, customer_id: int, key: str, *, verified: bool = True) -> None:
    """Verify a reseller, or take that back, and wait until every node knows."""
    async with shop.connection.transaction():
        await standing.change(shop.connection, customer_id, "customer.verify", standing.Change(verified=verified))
    for app in apps:
        caller = Caller(app, key)

        async def known(caller: Caller = caller) -> bool:
            return (await caller.get("buyPartnerProduct", productId="x") == "BAD_DATA") is verified

        await until(known)


async def reseller(apps: Sequence[App], shop: Shop, balance: int = 10_000_000) -> tuple[int, list[Caller]]:
    """A verified customer, at every node."""
    customer_id, key = await shop.customer(balance)
    await verify(apps, shop, customer_id, key)
    return customer_id, [Caller(app, key) for app in apps]


def key_in(answer: str) -> str | None:
    """The key of a success, None for a refusal."""
    return str(msgspec.json.decode(answer)["key"]) if answer.startswith("{") else None


async def right(shop: Shop) -> None:
    """All checks of `numbank verify` find nothing, and those of the shop look at something."""
    findings = await prove_all(Session(shop.connection, 1000), ALL_CHECKS)
    assert broken(findings) == {}
    mine = {check.name for check in CHECKS}
    assert sum(one.looked_at for one in findings if one.check in mine) > len(mine) - 1
