"""Who tries ids learns nothing: what belongs to others, what is over and what never was are answered alike, in words and in
time. The actions come from the registries: a new one that takes an id is tried here without being named."""

from __future__ import annotations

import random
import re
import time
from collections.abc import AsyncIterator, Callable
from itertools import cycle
from math import erfc, sqrt
from statistics import median
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from numbank.asgi import Receive, Scope, Send
from numbank.rest.app import APIS
from numbank.rest.registry import Operation
from numbank.wire.dialects import DIALECTS, Dialect
from numbank.wire.registry import KINDS, Action, Param
from tests.support import open_bank
from tests.wire import golden_goods, golden_world
from tests.wire.fuzz import ask
from tests.wire.grammar import Request, closed
from tests.wire.sample_goods import POPULAR, verify_resellers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]

ID_KINDS = frozenset(kind for kind in KINDS if kind.endswith(" id"))
# What other parameters get, by what they are; those with closed values get each of them.
VALUES = {
    "boolean": "true", "country": "0", "currency": "840", "hours": "20", "language tag": "en", "number": "1",
    "phone": "79990000001", "service": "vk", "services": "vk", "text": "x", "time": "24", "flags": "1", "operators": "any",
    "decimal": "9", "date": "2026-11-22", "address": "https://hooks.example/in",
}  # fmt: skip
NEVER_GIVEN = ("109000007", "999999999", "2147483646", "123456789", "1", "500000000")
SAMPLES = 120
# A difference is called one when chance alone makes it once in a million, three times in a row; and it has to be worth
# something to somebody behind a network.
STRICT, TRIES, WORTH = 1e-6, 3, 0.05

App = Callable[[Scope, Receive, Send], object]


class Bank:
    """A bank with leases in every state, their owners' keys, and a stranger."""

    def __init__(self, app: object, ids: dict[str, str], owners: dict[str, str], stranger: str) -> None:
        self.app, self.ids, self.owners, self.stranger = app, ids, owners, stranger
        self.foreign = sorted({one for one in ids.values() if one.isdigit()})

    async def says(self, key: str, dialect: Dialect, action: str, fields: dict[str, str]) -> tuple[bytes, bytes]:
        """Content type and body of an answer."""
        query = urlencode({"api_key": key, "action": action} | fields).encode()
        request = Request(dialect, action, "", "GET", dialect.paths[0], query, b"", "", ())
        status, kind, body = await ask(self.app, request)  # type: ignore[arg-type]
        assert status == 200
        return kind, body


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[Bank]:
    async with open_bank(dsn, **golden_world.SETTINGS) as (app, shop):
        await golden_world.stock(app, shop)
        await golden_goods.stock(app, shop, golden_world.PRICE)
        keys = await golden_world.customers(shop)
        leases = golden_world.Leases(app, shop, keys)
        await leases.make()
        stranger_id, stranger = await shop.customer()
        await verify_resellers(shop, [stranger_id])
        yield Bank(app, leases.ids, {who: key for who, key in keys.items() if key}, stranger)


def id_param(action: Action) -> Param | None:
    """The parameter that names a lease."""
    return next((param for param in action.params if param.values in ID_KINDS and not param.ignored), None)


def values_of(param: Param) -> list[str]:
    """What a parameter is tried with."""
    return [VALUES[param.values]] if param.values in KINDS else closed(param)


def askings(action: Action) -> list[dict[str, str]]:
    """The ways to ask for one lease: with nothing else, with everything, and with each of the closed values."""
    others = [param for param in action.params if param.values not in ID_KINDS and not param.ignored]
    plain = {param.name: values_of(param)[0] for param in others}
    each = [plain | {param.name: value} for param in others for value in values_of(param)]
    return list({tuple(sorted(one.items())): one for one in ({}, plain, *each)}.values())


PLACES = [
    (dialect, action, param)
    for dialect in DIALECTS
    for action in dialect.actions.values()
    if (param := id_param(action)) is not None
]
IDS = [f"{dialect.name}-{action.name}" for dialect, action, _ in PLACES]
ABOUT_ONE = [(api, operation) for api in APIS for operation in api.operations if "{id}" in operation.path]


def test_the_actions_and_operations_about_one_lease_are_found() -> None:
    assert {"activation id", "rental id", "mailbox id"} == ID_KINDS
    assert len(PLACES) >= 40
    assert {"getStatus", "setRentStatus", "checkMailActivation"} <= {action.name for _, action, _ in PLACES}
    assert len(ABOUT_ONE) >= 10


@pytest.mark.parametrize(("dialect", "action", "param"), PLACES, ids=IDS)
async def test_foreign_ended_and_unknown_ids_are_the_same_word(
    bank: Bank, dialect: Dialect, action: Action, param: Param
) -> None:
    assert len(bank.foreign) > 20
    assert not set(bank.foreign) & set(NEVER_GIVEN)
    for fields in askings(action):
        said = {
            await bank.says(bank.stranger, dialect, action.name, fields | {param.name: one})
            for one in (*bank.foreign, *NEVER_GIVEN)
        }
        assert len(said) == 1, fields


async def test_the_owner_is_told_more_so_the_comparison_means_something(bank: Bank) -> None:
    """Each action tells an owner another word than a stranger about at least one lease."""
    silent = []
    for dialect, action, param in PLACES:
        for fields in reversed(askings(action)):
            unknown = await bank.says(bank.stranger, dialect, action.name, fields | {param.name: NEVER_GIVEN[0]})
            told = False
            for one in bank.foreign:
                told = await bank.says(bank.owners["rich"], dialect, action.name, fields | {param.name: one}) != unknown
                if told:
                    break
            if told:
                break
        else:
            silent.append((dialect.name, action.name))
    assert silent == []


@pytest.mark.parametrize(("api", "operation"), ABOUT_ONE, ids=[one.name for _, one in ABOUT_ONE])
async def test_the_json_apis_tell_nothing_either(bank: Bank, api: object, operation: Operation) -> None:
    del api
    foreign = await _foreign_resource(bank, operation.path)
    body: dict[str, Any] = {"json": {}} if operation.method in ("POST", "PATCH") else {}
    said = []
    async with _client(bank, bank.stranger) as client:
        for one in (*foreign, *NEVER_GIVEN):
            answer = await client.request(operation.method, operation.path.replace("{id}", one), **body)
            headers = sorted((name, value) for name, value in answer.headers.items() if name != "content-length")
            said.append((answer.status_code, re.sub(rf"\b{one}\b", "ID", answer.text), headers))
    assert foreign
    assert said[0][0] in (403, 404, 422)
    assert all(one == said[0] for one in said)


async def _foreign_resource(bank: Bank, path: str) -> list[str]:
    """Ids of things of this kind that belong to somebody else."""
    async with _client(bank, bank.owners["rich"]) as client:
        if "/hooks/" in path:
            made = await client.post("/v1/hooks", json={"url": "https://hooks.example/in"})
            known = (await client.get("/v1/hooks")).json()
            assert made.status_code in (201, 409)
            return [str(one["id"]) for one in known["hooks"]]
        if "/emails/" in path:
            answer = await client.post("/api/v2/emails", json={"site": "telegram.com", "mailDomain": POPULAR})
            assert answer.status_code == 201, answer.text
            return [
                str(answer.json()["data"]["id"]),
                *(bank.ids[name] for name in bank.ids if name.startswith("mailbox")),
            ]
    # Deliveries and recordings have numbers from 1: some of these are others', whatever they are.
    return [str(number) for number in range(1, 9)]


def _client(bank: Bank, key: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(bank.app)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://bank", headers={"X-API-Key": key})


def chance_of(first: list[float], second: list[float]) -> float:
    """How likely chance alone makes two samples so different (Mann-Whitney, two-sided, normal approximation)."""
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    ranks = sum(rank for rank, (_, which) in enumerate(ranked, 1) if which == 0)
    n, m = len(first), len(second)
    u = ranks - n * (n + 1) / 2
    return erfc(abs(u - n * m / 2) / sqrt(n * m * (n + m + 1) / 12) / sqrt(2))


async def differs(
    bank: Bank, dialect: Dialect, action: Action, param: Param, fields: dict[str, str], samples: int = SAMPLES
) -> bool:
    """Whether foreign ids take another time than unknown ones; asked in turns, by chance in either order."""
    foreign, unknown = cycle(bank.foreign), cycle([str(600_000_000 + n) for n in range(len(bank.foreign))])
    for _ in range(TRIES):
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(samples):
            for which in random.sample((0, 1), 2):
                one = next((foreign, unknown)[which])
                began = time.perf_counter()
                await bank.says(bank.stranger, dialect, action.name, fields | {param.name: one})
                times[which].append(time.perf_counter() - began)
        apart = abs(median(times[0]) / median(times[1]) - 1)
        if chance_of(*times) > STRICT or apart < WORTH:
            return False
    return True


BASE = [(dialect, action, param) for dialect, action, param in PLACES if dialect is DIALECTS[0]]


@pytest.mark.parametrize(("dialect", "action", "param"), BASE, ids=[action.name for _, action, _ in BASE])
async def test_foreign_ids_take_no_other_time_than_unknown_ones(
    bank: Bank, dialect: Dialect, action: Action, param: Param
) -> None:
    assert not await differs(bank, dialect, action, param, askings(action)[1 % len(askings(action))])


async def test_an_answer_that_takes_twice_as_long_would_be_seen(bank: Bank) -> None:
    class Slower:
        """The bank, if it looked once more at what belongs to somebody."""

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            began = time.perf_counter()
            await bank.app(scope, receive, send)  # type: ignore[operator]
            if scope["query_string"].rpartition(b"id=")[2].decode() in bank.foreign:
                until = 2 * time.perf_counter() - began
                while time.perf_counter() < until:
                    pass

    planted = Bank(Slower(), bank.ids, bank.owners, bank.stranger)
    dialect, action, param = next(one for one in BASE if one[1].name == "getStatus")
    # More samples than above: a busy machine spreads the times so far that 120 do not tell two from one.
    assert await differs(planted, dialect, action, param, {}, samples=3 * SAMPLES)
