"""Several processes on one database: one winner for the last number, and keys that die everywhere."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator

import asyncpg
import httpx
import pytest

from tests.server.live import Live, command, live


@pytest.fixture(scope="module")
def nodes(dsn: str) -> Iterator[list[Live]]:
    with (
        live(["--database-url", dsn], NUMBANK_EARLY_CANCEL_S="0", NUMBANK_COOL_DOWN_S="0") as first,
        live(["--database-url", dsn], NUMBANK_EARLY_CANCEL_S="0", NUMBANK_COOL_DOWN_S="0") as second,
    ):
        yield [first, second]


def customer(dsn: str, balance: str = "1000") -> tuple[int, str]:
    made = json.loads(command("customer", "add", "racer", "--balance", balance, "--json", "--database-url", dsn).stdout)
    return made["id"], made["api_key"]


async def ask_all(urls: list[str], fields: list[dict[str, str]]) -> list[str]:
    limits = httpx.Limits(max_connections=64)
    async with httpx.AsyncClient(limits=limits, timeout=30) as client:
        asked = (client.get(urls[turn % len(urls)], params=one) for turn, one in enumerate(fields))
        return [answer.text for answer in await asyncio.gather(*asked)]


@pytest.mark.slow
async def test_the_last_numbers_have_one_winner_each(nodes: list[Live], dsn: str) -> None:
    stock = 40
    lines = "\n".join(str(79_200_000_000 + turn) for turn in range(stock))
    command("number", "add", "--country", "0", "--operator", "any", "--database-url", dsn, stdin=lines)
    for code in ("tg", "wa"):
        command("offer", "set", "--country", "0", "--service", code, "--price", "0.1", "--database-url", dsn)
    owners = [customer(dsn) for _ in range(4)]
    fields = [
        {"api_key": owners[turn % 4][1], "action": "getNumber", "service": "tg" if turn % 2 else "wa"}
        for turn in range(stock * 4)
    ]
    answers = await ask_all([node.url for node in nodes], fields)
    won = [answer for answer in answers if answer.startswith("ACCESS_NUMBER:")]
    assert Counter(answer for answer in answers if answer not in won) == {"NO_NUMBERS": len(answers) - stock}
    assert len(won) == len({answer.split(":")[2] for answer in won}) == stock
    connection = await asyncpg.connect(dsn)
    cash = await connection.fetchval("select sum(cash) from account where id = any($1)", [owner for owner, _ in owners])
    assert cash == 4 * 10_000_000 - stock * 1_000
    await connection.close()
    verified = await asyncio.to_thread(command, "verify", "--json", "--database-url", dsn, check=False)
    assert verified.returncode == 0, verified.stdout


@pytest.mark.slow
async def test_a_hundred_equal_orders_give_one_lease(nodes: list[Live], dsn: str) -> None:
    lines = "\n".join(str(79_201_000_000 + turn) for turn in range(150))
    command("number", "add", "--country", "1", "--operator", "any", "--database-url", dsn, stdin=lines)
    command("offer", "set", "--country", "1", "--service", "tg", "--price", "0.1", "--database-url", dsn)
    owner, key = customer(dsn)
    order = {"api_key": key, "action": "getNumberV2", "service": "tg", "country": "1", "orderId": "the same"}
    answers = await ask_all([node.url for node in nodes], [order] * 100)
    assert sorted(Counter(answer[:4] for answer in answers).items()) == [("ORDE", 99), ('{"ac', 1)]
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("select cash from account where id = $1", owner) == 10_000_000 - 1_000
    await connection.close()


def test_a_revoked_key_dies_on_every_node_within_a_second(nodes: list[Live], dsn: str) -> None:
    owner, key = customer(dsn)
    assert [node.get("getBalance", key) for node in nodes] == ["ACCESS_BALANCE:1000.00"] * 2
    command("key", "revoke", "--customer", str(owner), "--database-url", dsn)
    deadline = time.monotonic() + 1.0
    while any(node.get("getBalance", key) != "BAD_KEY" for node in nodes):
        assert time.monotonic() < deadline
