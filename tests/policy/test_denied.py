"""Services denied for sale: the default list, lifting it knowingly, every way to a lease, the sandbox."""

from __future__ import annotations

import asyncpg
import httpx
import pytest

from numbank.catalogue import tables
from numbank.errors import ServiceDenied
from numbank.policy import denied
from numbank.wire.dialects import DIALECTS, SMS_ACTIVATE
from numbank.wire.registry import ACTIONS
from tests.support import Caller, Shop, open_bank, push, until

BANK, MESSENGER = "aaa", "tg"  # Nubank, Telegram


@pytest.mark.unit
def test_the_default_list_names_services_that_exist_once_with_a_reason() -> None:
    names = {row["code"]: row["name_en"] for row in tables.rows("services")}
    listed = denied.defaults()
    assert len({one.code for one in listed}) == len(listed) > 300
    assert [one for one in listed if names.get(one.code) != one.name] == []
    assert all(one.reason and one.kind for one in listed)
    assert [one.code for one in listed] == sorted(one.code for one in listed)
    kinds = {one.kind for one in listed}
    assert {"bank", "payment", "government", "identity", "tax", "lending", "crypto custody"} <= kinds


@pytest.mark.unit
@pytest.mark.parametrize(
    ("code", "name"),
    [("md", "Banks"), ("ts", "PayPal"), ("aon", "Binance"), ("ij", "Revolut"), ("afe", "GovBr"), ("ce", "mosru"),
     ("amh", "MitID"), ("hw", "Alipay/Alibaba/1688"), ("buo", "HRBlock"), ("si", "Cita Previa")],
)  # fmt: skip
def test_what_nobody_may_sell_unknowingly_is_on_it(code: str, name: str) -> None:
    assert (code, name) in {(one.code, one.name) for one in denied.defaults()}


@pytest.mark.unit
@pytest.mark.parametrize(
    "code", ["tg", "wa", "vk", "ig", "go", "fb", "am", "ot", "full", "ub", "ya", "av", "mm", "dr", "nf"]
)
def test_what_has_nothing_to_do_with_money_or_the_state_is_not(code: str) -> None:
    assert code not in {one.code for one in denied.defaults()}


async def decide(shop: Shop, code: str, *, denied_now: bool) -> bool:
    service_id = await shop.connection.fetchval("select id from service where code = $1", code)
    async with shop.connection.transaction():
        return await denied.decide(shop.connection, service_id, denied=denied_now, reason="test")


async def test_a_denied_service_is_not_leased_until_the_operator_lifts_it(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        _, key = await shop.customer()
        caller = Caller(app, key)
        await shop.numbers(5)
        await shop.offer(BANK, MESSENGER)
        await shop.counted()
        assert await caller.get("getNumber", service=BANK) == "SERVICE_NOT_AVAILABLE"
        assert await caller.get("getNumberV2", service=BANK) == "SERVICE_NOT_AVAILABLE"
        await caller.lease(MESSENGER)
        # No stock is shown of it, but its name stays known.
        assert BANK not in (await caller.json("getPrices"))["0"]
        assert MESSENGER in (await caller.json("getPrices"))["0"]
        assert (await caller.json("getNumbersStatus")).get(f"{BANK}_0", 0) == 0
        names = {one["code"] for one in (await caller.json("getServicesList"))["services"]}
        assert {BANK, MESSENGER} <= names

        assert await decide(shop, BANK, denied_now=False)
        assert not await decide(shop, BANK, denied_now=False)

        async def sold() -> bool:
            return (await caller.get("getNumber", service=BANK)).startswith("ACCESS_NUMBER:")

        await until(sold)

        async def shown() -> bool:
            return BANK in (await caller.json("getPrices"))["0"]

        await until(shown)
        # The default list of the next version, or start, does not bring it back.
        async with shop.connection.transaction():
            await denied.load(shop.connection)
        assert await shop.connection.fetchval(
            "select not d.denied from denied_service d join service s on s.id = d.service_id where s.code = $1", BANK
        )
        assert await decide(shop, MESSENGER, denied_now=True)

        async def refused() -> bool:
            return await caller.get("getNumber", service=MESSENGER) == "SERVICE_NOT_AVAILABLE"

        await until(refused)
        await decide(shop, MESSENGER, denied_now=False)
        await decide(shop, BANK, denied_now=True)


async def test_a_sandbox_sells_everything(dsn: str) -> None:
    async with open_bank(dsn, sandbox=True) as (app, shop):
        _, key = await shop.customer()
        await shop.numbers(5, operator="sandbox")
        await shop.offer(BANK)
        assert (await Caller(app, key).get("getNumber", service=BANK)).startswith("ACCESS_NUMBER:")


# What each action that sells needs beside a service; the answer to a denied service is the same word everywhere.
SELLING = {
    "getNumber": {"service": BANK},
    "getNumberV2": {"service": BANK},
    "getMultiServiceNumber": {"service": f"{MESSENGER},{BANK}", "multiService": f"{MESSENGER},{BANK}"},
    "getRentNumber": {"service": BANK},
}


async def test_every_action_that_leases_refuses_a_denied_service(dsn: str) -> None:
    selling = {
        name for name, action in ACTIONS.items() if any(kind.__name__ == "ServiceDenied" for kind in action.refusals)
    }
    # An additional service, a reactivation and more hours need a lease first: they are shown below, and in tests/rent.
    needing_one = {"getAdditionalService", "getExtraActivation", "checkExtraActivation"}
    assert selling == {*SELLING, *needing_one, "continueRentNumber", "continueRentInfo", "getContinueRentPriceNumber"}
    async with open_bank(dsn, early_cancel_s=0) as (app, shop):
        customer_id, key = await shop.customer()
        caller = Caller(app, key)
        await shop.numbers(5)
        await shop.offer(BANK, MESSENGER)
        for name, params in SELLING.items():
            word = SMS_ACTIVATE.word(name, ServiceDenied())
            assert (await caller.get(name, country=0, **params)).encode() == word, name
        for dialect in DIALECTS:
            for name in SELLING.keys() & dialect.actions.keys():
                # The base dialect knows no country "any".
                for country in ("0",) if dialect is SMS_ACTIVATE else ("0", "any", ""):
                    fields = {"api_key": key, "action": name, "country": country} | SELLING[name]
                    answer = await caller._client.get(dialect.paths[0], params=fields)
                    assert answer.content == dialect.word(name, ServiceDenied()), (dialect.name, fields)
        assert await shop.connection.fetchval("select count(*) from activation where account_id = $1", customer_id) == 0


async def test_what_comes_after_a_lease_is_refused_too(dsn: str) -> None:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0) as (app, shop):
        _, key = await shop.customer()
        caller = Caller(app, key)
        await shop.numbers(5)
        await shop.offer(MESSENGER)
        lease_id, e164 = await caller.lease(MESSENGER)
        await push(app, e164, "Telegram code 48213")
        assert await caller.get("getAdditionalService", id=lease_id, service=BANK) == "SERVICE_NOT_AVAILABLE"
        await caller.get("setStatus", id=lease_id, status=6)
        assert await decide(shop, MESSENGER, denied_now=True)

        async def refused() -> bool:
            return await caller.get("getExtraActivation", id=lease_id) == "SERVICE_NOT_AVAILABLE"

        await until(refused)
        assert await caller.get("checkExtraActivation", id=lease_id) == "SERVICE_NOT_AVAILABLE"
        await decide(shop, MESSENGER, denied_now=False)


LISTS: list[tuple[str, dict[str, object]]] = [
    ("getPrices", {}), ("getPrices", {"country": 0}), ("getPrices", {"service": BANK}), ("getPricesExtended", {}),
    ("getPricesExtended", {"service": BANK}), ("getPricesVerification", {}), ("getTopCountriesByService", {}),
    ("getTopCountriesByService", {"service": BANK}), ("getTopCountriesByServiceRank", {}),
    ("getListOfTopCountriesByService", {"service": BANK}), ("getNumbersStatus", {"country": 0}),
    ("getPricesV2", {}), ("getPricesV3", {}), ("getPricesV3", {"service": BANK}),
]  # fmt: skip


async def test_no_list_has_a_price_or_a_count_of_a_denied_service(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        _, key = await shop.customer()
        await shop.numbers(3)
        await shop.offer(BANK, MESSENGER, price=77_777)
        await shop.counted()
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        shown = 0
        async with httpx.AsyncClient(transport=transport, base_url="http://bank") as client:

            async def ask(path: str, action: str, params: dict[str, object], service: str) -> str:
                named = {name: service if value == BANK else str(value) for name, value in params.items()}
                return (await client.get(path, params={"api_key": key, "action": action} | named)).text

            for path in [dialect.paths[0] for dialect in DIALECTS]:
                for action, params in LISTS:
                    # With another service in its place there is something to see.
                    shown += f'"{MESSENGER}' in await ask(path, action, params, MESSENGER)
                    answer = await ask(path, action, params, BANK)
                    assert f'"{BANK}' not in answer, (path, action, params, answer[:300])
                    if "service" in params:
                        assert "7.7777" not in answer, (path, action, params, answer[:300])
        assert shown >= 16


async def test_the_default_list_is_denied_after_the_first_opening(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    codes = await connection.fetch("select s.code from denied_service d join service s on s.id = d.service_id")
    await connection.close()
    assert {one.code for one in denied.defaults()} <= {row["code"] for row in codes}
