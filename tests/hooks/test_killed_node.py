"""kill -9 of a real node that has a webhook in its hands: another node delivers it under the same id."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.hooks.bank import QUICK, Api, World
from tests.hooks.receiver import OK, hangs, receiving
from tests.server.live import live
from tests.support import open_bank, until

pytestmark = pytest.mark.slow


async def test_a_delivery_that_a_killed_node_had_taken_reaches_its_receiver(dsn: str, tmp_path: Path) -> None:
    seals = str(tmp_path / "secrets.key")
    settings = QUICK | {"secrets_file": seals, "hook_timeout_s": 0.5}
    environment = {f"NUMBANK_{name.upper()}": str(value) for name, value in settings.items()}
    async with receiving() as receiver:
        receiver.otherwise = hangs
        with live(["--database-url", dsn], **environment | {"NUMBANK_HOOK_TIMEOUT_S": "60"}) as node:
            # This bank only takes the message in: its own sender does not look.
            async with open_bank(dsn, **(settings | {"hook_poll_s": 3600})) as (app, shop):
                customer_id, key = await shop.customer()
                await shop.numbers(5)
                await shop.offer("tg")
                await shop.counted()
                world = World(app, shop, customer_id, key)
                await asyncio.sleep(0.2)
                hook_id, _ = await world.api.hook(receiver.url())
                lease_id = await world.message()

                async def taken() -> bool:
                    return len(receiver.got) == 1

                await until(taken)
                await asyncio.to_thread(node.kill)
                assert [one["attempts"] for one in await world.api.log(hook_id)] == [[]]
                # Its time is 80 s from now; the test does not wait for that long.
                await shop.connection.execute("update delivery set due_at = due_at - interval '80 s' where state = 0")
        receiver.otherwise = OK
        async with open_bank(dsn, **settings) as (app, _):
            (delivery,) = await Api(app, key).ended(hook_id)
        assert (delivery["state"], delivery["activationId"]) == ("delivered", lease_id)
        assert len(receiver.got) == 2
        assert receiver.got[0].id == receiver.got[1].id
        assert receiver.got[0].body == receiver.got[1].body
