"""What the samples and the published clients buy from: numbers that can do everything, in the countries that they name."""

from __future__ import annotations

from typing import Protocol

from numbank.catalogue import edit, offers
from numbank.intake.door import Arrival
from numbank.messages.model import Medium
from numbank.server.app import App
from numbank.supply import numbers
from numbank.supply.numbers import CALL, FORWARD, SMS
from tests.support import Shop

SETTINGS: dict[str, object] = {"early_cancel_s": 0, "cool_down_s": 0, "additional_service_prices": "840=0.05"}
SERVICES = ("vk", "wa", "go", "ok", "vi", "av", "fb", "ig", "fx", "ot", "tg")
# Services that the samples forward, or buy beside a forwarded one.
FORWARDED = ("av", "ig", "fx", "ot")
POOL_ID = 1


class Asks(Protocol):
    """A customer who asks by GET."""

    async def get(self, action: str, **params: object) -> str:
        """One call; the body of the answer."""


async def stock(shop: Shop) -> None:
    """Numbers of tele2 and mts in country 0, some in country 1; SMS for every service, calls for two."""
    connection = shop.connection
    async with connection.transaction():
        for code in FORWARDED:
            await edit.service(connection, code, forward_capable=True, name=None, aliases=None)
        await edit.country(connection, 0, visible=None, retry=True, multi_service=True)
        supplier_id = (await offers.existing_supplier(connection, offers.OWN_POOL))[0]
        for country, operator, first in (
            (0, "tele2", 79_520_000_000),
            (0, "mts", 79_150_000_000),
            (1, "life", 380_630_000_000),
        ):
            operator_id = await offers.operator(connection, country, operator)
            e164s = list(range(first, first + 60))
            await numbers.add(connection, supplier_id, country, operator_id, e164s, SMS | CALL | FORWARD)
        await numbers.fold(connection)
    await shop.offer(*SERVICES, price=1_000)
    await shop.offer("vk", "tg", country=1, price=2_000)
    async with connection.transaction():
        for kind in (1, 2):
            for code in ("vk", "tg"):
                await offers.set_offer(
                    connection, shop.catalogue, country_id=0, code=code, price=3_000, operator_name="any",
                    supplier_name=offers.OWN_POOL, kind=kind,
                )  # fmt: skip


async def fill(app: App, shop: Shop) -> None:
    """Stock a bank in this process and wait until it has counted."""
    del app
    await stock(shop)
    await shop.counted()


async def call_lease(customer: Asks, **params: object) -> tuple[int, int]:
    """Lease a number that is verified by a call, as PHP's class asks for it; id and number."""
    answer = await customer.get("getNumber", service="vk", country=0, verification="true", **params)
    word, lease_id, e164 = answer.split(":")
    assert word == "ACCESS_NUMBER"
    return int(lease_id), int(e164)


async def ring(app: App, e164: int, caller: str, transcript: str = "") -> None:
    """A call comes in."""
    result = await app.bank.door.take(Arrival(POOL_ID, "", e164, caller, transcript, medium=Medium.CALL))
    assert not isinstance(result, Exception), result
