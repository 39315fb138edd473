"""Licence keys are planted, then looked for in logs and metrics."""

from __future__ import annotations

import io
import sys

import pytest

from numbank.server import logs
from numbank.server.metrics import exposition
from tests.software.world import key_file, key_in, reseller, shop_open, stocked

KEY, BROKEN = "XYZZY-11111-PLUGH", "XYZZY-22222-PLUGH"


async def test_no_licence_key_reaches_a_log_or_a_metric(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(kept, write_through=True))
    logs.configure("debug")
    async with shop_open(dsn, access_log="all") as (app, shop):
        product_id = await stocked(shop, key_file(dsn), "soft", [KEY, BROKEN])
        _, [caller] = await reseller((app,), shop)
        assert key_in(await caller.get("buyPartnerProduct", productId=product_id)) == KEY
        # A key that cannot be opened, and a bug that meets one: the log says so without it.
        await shop.connection.execute(
            "update licence_key set sealed = convert_to($1, 'utf8') where purchase_id is null", BROKEN
        )
        assert await caller.get("buyPartnerProduct", productId=product_id) == "NO_NUMBERS"
        monkeypatch.setattr("numbank.wire.software.BuyRequest", None)
        assert await caller.get("buyPartnerProduct", productId=product_id) == "ERROR_SQL"
    written = kept.getvalue() + exposition()
    assert b"software.key_sealed" in written
    assert b"action_bug" in written
    assert b'"action":"buyPartnerProduct"' in written
    assert b"XYZZY" not in written
    assert b"PLUGH" not in written
