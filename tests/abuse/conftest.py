"""A live bank with a customer, for everybody who abuses it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.abuse.victim import Opener, Victim
from tests.server.live import live
from tests.support import Shop


@pytest.fixture
def open_victim(dsn: str, tmp_path: Path) -> Opener:
    """Opens a bank on the module's database with the given settings; a customer with money, numbers and a price."""

    @asynccontextmanager
    async def opened(*arguments: str, **settings: object) -> AsyncIterator[Victim]:
        environment = {f"NUMBANK_{name.upper()}": str(value) for name, value in settings.items()}
        environment.setdefault("NUMBANK_SECRETS_FILE", str(tmp_path / "secrets.key"))
        connection = await asyncpg.connect(dsn)
        try:
            with live(["--database-url", dsn, *arguments], **environment) as server:
                shop = Shop(connection)
                customer_id, key = await shop.customer()
                await shop.numbers(20)
                await shop.offer("tg", "wa")
                await shop.counted()
                yield Victim(server, shop, customer_id, key)
        finally:
            await connection.close()

    return opened
