"""What tests stand on: a bank in this process, a shop that fills it, and the words of the wire."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec

from numbank.catalogue import offers
from numbank.catalogue.catalogue import Catalogue
from numbank.clock import new_uuid
from numbank.customers import register
from numbank.intake.deliver import Intake
from numbank.intake.door import Arrival
from numbank.ledger import journal
from numbank.messages.model import Medium, digest
from numbank.server.app import App
from numbank.settings import Settings, load
from numbank.supply import numbers

# One key file for all banks of this process; nothing of the machine's own.
_SEALS = tempfile.TemporaryDirectory(prefix="numbank-tests-seals-")
_e164s = count(79_100_000_000)
PATH = "/stubs/handler_api.php"
PRICE = 1_000


def settings_for(dsn: str, **changes: object) -> Settings:
    """Settings of a test bank: this database, quick background work; nothing of the environment counts."""
    quick: dict[str, object] = {
        "database_url": dsn, "sweep_every_s": 0.02, "stock_fold_s": 0.02, "version_poll_s": 0.02, "price_list_age_s": 0.0,
        "access_log": "none", "log_level": "error", "secrets_file": str(Path(_SEALS.name) / "secrets.key"),
    }  # fmt: skip
    return load({}, **(quick | changes))


class Shop:
    """Fills a bank by the same functions that the operator's commands use."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self.connection = connection
        self.catalogue = Catalogue()

    async def customer(self, balance: int = 1_000_000) -> tuple[int, str]:
        """A customer with money; id and key."""
        async with self.connection.transaction():
            return await register.add(self.connection, "test", currency=840, balance=balance)

    async def numbers(
        self,
        how_many: int,
        *,
        country: int = 0,
        operator: str = "any",
        supplier: str = offers.OWN_POOL,
        first: int | None = None,
        abilities: int = numbers.SMS,
    ) -> list[int]:
        """Fresh numbers of a supplier; `first` where a test needs to know them."""
        e164s = list(range(first, first + how_many)) if first is not None else [next(_e164s) for _ in range(how_many)]
        async with self.connection.transaction():
            supplier_id = (await offers.existing_supplier(self.connection, supplier))[0]
            operator_id = await offers.operator(self.connection, country, operator)
            added = await numbers.add(self.connection, supplier_id, country, operator_id, e164s, abilities)
            await numbers.fold(self.connection)
        return added

    async def offer(
        self, *codes: str, country: int = 0, price: int = PRICE, operator: str = "any", supplier: str = offers.OWN_POOL,
        kind: int = 0,
    ) -> None:  # fmt: skip
        """Prices for services."""
        pool: Any = self.connection
        await self.catalogue.load(pool)
        async with self.connection.transaction():
            for code in codes:
                await offers.set_offer(
                    self.connection, self.catalogue, country_id=country, code=code, price=price, operator_name=operator,
                    supplier_name=supplier, kind=kind,
                )  # fmt: skip

    async def tier(
        self,
        code: str,
        price: int,
        *,
        country: int = 0,
        count: int | None = None,
        regular: bool = False,
        kind: int = offers.SMS,
        operator: str = "any",
        supplier: str = offers.OWN_POOL,
    ) -> None:
        """A tier of an offer."""
        pool: Any = self.connection
        await self.catalogue.load(pool)
        async with self.connection.transaction():
            where = await offers.place(
                self.connection, self.catalogue, country_id=country, code=code, kind=kind, operator_name=operator,
                supplier_name=supplier,
            )  # fmt: skip
            await offers.put_tier(self.connection, where, price, count=count, regular=regular)

    async def give_cashback(self, customer_id: int, amount: int) -> None:
        """Cashback in the books, in 1/10,000: earned by something that was paid with as much, and is over."""
        async with self.connection.transaction():
            await journal.topup(self.connection, customer_id, amount, new_uuid())
            hold_id: int = await self.connection.fetchval("select nextval('hold_id')")
            await journal.place_holds(self.connection, [journal.Hold(hold_id, customer_id, amount, 0, 840)])
            await journal.post_holds(self.connection, [hold_id])
            await journal.credit_cashback(self.connection, [(hold_id, customer_id, amount)])

    async def counted(self) -> None:
        """Wait until every stock movement is in the counts."""

        async def folded() -> bool:
            return not await self.connection.fetchval("select exists (select from stock_move)")

        await until(folded)

    async def cash(self, customer_id: int) -> int:
        """What a customer has, in 1/10,000."""
        cash: int = await self.connection.fetchval("select cash from account where id = $1", customer_id)
        return cash


class Caller:
    """A customer at the wire of a bank in this process."""

    def __init__(self, app: App, key: str) -> None:
        self.app = app
        self.key = key
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bank")  # type: ignore[arg-type]

    async def get(self, action: str, **params: object) -> str:
        """One call; the body of the answer."""
        answer = await self.raw(action, **params)
        assert answer.status_code == 200
        return answer.text

    async def raw(self, action: str, **params: object) -> httpx.Response:
        """One call with its headers."""
        fields = {"api_key": self.key, "action": action} | {name: str(value) for name, value in params.items()}
        return await self._client.get(PATH, params=fields)

    async def post(self, path: str = PATH, **request: Any) -> httpx.Response:
        """A POST of any kind."""
        return await self._client.post(path, **request)

    async def lease(self, service: str = "tg", **params: object) -> tuple[int, int]:
        """Lease a number; id and number."""
        word, lease_id, e164 = (await self.get("getNumber", service=service, **params)).split(":")
        assert word == "ACCESS_NUMBER"
        return int(lease_id), int(e164)

    async def json(self, action: str, **params: object) -> Any:
        """One call whose answer is JSON."""
        return msgspec.json.decode(await self.get(action, **params))


@asynccontextmanager
async def open_bank(dsn: str, **changes: object) -> AsyncIterator[tuple[App, Shop]]:
    """A bank in this process and a shop to fill it."""
    app = App(settings_for(dsn, **changes))
    await app.open()
    connection = await asyncpg.connect(dsn)
    try:
        yield app, Shop(connection)
    finally:
        await connection.close()
        await app.close()


async def push(app: App, e164: int, text: str, *, sender: str = "Service", message_id: str = "") -> Intake:
    """A message from the own pool comes in; it must be taken."""
    supplier_id = 1
    result = await app.bank.door.take(Arrival(supplier_id, message_id, e164, sender, text))
    assert isinstance(result, Intake)
    return result


async def ring(app: App, e164: int, caller: str, transcript: str = "", *, call_id: str = "", **more: Any) -> Intake:
    """A call to a number of the own pool comes in; it must be taken."""
    arrival = Arrival(1, call_id, e164, caller, transcript, medium=Medium.CALL, **more)
    result = await app.bank.door.take(arrival)
    assert isinstance(result, Intake)
    return result


async def taught(app: App, shop: Shop, service: str, sender: str, length: int = 0) -> None:
    """The bank has learned who sends the codes of a service (as `key_of` spells it), and how long they are."""
    service_id = shop.catalogue.by_code[service].id
    await shop.connection.execute(
        "insert into code_sender (service_id, digest, sender, accounts, seen_at) values ($1, $2, $3, '{}', bank_now())",
        service_id, digest(sender), sender,
    )  # fmt: skip
    if length:
        await shop.connection.execute("insert into code_habit values ($1, $2, false, 1000)", service_id, length)
    await app.bank.read_habits()


async def until(condition: Any, *, tries: int = 3_000) -> None:
    """Wait until an async condition holds; fails when it does not in half a minute, which a busy machine may need."""
    for _ in range(tries):
        if await condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the condition never came true")


def columns(rows: Iterable[asyncpg.Record], name: str) -> list[Any]:
    """One column of a result."""
    return [row[name] for row in rows]
