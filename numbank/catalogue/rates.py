"""Rates: how many units of a currency one unit of the bank's is. They only show prices; nothing is booked by them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import msgspec

from numbank.catalogue.tables import rows
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.reads import answered
from numbank.errors import OperatorError

Q = Queries("numbank.catalogue", "rates.sql")

# Far beyond what any two currencies are to each other.
MOST = Decimal(10) ** 9
LEAST = Decimal(10) ** -9
MOST_DECIMALS = 12


class Currency(msgspec.Struct, frozen=True):
    """A currency by its ISO 4217 number and letters."""

    number: int
    letters: str
    name: str


class Rate(msgspec.Struct, frozen=True):
    """The rate of a currency as the operator set it."""

    currency: Currency
    rate: Decimal
    changed_at: datetime


class Rates(msgspec.Struct, frozen=True):
    """All rates by the number of the currency; `bank` is the currency that they are rates of, `changed_at` the newest."""

    bank: int
    by_number: Mapping[int, Decimal] = {}
    changed_at: datetime | None = None

    def shown(self, minor: int, held: int, wanted: int | None) -> tuple[int, int]:
        """An amount of currency `held` in the wanted one, rounded half up to 1/10,000, and that currency.

        As it is when none is wanted, or there is no rate.
        """
        to, of = self._rate(wanted), self._rate(held)
        if wanted is None or wanted == held or to is None or of is None:
            return minor, held
        return int((minor * to / of).to_integral_value(ROUND_HALF_UP)), wanted

    def _rate(self, number: int | None) -> Decimal | None:
        return Decimal(1) if number == self.bank else None if number is None else self.by_number.get(number)


@functools.cache
def currencies() -> dict[str, Currency]:
    """The currencies of the world by their letters and by their number, with and without zeros in front."""
    known: dict[str, Currency] = {}
    for row in rows("currencies"):
        one = Currency(int(row["numeric"]), row["alpha3"], row["name_en"])
        known |= {one.letters: one, row["numeric"]: one, str(one.number): one}
    return known


def currency(text: str) -> Currency | None:
    """The currency of a number or of three letters; None for what is none."""
    return currencies().get(text.strip().upper())


def existing(text: str) -> Currency:
    """The same; OperatorError for what is none."""
    found = currency(text)
    if found is None:
        raise OperatorError(f"{text!r} is no currency: expected letters or the number of ISO 4217, e.g. EUR or 978")
    return found


def parse_rate(text: str) -> Decimal:
    """A rate as it was typed; OperatorError for what cannot be one."""
    try:
        rate = Decimal(text.strip())
    except InvalidOperation:
        rate = Decimal(0)
    exponent = rate.as_tuple().exponent
    if not rate.is_finite() or not LEAST <= rate <= MOST or not isinstance(exponent, int) or -exponent > MOST_DECIMALS:
        raise OperatorError(f"{text!r} is no rate: expected a number above 0 with at most {MOST_DECIMALS} decimals")
    return rate


async def put(tx: Connection, bank: int, rates: Mapping[int, Decimal]) -> None:
    """Set rates; those of other currencies stay. OperatorError for the bank's own currency, which is always 1."""
    if bank in rates:
        raise OperatorError(f"currency {bank} is the bank's own: its rate is 1")
    await tx.execute(Q.put_rates, list(rates), list(rates.values()))


async def remove(tx: Connection, number: int) -> None:
    """Remove the rate of a currency."""
    if await tx.fetchval(Q.remove_rate, number) is None:
        raise OperatorError(f"there is no rate of currency {number}")


async def listed(connection: Connection | Pool) -> list[Rate]:
    """All rates in the order of the letters."""
    known = {one.number: one for one in currencies().values()}
    found = [
        Rate(known.get(number, Currency(number, str(number), "")), rate, changed_at)
        for number, rate, changed_at in await connection.fetch(Q.rates)
    ]
    return sorted(found, key=lambda one: one.currency.letters)


@answered
async def read(pool: Pool, bank: int) -> Rates:
    """The rates as they are now: prices in other currencies are asked for rarely, so nothing is kept."""
    found = await pool.fetch(Q.rates)
    return Rates(bank, {number: rate for number, rate, _ in found}, max((at for *_, at in found), default=None))
