"""A bank with domains, a customer, and its version 2 of the mail API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import asyncpg
import httpx

from numbank.server.app import App
from tests.mailbox.world import arrive, domain
from tests.support import Shop, open_bank

_names = count(1)
BASE = "http://bank/api/v2"
SITE = "telegram.com"


class MailWorld:
    """A customer at the mail API of a bank in this process. `zone` and `popular` belong to this world alone."""

    def __init__(self, app: App, shop: Shop, customer_id: int, key: str, zone: str, popular: str) -> None:
        self.app, self.shop, self.customer_id, self.key, self.zone, self.popular = (
            app, shop, customer_id, key, zone, popular,
        )  # fmt: skip
        self.client = client(app, {"X-API-Key": key})
        self.stranger = client(app)

    @property
    def db(self) -> asyncpg.Connection[asyncpg.Record]:
        return self.shop.connection

    async def ask(self, method: str, path: str, status: int = 200, **request: Any) -> Any:
        """A call that must have this status; the JSON of its answer."""
        answer = await self.client.request(method, path, **request)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def no(self, method: str, path: str, status: int, **request: Any) -> Any:
        """A call that must be refused; the body, which is checked."""
        return refused(await self.client.request(method, path, **request), status)

    async def bought(self, **fields: Any) -> Any:
        """A mailbox of the popular domain."""
        sent = {"site": SITE, "mailDomain": self.popular} | fields
        return (await self.ask("POST", "/emails", 201, json=sent))["data"]

    async def mail(self, email: str, **given: Any) -> None:
        """A mail comes in."""
        await arrive(self.app, email, **given)

    async def other(self) -> MailWorld:
        """Somebody else at the same bank."""
        return MailWorld(self.app, self.shop, *await self.shop.customer(), self.zone, self.popular)


def client(app: App, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
    """A client of the mail API."""
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers)


def refused(answer: httpx.Response, status: int) -> Any:
    """The body of a "no", which must look as documented."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert set(body) in ({"title", "details"}, {"title", "details", "errors"})
    assert status != 422 or "errors" in body
    assert body["title"] == body["title"].upper()
    assert body["details"]
    assert "\n" not in body["details"]
    return body


@asynccontextmanager
async def mail_world(dsn: str, **changes: object) -> AsyncIterator[MailWorld]:
    """A bank of the test's own on this database, with a zone and a popular domain that no other test knows."""
    async with open_bank(dsn, **({"mailbox_early_cancel_s": 0.0} | changes)) as (app, shop):
        number = next(_names)
        zone, popular = f"zone{number}", f"popular{number}.example"
        await domain(shop.connection, f"mail.{zone}", zone=zone, price=1_000)
        await domain(shop.connection, popular, popular=True, price=2_500)
        yield MailWorld(app, shop, *await shop.customer(), zone, popular)
