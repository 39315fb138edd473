"""Rentals in every state, with messages, extensions and what they go on with; part of the used bank."""

from __future__ import annotations

from datetime import timedelta

from numbank.rent.change import ChangeDesk
from numbank.rent.model import ChangeRequest, Rental
from numbank.rent.states import Event
from numbank.server.app import App
from numbank.supply import numbers
from tests.rent.support import RENTABLE, Renter, older, terms
from tests.support import Shop, push, ring

# A country of their own: the other parts of the used bank know their numbers.
COUNTRY = 60


async def use_rentals(app: App, shop: Shop) -> None:
    """Rent, extend, receive, cancel, finish, lose."""
    await terms(shop, "full", "tg", country=COUNTRY)
    await shop.numbers(12, country=COUNTRY, abilities=RENTABLE | numbers.CALL)
    rita = await Renter.new(app, shop)
    firm, fresh = await rita.rent(country=COUNTRY, calls=True), await rita.rent(country=COUNTRY)
    for text in ("one", "Telegram code 12345", "three"):
        await push(app, firm.e164, text)
    await ring(app, firm.e164, "447911123456")
    await rita.extend(firm, 4)
    await rita.extend(fresh, 20)
    single = await rita.rent("tg", country=COUNTRY)
    await push(app, single.e164, "Telegram code 55555")
    await rita.change(single, Event.FINISH)
    await rita.extend(single, 24)
    cancelled, lost, voided = [await rita.rent(country=COUNTRY) for _ in range(3)]
    await rita.change(cancelled, Event.CANCEL)
    await push(app, lost.e164, "firm")
    await rita.change(lost, Event.LOST, bank=True)
    await rita.change(voided, Event.LOST, bank=True)
    half = await rita.rent(country=COUNTRY)
    await push(app, half.e164, "firm")
    await older(shop, half, timedelta(hours=2))
    desk = ChangeDesk(cool_down_s=0, unused_rest_s=0, unused_tries=1, pro_rata=True)
    async with shop.connection.transaction():
        await desk.serve(shop.connection, [ChangeRequest(half.id, Event.LOST)])
    over = await rita.rent(country=COUNTRY)
    await older(shop, over, timedelta(hours=4))
    await rita.change(over, Event.EXPIRE, bank=True)
    await use_webhook(shop, firm)


async def use_webhook(shop: Shop, rental: Rental) -> None:
    """An endpoint that a rental names, which took one message at the second try; nobody sends in these tests."""
    connection = shop.connection
    hook_id = await connection.fetchval(
        "insert into hook (account_id, url, secret, off_reason, rents, used_at)"
        " values ($1, 'http://rent.example/', '', 'off', true, now()) returning id",
        rental.account_id,
    )
    await connection.execute("update rent set hook_id = $2 where id = $1", rental.id, hook_id)
    delivery_id = await connection.fetchval(
        "insert into delivery (hook_id, account_id, kind, lease_id, message_id, state, created_at, ended_at)"
        " select $1, $2, 2, -$3::bigint, min(message_id), 1, now(), now() from rent_message where rent_id = $3 returning id",
        hook_id, rental.account_id, rental.id,
    )  # fmt: skip
    await connection.execute(
        "insert into attempt (delivery_id, at, status, ms, error)"
        " values ($1, now(), 500, 7, 'status'), ($1, now(), 200, 7, null)", delivery_id,
    )  # fmt: skip
