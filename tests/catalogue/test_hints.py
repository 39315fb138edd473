"""What operators tell about services reaches every node and decides whose a message is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from numbank.catalogue import hints
from numbank.codes.services import Hint, HintKind
from numbank.errors import OperatorError
from numbank.messages.model import Incoming
from numbank.server.app import App
from tests.support import Caller, Shop, open_bank, push, until


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0) as (app, shop):
        await shop.numbers(20)
        await shop.offer("tg", "wa")
        yield app, shop


def unread(e164: int, sender: str, text: str) -> Incoming:
    return Incoming(1, "x", e164, sender, text, None, 0.0, frozenset())


async def told(shop: Shop, hint: Hint) -> bool:
    async with shop.connection.transaction():
        return await hints.add(shop.connection, shop.catalogue.by_code[hint.service].id, hint)


async def knows(app: App, text: str, sender: str, code: str, e164: int = 79_000_000_000) -> None:
    """Wait until the node reads a text as a service's."""

    async def read() -> bool:
        message = unread(e164, sender, text)
        found = (await app.bank.door.read(message)).services
        return found == frozenset({app.bank.catalogue.by_code[code].id})

    await until(read)


async def test_a_template_names_the_service_and_its_code_on_every_node(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    hint = Hint("wa", HintKind.TEMPLATE, "zorbex greets you {code}")
    _, key = await shop.customer()
    caller = Caller(app, key)
    lease_id, e164 = await caller.lease("tg")
    assert await told(shop, hint)
    assert not await told(shop, hint)
    await knows(app, "Zorbex greets you 59204", "x", "wa")
    await push(app, e164, "Zorbex greets you 59204", sender="x")
    assert await caller.get("getStatus", id=lease_id) == "STATUS_WAIT_CODE"
    other, number = await caller.lease("wa")
    await push(app, number, "Zorbex greets you 59204", sender="x")
    assert await caller.get("getStatus", id=other) == "STATUS_OK:59204"


async def test_a_sender_of_a_country_counts_for_its_numbers_only(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    await told(shop, Hint("wa", HintKind.SENDER, "QZXSMS", "RU"))
    await knows(app, "hello", "QZXSMS", "wa")
    foreign = unread(380_501_234_567, "QZXSMS", "hello")
    assert (await app.bank.door.read(foreign)).services == frozenset()


async def test_a_removed_hint_is_forgotten(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    hint = Hint("tg", HintKind.NAME, "Grommelbot")
    await told(shop, hint)
    await knows(app, "Grommelbot code: 59204", "x", "tg")
    async with shop.connection.transaction():
        service_id = shop.catalogue.by_code["tg"].id
        assert await hints.remove(shop.connection, service_id, hint)
        assert not await hints.remove(shop.connection, service_id, hint)

    async def forgotten() -> bool:
        message = unread(79_000_000_000, "x", "Grommelbot code: 59204")
        return not (await app.bank.door.read(message)).services

    await until(forgotten)


async def test_what_a_new_release_cannot_use_any_more_stops_no_node_and_can_be_removed(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    service_id = shop.catalogue.by_code["tg"].id
    bad = [
        hints.typed("tg", HintKind.TEMPLATE, "re:(", ""), hints.typed("tg", HintKind.NAME, "--", ""),
        hints.typed("tg", HintKind.SENDER, "x" * 600, "RU"),
    ]  # fmt: skip
    async with shop.connection.transaction():
        for hint in bad:
            assert await hints.add(shop.connection, service_id, hint)
        await hints.add(shop.connection, service_id, Hint("tg", HintKind.NAME, "Quuxbot"))
    await knows(app, "Quuxbot code: 59204", "x", "tg")
    assert ["'re:('" in line for line in app.bank.door.brands.refused] == [True]
    async with shop.connection.transaction():
        for hint in bad:
            assert await hints.remove(shop.connection, service_id, hint)


@pytest.mark.unit
def test_what_nodes_would_have_to_leave_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numbank.codes.services.templates.MAX_ALL_EXPRESSION_STEPS", 50)
    services = [("tg", ["Telegram"])]
    listed = [
        hints.Listed("tg", HintKind.TEMPLATE, "", f"re:zorbex {letter}{{20}}", datetime.now(UTC)) for letter in "ab"
    ]
    assert hints.left_out(services, [], listed[:1]) is None
    reason = hints.left_out(services, listed[:1], listed)
    assert reason is not None
    assert "too large" in reason
    assert hints.left_out(services, listed, listed) is None


async def test_there_are_never_more_than_a_node_can_keep_however_many_add_at_once(
    bank: tuple[App, Shop], dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, shop = bank
    before = await shop.connection.fetchval("select count(*) from code_hint")
    monkeypatch.setattr(hints, "MOST_HINTS", before + 3)

    async def add(number: int) -> bool:
        connection = await asyncpg.connect(dsn)
        try:
            async with connection.transaction():
                service_id = shop.catalogue.by_code["tg"].id
                return await hints.add(connection, service_id, Hint("tg", HintKind.NAME, f"Name number {number}"))
        except OperatorError:
            return False
        finally:
            await connection.close()

    assert sum(await asyncio.gather(*map(add, range(8)))) == 3
    assert await shop.connection.fetchval("select count(*) from code_hint") == before + 3


@pytest.mark.unit
@pytest.mark.parametrize(
    ("kind", "text", "country"),
    [
        (HintKind.TEMPLATE, "re:(", ""), (HintKind.TEMPLATE, "{code}", ""), (HintKind.TEMPLATE, "x" * 501, ""),
        (HintKind.TEMPLATE, "code {codes}", ""), (HintKind.SENDER, "", ""), (HintKind.NAME, "a\nb", ""),
        (HintKind.SENDER, "Acme", "Russia"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_in_one_line(kind: HintKind, text: str, country: str) -> None:
    with pytest.raises(OperatorError) as refused:
        hints.hint_of("tg", kind, text, country)
    assert "\n" not in str(refused.value)
