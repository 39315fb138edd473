"""A live server for the published clients, and how it is seen which of their methods are used."""

from __future__ import annotations

import inspect
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from numbank.db.seals import Seals
from numbank.supply.numbers import CALL, RENT, SMS
from tests.rent.support import terms
from tests.server.live import Live, command, live
from tests.support import Shop
from tests.wire import sample_stock
from tests.wire.sample_goods import sell_software

# The country in which numbers can be rented; what others count stays as it is.
RENTED = 43


class Stage:
    """A server and a customer with money, a verified reseller. `called` are the methods that were used, `products` those of
    the software shop by name."""

    def __init__(self, server: Live, dsn: str, shop: Shop, key: str) -> None:
        self.server, self.dsn, self.shop, self.key = server, dsn, shop, key
        self.called: set[str] = set()
        self.products: dict[str, int] = {}

    def watched(self, client: Any) -> Any:
        """A client whose use is noted."""
        return Watched(client, self.called)

    def deliver(self, phone: object, text: str) -> None:
        """A message comes in, put in by the operator."""
        command(
            "message", "deliver", "--to", str(phone), "--from", "Telegram", "--text", text, "--database-url", self.dsn
        )

    def lease(self, **params: str) -> tuple[str, str]:
        """Lease without a client; id and number."""
        word, lease_id, phone = self.server.get(
            "getNumber", self.key, **({"service": "tg", "country": "0"} | params)
        ).split(":")
        assert word == "ACCESS_NUMBER"
        return lease_id, phone

    def rent(self, **params: str) -> tuple[str, str]:
        """Rent without a client; id and number."""
        answer = self.server.get("getRentNumber", self.key, **({"service": "full", "country": str(RENTED)} | params))
        phone = json.loads(answer)["phone"]
        return str(phone["id"]), phone["number"]

    def finished(self) -> tuple[str, str]:
        """A lease that was finished with success."""
        lease_id, phone = self.lease()
        self.deliver(phone, "Telegram code 45678")
        assert self.server.get("setStatus", self.key, id=lease_id, status="6") == "ACCESS_ACTIVATION"
        return lease_id, phone

    def forwarded(self) -> tuple[str, str]:
        """A lease with forwarding that has its first message."""
        lease_id, phone = self.lease(service="av", forward="1")
        self.deliver(phone, "24680 is your Avito code")
        return lease_id, phone


class Watched:
    """A client as it is; notes which of its methods are used."""

    def __init__(self, client: Any, called: set[str]) -> None:
        self._client, self._called = client, called

    def __getattr__(self, name: str) -> Any:
        self._called.add(name)
        return getattr(self._client, name)


@asynccontextmanager
async def staged(dsn: str) -> AsyncIterator[Stage]:
    """A server with stock, and a customer with 100."""
    connection = await asyncpg.connect(dsn)
    folder = tempfile.TemporaryDirectory(prefix="numbank-clients-")
    secrets_file = Path(folder.name) / "secrets.key"
    settings = sample_stock.SETTINGS | {"secrets_file": str(secrets_file)}
    environment = {f"NUMBANK_{name.upper()}": str(value) for name, value in settings.items()}
    with live(["--database-url", dsn], **environment) as server:
        shop = Shop(connection)
        await sample_stock.stock(shop)
        await shop.numbers(40, country=RENTED, operator="vodafone", first=491_510_000_000, abilities=SMS | CALL | RENT)
        await terms(shop, "full", "tg", country=RENTED)
        await shop.counted()
        made = command("customer", "add", "clients", "--balance", "100", "--json", "--database-url", dsn)
        stage = Stage(server, dsn, shop, json.loads(made.stdout)["api_key"])
        stage.products = await sell_software(Seals(secrets_file), shop, 2_000)
        command("customer", "verify", str(json.loads(made.stdout)["id"]), "--database-url", dsn)
        yield stage
    await connection.close()
    folder.cleanup()


def methods(owner: type) -> set[str]:
    """What a client offers."""
    return {name for name, _ in inspect.getmembers(owner, callable) if not name.startswith("_")}
