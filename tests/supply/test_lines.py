"""Lines that go off and on: who gets the numbers, and what the counts and waits say. `verify` proves both."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from numbank.cli.main import app as commands
from numbank.db.checks import Session, prove_all
from numbank.server.app import App
from numbank.supply import lines
from numbank.supply.shelf import NumberState
from tests.support import Caller, Shop, open_bank, push, until
from tests.verify.used_bank import ALL_CHECKS, broken

Bank = tuple[App, Shop]


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[Bank]:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=3600) as (app, shop):
        yield app, shop


async def right(shop: Shop) -> None:
    assert broken(await prove_all(Session(shop.connection, 1000), ALL_CHECKS)) == {}


async def stock(shop: Shop, country: int, how_many: int) -> list[int]:
    await shop.offer("tg", "wa", country=country)
    added = await shop.numbers(how_many, country=country)
    rows = await shop.connection.fetch("select id from number where e164 = any($1) order by id", added)
    return [row[0] for row in rows]


async def disconnect(shop: Shop, ids: Sequence[int]) -> list[lines.Line]:
    async with shop.connection.transaction():
        return await lines.disconnect(shop.connection, ids)


async def connect(shop: Shop, ids: Sequence[int], rest_s: float = 0) -> list[lines.Line]:
    async with shop.connection.transaction():
        return await lines.connect(shop.connection, ids, timedelta(seconds=rest_s))


async def all_free(shop: Shop, ids: Sequence[int]) -> None:
    async def free() -> bool:
        held = "select exists (select from number where id = any($1) and state <> 0)"
        return not await shop.connection.fetchval(held, ids)

    await until(free)


async def test_nobody_gets_a_number_whose_line_is_off(bank: Bank) -> None:
    app, shop = bank
    ids = await stock(shop, 4, 3)
    assert [line.state for line in await disconnect(shop, ids)] == [NumberState.OFFLINE] * 3
    caller = Caller(app, (await shop.customer())[1])
    assert await caller.get("getNumber", service="tg", country=4) == "NO_NUMBERS"
    await right(shop)
    assert [line.state for line in await connect(shop, ids)] == [NumberState.RESTING] * 3
    await all_free(shop, ids)
    await right(shop)
    # The bookmark went by while they were off: they come back from where it left them.
    assert len({(await caller.lease("tg", country=4))[1] for _ in range(3)}) == 3
    await right(shop)


async def test_a_resting_number_goes_offline_at_once_and_rests_when_it_is_back(bank: Bank) -> None:
    app, shop = bank
    (number_id,) = await stock(shop, 5, 1)
    caller = Caller(app, (await shop.customer())[1])
    lease_id, e164 = await caller.lease("tg", country=5)
    await push(app, e164, "Telegram code 33333")
    await caller.get("setStatus", id=lease_id, status=6)
    assert [line.state for line in await disconnect(shop, [number_id])] == [NumberState.OFFLINE]
    await right(shop)
    assert await caller.get("getNumber", service="wa", country=5) == "NO_NUMBERS"
    assert [line.state for line in await connect(shop, [number_id], 3600)] == [NumberState.RESTING]
    assert await caller.get("getNumber", service="wa", country=5) == "NO_NUMBERS"
    await right(shop)
    await shop.connection.execute("update number set rests_until = now() where id = $1", number_id)
    await all_free(shop, [number_id])
    assert (await caller.lease("wa", country=5))[1] == e164
    await right(shop)


async def test_a_leased_number_goes_offline_when_its_lease_ends(bank: Bank) -> None:
    app, shop = bank
    (number_id,) = await stock(shop, 6, 1)
    caller = Caller(app, (await shop.customer())[1])
    lease_id, _ = await caller.lease("tg", country=6)
    (line,) = await disconnect(shop, [number_id])
    assert (line.state, line.offline) == (NumberState.LEASED, True)
    await right(shop)
    await caller.get("setStatus", id=lease_id, status=8)
    (line,) = await disconnect(shop, [number_id])
    assert line.state is NumberState.OFFLINE
    await right(shop)


async def test_a_line_that_is_back_before_the_lease_ends_was_never_offline(bank: Bank) -> None:
    app, shop = bank
    (number_id,) = await stock(shop, 7, 1)
    caller = Caller(app, (await shop.customer())[1])
    lease_id, _ = await caller.lease("tg", country=7)
    await disconnect(shop, [number_id])
    (line,) = await connect(shop, [number_id])
    assert (line.state, line.offline) == (NumberState.LEASED, False)
    await caller.get("setStatus", id=lease_id, status=8)
    assert await shop.connection.fetchval("select state from number where id = $1", number_id) == NumberState.RESTING
    await right(shop)


def command(dsn: str, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(commands, [*words, "--database-url", dsn])
    return done.exit_code, done.output or str(done.exception)


def test_the_commands_switch_lines_and_write_it_down(bank: Bank, dsn: str) -> None:
    added = CliRunner().invoke(
        commands,
        ["number", "add", "--country", "8", "--operator", "any", "--database-url", dsn],
        input="254711000001\n",
    )
    assert added.exit_code == 0
    code, output = command(dsn, "number", "offline", "+254 711 000001", "--json")
    assert (code, json.loads(output)) == (0, [{"number": 254711000001, "state": "offline", "offline": True}])
    code, output = command(dsn, "number", "online", "254711000001")
    assert (code, output.strip()) == (0, "number 254711000001 is resting")
    code, output = command(dsn, "number", "offline", "254711000002")
    assert code != 0
    assert "254711000002" in output
    code, output = command(dsn, "audit", "list", "--json")
    assert code == 0
    acts = {row["act"]: row["subject"] for row in json.loads(output)}
    assert acts["number.offline"] == acts["number.online"] == "number 254711000001"
