"""Currencies and their rates, which only show prices: what is booked is booked in the account's own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from numbank.catalogue.rates import Rates, currencies
from numbank.errors import NotFound
from numbank.rest.call import Call
from numbank.rest.v2 import V2
from numbank.rest.v2.shown import EXAMPLE_DATE

DIGITS = 6


class CurrencyNames(msgspec.Struct, frozen=True):
    """The letters of each currency by its number."""

    data: Annotated[dict[str, str], Meta(examples=[{"840": "USD"}])]


class CurrencyRates(msgspec.Struct, frozen=True):
    """How many units of each currency one unit is, and when the newest of them was set."""

    updated_utc: Annotated[str, Meta(examples=[EXAMPLE_DATE], extra_json_schema={"format": "date-time"})]
    updated_unix: int
    rates: Annotated[dict[str, float], Meta(examples=[{"643": 81.4522, "840": 1}])]


class OneCurrency(msgspec.Struct, frozen=True):
    """The rates of a currency."""

    data: CurrencyRates


@V2.operation("GET", "/currencies", reply=CurrencyNames, public=True)
async def list_currencies(call: Call) -> CurrencyNames:
    """The currencies that prices can be shown in."""
    letters = {one.number: one.letters for one in currencies().values()}
    known = sorted(_known(await call.desks.rates()))
    return CurrencyNames({str(number): letters.get(number, str(number)) for number in known})


@V2.operation("GET", "/currencies/{currency}/rates", reply=OneCurrency, refusals=(NotFound,), public=True)
async def list_rates(call: Call) -> OneCurrency:
    """How many units of the other currencies one unit of a currency is."""
    rates = await call.desks.rates()
    known = _known(rates)
    if call.path_id not in known:
        raise NotFound
    of = known[call.path_id]
    at = (rates.changed_at or datetime.fromtimestamp(0, UTC)).astimezone(UTC)
    shown = {str(number): round(rate / of, DIGITS) for number, rate in sorted(known.items())}
    return OneCurrency(CurrencyRates(at.strftime("%Y-%m-%dT%H:%M:%SZ"), int(at.timestamp()), shown))


def _known(rates: Rates) -> dict[int, float]:
    return {number: float(rate) for number, rate in rates.by_number.items()} | {rates.bank: 1.0}
