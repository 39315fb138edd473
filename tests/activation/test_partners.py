"""What partners brought: per ref and account, without reading the leases of others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from numbank.activation import statistics
from numbank.activation.refund import refund
from numbank.activation.statistics import Partner
from numbank.customers import bans
from tests.support import PRICE, Caller, open_bank, push


async def test_a_report_per_ref_and_account(dsn: str) -> None:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0) as (app, shop):
        await shop.numbers(100)
        await shop.offer("tg")
        (ann, ann_key), (bob, bob_key) = await shop.customer(), await shop.customer()
        at_ann, at_bob = Caller(app, ann_key), Caller(app, bob_key)

        async def bought(caller: Caller, ref: str, message: bool) -> int:
            lease_id, e164 = await caller.lease(ref=ref)
            if message:
                await push(app, e164, "Telegram code 12345")
                await caller.get("setStatus", id=lease_id, status=6)
            return lease_id

        await bought(at_ann, "b", message=True)
        await bought(at_ann, "b", message=False)
        returned = await bought(at_bob, "b", message=True)
        await bought(at_bob, "a", message=True)
        old = await bought(at_bob, "a", message=True)
        await at_bob.lease()
        async with shop.connection.transaction():
            await refund(shop.connection, returned, "test")
        await shop.connection.execute(
            "update activation set created_at = created_at - interval '10 days' where id = $1", old
        )
        assert await statistics.partners(app.bank.pool, 5) == [
            Partner("a", bob, 1, 1, PRICE), Partner("b", ann, 2, 1, PRICE), Partner("b", bob, 1, 1, 0),
        ]  # fmt: skip
        assert (await statistics.partners(app.bank.pool, 30))[0] == Partner("a", bob, 2, 2, 2 * PRICE)
        await shop.connection.execute("set enable_seqscan = off")
        plan = await shop.connection.fetch("explain " + statistics.Q.partners, 0, datetime.now(UTC))
        text = "\n".join(row[0] for row in plan)
        assert "Seq Scan" not in text
        assert "activation_100000000_ref_id_idx" in text


async def test_end_users_have_statistics_of_their_own(dsn: str) -> None:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0) as (app, shop):
        await shop.numbers(20, country=7)
        await shop.offer("wa", country=7)
        reseller, key = await shop.customer()
        caller = Caller(app, key)
        for user, ends in (("good", "mm"), ("bad", "m888"), ("new", ".")):
            for end in ends:
                lease_id, e164 = await caller.lease("wa", country=7, userId=user)
                if end == "m":
                    await push(app, e164, "WhatsApp code 123-456")
                    await caller.get("setStatus", id=lease_id, status=6)
                elif end == "8":
                    await caller.get("setStatus", id=lease_id, status=8)
        await caller.lease("wa", country=7)
        async with shop.connection.transaction():
            await bans.add(shop.connection, reseller, until=None, for_=timedelta(hours=1), reason="test", user="bad")
        found = {one.name: one for one in await statistics.end_users(app.bank.pool, reseller, 100, 10)}
        assert {name: (one.leases, one.ended, one.delivered, one.success) for name, one in found.items()} == {
            "good": (2, 2, 2, 1.0), "bad": (4, 4, 1, 0.25), "new": (1, 0, 0, None),
        }  # fmt: skip
        assert found["good"].banned_until is None
        assert found["bad"].banned_until is not None
        [last] = [one for one in await statistics.end_users(app.bank.pool, reseller, 3, 10) if one.name == "bad"]
        assert (last.leases, last.delivered) == (3, 0)
        await shop.connection.execute("set enable_seqscan = off")
        plan = await shop.connection.fetch("explain " + statistics.Q.end_users, reseller, 100, 10)
        text = "\n".join(row[0] for row in plan)
        assert "end_user_id_idx" in text
        assert "Seq Scan on activation" not in text
