"""The requests that the PHP, Python and Java samples of the SMS-Activate document make, byte for byte as their classes send
them, and every field that the samples read out of the answers.

PHP posts a form for some calls and asks by GET for others; Java asks by GET, writes `null` for what is not set, and sends an
Accept-Encoding of its own. What their classes do to an answer before the sample sees it is done here in the same way.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from numbank.server.app import App
from tests.support import PATH, Shop, open_bank, push
from tests.wire import sample_stock


class Site:
    """A bank, and a customer's key."""

    def __init__(self, app: App, shop: Shop, key: str) -> None:
        self.app, self.shop, self.key = app, shop, key
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bank")  # type: ignore[arg-type]

    async def get(self, action: str, **params: object) -> str:
        """As Python's class asks, and PHP's for some actions."""
        return await self._ask(action, {}, params)

    async def post(self, action: str, **params: object) -> str:
        """As PHP's class asks for the other actions: a form, and no query at all."""
        fields = {"api_key": self.key, "action": action} | {name: str(value) for name, value in params.items()}
        return self._checked(await self._client.post(PATH, data=fields))

    async def java(self, action: str, **params: object) -> str:
        """As Java's class asks."""
        return await self._ask(action, {"Accept-Encoding": "gzip, sms-activate"}, params)

    async def _ask(self, action: str, headers: dict[str, str], params: dict[str, object]) -> str:
        fields = {"api_key": self.key, "action": action} | {name: str(value) for name, value in params.items()}
        return self._checked(await self._client.get(PATH, params=fields, headers=headers))

    @staticmethod
    def _checked(answer: httpx.Response) -> str:
        assert answer.status_code == 200
        return answer.text


@pytest.fixture(scope="module")
async def site(dsn: str) -> AsyncIterator[Site]:
    async with open_bank(dsn, **sample_stock.SETTINGS) as (app, shop):
        await sample_stock.fill(app, shop)
        _, key = await shop.customer()
        yield Site(app, shop, key)


def split(answer: str, prefix: str) -> tuple[int, int]:
    """Id and number behind a prefix, as all three classes take them apart."""
    assert answer.startswith(prefix), answer
    lease_id, e164 = answer.removeprefix(prefix).split(":")
    return int(lease_id), int(e164)


# PHP --------------------------------------------------------------------------------------------------------------


async def test_php_counts(site: Site) -> None:
    # The class sends the operator under the name of the service, and cuts the characters _, 0 and 1 from the right of keys.
    answer: dict[str, int] = json.loads(await site.get("getNumbersStatus", country=0, service="tele2"))
    counts = {name.rstrip("_01"): count for name, count in answer.items()}
    assert counts["vk"] > 0
    assert counts["wa"] > 0


async def test_php_top_countries_and_money(site: Site) -> None:
    # The class sends its own variable's name for freePrice.
    top = json.loads(await site.post("getTopCountriesByService", **{"$freePrice": "false"}))
    rows = top["vk"]  # no service was named: all services
    assert {"country", "count", "price", "retail_price"} <= rows["0"].keys()
    assert float((await site.get("getBalance")).split(":")[1]) > 0
    assert float((await site.get("getBalanceAndCashBack")).split(":")[1]) > 0


async def test_php_operators(site: Site) -> None:
    operators = json.loads(await site.post("getOperators"))["countryOperators"]
    assert "mts" in operators["0"]
    assert "chinamobile" in operators["3"]


async def test_php_number_without_and_with_forwarding(site: Site) -> None:
    split(await site.post("getNumber", service="ok", country=0, forward=0, operator="tele2"), "ACCESS_NUMBER:")
    # The sample prints the word where it gets no number: vk is no service that is forwarded (its count is vk_0, below).
    assert await site.post("getNumber", service="vk", country=0, forward=1) == "NO_NUMBERS"
    assert await site.post("getNumberV2", service="vk", country=0, forward=1) == "NO_NUMBERS"
    described = json.loads(await site.post("getNumberV2", service="av", country=0, forward=1))
    assert described["phoneNumber"].isdigit()


async def test_php_several_services_on_one_number(site: Site) -> None:
    answer = json.loads(
        await site.post(
            "getMultiServiceNumber", multiService="ok,vk,vi,av", forward="0,0,0,1", country=0, operator="tele2"
        )
    )
    assert [one["service"] for one in answer] == ["ok", "vk", "vi", "av"]
    assert len({one["activation"] for one in answer}) == 4
    assert len({one["phone"] for one in answer}) == 1


async def test_php_status(site: Site) -> None:
    lease_id, e164 = split(await site.post("getNumber", service="vk", country=0), "ACCESS_NUMBER:")
    assert await site.get("getStatus", id=lease_id) == "STATUS_WAIT_CODE"
    await push(site.app, e164, "VK: 24680 is your code")
    status, code = (await site.get("getStatus", id=lease_id)).split(":")
    assert (status, code) == ("STATUS_OK", "24680")
    assert await site.post("setStatus", id=lease_id, status=3) == "ACCESS_RETRY_GET"
    status, code = (await site.get("getStatus", id=lease_id)).split(":")
    assert (status, code) == ("STATUS_WAIT_RETRY", "24680")
    assert any(
        row["activationId"] == str(lease_id)
        for row in json.loads(await site.get("getActiveActivations"))["activeActivations"]
    )


async def test_php_incoming_call(site: Site) -> None:
    lease_id, e164 = await sample_stock.call_lease(site)
    assert json.loads(await site.post("getIncomingCallStatus", activationId=lease_id))["phone"] is False
    await sample_stock.ring(site.app, e164, "79991234567")
    assert json.loads(await site.post("getIncomingCallStatus", activationId=lease_id))["phone"] == "79991234567"


async def test_php_prices_and_countries(site: Site) -> None:
    price = json.loads(await site.get("getPrices", country=1, service="vk"))["1"]["vk"]
    assert price["cost"] > 0
    assert price["count"] > 0
    assert {"id", "rus", "eng", "chn"} <= json.loads(await site.get("getCountries"))["0"].keys()


async def test_php_additional_service(site: Site) -> None:
    parent_id, e164 = split(await site.post("getNumber", service="av", country=0, forward=1), "ACCESS_NUMBER:")
    await push(site.app, e164, "24681 is your Avito code")
    additional_id, same = split(await site.get("getAdditionalService", service="fx", id=parent_id), "ADDITIONAL:")
    assert additional_id != parent_id
    assert same == e164


# Python -----------------------------------------------------------------------------------------------------------


async def test_python_counts_and_top(site: Site) -> None:
    assert json.loads(await site.get("getNumbersStatus", country=0, operator="tele2"))["vk_0"] > 0
    top = json.loads(await site.get("getTopCountriesByService", service="vk"))
    # The sample reads result[0]: that needs a list, but the document has an object, whose keys are text.
    assert top["0"]["count"] > 0


async def test_python_money_operators_and_active(site: Site) -> None:
    assert float((await site.get("getBalance"))[15:]) > 0
    assert float((await site.get("getBalanceAndCashBack"))[15:]) > 0
    assert json.loads(await site.get("getOperators", country=0))["countryOperators"]["0"]
    _, key = await site.shop.customer()
    fresh = Site(site.app, site.shop, key)
    assert json.loads(await fresh.get("getActiveActivations"))["error"] == "NO_ACTIVATIONS"


async def test_python_numbers(site: Site) -> None:
    answer = await site.get("getNumber", service="vk", operator="tele2", country=0, verification="true")
    lease_id, _ = split(answer, "ACCESS_NUMBER:")
    assert json.loads(await site.get("getIncomingCallStatus", activationId=lease_id))["status"] == "2"
    assert json.loads(await site.get("getNumberV2", service="vk", country=0))["phoneNumber"].isdigit()
    several = json.loads(await site.get("getMultiServiceNumber", multiService="fb,ig", operator="tele2", country=0))
    assert several[0]["phone"].isdigit()


async def test_python_status(site: Site) -> None:
    lease_id, _ = split(await site.get("getNumber", service="vk", country=0), "ACCESS_NUMBER:")
    assert await site.get("setStatus", id=lease_id, status=1) == "ACCESS_READY"
    assert await site.get("getStatus", id=lease_id) == "STATUS_WAIT_CODE"


async def test_python_prices_countries_and_additional(site: Site) -> None:
    assert {"cost", "count"} <= json.loads(await site.get("getPrices", service="fb", country=0))["0"]["fb"].keys()
    assert json.loads(await site.get("getCountries"))["0"]["eng"] == "Russia"
    parent_id, e164 = split(await site.get("getNumber", service="av", country=0, forward=1), "ACCESS_NUMBER:")
    await push(site.app, e164, "24682 is your Avito code")
    assert split(await site.get("getAdditionalService", id=parent_id, service="ig"), "ADDITIONAL:")[1] == e164


# Java -------------------------------------------------------------------------------------------------------------

FREE = "select count(*) from number n join pool p on p.id = n.pool_id where p.country_id = 0 and n.state = 0"
USED = " and exists (select from use u join service s on s.id = u.service_id where u.number_id = n.id and s.code = $1)"
FREE_BUT_USED = FREE + USED
LEASED_AND_USED = FREE.replace("n.state = 0", "n.state = 1") + USED
DECIMAL = re.compile(r"[+-]?([0-9]*[.])?[0-9]+")


async def test_java_money(site: Site) -> None:
    for action in ("getBalance", "getBalanceAndCashBack"):
        found = DECIMAL.search(await site.java(action))
        assert found is not None
        assert float(found[0]) > 0


async def test_java_counts(site: Site) -> None:
    await site.shop.counted()
    # The class leaves out an operator that is not set.
    answer: dict[str, int] = json.loads(await site.java("getNumbersStatus", country=0))
    services = {}
    for key, count in answer.items():
        short_name, forward = key.split("_")
        services[short_name] = (int(count), int(forward) == 1)
    free = await site.shop.connection.fetchval(FREE)
    assert free > 0
    # No sample buys `go`, so every free number is fresh for it.
    assert services["go"] == (free, False)
    # Avito was bought by some: what was used for it is not sold again. A number that serves it beside another service is
    # taken off once more as long as it is leased: no more is promised than there is.
    count, forward_capable = services["av"]
    fresh = free - await site.shop.connection.fetchval(FREE_BUT_USED, "av")
    assert fresh - await site.shop.connection.fetchval(LEASED_AND_USED, "av") <= count <= fresh
    assert forward_capable


async def test_java_number_status_and_full_text(site: Site) -> None:
    lease_id, e164 = split(await site.java("getNumber", service="vk", country=0, ref="null"), "ACCESS_NUMBER:")
    assert lease_id < 2**31
    assert (await site.java("getStatus", id=lease_id)).split(":")[0] == "STATUS_WAIT_CODE"
    assert await site.java("setStatus", id=lease_id, status=1) == "ACCESS_READY"
    waiting = asyncio.create_task(wait_sms(site, lease_id))
    await push(site.app, e164, "VK: 24683 is your code")
    assert await waiting == "24683"
    prefix, text = (await site.java("getFullSms", id=lease_id)).split(":", 1)
    assert (prefix, text) == ("FULL_SMS", "VK: 24683 is your code")
    assert await site.java("setStatus", id=lease_id, status=6) == "ACCESS_ACTIVATION"
    silent, _ = split(await site.java("getNumber", service="vk", country=0, ref="null"), "ACCESS_NUMBER:")
    assert await site.java("setStatus", id=silent, status=8) == "ACCESS_CANCEL"


async def test_java_number_of_an_operator_without_some_prefixes(site: Site) -> None:
    answer = await site.java(
        "getNumber", service="vk", country=0, operator="mts,tele2", phoneException="7915,7900111", forward=0, ref="null"
    )
    assert str(split(answer, "ACCESS_NUMBER:")[1]).startswith("7952")


async def wait_sms(site: Site, lease_id: int) -> str:
    """What waitSms does, without its pauses."""
    for _ in range(500):
        status, _, code = (await site.java("getStatus", id=lease_id)).partition(":")
        if status == "STATUS_OK":
            return code
        await asyncio.sleep(0.01)
    raise AssertionError("nothing came")


async def test_java_additional_service_of_a_forwarded_number(site: Site) -> None:
    answer = await site.java("getNumber", service="ot", country=0, forward=1, ref="null")
    parent_id, e164 = split(answer, "ACCESS_NUMBER:")
    # The sample names no target here; the document asks for one, and so do we (protocol.md 12.2, 20).
    assert await site.java("setStatus", id=parent_id, status=1) == "BAD_STATUS"
    assert await site.java("setStatus", id=parent_id, status=1, forward="79990001122") == "ACCESS_READY"
    await push(site.app, e164, "12345 is the code")
    child_id, same = split(await site.java("getAdditionalService", id=parent_id, service="av"), "ADDITIONAL:")
    assert child_id != parent_id
    assert same == e164


async def test_java_several_services(site: Site) -> None:
    (one,) = json.loads(
        await site.java(
            "getMultiServiceNumber", multiService="av", multiForward="0", country=0, operator="mts", ref="null"
        )
    )
    assert isinstance(one["activation"], int)
    assert int(one["phone"]) > 0
    assert one["service"] == "av"


async def test_java_prices_and_countries(site: Site) -> None:
    prices: dict[str, dict[str, dict[str, Any]]] = json.loads(await site.java("getPrices", country=0, service="vk"))
    vk = {int(country): services for country, services in prices.items()}[0]["vk"]
    assert float(vk["cost"]) > 0
    assert int(vk["count"]) > 0
    for params in ({}, {"country": 0}):
        everything: dict[str, dict[str, dict[str, Any]]] = json.loads(await site.java("getPrices", **params))
        assert {"cost", "count"} <= {int(country): services for country, services in everything.items()}[0]["vk"].keys()
    countries = {int(key): value for key, value in json.loads(await site.java("getCountries")).items()}
    assert countries[0]["rus"] == "Россия"
    assert countries[0]["eng"] == "Russia"
    assert countries[0]["multiService"] in (0, 1)
