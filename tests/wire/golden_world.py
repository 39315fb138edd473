"""The bank behind the golden files: customers of every kind and leases in every state, once per dialect."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import cast

from numbank.catalogue import edit, offers
from numbank.customers import bans
from numbank.intake.door import Arrival
from numbank.messages.model import Medium
from numbank.policy import denied, regions
from numbank.server.app import App
from numbank.supply import lines
from numbank.supply.numbers import CALL, FORWARD, SMS
from tests.support import Caller, Shop, push, until
from tests.wire import golden_goods, golden_rent
from tests.wire.golden_cases import ELSEWHERE
from tests.wire.sample_goods import verify_resellers

# Settings that some refusals need, and none that take their time.
SETTINGS: dict[str, object] = {
    "early_cancel_s": 0, "early_cancel_overrides": "go=60", "forward_surcharge_minor": 5_000, "cool_down_s": 3600,
    "statistics_fold_s": 0.02, "additional_service_prices": "840=0.05", "mailbox_early_cancel_s": 0,
}  # fmt: skip

# What differs from run to run is not what a golden file is about; quotes around it are.
MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"), "<RFC 3339>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?![\d.Z+])"), "<local time>"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "<date>"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d-\d\d-\d\d"), "<banned until>"),
    (re.compile(r'(?<="id":")\d+(?=")'), "<digits>"),
    # Counts of the large pool, in which other cases lease; those of the small one are exact.
    (re.compile(r'(?<=")((?:c|physicalC)ount|\d+\.\d+)":\d{3}(?=[,}])'), r'\1":<many>'),
    # How often somebody rented until he was told to slow down depends on the machine.
    (re.compile(r'(?<="quant":)[1-9]\d*'), "<many>"),
    (re.compile(r"(?<!\d)[1-9]\d{8}(?!\d)"), "<id>"),
    (re.compile(r"(?<!\d)7\d{10}(?!\d)"), "<phone>"),
    (re.compile(r"(?<=/v1/recordings/)\d+"), "<id>"),
    *golden_goods.MASKS,
)
LONGEST = 1_500
PRICE, SURCHARGE = 1_000, 5_000
TEXTS = {"tg": "Your Telegram code", "av": "Your Avito code", "oi": "Your Tinder code"}

# Leases of the customer `rich` for the service tg, by what becomes of them.
WAITING = ("waiting", "cancelling", "cancelled", "cancelled 2", "resend")
CODED = ("code", "retrying", "coded", "finishing", "finishing 2", "successful", "successful 2", "taken", "offline")


def masked(body: str) -> str:
    """The body without what chance put in, and without the bulk of a long list."""
    for pattern, blank in MASKS:
        body = pattern.sub(blank, body)
    return body if len(body) <= LONGEST else f"{body[:LONGEST]}<and {len(body) - LONGEST} characters more>"


async def stock(app: App, shop: Shop) -> None:
    """Numbers, prices and policy for both dialects."""
    connection = shop.connection
    async with connection.transaction():
        for code in ("av", "fx"):
            await edit.service(connection, code, forward_capable=True, name=None, aliases=None)
    await shop.numbers(200, operator="mts", first=79_500_000_000, abilities=SMS | CALL | FORWARD)
    await golden_rent.stock(app, shop)
    await shop.numbers(9, country=2, operator="beeline", first=77_010_000_000)
    await shop.offer("tg", "go", "av", "vk", "oi")
    await shop.offer("av", "vk", country=2, price=12_345)
    async with connection.transaction():
        for kind in (1, 2):
            await offers.set_offer(
                connection, shop.catalogue, country_id=0, code="vk", price=3_000, operator_name="any",
                supplier_name=offers.OWN_POOL, kind=kind,
            )  # fmt: skip
        await regions.decide(connection, f"{ELSEWHERE}/32", allowed=False, reason="golden")
    await connection.executemany(
        "insert into tally (day, country_id, service_id, supplier_id, leased, delivered)"
        " values ((bank_now() at time zone 'utc')::date, $1, $2, 1, $3, $4)",
        [(country, shop.catalogue.by_code["mm"].id, *sales) for country, sales in ((0, (30, 15)), (2, (10, 8)))],
    )
    # Calls can be asked for from the own pool, and nobody places them: they stay as they were asked for.
    cast(dict[int, object], app.bank.calls.desk._runners)[1] = object()
    await deny(app, shop, "dn")
    await shop.counted()


async def deny(app: App, shop: Shop, code: str, *, denied_now: bool = True) -> None:
    """Deny a service for sale, or lift that, and wait until this node knows."""
    service_id = shop.catalogue.by_code[code].id
    async with shop.connection.transaction():
        await denied.decide(shop.connection, service_id, denied=denied_now, reason="golden")

    async def known() -> bool:
        return (service_id in app.bank.policy.denied) is denied_now and app.bank.policy.watching

    await until(known)


async def customers(shop: Shop) -> dict[str, str]:
    """Keys by kind of customer."""
    ids, keys = {}, {}
    balances = {
        "poor": 0, golden_goods.PAYER: PRICE, "tenant": PRICE, "short": 2 * PRICE, "spent": PRICE + SURCHARGE,
        "spent 2": PRICE,
    }  # fmt: skip
    for who in ("rich", "inactive", "single", "blocked", "banned", "hasty", "nobody", "mailer", *balances):
        ids[who], keys[who] = await shop.customer(balance=balances.get(who, 1_000_000))
    # None of these keys was used before, so no node remembers them otherwise.
    await shop.connection.execute("update customer set active = false where id = $1", ids["inactive"])
    await shop.connection.execute("update customer set blocked = true where id = $1", ids["blocked"])
    await verify_resellers(shop, [ids[who] for who in golden_goods.RESELLERS])
    await shop.connection.execute("update customer set requests_per_s = 1 where id = $1", ids["hasty"])
    async with shop.connection.transaction():
        await bans.add(shop.connection, ids["banned"], until=None, for_=timedelta(days=1), reason="golden")
    return keys | {"none": "", "wrong": "0" * 32}


class Leases:
    """Makes leases; `ids` and `e164s` are those made so far, by name."""

    def __init__(self, app: App, shop: Shop, keys: dict[str, str]) -> None:
        self._app, self._shop = app, shop
        self._callers = {who: Caller(app, key) for who, key in keys.items()}
        self.ids: dict[str, str] = {}
        self.e164s: dict[str, int] = {}

    async def make(self) -> None:
        """All of them."""
        await deny(self._app, self._shop, "oi", denied_now=False)
        for name in WAITING:
            await self._lease(name)
        for name in CODED:
            await self._coded(name)
        await self._lease("codeless")
        await push(self._app, self.e164s["codeless"], "Hello from Telegram")
        await self._lease("guarded", service="go")
        await self._coded("forwarded", service="av", forward=1)
        await self._coded("denied", service="oi")
        for name in ("cancelled", "cancelled 2"):
            await self._status(name, 8)
        for name in ("successful", "successful 2", "taken", "offline", "denied"):
            await self._status(name, 6)
        await self._status("retrying", 3)
        await self._shop.connection.execute("update activation set state = 5 where id = $1", int(self.ids["resend"]))
        await self._of_others()
        self.ids |= await golden_rent.make(self._app, self._callers)
        self.ids |= await golden_goods.make(self._app, self._shop, self._callers)
        await self._calls()
        await self._twice_and_off()
        await deny(self._app, self._shop, "oi")
        await self._shop.counted()

    async def _of_others(self) -> None:
        """The only lease of a customer; leases that took all the money of theirs."""
        await self._lease("single's", who="single", service="vk", country=2)
        await self._coded("spent's", who="spent", service="av", forward=1)
        await self._coded("spent 2's", who="spent 2")
        await self._status("spent 2's", 6, who="spent 2")

    async def _calls(self) -> None:
        """Leases that wait for a call, and some whose call has come."""
        for name in ("calling", "rung", "called out"):
            await self._lease(name, service="vk", activationType=1)
        for name in ("speaking", "spoken", "spoken 2", "call cancelled"):
            await self._lease(name, service="vk", activationType=2, language="en")
        await self._ring("rung", "")
        await self._ring("spoken", "your code is 4 8 2 1 3")
        await self._ring("spoken 2", "your code is 4 8 2 1 3")
        await self._status("call cancelled", 8)
        answer = await self._callers["rich"].get("createTaskForCall", id=self.ids["called out"], phone=79990000001)
        assert answer == '{"status":"success"}'

    async def _twice_and_off(self) -> None:
        """A number that is leased again, and one whose line is off."""
        again = await self._callers["rich"].get("getExtraActivation", id=self.ids["taken"])
        assert again.startswith("ACCESS_NUMBER:")
        connection = self._shop.connection
        number_id = await connection.fetchval("select id from number where e164 = $1", self.e164s["offline"])
        async with connection.transaction():
            await lines.disconnect(connection, [number_id])

    async def _lease(self, name: str, *, who: str = "rich", service: str = "tg", **params: object) -> None:
        lease_id, self.e164s[name] = await self._callers[who].lease(service, **params)
        self.ids[name] = str(lease_id)

    async def _coded(self, name: str, *, who: str = "rich", service: str = "tg", **params: object) -> None:
        await self._lease(name, who=who, service=service, **params)
        await push(self._app, self.e164s[name], f"{TEXTS[service]}: 48213")

    async def _status(self, name: str, wanted: int, *, who: str = "rich") -> None:
        answer = await self._callers[who].get("setStatus", id=self.ids[name], status=wanted)
        assert answer.startswith("ACCESS_"), (name, answer)

    async def _ring(self, name: str, transcript: str) -> None:
        arrival = Arrival(1, "", self.e164s[name], "79990001234", transcript, medium=Medium.CALL, language="en")
        assert not isinstance(await self._app.bank.door.take(arrival), Exception)
