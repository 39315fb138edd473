"""number lost: quarantine, the rental on it, and what is refused."""

from __future__ import annotations

import asyncio
import json

import pytest

from numbank.errors import NoNumbers
from numbank.rent.model import Rental
from numbank.rent.states import State
from tests.cli.test_commands import failure
from tests.rent.support import RENTABLE, START, Renter, clean, number_of, terms
from tests.server.live import command
from tests.support import Caller, open_bank, until

pytestmark = pytest.mark.slow


async def test_a_lost_number_revokes_its_rental_and_is_never_given_again(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        await terms(shop, "full")
        first, second = await shop.numbers(2, abilities=RENTABLE)
        await shop.offer("wa")
        await shop.counted()
        ann = await Renter.new(app, shop)
        rental = await ann.rent()
        free = second if rental.e164 == first else first
        words = ("number", "lost", str(rental.e164), "--reason", "SIM broke", "--database-url", dsn)
        told = await asyncio.to_thread(command, *words)
        assert (
            told.stdout
            == f"number {rental.e164} is lost; rental {rental.id} is revoked, customer {ann.account_id} gets 1.00 back\n"
        )
        assert (await ann.one(rental)).state is State.REVOKED
        assert await ann.cash() == START
        assert await number_of(shop, rental) == (4, None)
        assert "lost already" in await asyncio.to_thread(failure, *words)
        told = await asyncio.to_thread(
            command, "number", "lost", str(free), "--reason", "gone", "--json", "--database-url", dsn
        )
        assert json.loads(told.stdout) == {"number": free, "rental": None, "customer": None, "back": "0.00"}
        _, key = await shop.customer()
        assert await Caller(app, key).get("getNumber", service="wa") == "NO_NUMBERS"
        acts = await shop.connection.fetchval("select count(*) from audit where act = 'number.lost'")
        assert acts == 2
        await shop.counted()
    await clean(dsn)


async def test_a_lost_number_that_is_found_rests_and_is_leased_again(dsn: str) -> None:
    async with open_bank(dsn, cool_down_s=0.0, sweep_every_s=0.05) as (app, shop):
        await terms(shop, "full", country=3)
        e164 = (await shop.numbers(1, country=3, abilities=RENTABLE))[0]
        await shop.counted()
        ann = await Renter.new(app, shop)
        rental = await ann.rent(country=3)
        at = ("--database-url", dsn)
        assert "not lost" in await asyncio.to_thread(failure, "number", "found", str(e164), *at)
        await asyncio.to_thread(command, "number", "lost", str(e164), "--reason", "SIM broke", *at)
        assert isinstance(await ann.try_rent(country=3), NoNumbers)
        told = await asyncio.to_thread(command, "number", "found", str(e164), "--json", *at)
        assert json.loads(told.stdout) == [{"number": e164, "state": "resting", "offline": False}]
        assert (await ann.one(rental)).state is State.REVOKED
        # The rests pass: that of the number, and that of its use for this service, which the end of the rental began.
        assert await shop.connection.execute(
            "update number set rests_until = now() where e164 = $1 and rests_until > now() + interval '1 minute'", e164
        ) == "UPDATE 1"  # fmt: skip
        await shop.connection.execute("update passed set not_before = now() where not_before is not null")

        async def rented() -> bool:
            return isinstance(await ann.try_rent(country=3), Rental)

        await until(rented)
        assert await shop.connection.fetchval("select count(*) from audit where act = 'number.found'") == 1
        await shop.counted()
    await clean(dsn)


async def test_what_cannot_be_lost_says_why(dsn: str) -> None:
    async with open_bank(dsn, early_cancel_s=0) as (app, shop):
        await shop.numbers(1)
        await shop.offer("tg")
        await shop.counted()
        _, key = await shop.customer()
        lease_id, e164 = await Caller(app, key).lease("tg")
        at = ("--database-url", dsn)
        said = await asyncio.to_thread(failure, "number", "lost", str(e164), "--reason", "x", *at)
        assert f"activation {lease_id} is live" in said
    assert "no number of this bank" in failure("number", "lost", "79990000000", "--reason", "x", *at)
    assert "needs a reason" in failure("number", "lost", str(e164), "--reason", " ", *at)
