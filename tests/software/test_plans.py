"""Plans that were made on an empty shop are still look-ups when it has grown."""

from __future__ import annotations

from tests.activation.test_young_plans import rows_read
from tests.server.test_plans import scans
from tests.software.world import key_file, key_in, load, reseller, shop_open, stocked

GROWN = 4_000
TURNS = 10
# What is read of an index for a handful of sales: a look-up or two each, never the whole of it.
FEW = GROWN // 4


async def test_sales_look_keys_and_purchases_up_also_in_a_grown_shop(dsn: str) -> None:
    async with shop_open(dsn) as (app, shop):
        await shop.connection.execute("set enable_seqscan = off")
        path = key_file(dsn)
        product_id = await stocked(shop, path, "first", ["FIRST-1", "FIRST-2"])
        other = await stocked(shop, path, "other", ["OTHER-1"])
        customer_id, [caller] = await reseller((app,), shop)
        desks = app.bank.desks.software

        async def everything() -> None:
            assert key_in(await caller.get("buyPartnerProduct", productId=product_id))
            assert await desks.bought(customer_id, 1, 10)
            assert await desks.products()

        await everything()
        assert key_in(await caller.get("buyPartnerProduct", productId=other))
        assert await caller.get("buyPartnerProduct", productId=other) == "NO_NUMBERS"
        await load(shop, path, product_id, [f"GROWN-{turn}" for turn in range(GROWN)])
        await load(shop, path, other, [f"OTHER-{turn}" for turn in range(GROWN)])
        await shop.connection.execute(
            "insert into purchase (id, account_id, product_id, key_id, hold_id, price, currency, at)"
            " select nextval('purchase_id'), $1, $2, -n, -n, 0, 840, now() from generate_series(1, $3) n",
            customer_id + 1_000, product_id, GROWN,
        )  # fmt: skip
        await shop.connection.execute("analyze licence_key; analyze purchase")
        before, scanned = await rows_read(shop), await scans(dsn)
        for _ in range(TURNS):
            await everything()
    async with shop_open(dsn) as (_, shop):
        after, scans_after = await rows_read(shop), await scans(dsn)
    mine = {name: read - before[name] for name, read in after.items() if name.startswith(("licence_key", "purchase"))}
    # The window counts the stock of both products each time, up to 1,000.
    window = 2 * 1_000 * TURNS
    assert mine["licence_key_stock"] < window + FEW
    assert {name: read for name, read in mine.items() if name != "licence_key_stock" and read > FEW} == {}
    assert scans_after["licence_key"] == scanned["licence_key"]
    assert scans_after["purchase"] == scanned["purchase"]
