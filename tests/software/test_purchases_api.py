"""GET /api/v2/partners/purchases: a customer reads what it bought, keys and all, and nobody else does."""

from __future__ import annotations

import asyncio

import httpx

from tests.software.world import MANUAL, PRICE, key_file, key_in, reseller, shop_open, stocked

PATH = "/api/v2/partners/purchases"


async def test_a_customer_reads_its_keys_and_nobody_elses(dsn: str) -> None:
    async with shop_open(dsn) as (app, shop):
        product_id = await stocked(shop, key_file(dsn), "soft", [f"SOFT-{turn}" for turn in range(4)])
        _, [ann] = await reseller((app,), shop)
        _, [bob] = await reseller((app,), shop)
        bought = [key_in(await ann.get("buyPartnerProduct", productId=product_id)) for _ in range(3)]
        assert key_in(await bob.get("buyPartnerProduct", productId=product_id)) == "SOFT-3"
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        client = httpx.AsyncClient(transport=transport, base_url="http://bank")

        async def page(key: str, **params: int) -> list[dict[str, object]]:
            answer = await client.get(PATH, params=params, headers={"X-API-Key": key})
            assert answer.status_code == 200, answer.text
            body = answer.json()
            assert body["meta"] == {"page": params.get("page", 1), "size": params.get("size", 10)}
            rows: list[dict[str, object]] = body["data"]
            return rows

        rows = await page(ann.key)
        assert [row["key"] for row in rows] == bought[::-1] == ["SOFT-2", "SOFT-1", "SOFT-0"]
        first = rows[0]
        assert first | {"id": 0, "date": ""} == {
            "id": 0, "productId": product_id, "product": "soft", "key": "SOFT-2", "manual": MANUAL, "cost": PRICE / 10_000,
            "currency": 840, "date": "",
        }  # fmt: skip
        assert [row["key"] for row in await page(bob.key)] == ["SOFT-3"]
        assert [row["key"] for row in await page(ann.key, page=2, size=2)] == ["SOFT-0"]
        assert await page(ann.key, page=3, size=2) == []
        for headers in ({}, {"X-API-Key": "0" * 32}):
            assert (await client.get(PATH, headers=headers)).status_code == 401
        for params in ({"size": 0}, {"size": 101}, {"page": 0}, {"page": "x"}):
            refused = await client.get(PATH, params=params, headers={"X-API-Key": ann.key})
            assert refused.status_code == 422, params
        # Many at once: each is answered.
        assert len(await asyncio.gather(*(page(ann.key) for _ in range(20)))) == 20


async def test_a_key_that_cannot_be_opened_does_not_hide_the_others(dsn: str) -> None:
    async with shop_open(dsn) as (app, shop):
        path = key_file(dsn)
        product_id = await stocked(shop, path, "hidden", ["HIDDEN-1", "HIDDEN-2"])
        customer_id, [ann] = await reseller((app,), shop)
        for _ in range(2):
            assert key_in(await ann.get("buyPartnerProduct", productId=product_id))
        await shop.connection.execute(
            "update licence_key set sealed = 'nonsense'"
            " where purchase_id = (select min(id) from purchase where account_id = $1)",
            customer_id,
        )
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        client = httpx.AsyncClient(transport=transport, base_url="http://bank", headers={"X-API-Key": ann.key})
        answer = await client.get(PATH)
        assert answer.status_code == 200, answer.text
        assert [row["key"] for row in answer.json()["data"]] == ["HIDDEN-2", None]
        # Without a key file nothing can be told now; that is no bug.
        away = path.with_suffix(".away")
        path.rename(away)
        try:
            app.bank.software.opener._file = None  # as a node that was started without it
            assert (await client.get(PATH)).status_code == 503
        finally:
            away.rename(path)
        assert (await client.get(PATH)).status_code == 200
