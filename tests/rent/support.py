"""What tests of rentals stand on: a bank with terms and numbers, and a customer who goes straight to the desks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from numbank.db.checks import run
from numbank.db.pool import connect
from numbank.errors import Refusal
from numbank.rent.model import ChangeRequest, ExtendRequest, Inbox, Rental, RentRequest
from numbank.rent.states import Event, State
from numbank.server.app import App
from numbank.supply import numbers
from tests.support import Shop

COUNTRY = 0
# 4 h for 1.00, a day for 3.00, a week for 10.00.
TERMS = ((4, 10_000), (24, 30_000), (168, 100_000))
RENTABLE = numbers.SMS | numbers.RENT
START = 1_000_000


async def terms(
    shop: Shop, *codes: str, country: int = COUNTRY, table: tuple[tuple[int, int], ...] = TERMS
) -> dict[str, int]:
    """Terms for services; gives their ids."""
    ids = {}
    for code in codes:
        ids[code] = await shop.connection.fetchval("select id from service where code = $1", code)
        for hours, price in table:
            await shop.connection.execute(
                "insert into rent_term (country_id, service_id, hours, price) values ($1, $2, $3, $4)"
                " on conflict (country_id, service_id, hours) do update set price = excluded.price",
                country, ids[code], hours, price,
            )  # fmt: skip
    await shop.connection.execute("update country set rent = true where id = $1", country)
    return ids


async def clean(dsn: str) -> None:
    """Everything that verify proves holds."""
    from numbank.cli.verify import ALL

    async def open_one() -> Any:
        return await connect(dsn, hot=False, command_timeout_s=60)

    findings = await run(open_one, ALL)
    wrong = {one.check: one.examples for one in findings if one.differences}
    assert not wrong, wrong


class Renter:
    """A customer who goes straight to the desks."""

    def __init__(self, app: App, shop: Shop, account_id: int, key: str = "") -> None:
        self.app = app
        self.shop = shop
        self.account_id = account_id
        self.key = key

    @classmethod
    async def new(cls, app: App, shop: Shop, balance: int = START) -> Renter:
        """A customer with money."""
        account_id, key = await shop.customer(balance)
        return cls(app, shop, account_id, key)

    def service(self, code: str) -> int:
        return self.app.bank.catalogue.by_code[code].id

    async def try_rent(self, code: str = "full", hours: int = 4, **more: Any) -> Rental | Refusal:
        """A rental or a refusal."""
        request = RentRequest(self.account_id, more.pop("country", COUNTRY), self.service(code), hours, **more)
        return await self.app.bank.desks.rent.rent(request)

    async def rent(self, code: str = "full", hours: int = 4, **more: Any) -> Rental:
        """A rental that must be had."""
        rental = await self.try_rent(code, hours, **more)
        assert isinstance(rental, Rental), rental
        return rental

    async def try_extend(self, rental: Rental, hours: int, **more: Any) -> Rental | Refusal:
        return await self.app.bank.desks.rent.extend(ExtendRequest(self.account_id, rental.id, hours, **more))

    async def extend(self, rental: Rental, hours: int) -> Rental:
        extended = await self.try_extend(rental, hours)
        assert isinstance(extended, Rental), extended
        return extended

    async def change(self, rental: Rental, event: Event, *, bank: bool = False) -> State | Refusal:
        """An event, by the customer or the bank."""
        request = ChangeRequest(rental.id, event, None if bank else self.account_id)
        return await self.app.bank.desks.rent.change(request)

    async def one(self, rental: Rental) -> Rental:
        found = await self.app.bank.desks.rent.one(self.account_id, rental.id)
        assert isinstance(found, Rental)
        return found

    async def inbox(self, rental: Rental, page: int = 0, size: int = 10) -> Inbox | Refusal:
        return await self.app.bank.desks.rent.inbox(self.account_id, rental.id, page, size)

    async def cash(self) -> int:
        return await self.shop.cash(self.account_id)


async def older(shop: Shop, rental: Rental, by: timedelta) -> None:
    """Let a rental be as if it had begun earlier: time passed for it."""
    await shop.connection.execute(
        "update rent set created_at = created_at - $2::interval, cancel_until = cancel_until - $2::interval,"
        " ends_at = ends_at - $2::interval, due_at = due_at - $2::interval where id = $1",
        rental.id, by,
    )  # fmt: skip
    await shop.connection.execute("update rent_charge set at = at - $2::interval where rent_id = $1", rental.id, by)


async def hold_states(shop: Shop, rental: Rental) -> list[int]:
    rows = await shop.connection.fetch(
        "select h.state from rent_charge c join hold h on h.id = c.hold_id where c.rent_id = $1 order by h.id",
        rental.id,
    )
    return [row[0] for row in rows]


async def number_of(shop: Shop, rental: Rental) -> tuple[int, int | None]:
    """State and holder of its number."""
    row = await shop.connection.fetchrow("select state, holder from number where e164 = $1", rental.e164)
    assert row is not None
    return row[0], row[1]


async def spends(shop: Shop, account_id: int, cashback: int) -> None:
    """Cashback by an adjustment, and a customer who spends it."""
    await shop.connection.execute("update account set cashback = cashback + $2 where id = $1", account_id, cashback)
    await shop.connection.execute(
        "insert into entry (kind, debit, credit, currency, amount) values (7, -1, 2 * $1::bigint + 1, 840, $2)",
        account_id, cashback,
    )  # fmt: skip
    await shop.connection.execute("update customer set spend_cashback = true where id = $1", account_id)
