"""The JSON API: the key, one shape of every "no", and webhooks that belong to their account alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from numbank.db.seals import Seals
from numbank.hooks import book
from numbank.hooks.posting import terms
from numbank.rest.v1 import V1
from tests.hooks.bank import World, world


@pytest.fixture
async def bank(dsn: str) -> AsyncIterator[World]:
    async with world(dsn) as opened:
        yield opened


def problem(answer: httpx.Response, status: int) -> str:
    """The one line of a "no"."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    body = answer.json()
    assert set(body) == {"status", "title", "detail"}
    assert body["status"] == status
    assert "\n" not in body["detail"]
    return str(body["detail"])


async def ask(bank: World, method: str, path: str, **request: Any) -> httpx.Response:
    return await bank.api.client.request(method, path, **request)


URL = "https://hooks.example/in"


async def test_a_webhook_from_first_to_last(bank: World) -> None:
    made = await bank.api.ask("POST", "/v1/hooks", 201, json={"url": "https://Hooks.example:443/in"})
    hook = made["hook"]
    assert made["secret"].startswith("whsec_")
    assert hook == {
        "id": hook["id"], "url": URL, "enabled": True, "disabledReason": None, "failures": 0, "createdAt": hook["createdAt"],
        "oldSecretUntil": None, "rents": False,
    }  # fmt: skip
    path = f"/v1/hooks/{hook['id']}"
    assert await bank.api.ask("GET", path, 200) == hook
    assert await bank.api.ask("GET", "/v1/hooks", 200) == {"hooks": [hook]}
    off = await bank.api.ask("PATCH", path, 200, json={"enabled": False})
    assert (off["enabled"], off["disabledReason"]) == (False, "by the customer")
    moved = await bank.api.ask("PATCH", path, 200, json={"url": "http://other.example:8080/x"})
    assert (moved["url"], moved["enabled"]) == ("http://other.example:8080/x", False)
    assert (await bank.api.ask("PATCH", path, 200, json={"enabled": True}))["enabled"]
    assert await bank.api.ask("PATCH", path, 200, json={}) == moved | {"enabled": True, "disabledReason": None}
    assert await bank.api.ask("GET", f"{path}/deliveries", 200) == {"deliveries": [], "before": None}
    assert await bank.api.ask("DELETE", path, 204) is None
    assert "no webhook" in problem(await ask(bank, "GET", path), 404)
    assert await bank.api.ask("GET", "/v1/hooks", 200) == {"hooks": []}


async def test_the_secret_is_sealed_in_the_database_and_shown_once(bank: World) -> None:
    hook_id, secret = await bank.api.hook(URL)
    kept = await bank.db.fetchval("select secret from hook where id = $1", hook_id)
    assert secret.encode() not in kept
    assert secret.removeprefix("whsec_").encode() not in kept
    assert "whsec_" not in (await ask(bank, "GET", f"/v1/hooks/{hook_id}")).text


async def test_a_key_is_needed_and_may_come_in_two_ways(bank: World) -> None:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(bank.app), base_url="http://bank")  # type: ignore[arg-type]
    nobody = await client.get("/v1/hooks")
    assert "X-API-Key" in problem(nobody, 401)
    assert nobody.headers["www-authenticate"] == "Bearer"
    for headers in ({"X-API-Key": "x"}, {"Authorization": "Bearer x"}):
        assert "unknown or was revoked" in problem(await client.get("/v1/hooks", headers=headers), 401)
    for headers in ({"Authorization": "Bearer"}, {"Authorization": f"Basic {bank.key}"}, {"X-API-Key": " "}):
        problem(await client.get("/v1/hooks", headers=headers), 401)
    bearers = ({"Authorization": f"Bearer {bank.key}"}, {"authorization": f"bearer  {bank.key} "})
    for headers in ({"X-API-Key": bank.key}, *bearers):
        assert (await client.get("/v1/hooks", headers=headers)).status_code == 200
    odd = await client.get("/v1/hooks", headers=[(b"x-api-key", "\u00e9".encode())])
    assert "unknown or was revoked" in problem(odd, 401)
    # Not in the address: that is logged in too many places.
    problem(await client.get("/v1/hooks", params={"api_key": bank.key}), 401)


async def test_what_belongs_to_others_is_not_there(bank: World) -> None:
    hook_id, _ = await bank.api.hook(URL)
    delivery = await bank.api.ask("POST", f"/v1/hooks/{hook_id}/test", 202)
    other = World(bank.app, bank.shop, *await bank.shop.customer())
    for method, path in (
        ("GET", f"/v1/hooks/{hook_id}"), ("PATCH", f"/v1/hooks/{hook_id}"), ("DELETE", f"/v1/hooks/{hook_id}"),
        ("POST", f"/v1/hooks/{hook_id}/rotate"), ("POST", f"/v1/hooks/{hook_id}/test"),
        ("GET", f"/v1/hooks/{hook_id}/deliveries"), ("POST", f"/v1/deliveries/{delivery['id']}/replay"),
    ):  # fmt: skip
        foreign = problem(await ask(other, method, path), 404)
        missing = problem(await ask(other, method, re.sub(r"/\d+", "/777777", path)), 404)
        assert [word for word in foreign.split() if not word.isdigit()] == [
            word for word in missing.split() if not word.isdigit()
        ]
    assert (await bank.api.ask("GET", f"/v1/hooks/{hook_id}", 200))["enabled"]


async def test_an_account_has_at_most_three_and_none_twice(bank: World) -> None:
    for number in range(3):
        await bank.api.hook(f"{URL}/{number}")
    assert "at most 3" in problem(await ask(bank, "POST", "/v1/hooks", json={"url": f"{URL}/3"}), 409)
    (first, *_) = (await bank.api.ask("GET", "/v1/hooks", 200))["hooks"]
    await bank.api.ask("DELETE", f"/v1/hooks/{first['id']}", 204)
    assert "already" in problem(await ask(bank, "POST", "/v1/hooks", json={"url": f"{URL}/1"}), 409)
    hook_id, _ = await bank.api.hook(f"{URL}/3")
    assert "already" in problem(await ask(bank, "PATCH", f"/v1/hooks/{hook_id}", json={"url": f"{URL}/1"}), 409)


async def test_many_at_once_are_still_three(bank: World) -> None:

    answers = await asyncio.gather(*(ask(bank, "POST", "/v1/hooks", json={"url": f"{URL}/{n}"}) for n in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 7


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 422, "missing required field `url`"), (b"{}", 422, "missing required field `url`"),
        (b"{", 400, "not JSON"), (b"\xff", 400, "not JSON"), (b"[" * 10_000, 422, "Expected `object`"),
        (b'{"url":' * 2_000, 422, "Expected `str`"), (b"null", 422, "Expected `object`"), (b'{"url":1}', 422, "`$.url`"),
        (b'{"url":"https://a.example/","secret":"x"}', 422, "unknown field `secret`"),
        (b'{"url":"ftp://a.example/"}', 422, "https:// or http://"), (b'{"url":"http://127.1/"}', 422, "number"),
        (b'{"url":"http://10.0.0.1/"}', 422, "must not reach"), (b'{"url":"http://u:p@a.example/"}', 422, "user name"),
        (b'{"url":"http://a.example/\\u0000"}', 422, "blanks"), (b'{"url":"' + b"a" * 3_000 + b'"}', 422, "`$.url`"),
        (b'{"url":"' + b"a" * 20_000 + b'"}', 413, "larger than"),
    ],
)  # fmt: skip
async def test_a_body_that_will_not_do_is_one_clear_line(bank: World, body: bytes, status: int, said: str) -> None:
    assert said in problem(await ask(bank, "POST", "/v1/hooks", content=body), status)


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/v1/nothing", 404, "nothing at /v1/nothing"), ("PUT", "/v1/hooks", 405, "PUT is not possible"),
        ("GET", "/v1/hooks/abc", 404, "nothing at"), ("GET", "/v1/hooks/-1", 404, "nothing at"),
        ("GET", "/v1/hooks/0", 404, "no webhook"), ("GET", f"/v1/hooks/{'9' * 30}", 404, "nothing at"),
        ("GET", f"/v1/hooks/{'9' * 18}", 404, "no webhook"), ("GET", "/v1/hooks/%D9%A1", 404, "nothing at"),
        ("POST", "/v1/deliveries/999999/replay", 404, "no delivery"), ("GET", "/v1/hooks/1/nothing", 404, "nothing at"),
    ],
)  # fmt: skip
async def test_what_is_not_there_says_so(bank: World, method: str, path: str, status: int, said: str) -> None:
    assert said in problem(await ask(bank, method, path), status)


async def test_the_log_comes_in_pages(bank: World) -> None:
    hook_id, _ = await bank.api.hook(URL)
    made = []
    for count in range(1, 6):
        made.append((await bank.api.ask("POST", f"/v1/hooks/{hook_id}/test", 202))["id"])
        await bank.api.ended(hook_id, count)
    path = f"/v1/hooks/{hook_id}/deliveries"
    first = await bank.api.ask("GET", path, 200, params={"limit": 2})
    assert [one["id"] for one in first["deliveries"]] == [made[4], made[3]]
    second = await bank.api.ask("GET", path, 200, params={"limit": 3, "before": first["before"]})
    assert [one["id"] for one in second["deliveries"]] == [made[2], made[1], made[0]]
    assert (await bank.api.ask("GET", path, 200, params={"before": made[0]}))["deliveries"] == []
    for params in ({"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"before": "0"}, {"what": "1"}):
        problem(await ask(bank, "GET", path, params=params), 422)


async def test_one_test_at_a_time(dsn: str) -> None:
    async with world(dsn, hook_poll_s=3_600) as bank:
        await asyncio.sleep(0.05)  # the first look of its sender
        hook_id, _ = await bank.api.hook(URL)
        await bank.api.ask("POST", f"/v1/hooks/{hook_id}/test", 202)
        assert "still running" in problem(await ask(bank, "POST", f"/v1/hooks/{hook_id}/test"), 409)


async def test_a_delivery_that_is_being_sent_cannot_be_sent_again(bank: World) -> None:
    hook_id, _ = await bank.api.hook("http://127.0.0.1:9/")
    await bank.message()
    (delivery,) = await bank.api.log(hook_id)
    assert "still being sent" in problem(await ask(bank, "POST", f"/v1/deliveries/{delivery['id']}/replay"), 409)


async def test_a_limit_of_the_key_holds_here_too(dsn: str) -> None:
    async with world(dsn, requests_per_s=2) as bank:
        answers = [await ask(bank, "GET", "/v1/hooks") for _ in range(20)]
        limited = [answer for answer in answers if answer.status_code != 200]
        assert limited
        assert problem(limited[0], 429) == "too many requests"


async def test_a_bug_is_a_503_without_its_story(bank: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from numbank.hooks import book

    async def broken(*_: object) -> None:
        raise LookupError("secret story")

    monkeypatch.setattr(book, "of_account", broken)
    assert "secret story" not in problem(await ask(bank, "GET", "/v1/hooks"), 503)


async def test_the_openapi_document_tells_every_operation_and_every_struct(bank: World) -> None:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(bank.app), base_url="http://bank")  # type: ignore[arg-type]
    shown = (await client.get("/v1/openapi.json")).json()
    assert shown["openapi"].startswith("3.1")
    told = {(method.upper(), path) for path, methods in shown["paths"].items() for method in methods}
    assert told == {(each.method, each.path) for each in V1.operations}
    assert len({each.name for each in V1.operations}) == len(V1.operations)
    schemas = shown["components"]["schemas"]
    assert set(schemas["HookView"]["properties"]) == {
        "id", "url", "enabled", "disabledReason", "failures", "createdAt", "oldSecretUntil", "rents",
    }  # fmt: skip

    def refs(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [value["$ref"]] if "$ref" in value else [ref for one in value.values() for ref in refs(one)]
        return [ref for one in value for ref in refs(one)] if isinstance(value, list) else []

    assert {ref.rpartition("/")[2] for ref in refs(shown)} <= set(schemas)
    for methods in shown["paths"].values():
        for told_operation in methods.values():
            assert told_operation["summary"]
            # Where the key may also stand in the address, the document says so.
            in_query = {"query": []} in told_operation.get("security", [])
            assert in_query == next(e.key_in_query for e in V1.operations if e.name == told_operation["operationId"])
            assert "401" in told_operation["responses"]


async def test_what_the_operator_switched_off_only_the_operator_switches_on(bank: World) -> None:
    hook_id, _ = await bank.api.hook(URL)
    other_id, _ = await bank.api.hook("https://hooks.example/other")
    path = f"/v1/hooks/{hook_id}"
    rules = terms(bank.app.bank.settings)

    async def operator(hook: int, **change: Any) -> None:
        async with bank.db.transaction():
            await book.change(bank.db, rules, hook, **change)

    await operator(hook_id, off_reason="unpaid bills")
    for change in ({"enabled": True}, {"url": "https://hooks.example/elsewhere"}, {"enabled": True, "url": URL}):
        said = problem(await ask(bank, "PATCH", path, json=change), 409)
        assert f"the operator switched webhook {hook_id} off: unpaid bills" in said
    assert "operator" in problem(await ask(bank, "POST", f"{path}/test"), 409)
    off = await bank.api.ask("PATCH", path, 200, json={"enabled": False})
    assert (off["enabled"], off["disabledReason"]) == (False, "unpaid bills"), "the operator's reason stays"

    await bank.api.ask("DELETE", path, 204)
    assert f"webhook {hook_id} off" in problem(await ask(bank, "POST", "/v1/hooks", json={"url": URL}), 409)
    moved = await ask(bank, "PATCH", f"/v1/hooks/{other_id}", json={"url": "https://HOOKS.example:443/in"})
    assert f"webhook {hook_id} off" in problem(moved, 409)
    await bank.db.execute("update hook set removed_at = now() - interval '400 days' where id = $1", hook_id)
    async with bank.db.transaction():
        await book.forget(bank.db, 30, 1_000)
    assert "unpaid bills" in problem(await ask(bank, "POST", "/v1/hooks", json={"url": URL}), 409)
    async with bank.db.transaction():
        assert await book.unbar(bank.db, hook_id)
        assert not await book.unbar(bank.db, hook_id)
        assert not await book.unbar(bank.db, other_id)
    again, _ = await bank.api.hook(URL)
    await operator(again, off_reason="by the operator")
    await operator(again, on=True)
    await bank.api.ask("PATCH", f"/v1/hooks/{again}", 200, json={"enabled": False})
    assert (await bank.api.ask("PATCH", f"/v1/hooks/{again}", 200, json={"enabled": True}))["enabled"]


async def test_the_operator_may_add_again_what_he_switched_off(bank: World) -> None:
    hook_id, _ = await bank.api.hook(URL)
    bank_of = bank.app.bank
    async with bank.db.transaction():
        await book.change(bank.db, terms(bank_of.settings), hook_id, off_reason="spam")
    await bank.api.ask("DELETE", f"/v1/hooks/{hook_id}", 204)
    async with bank.db.transaction():
        seals = Seals(bank_of.settings.secrets_path)
        hook, _ = await book.add(bank.db, seals, terms(bank_of.settings), bank.customer_id, URL, by_operator=True)
    await bank.api.ask("DELETE", f"/v1/hooks/{hook.id}", 204)
    await bank.api.hook(URL)
