"""A bank whose webhooks may reach this machine, and what tests of webhooks ask again and again."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from numbank.server.app import App
from tests.support import Caller, Shop, open_bank, push, until

_FOLDER = tempfile.TemporaryDirectory(prefix="numbank-seals-")
QUICK: dict[str, object] = {
    "hook_allow": "127.0.0.0/8", "hook_ports": "1-65535", "hook_poll_s": 0.02, "hook_timeout_s": 1.0, "hook_slow_s": 0.3,
    "early_cancel_s": 0,
}  # fmt: skip


class Api:
    """A customer at the JSON API of a bank in this process."""

    def __init__(self, app: App, key: str) -> None:
        self.app = app
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        self.client = httpx.AsyncClient(transport=transport, base_url="http://bank", headers={"X-API-Key": key})

    async def ask(self, method: str, path: str, status: int, **request: Any) -> Any:
        answer = await self.client.request(method, path, **request)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def hook(self, url: str) -> tuple[int, str]:
        """A new webhook; id and secret."""
        made = await self.ask("POST", "/v1/hooks", 201, json={"url": url})
        return made["hook"]["id"], made["secret"]

    async def log(self, hook_id: int) -> list[Any]:
        found: list[Any] = (await self.ask("GET", f"/v1/hooks/{hook_id}/deliveries", 200))["deliveries"]
        return found

    async def ended(self, hook_id: int, count: int = 1) -> list[Any]:
        """The log once so many deliveries ended."""

        async def over() -> bool:
            return len([one for one in await self.log(hook_id) if one["state"] != "pending"]) >= count

        await until(over, tries=1_500)
        return await self.log(hook_id)


class World:
    """A bank with stock, a customer, its wire and its API."""

    def __init__(self, app: App, shop: Shop, customer_id: int, key: str) -> None:
        self.app, self.shop, self.customer_id, self.key = app, shop, customer_id, key
        self.wire = Caller(app, key)
        self.api = Api(app, key)

    @property
    def db(self) -> asyncpg.Connection[asyncpg.Record]:
        return self.shop.connection

    async def message(self, text: str = "Your code is 48213", service: str = "tg") -> int:
        """A lease that received a message; its id."""
        lease_id, e164 = await self.wire.lease(service)
        await push(self.app, e164, text)
        return lease_id

    async def due_now(self) -> None:
        """Let everything that waits be due."""
        await self.db.execute("update delivery set due_at = now() where state = 0")


@asynccontextmanager
async def world(dsn: str, **changes: object) -> AsyncIterator[World]:
    """A bank of the test's own on this database, with a key file of its own database."""
    file = Path(_FOLDER.name) / f"{dsn.partition('@/')[2].partition('?')[0]}.key"
    async with open_bank(dsn, **(QUICK | {"secrets_file": str(file)} | changes)) as (app, shop):
        customer_id, key = await shop.customer()
        await shop.numbers(60)
        await shop.offer("tg", "wa")
        await shop.counted()
        yield World(app, shop, customer_id, key)
