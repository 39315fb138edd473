"""A bank with everything that is sold, its customers, and the agent whose numbers they are."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import msgspec

from numbank.catalogue import edit
from numbank.db.seals import Seals
from numbank.suppliers.agent import keys as agents
from numbank.supply.numbers import CALL, FORWARD, RENT, SMS
from tests.mailbox.world import domain
from tests.rent.support import terms
from tests.support import Shop
from tests.wire.sample_goods import sell_software

AGENT = "modem"
ASKED_COUNTRY = 1
MONEY = 10**10
PRICE = 1_000
MAIL_DOMAIN, SITE = "fire.test", "site.example"
NUMBERS = 20_000
# A lease with forwarding can have further services on its number.
FORWARDED = ("av", "ig")
FIRST = 79_300_000_000


class Customer(msgspec.Struct, frozen=True):
    """Who calls the bank, and with how much they began."""

    id: int
    key: str
    money: int = MONEY


class Town(msgspec.Struct, frozen=True):
    """What the load needs to know. `asked_id` is the supplier that has to be asked for numbers; `probe` is a customer of
    whom the load knows nothing."""

    customers: tuple[Customer, ...]
    agent_key: str
    asked_id: int
    product_id: int
    probe: Customer


async def build(dsn: str, folder: Path, customers: int, numbers: int = NUMBERS) -> Town:
    """Fill a bank that has its schema."""
    connection = await asyncpg.connect(dsn)
    shop = Shop(connection)
    async with connection.transaction():
        agent_key = await agents.add(connection, AGENT)
        asked_id: int = await connection.fetchval(
            "insert into supplier (name, kind, asked) values ('asked', 'played', true) returning id"
        )
        for code in FORWARDED:
            await edit.service(connection, code, forward_capable=True, name=None, aliases=None)
        await edit.country(connection, 0, visible=None, retry=True, multi_service=True)
    await shop.numbers(numbers, supplier=AGENT, first=FIRST, abilities=SMS | CALL | FORWARD | RENT)
    await shop.offer("tg", "wa", "vk", "go", "ok", *FORWARDED, price=PRICE, supplier=AGENT)
    await shop.offer("tg", country=ASKED_COUNTRY, price=PRICE, supplier="asked")
    await terms(shop, "full", "tg")
    await domain(connection, MAIL_DOMAIN, popular=True, capacity=1_000_000)
    products = await sell_software(Seals(folder / "secrets.key"), shop, 2_000)
    made = []
    for _ in range(customers + 1):
        customer_id, key = await shop.customer(MONEY)
        made.append(Customer(customer_id, key))
    await connection.execute("update customer set verified = true")
    await connection.execute("update version set value = value + 1")
    await connection.execute("analyze")
    await connection.close()
    return Town(tuple(made[:-1]), agent_key, asked_id, products["software"], made[-1])
