"""The golden files of rentals: their calls, and the rentals in every state that these are about."""

from __future__ import annotations

from collections.abc import Mapping

from numbank.catalogue import rates
from numbank.rent.model import ChangeRequest
from numbank.rent.states import Event
from numbank.server.app import App
from numbank.supply.numbers import CALL, RENT, SMS
from tests.rent.support import terms
from tests.support import Caller, Shop, push, ring
from tests.wire.golden_case import NOBODYS, Case, case

# A country of their own: what others count stays as it is.
COUNTRY = 43
HERE = {"country": str(COUNTRY)}

GOOD: dict[str, dict[str, Case]] = {
    "getRentServicesAndCountries": {
        "ok": Case(HERE),
        "a day in euros": Case(HERE | {"rent_time": "24", "currency": "978"}),
        "with calls": Case(HERE | {"incomingCall": "true"}),
    },
    "getRentNumber": {"ok": Case(HERE | {"service": "tg"}), "full": Case(HERE | {"service": "full", "time": "24"})},
    "getRentStatus": {
        "ok": case(id="{told}"),
        "second page": case(id="{told}", page="1", size="1"),
        "a call": case(id="{heard}"),
    },
    "setRentStatus": {"1": case(id="{finishing rent}", status="1"), "2": case(id="{cancelling rent}", status="2")},
    "getRentList": {"ok": case("tenant"), "second page": case(page="2", length="3")},
    "continueRentNumber": {"ok": case(id="{rented}", rent_time="20"), "again": case(id="{again}")},
    "getContinueRentPriceNumber": {
        "ok": case(id="{told}", rent_time="20"),
        "in euros": case(id="{told}", rent_time="20", currency="EUR"),
    },
    "continueRentInfo": {
        "ok": case(id="{told}", hours="20"),
        "history": case(id="{told}", hours="20", needHistory="true"),
    },
}

ABOUT_ONE: dict[str, dict[str, str]] = {
    "getRentStatus": {}, "setRentStatus": {"status": "1"}, "continueRentNumber": {}, "getContinueRentPriceNumber": {},
    "continueRentInfo": {},
}  # fmt: skip
GOING_ON = ("continueRentNumber", "getContinueRentPriceNumber", "continueRentInfo")

PARTICULAR: dict[tuple[str, str], Case] = {
    **{(action, "NoRentId"): Case(more) for action, more in ABOUT_ONE.items()},
    **{(action, "NoRent"): Case({"id": NOBODYS} | more) for action, more in ABOUT_ONE.items()},
    **{
        (action, name): Case({"id": f"{{{rental}}}"} | ABOUT_ONE[action])
        for action in ("getRentStatus", "setRentStatus")
        for name, rental in (
            ("RentFinished", "finished rent"), ("RentCancelled", "cancelled rent"), ("RentRevoked", "revoked"),
        )
    },
    **{(action, "BadHours"): case(id="{told}", rent_time="3") for action in GOING_ON},
    **{(action, "TooManyHours"): case(id="{told}", rent_time="1344") for action in GOING_ON},
    **{(action, "RentDead"): case(id="{cancelled rent}") for action in GOING_ON},
    **{(action, "ServiceDenied"): case(id="{denied rent}") for action in GOING_ON},
    ("getRentServicesAndCountries", "BadHours"): Case(HERE | {"rent_time": "3"}),
    ("getRentServicesAndCountries", "OutOfStock"): case(country="9999"),
    ("getRentNumber", "BadHours"): Case(HERE | {"service": "tg", "rent_time": "1345"}),
    ("getRentNumber", "BadUrl"): Case(HERE | {"service": "tg", "url": "http://127.0.0.1/"}),
    ("getRentNumber", "BadService"): Case(HERE | {"service": "nope"}),
    ("getRentNumber", "ServiceDenied"): Case(HERE | {"service": "dn"}),
    ("getRentNumber", "NoNumbers"): Case(HERE | {"service": "wa"}),
    ("getRentNumber", "NoBalance"): Case(HERE | {"service": "tg"}, "poor"),
    ("getRentStatus", "NoMessages"): case(id="{silent}"),
    ("setRentStatus", "BadRentStatus"): case(id="{told}", status="3"),
    ("setRentStatus", "NotCancellable"): case(id="{told}", status="2"),
    ("getRentList", "NoRents"): case("poor"),
    ("continueRentNumber", "NoBalance"): case("tenant", id="{tenant's}", rent_time="20"),
}  # fmt: skip

# What becomes of the rentals of `rich`; the others wait.
ENDS = {
    "finished rent": Event.FINISH, "cancelled rent": Event.CANCEL, "revoked": Event.LOST, "again": Event.FINISH,
}  # fmt: skip
WAITING = ("rented", "silent", "finishing rent", "cancelling rent")


async def stock(app: App, shop: Shop) -> None:
    """Numbers, terms and a rate."""
    await shop.numbers(60, country=COUNTRY, operator="vodafone", first=79_600_000_000, abilities=SMS | CALL | RENT)
    await terms(shop, "full", "tg", "oi", country=COUNTRY, table=((4, 1_000), (24, 3_000), (168, 10_000)))
    async with shop.connection.transaction():
        await rates.put(shop.connection, 840, {978: rates.parse_rate("0.92")})
    await shop.counted()


async def make(app: App, callers: Mapping[str, Caller]) -> dict[str, str]:
    """Rentals in every state; their ids by name."""
    ids: dict[str, str] = {}

    async def rent(name: str, who: str = "rich", service: str = "tg", **more: str) -> int:
        answer = await callers[who].json("getRentNumber", service=service, **HERE, **more)
        assert answer["status"] == "success", (name, answer)
        ids[name] = str(answer["phone"]["id"])
        return int(answer["phone"]["number"])

    await ring(app, heard := await rent("heard", incomingCall="true"), "79990001234", "your code is 4 8 2 1 3")
    # As when its recording was fetched; the audio is nobody's business here.
    await app.bank.pool.execute("update message set recorded = true where e164 = $1", heard)
    for name in (*WAITING, *ENDS):
        await rent(name)
    e164 = await rent("told", service="full")
    await rent("denied rent", service="oi")
    await rent("tenant's", who="tenant")
    for text in ("Your Telegram code: 48213", "Hello"):
        await push(app, e164, text)
    for name, event in ENDS.items():
        assert not isinstance(await app.bank.desks.rent.change(ChangeRequest(int(ids[name]), event)), Exception)
    return ids
