"""aiosmsactivate 1.5.1, the widest client, unmodified from PyPI at a live server: every method that it has.

Where it cannot work because of a bug of its own (protocol.md 2.2, 2.8), that is what is asserted.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiosmsactivate import SmsActivate, SmsActivateException
from aiosmsactivate.models import Number
from aiosmsactivate.types import ActivationStatus, SetActivationStatus

from tests.server.clients import RENTED, Stage, methods, staged
from tests.wire.sample_goods import MANUAL

Modern = Callable[[Any, Stage], Awaitable[None]]
# The names of a method, and what it is asked.
MODERN: dict[tuple[str, ...], Modern] = {}


@pytest.fixture(scope="module")
async def stage(dsn: str) -> AsyncIterator[Stage]:
    async with staged(dsn) as stage:
        yield stage


def modern(*names: str) -> Callable[[Modern], Modern]:
    """A test of a method, by its name and its aliases."""

    def register(test: Modern) -> Modern:
        MODERN[names] = test
        return test

    return register


@contextmanager
def refused(word: str) -> Iterator[None]:
    """The client raises its error for a word."""
    with pytest.raises(SmsActivateException) as caught:
        yield
    assert caught.value.code == word


@contextmanager
def broken_by_a_list() -> Iterator[None]:
    """The client looks for `status` in every JSON answer, also in a list, and fails (protocol.md 2.8)."""
    with pytest.raises(AttributeError, match="'list' object has no attribute 'get'"):
        yield


async def deliver(stage: Stage, phone: object, text: str) -> None:
    await asyncio.to_thread(stage.deliver, phone, text)


@modern("get_balance", "getBalance")
async def _(client: Any, stage: Stage) -> None:
    assert await client.get_balance() > 0
    with refused("BAD_KEY"):
        await SmsActivate("0" * 32, base_url=stage.server.url).get_balance()


@modern("get_balance_and_cashback", "getBalanceAndCashBack")
async def _(client: Any, stage: Stage) -> None:
    assert await client.get_balance_and_cashback() > 0


@modern("get_available_countries", "getTopCountriesByService")
async def _(client: Any, stage: Stage) -> None:
    rows = await client.get_available_countries("vk", freePrice=True)
    assert {"country", "count", "price", "retail_price", "freePriceMap"} <= rows["0"].keys()


@modern("get_available_countries_by_rank")
async def _(client: Any, stage: Stage) -> None:
    # It calls the plain action (protocol.md 2.2).
    assert await client.get_available_countries_by_rank("vk") == await client.get_available_countries("vk")


@modern("get_count_numbers", "getNumbersStatus")
async def _(client: Any, stage: Stage) -> None:
    assert (await client.get_count_numbers("0", "tele2"))["tg_0"] > 0


@modern("get_operators", "getOperators")
async def _(client: Any, stage: Stage) -> None:
    assert "mts" in (await client.get_operators("0"))["countryOperators"]["0"]
    with refused("OPERATORS_NOT_FOUND"):
        await client.get_operators("9999")


@modern("get_active_activations", "getActiveActivations")
async def _(client: Any, stage: Stage) -> None:
    lease_id, _ = stage.lease()
    active = (await client.get_active_activations())["activeActivations"]
    assert lease_id in [row["activationId"] for row in active]


@modern("get_activation_status_v1", "getStatus")
async def _(client: Any, stage: Stage) -> None:
    lease_id, phone = stage.lease()
    assert await client.get_activation_status_v1(lease_id) == (ActivationStatus.WAIT, None)
    await deliver(stage, phone, "Telegram code 45678")
    assert await client.get_activation_status_v1(lease_id) == (ActivationStatus.OK, "45678")
    with refused("NO_ACTIVATION"):
        await client.get_activation_status_v1("1")


@modern("get_activation_status", "getStatusV2")
async def _(client: Any, stage: Stage) -> None:
    lease_id, phone = stage.lease()
    waiting = await client.get_activation_status(lease_id)
    assert (waiting.verification_type, waiting.sms, waiting.call) == (0, None, None)
    await deliver(stage, phone, "Telegram code 90210")
    status = await client.get_activation_status(lease_id)
    assert (status.sms.code, status.sms.text) == ("90210", "Telegram code 90210")


@modern("wait_sms_code")
async def _(client: Any, stage: Stage) -> None:
    lease_id, phone = stage.lease()
    waiting = asyncio.create_task(client.wait_sms_code(lease_id, timeout=60, per_attempt=0.05))
    await deliver(stage, phone, "Telegram code 33445")
    assert await waiting == "33445"
    # It asks for one more code by itself.
    assert await client.get_activation_status_v1(lease_id) == (ActivationStatus.RETRY, "33445")


@modern("purchase", "getNumberV2")
async def _(client: Any, stage: Stage) -> None:
    number = await client.purchase(
        "tg", country=0, operator="tele2", forward=False, maxPrice=0.5, phoneException="7918", activationType=0,
        userId="u1", ref="partner", useCashBack=True, orderId="aio-1",
    )  # fmt: skip
    assert number.phone_number.startswith("7952")
    assert (number.operator, number.activation_cost, number.country_code) == ("tele2", 0.1, "0")
    with refused("ORDER_ALREADY_EXISTS"):
        await client.purchase("tg", country=0, orderId="aio-1")
    with refused("WRONG_MAX_PRICE"):
        await client.purchase("tg", country=0, maxPrice=0.01)
    with refused("WRONG_EXCEPTION_PHONE"):
        await client.purchase("tg", country=0, phoneException="7")
    voice = await client.purchase("vk", country=0, activationType=2, language="ru-RU")
    assert voice.activation_cost == 0.3
    # Number forgets to await what it calls: nothing is sent.
    with pytest.warns(RuntimeWarning, match="never awaited"):
        assert await Number.get_activation_status(number) is None


@modern("get_number", "getNumber", "purchase_v1")
async def _(client: Any, stage: Stage) -> None:
    word, lease_id, phone = (await client.get_number("tg", country=0)).split(":")
    assert (word, lease_id.isdigit(), phone.isdigit()) == ("ACCESS_NUMBER", True, True)
    with refused("NO_NUMBERS"):
        await client.get_number("tg", country=3)


@modern("get_multi_service_number", "getMultiServiceNumber")
async def _(client: Any, stage: Stage) -> None:
    stage.lease()  # so that there is a list at all
    before = len((await client.get_active_activations())["activeActivations"])
    with broken_by_a_list():
        await client.get_multi_service_number("fb,av", multiForward="0,1", operator="tele2", country="0")
    assert len((await client.get_active_activations())["activeActivations"]) == before + 2
    # It sends the country under a name with a blank behind it.
    with refused("NO_NUMBERS"):
        await client.get_multi_service_number("fb,av", country="9999")


@modern("set_activation_status", "setStatus")
async def _(client: Any, stage: Stage) -> None:
    lease_id, phone = stage.lease()
    assert (await client.set_activation_status(lease_id, SetActivationStatus.READY)).value == "ACCESS_READY"
    await deliver(stage, phone, "Telegram code 45678")
    assert (await client.set_activation_status(lease_id, SetActivationStatus.AGAIN)).value == "ACCESS_RETRY_GET"
    assert (await client.set_activation_status(lease_id, 6)).value == "ACCESS_ACTIVATION"
    with refused("BAD_STATUS"):
        await client.set_activation_status(lease_id, 8)
    assert (await client.set_activation_status(stage.lease()[0], 8)).value == "ACCESS_CANCEL"


@modern("get_history", "getHistory")
async def _(client: Any, stage: Stage) -> None:
    with broken_by_a_list():
        await client.get_history(limit=5)
    with refused("WRONG_DATE"):
        await client.get_history(start=1, end=2_000_000_000)


@modern("get_list_top_countries", "getListOfTopCountriesByService")
async def _(client: Any, stage: Stage) -> None:
    with broken_by_a_list():
        await client.get_list_top_countries("tg")


@modern("get_incoming_call_status", "getIncomingCallStatus")
async def _(client: Any, stage: Stage) -> None:
    lease_id, _ = stage.lease(service="vk", activationType="1")
    assert await client.get_incoming_call_status(lease_id) == {"status": "2", "phone": False}
    with refused("INVALID_ACTIVATION_ID"):
        await client.get_incoming_call_status("x")


@modern("get_service")
async def _(client: Any, stage: Stage) -> None:
    # It looks a country up among positions, so it works for the one whose number is its own position (protocol.md 2.2).
    top = await client.get_available_countries("vk", freePrice=True)
    assert top["0"]["country"] == 0
    service = await client.get_service("vk", 0)
    assert (service.code, service.price, service.retail_price) == ("vk", 0.1, 0.1)
    assert int(service.count) > 0
    with pytest.raises(KeyError):
        await client.get_service("vk", 187)


@modern("get_prices", "getPrices")
async def _(client: Any, stage: Stage) -> None:
    assert (await client.get_prices("vk", 1))["1"]["vk"]["cost"] == 0.2


@modern("get_rank_prices")
async def _(client: Any, stage: Stage) -> None:
    row = (await client.get_rank_prices("vk", 0, freePrice=False))["0"]["vk"]
    assert {"cost", "count", "physicalCount"} <= row.keys()


@modern("get_prices_verification", "getPricesVerification")
async def _(client: Any, stage: Stage) -> None:
    row = (await client.get_prices_verification("vk"))["vk"]["0"]
    assert float(row["price"]) == 0.3
    assert row["count"] > 0


@modern("get_countries", "getCountries")
async def _(client: Any, stage: Stage) -> None:
    assert (await client.get_countries())["0"]["eng"] == "Russia"


@modern("get_service_list", "getServicesList")
async def _(client: Any, stage: Stage) -> None:
    services = (await client.get_service_list(country="1", lang="ru"))["services"]
    assert {"code": "vk", "name": "Вконтакте"} in services


@modern("get_service_name")
async def _(client: Any, stage: Stage) -> None:
    assert await client.get_service_name("vk", "en") == "vk.com"


@modern("get_additional_service", "getAdditionalService")
async def _(client: Any, stage: Stage) -> None:
    lease_id, phone = await asyncio.to_thread(stage.forwarded)
    additional_id, same = await client.get_additional_service("ig", lease_id)
    assert (additional_id.isdigit(), same) == (True, phone)
    with refused("WRONG_SECURITY"):
        await client.get_additional_service("fx", stage.lease()[0])


@modern("check_extra_activation", "checkExtraActivation")
async def _(client: Any, stage: Stage) -> None:
    lease_id, phone = await asyncio.to_thread(stage.finished)
    quote = await client.check_extra_activation(lease_id)
    assert quote == {"status": "success", "cost": 0.1, "service": "tg", "phone": int(phone), "country": 0}
    with refused("WRONG_ACTIVATION_ID"):
        await client.check_extra_activation(1)


@modern("get_extra_activation", "getExtraActivation")
async def _(client: Any, stage: Stage) -> None:
    lease_id, phone = await asyncio.to_thread(stage.finished)
    again_id, same = await client.get_extra_activation(lease_id)
    assert (again_id != lease_id, same) == (True, phone)
    with refused("NEW_ACTIVATION_IMPOSSIBLE"):
        await client.get_extra_activation(stage.lease()[0])


@modern("parse_call", "parseCall")
async def _(client: Any, stage: Stage) -> None:
    lease_id, _ = stage.lease(service="vk", activationType="2", language="en")
    with refused("NO_CALL"):
        await client.parse_call(lease_id, "ru")


@modern("buy_partner_product", "buyPartnerProduct")
async def _(client: Any, stage: Stage) -> None:
    bought = await client.buy_partner_product(str(stage.products["software"]))
    assert (bought["status"], bought["manual"]) == ("success", MANUAL)
    assert bought["key"].startswith("software-")
    with refused("BAD_DATA"):
        await client.buy_partner_product("9999")
    with refused("NO_NUMBERS"):
        await client.buy_partner_product(str(stage.products["sold out"]))
    with refused("NO_BALANCE"):
        await client.buy_partner_product(str(stage.products["dear"]))


async def rent(stage: Stage) -> tuple[str, str]:
    return await asyncio.to_thread(stage.rent)


@modern("get_rent_services_and_countries", "getRentServicesAndCountries")
async def _(client: Any, stage: Stage) -> None:
    # All its names but the last end in a blank (protocol.md 1.4).
    found = await client.get_rent_services_and_countries(24, "vodafone", RENTED, 840, True)
    assert (found["services"]["full"]["cost"], found["currency"]) == (3, 840)
    with refused("OUT_OF_STOCK"):
        await client.get_rent_services_and_countries(country=9999)


@modern("get_rent_number", "getRentNumber")
async def _(client: Any, stage: Stage) -> None:
    rented = await client.get_rent_number("tg", 24, "vodafone", RENTED, "https://hooks.example/rent", True)
    assert rented["phone"]["number"].startswith("4915")
    with refused("BAD_SERVICE"):
        await client.get_rent_number("nope", country=RENTED)
    with refused("INVALID_TIME"):
        await client.get_rent_number("tg", 3, country=RENTED)


@modern("get_rent_status", "getRentStatus")
async def _(client: Any, stage: Stage) -> None:
    rent_id, phone = await rent(stage)
    await deliver(stage, phone, "Telegram code 45678")
    await deliver(stage, phone, "Telegram code 45679")
    found = await client.get_rent_status(rent_id, page=1, size=1)
    assert (found["quantity"], found["values"]["0"]["text"]) == ("2", "Telegram code 45678")
    with refused("INVALID_PHONE"):
        await client.get_rent_status("1")


@modern("set_rent_status")
async def _(client: Any, stage: Stage) -> None:
    # It asks for the status instead of setting it (protocol.md 3.4).
    rent_id, phone = await rent(stage)
    await deliver(stage, phone, "Telegram code 45678")
    assert (await client.set_rent_status(rent_id, 1))["quantity"] == "1"


@modern("get_rent_list", "getRentList")
async def _(client: Any, stage: Stage) -> None:
    rent_id, phone = await rent(stage)
    found = await client.get_rent_list(rent_id, 1, 1)
    assert found["values"] == {"0": {"id": rent_id, "phone": phone}}


@modern("continue_rent_number", "continueRentNumber")
async def _(client: Any, stage: Stage) -> None:
    rent_id, phone = await rent(stage)
    longer = await client.continue_rent_number(rent_id, 20)
    assert (longer["phone"]["id"], longer["phone"]["number"]) == (int(rent_id), phone)
    with refused("MAX_HOURS_EXCEED"):
        await client.continue_rent_number(rent_id, 1_344)


@modern("continue_rent_info")
async def _(client: Any, stage: Stage) -> None:
    # A comma is missing in it, so that it never asks anybody (protocol.md 3.7).
    with pytest.raises(TypeError):
        await client.continue_rent_info((await rent(stage))[0], 4, None)


@modern("get_continue_rent_price_number", "getContinueRentPriceNumber")
async def _(client: Any, stage: Stage) -> None:
    price = await client.get_continue_rent_price_number((await rent(stage))[0], 20, "840")
    assert price == {"status": "success", "price": 2, "currency": 840}


@pytest.mark.parametrize("names", MODERN, ids=lambda names: names[0])
async def test_the_modern_client(stage: Stage, names: tuple[str, ...]) -> None:
    client = stage.watched(SmsActivate(stage.key, base_url=stage.server.url))
    await MODERN[names](client, stage)
    assert names[0] in stage.called


@pytest.mark.unit
def test_every_method_of_the_modern_client_is_called() -> None:
    covered = {name for names in MODERN for name in names}
    assert methods(SmsActivate) == covered
    for first, *aliases in MODERN:
        first_function = inspect.unwrap(vars(SmsActivate)[first])
        assert all(inspect.unwrap(vars(SmsActivate)[alias]) is first_function for alias in aliases)
