"""The published clients, unmodified from PyPI, drive a live server from balance to code."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmsactivate import SmsActivate
from aiosmsactivate.types import SetActivationStatus
from smsactivate.api import SMSActivateAPI

from tests.server.live import Live, command, live


@pytest.fixture(scope="module")
def server(dsn: str) -> Iterator[Live]:
    with live(["--database-url", dsn], NUMBANK_EARLY_CANCEL_S="0") as running:
        numbers = "\n".join(f"+7 910 300 {n:02d} {n:02d}" for n in range(20))
        command("number", "add", "--country", "0", "--operator", "mts", "--database-url", dsn, stdin=numbers)
        for code in ("tg", "vk"):
            command("offer", "set", "--country", "0", "--service", code, "--price", "0.25", "--database-url", dsn)
        yield running


@pytest.fixture(scope="module")
def key(server: Live, dsn: str) -> str:
    made = command("customer", "add", "clients", "--balance", "10", "--json", "--database-url", dsn)
    api_key: str = json.loads(made.stdout)["api_key"]
    return api_key


def deliver(dsn: str, phone: object, text: str) -> None:
    command("message", "deliver", "--to", str(phone), "--from", "Telegram", "--text", text, "--database-url", dsn)


def official(server: Live, key: str) -> Any:
    client = SMSActivateAPI(key)
    client._SMSActivateAPI__api_url = server.url
    return client


def test_smsactivate_from_balance_to_code(server: Live, key: str, dsn: str) -> None:
    client = official(server, key)
    before = float(client.getBalance()["balance"])
    number = client.getNumber(service="tg", country=0)
    lease_id = number["activation_id"]
    assert client.getStatus(id=lease_id) == "STATUS_WAIT_CODE"
    assert client.setStatus(id=lease_id, status=1) == "ACCESS_READY"
    deliver(dsn, number["phone"], "Telegram code 45678")
    assert client.getStatus(id=lease_id) == "STATUS_OK:45678"
    assert client.getFullSms(id=lease_id) == "FULL_SMS:Telegram code 45678"
    active = client.getActiveActivations()["activeActivations"]
    assert [row["smsCode"] for row in active if row["activationId"] == str(lease_id)] == ["45678"]
    assert client.setStatus(id=lease_id, status=3) == "ACCESS_RETRY_GET"
    assert client.setStatus(id=lease_id, status=6) == "ACCESS_ACTIVATION"
    assert float(client.getBalance()["balance"]) == pytest.approx(before - 0.25)


def test_smsactivate_lists(server: Live, key: str) -> None:
    client = official(server, key)
    assert client.getCountries()["0"]["eng"] == "Russia"
    assert client.getPrices(service="vk", country=0)["0"]["vk"]["cost"] == 0.25
    assert client.getOperators(country=0)["countryOperators"]["0"]
    assert int(client.getNumbersStatus(country=0)["vk_0"]) > 0
    number = client.getNumberV2(service="vk", country=0)
    assert number["activationOperator"] == "mts"
    assert client.setStatus(id=number["activationId"], status=8) == "ACCESS_CANCEL"


def test_smsactivate_refusals(server: Live, key: str) -> None:
    assert official(server, "0" * 32).getBalance()["error"] == "BAD_KEY"
    client = official(server, key)
    assert client.getNumber(service="nope", country=0)["error"] == "BAD_SERVICE"
    assert client.getNumber(service="vk", country=1)["error"] == "NO_NUMBERS"
    assert client.getStatus(id=1)["error"] == "NO_ACTIVATION"


async def test_aiosmsactivate_from_balance_to_code(server: Live, key: str, dsn: str) -> None:
    client = SmsActivate(key, base_url=server.url)
    before = await client.get_balance()
    number = await client.purchase("tg", country=0)
    assert number.phone_number.isdigit()
    assert number.operator == "mts"
    waiting = await client.get_activation_status(number.activation_id)
    assert waiting.sms is None
    assert (await client.set_activation_status(number.activation_id, SetActivationStatus.READY)).value == "ACCESS_READY"
    await asyncio.to_thread(deliver, dsn, number.phone_number, "Your Telegram code is 90210")
    status = await client.get_activation_status(number.activation_id)
    assert status.sms.code == "90210"
    done = await client.set_activation_status(number.activation_id, SetActivationStatus.COMPLETE)
    assert done.value == "ACCESS_ACTIVATION"
    assert await client.get_balance() == pytest.approx(before - 0.25)
