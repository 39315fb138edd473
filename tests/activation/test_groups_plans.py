"""Groups, additional services, reactivations and lines scan no growing table, whatever was there when they were planned."""

from __future__ import annotations

from datetime import timedelta

from numbank.supply import lines, numbers
from tests.server.test_plans import scans
from tests.support import Caller, open_bank, push


async def test_everything_beside_plain_leases_uses_its_indexes(dsn: str) -> None:
    async with open_bank(
        dsn, early_cancel_s=0, cool_down_s=0, unused_rest_s=0.05, additional_service_prices="840=0.05"
    ) as (app, shop):
        await shop.connection.execute("set enable_seqscan = off")
        _, key = await shop.customer()
        caller = Caller(app, key)
        await shop.numbers(40, abilities=numbers.SMS | numbers.FORWARD)
        await shop.offer("av", "tg", "wa")
        await shop.counted()
        before = await scans(dsn)
        for turn in range(8):
            rows = await caller.json("getMultiServiceNumber", multiService="av,tg,wa", multiForward="1,0,0")
            parent, others = rows[0]["activation"], [row["activation"] for row in rows[1:]]
            e164 = int(rows[0]["phone"])
            await caller.get("setStatus", id=parent, status=1, forward="79100000001")
            await push(app, e164, f"Avito code {turn}1234")
            assert (await caller.get("getAdditionalService", id=parent, service="ym")).startswith("ADDITIONAL:")
            for lease_id in others:
                await caller.get("cancelActivation", id=lease_id)
            more = (await caller.json("getActiveActivations"))["activeActivations"][0]["activationId"]
            await caller.get("cancelActivation", id=more)
            await caller.get("finishActivation", id=parent)
            await caller.get("checkExtraActivation", id=parent)
            again = (await caller.get("getExtraActivation", id=parent)).split(":")
            if again[0] == "ACCESS_NUMBER":
                await caller.get("cancelActivation", id=again[1])
            number_id = await shop.connection.fetchval("select id from number where e164 = $1", e164)
            async with shop.connection.transaction():
                await lines.disconnect(shop.connection, [number_id])
                await lines.connect(shop.connection, [number_id], timedelta())
    after = await scans(dsn)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {}
