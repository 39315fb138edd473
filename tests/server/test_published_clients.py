"""smsactivate 1.5, the official client, unmodified from PyPI at a live server: every method that it has.

Where it cannot work because of a bug of its own (protocol.md 2.2, 2.6), that is what is asserted.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from smsactivate.api import SMSActivateAPI

from tests.server.clients import RENTED, Stage, methods, staged

Official = Callable[[Any, Stage], None]
OFFICIAL: dict[str, Official] = {}
# What is no call of the wire.
HELPERS = {"version", "check_error", "get_error", "response", "activationStatus", "rentStatus"}
HOOK = "https://hooks.example/rent"


@pytest.fixture(scope="module")
async def stage(dsn: str) -> AsyncIterator[Stage]:
    async with staged(dsn) as stage:
        yield stage


def official(method: str) -> Callable[[Official], Official]:
    def register(test: Official) -> Official:
        OFFICIAL[method] = test
        return test

    return register


@official("getBalance")
def _(client: Any, stage: Stage) -> None:
    assert float(client.getBalance()["balance"]) > 0


@official("getBalanceAndCashBack")
def _(client: Any, stage: Stage) -> None:
    assert float(client.getBalanceAndCashBack()["balance"]) > 0


@official("getNumbersStatus")
def _(client: Any, stage: Stage) -> None:
    assert client.getNumbersStatus(country=0, operator="tele2")["vk_0"] > 0


@official("getNumber")
def _(client: Any, stage: Stage) -> None:
    number = client.getNumber(service="tg", country=0, operator="tele2", ref="partner", phoneException="7918")
    assert str(number["phone"]).startswith("7952")
    assert client.getNumber(service="nope", country=0)["error"] == "BAD_SERVICE"
    assert client.getNumber(service="tg", country=3)["error"] == "NO_NUMBERS"
    assert client.getNumber(service="vk", country=0, verification="true")["activation_id"] > 0
    assert client.getNumber(service="tg", country=0, freePrice="true", maxPrice="0.3")["activation_id"] > 0
    # Words that are not in its table are sliced as if they were a number (protocol.md 2.6).
    with pytest.raises(ValueError):
        client.getNumber(service="tg", country=0, maxPrice="0.01")
    with pytest.raises(ValueError):
        client.getNumber(service="tg", country=0, phoneException="7")


@official("getNumberV2")
def _(client: Any, stage: Stage) -> None:
    number = client.getNumberV2(service="tg", country=0)
    assert number["phoneNumber"].isdigit()
    assert number["activationOperator"] in ("tele2", "mts")
    with pytest.raises(json.JSONDecodeError):
        client.getNumberV2(service="tg", country=0, maxPrice="0.01")


@official("getMultiServiceNumber")
def _(client: Any, stage: Stage) -> None:
    leased = client.getMultiServiceNumber(service="fb,av", forward="0,1", country=0, operator="tele2")
    assert [one["service"] for one in leased] == ["fb", "av"]
    assert leased[0]["phone"] == leased[1]["phone"]
    assert client.getMultiServiceNumber(service="fb,av", forward="1,1", country=0)["error"] == "BAD_SERVICE"


@official("setStatus")
def _(client: Any, stage: Stage) -> None:
    lease_id, phone = stage.lease()
    assert client.setStatus(id=lease_id, status=1) == "ACCESS_READY"
    stage.deliver(phone, "Telegram code 45678")
    assert client.setStatus(id=lease_id, status=3) == "ACCESS_RETRY_GET"
    assert client.setStatus(id=lease_id, status=6) == "ACCESS_ACTIVATION"
    assert client.setStatus(id=stage.lease()[0], status=8) == "ACCESS_CANCEL"
    assert client.setStatus(id=lease_id, status=8)["error"] == "BAD_STATUS"


@official("getStatus")
def _(client: Any, stage: Stage) -> None:
    lease_id, phone = stage.lease()
    assert client.activationStatus(client.getStatus(id=lease_id))["message"] == "Waiting for sms"
    stage.deliver(phone, "Telegram code 45678")
    assert client.getStatus(id=lease_id) == "STATUS_OK:45678"
    assert client.getStatus(id=1)["error"] == "NO_ACTIVATION"


@official("getFullSms")
def _(client: Any, stage: Stage) -> None:
    lease_id, phone = stage.lease()
    stage.deliver(phone, "Telegram code 45678")
    assert client.getFullSms(id=lease_id) == "FULL_SMS:Telegram code 45678"


@official("getPrices")
def _(client: Any, stage: Stage) -> None:
    assert client.getPrices(service="vk", country=0)["0"]["vk"]["cost"] == 0.1
    assert client.getPrices(service="vk")["1"]["vk"]["count"] > 0


@official("getCountries")
def _(client: Any, stage: Stage) -> None:
    assert client.getCountries()["0"]["eng"] == "Russia"


@official("getAdditionalService")
def _(client: Any, stage: Stage) -> None:
    lease_id, phone = stage.forwarded()
    additional = client.getAdditionalService(id=lease_id, service="fx")
    assert str(additional["phone"]) == phone
    assert client.getAdditionalService(id=lease_id, service="fx")["error"] == "REPEAT_ADDITIONAL_SERVICE"
    assert client.getAdditionalService(id=lease_id, service="fb")["error"] == "WRONG_ADDITIONAL_SERVICE"
    assert client.getAdditionalService(id=1, service="fx")["error"] == "WRONG_ACTIVATION_ID"


@official("getQiwiRequisites")
def _(client: Any, stage: Stage) -> None:
    assert client.getQiwiRequisites() == {"status": "FALSE"}


@official("getTopCountriesByService")
def _(client: Any, stage: Stage) -> None:
    row = client.getTopCountriesByService(service="vk", freePrice="true")["0"]
    assert row["country"] in (0, 1)
    assert row["freePriceMap"]
    assert "vk" in client.getTopCountriesByService()


@official("getIncomingCallStatus")
def _(client: Any, stage: Stage) -> None:
    lease_id, _ = stage.lease(service="vk", verification="true")
    assert client.getIncomingCallStatus(id=lease_id) == {"status": "2", "phone": False}
    assert client.getIncomingCallStatus(id=stage.lease()[0])["error"] == "NOT_INCOMING"
    assert client.getIncomingCallStatus(id=1)["error"] == "INVALID_ACTIVATION_ID"


@official("getOperators")
def _(client: Any, stage: Stage) -> None:
    assert "mts" in client.getOperators(country=0)["countryOperators"]["0"]
    # The answer is JSON, so its table of plain words does not know it.
    assert client.getOperators(country=9999) == {"status": "error", "error": "OPERATORS_NOT_FOUND"}


@official("getActiveActivations")
def _(client: Any, stage: Stage) -> None:
    lease_id, _ = stage.lease()
    assert lease_id in [row["activationId"] for row in client.getActiveActivations()["activeActivations"]]


@official("createTaskForCall")
def _(client: Any, stage: Stage) -> None:
    assert client.createTaskForCall(1)["error"] == "NO_ACTIVATION"
    # It names nobody to call, and nobody is called.
    lease_id, _ = stage.lease(service="vk", verification="true")
    assert client.createTaskForCall(lease_id) == {"status": "error", "message": "NUMBER_NOT_EXIST"}


@official("getOutgoingCalls")
def _(client: Any, stage: Stage) -> None:
    lease_id, _ = stage.lease(service="vk", verification="true")
    assert client.getOutgoingCalls(activationId=lease_id) in ({}, [])


@official("getRentServicesAndCountries")
def _(client: Any, stage: Stage) -> None:
    found = client.getRentServicesAndCountries(time=24, operator="vodafone", country=RENTED)
    assert found["services"]["full"]["cost"] == 3
    assert found["services"]["full"]["quant"] > 0
    assert list(found["operators"].values()) == ["vodafone", "any"]
    # The answer is JSON, so its table of plain words does not know it; so with all errors of rentals.
    assert client.getRentServicesAndCountries(country=9999)["message"] == "OUT_OF_STOCK"


@official("getRentNumber")
def _(client: Any, stage: Stage) -> None:
    rented = client.getRentNumber(service="tg", time=24, operator="vodafone", country=RENTED, url=HOOK)
    assert rented["status"] == "success"
    assert rented["phone"]["number"].startswith("4915")
    assert client.getRentNumber(service="nope", country=RENTED)["message"] == "BAD_SERVICE"
    assert client.getRentNumber(service="tg", time=3, country=RENTED)["message"] == "INVALID_TIME"


@official("getRentStatus")
def _(client: Any, stage: Stage) -> None:
    rent_id, phone = stage.rent()
    waiting = client.getRentStatus(id=rent_id)["message"]
    assert (waiting, client.rentStatus(waiting)) == ("STATUS_WAIT_CODE", "Waiting for the first SMS")
    stage.deliver(phone, "Telegram code 45678")
    found = client.getRentStatus(id=rent_id)
    assert (found["quantity"], found["values"]["0"]["text"]) == ("1", "Telegram code 45678")
    assert client.getRentStatus()["message"] == "NO_ID_RENT"
    assert client.getRentStatus(id=1)["message"] == "INVALID_PHONE"


@official("setRentStatus")
def _(client: Any, stage: Stage) -> None:
    rent_id, _ = stage.rent()
    assert client.setRentStatus(id=rent_id, status=2) == {"status": "success"}
    assert client.setRentStatus(id=rent_id, status=2)["message"] == "ALREADY_CANCEL"
    rent_id, _ = stage.rent()
    assert client.setRentStatus(id=rent_id)["message"] == "INCORECT_STATUS"
    assert client.setRentStatus(id=rent_id, status=1) == {"status": "success"}
    assert client.getRentStatus(id=rent_id)["message"] == "STATUS_FINISH"


@official("getRentList")
def _(client: Any, stage: Stage) -> None:
    rent_id, phone = stage.rent()
    assert client.getRentList()["values"]["0"] == {"id": rent_id, "phone": phone}


@official("continueRentNumber")
def _(client: Any, stage: Stage) -> None:
    rent_id, phone = stage.rent()
    longer = client.continueRentNumber(id=rent_id, time=20)
    assert (longer["phone"]["id"], longer["phone"]["number"]) == (int(rent_id), phone)
    assert client.continueRentNumber(id=rent_id, time=1_344)["info"] == {"max": 1_320}


@official("getContinueRentPriceNumber")
def _(client: Any, stage: Stage) -> None:
    # It asks for no number of hours: the price is that of the default, 4 h on top of 4 h.
    assert client.getContinueRentPriceNumber(id=stage.rent()[0]) == {"status": "success", "price": 0.4, "currency": 840}


@pytest.mark.parametrize("method", OFFICIAL)
async def test_the_official_client(stage: Stage, method: str) -> None:
    client = SMSActivateAPI(stage.key)
    client._SMSActivateAPI__api_url = stage.server.url
    OFFICIAL[method](stage.watched(client), stage)
    assert method in stage.called


@pytest.mark.unit
def test_every_method_of_the_official_client_is_called() -> None:
    assert methods(SMSActivateAPI) == OFFICIAL.keys() | HELPERS
