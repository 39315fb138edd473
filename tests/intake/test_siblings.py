"""Several services on one number: each message goes to the lease of the service that it names, and to no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from numbank.messages.model import Fate
from numbank.server.app import App
from tests.support import Caller, Shop, open_bank, push, taught


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0, unused_rest_s=0, habits_every_s=3600) as (app, shop):
        await shop.numbers(60)
        await shop.offer("tg", "wa", "ig", "ya", "ub")
        yield app, shop


class Group:
    """A number leased for several services; the leases in the order in which they were asked for."""

    def __init__(self, app: App, shop: Shop, caller: Caller, e164: int, leases: dict[str, int]) -> None:
        self.app, self.shop, self.caller, self.e164, self.leases = app, shop, caller, e164, leases

    @classmethod
    async def new(cls, bank: tuple[App, Shop], *services: str) -> Group:
        app, shop = bank
        _, key = await shop.customer()
        caller = Caller(app, key)
        rows = await caller.json("getMultiServiceNumber", multiService=",".join(services))
        leases = dict(zip(services, (row["activation"] for row in rows), strict=True))
        return cls(app, shop, caller, int(rows[0]["phone"]), leases)

    async def codes(self) -> dict[str, str]:
        return {code: await self.caller.get("getStatus", id=lease_id) for code, lease_id in self.leases.items()}

    async def fates(self) -> list[int]:
        rows = await self.shop.connection.fetch("select fate from message where e164 = $1 order by id", self.e164)
        return [row[0] for row in rows]


async def test_each_gets_the_messages_that_name_it_in_whatever_order_they_come(bank: tuple[App, Shop]) -> None:
    group = await Group.new(bank, "tg", "wa")
    await asyncio.gather(
        push(group.app, group.e164, "Your WhatsApp code: 482-913", sender="WhatsApp"),
        push(group.app, group.e164, "Telegram code 59204", sender="Telegram"),
    )
    assert await group.codes() == {"tg": "STATUS_OK:59204", "wa": "STATUS_OK:482913"}


async def test_what_names_a_third_service_is_for_none_of_them(bank: tuple[App, Shop]) -> None:
    group = await Group.new(bank, "tg", "wa")
    await push(group.app, group.e164, "123456 is your Instagram code", sender="Instagram")
    assert set((await group.codes()).values()) == {"STATUS_WAIT_CODE"}
    assert await group.fates() == [Fate.OTHER_SERVICE]


async def test_of_services_that_share_a_name_the_likeliest_gets_what_has_it(bank: tuple[App, Shop]) -> None:
    group = await Group.new(bank, "ya", "ub")
    await push(group.app, group.e164, "Your Uber code is 4829", sender="Somebody")
    assert await group.codes() == {"ya": "STATUS_WAIT_CODE", "ub": "STATUS_OK:4829"}


async def test_a_sender_that_writes_for_one_of_them_tells_whose_a_silent_message_is(bank: tuple[App, Shop]) -> None:
    group = await Group.new(bank, "tg", "wa")
    await taught(group.app, group.shop, "wa", "qxsms")
    await push(group.app, group.e164, "Your code is 482913", sender="QX-SMS")
    await push(group.app, group.e164, "Your code is 59204", sender="Somebody")
    assert await group.codes() == {"tg": "STATUS_OK:59204", "wa": "STATUS_OK:482913"}


@pytest.mark.parametrize("turn", range(4))
async def test_a_message_for_a_lease_that_is_being_cancelled_never_goes_to_its_sibling(
    bank: tuple[App, Shop], turn: int
) -> None:
    group = await Group.new(bank, "tg", "wa")

    async def cancel() -> None:
        await asyncio.sleep(turn * 0.001)
        await group.caller.get("setStatus", id=group.leases["wa"], status=8)

    await asyncio.gather(cancel(), push(group.app, group.e164, "Your WhatsApp code: 482-913", sender="WhatsApp"))
    codes = await group.codes()
    assert codes["tg"] == "STATUS_WAIT_CODE"
    assert codes["wa"] in ("STATUS_OK:482913", "STATUS_CANCEL")
    fates = await group.fates()
    assert fates in ([Fate.ATTACHED], [Fate.OTHER_SERVICE])
    if codes["wa"] != "STATUS_CANCEL":
        assert fates == [Fate.ATTACHED]
