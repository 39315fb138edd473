"""Version 2 of the mail API: a mailbox from purchase to code, lists, money, what is refused and how."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from numbank.catalogue import rates
from numbank.customers import bans
from numbank.customers.keys import TOPIC
from numbank.db.versions import bump
from numbank.errors import RegionRefused
from tests.mailbox.world import deny, domain
from tests.rest.world import SITE, MailWorld, mail_world, refused

FIELDS = ["id", "site", "email", "status", "value", "cost", "currency", "date", "full_message"]


@pytest.fixture
async def bank(dsn: str) -> AsyncIterator[MailWorld]:
    async with mail_world(dsn) as opened:
        yield opened


async def test_a_mailbox_from_purchase_to_code(bank: MailWorld) -> None:
    answer = await bank.client.post("/emails", json={"site": f"https://www.{SITE}/x", "mailDomain": bank.popular})
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    box = answer.json()["data"]
    assert list(box) == FIELDS
    assert box["email"].endswith(f"@{bank.popular}")
    assert box | {"id": 0, "email": "", "date": ""} == {
        "id": 0, "site": SITE, "email": "", "status": "WAIT", "value": None, "cost": 0.25, "currency": 840, "date": "",
        "full_message": "",
    }  # fmt: skip
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", box["date"])
    assert await bank.shop.cash(bank.customer_id) == 997_500
    assert (await bank.ask("GET", f"/emails/{box['id']}"))["data"] == box
    await bank.mail(box["email"], code="0048213", text="Your code is 0048213")
    done = (await bank.ask("GET", f"/emails/{box['id']}"))["data"]
    assert done == box | {"status": "SUCCESS", "value": "0048213", "full_message": "Your code is 0048213"}
    assert (await bank.ask("GET", "/emails"))["data"] == [done]


async def test_a_cancel_is_an_empty_204_and_gives_the_money_back(bank: MailWorld) -> None:
    box = await bank.bought()
    answer = await bank.client.delete(f"/emails/{box['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers
    assert await bank.shop.cash(bank.customer_id) == 1_000_000
    assert (await bank.ask("GET", f"/emails/{box['id']}"))["data"]["status"] == "CANCEL"
    assert (await bank.client.delete(f"/emails/{box['id']}")).status_code == 204, "a repeat is the same success"


async def test_a_setting_lets_delete_answer_with_the_mailbox(dsn: str) -> None:
    async with mail_world(dsn, mail_delete_shows=True) as bank:
        box = await bank.bought()
        assert (await bank.ask("DELETE", f"/emails/{box['id']}", 200))["data"] == box | {"status": "CANCEL"}


async def test_a_cancel_that_comes_too_early_is_refused(dsn: str) -> None:
    async with mail_world(dsn, mailbox_early_cancel_s=120.0) as bank:
        box = await bank.bought()
        assert (await bank.no("DELETE", f"/emails/{box['id']}", 422))["title"] == "EARLY_CANCEL_DENIED"


async def test_an_address_is_leased_again_under_a_new_id(bank: MailWorld) -> None:
    box = await bank.bought()
    await bank.mail(box["email"])
    await bank.ask("DELETE", f"/emails/{box['id']}", 204)
    assert (await bank.ask("GET", f"/emails/{box['id']}"))["data"]["status"] == "CANCEL", "6 is shown as 4 is"
    again = (await bank.ask("POST", f"/emails/{box['id']}/reorder"))["data"]
    assert again["id"] != box["id"]
    assert (again["email"], again["site"], again["status"], again["full_message"]) == (box["email"], SITE, "WAIT", "")


async def test_a_batch_is_all_or_nothing(bank: MailWorld) -> None:
    sent = {"site": SITE, "mailDomain": bank.zone, "count": 10}
    made = await bank.ask("POST", "/emails/batch", 201, json=sent)
    assert len({one["email"] for one in made["data"]}) == 10
    assert made["meta"] == {"info": "10 of 10 were leased", "count": 10}
    assert await bank.shop.cash(bank.customer_id) == 990_000
    poor = MailWorld(bank.app, bank.shop, *await bank.shop.customer(balance=2_500), bank.zone, bank.popular)
    assert (await poor.no("POST", "/emails/batch", 422, json=sent | {"count": 3}))["title"] == "BAD_BALANCE"
    assert (await poor.ask("GET", "/emails"))["data"] == []
    assert await bank.shop.cash(poor.customer_id) == 2_500
    for count in (0, 11, -1, "two", None, 1.5):
        body = await bank.no("POST", "/emails/batch", 422, json=sent | {"count": count})
        assert list(body["errors"]) == ["count"]


async def test_the_list_has_pages_an_order_and_filters(bank: MailWorld) -> None:
    boxes = [await bank.bought(site=f"site{number}.example") for number in range(5)]
    ids = [box["id"] for box in boxes]
    await bank.mail(boxes[1]["email"])
    await bank.ask("DELETE", f"/emails/{ids[2]}", 204)
    await bank.mail(boxes[3]["email"])
    await bank.ask("DELETE", f"/emails/{ids[3]}", 204)

    async def shown(query: str) -> list[int]:
        return [one["id"] for one in (await bank.ask("GET", f"/emails?{query}"))["data"]]

    assert await shown("") == ids[::-1]
    for query in (
        "sort[id]=asc",
        "sort=asc",
        "sort%5Bid%5D=asc",
        "sort=desc&sort[id]=asc",
        "sort[id]=desc&sort[id]=asc",
    ):
        assert await shown(query) == ids
    assert await shown("sort[id]=desc") == await shown("sort=desc") == ids[::-1]
    assert await shown("size=2") == await shown("per_page=2") == await shown("size=2&page=1") == [ids[4], ids[3]]
    assert await shown("size=2&page=3&per_page=5") == [ids[0]]
    assert await shown("size=2&page=4") == []
    assert await shown("search=site3") == [ids[3]]
    assert await shown(f"search={boxes[0]['email'].partition('@')[0]}") == [ids[0]]
    assert await shown("search=site3%00") == [ids[3]]
    for text in ("%25", "_", "a%0Ab", "%FF"):
        assert await shown(f"search={text}") == [], "what is searched for is no pattern"
    one, two = "status[id][]=4&status[id][]=6", "status[id][]=3"
    assert (await shown(one), await shown(two)) == ([ids[3], ids[2]], [ids[4], ids[0]])
    for query in ("status[id]=5", "status[]=5", "status=5", "status%5Bid%5D%5B%5D=5"):
        assert await shown(query) == [ids[1]]
    assert await shown("status=3,5") == [ids[4], ids[1], ids[0]]
    now = datetime.now(UTC)
    early, late = ((now + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ") for hours in (-1, 1))
    assert await shown(f"from={early}&to={late}") == ids[::-1]
    assert await shown(f"from={late}") == await shown(f"to={early}") == []
    assert await shown("from=2020-01-01") == await shown("from=2020-01-01T00:00:00+03:00") == ids[::-1]
    meta = (await bank.ask("GET", "/emails?size=2&page=2"))["meta"]
    assert meta == {"page": 2, "size": 2, "sort": {"id": "desc"}, "total": 5}


async def test_prices_are_shown_in_the_currency_that_was_asked_for(bank: MailWorld) -> None:
    async with bank.db.transaction():
        await rates.put(bank.db, 840, {643: Decimal("80.5"), 978: Decimal("0.9")})
    box = await bank.bought(currency=643)
    assert (box["cost"], box["currency"]) == (20.125, 643)
    assert await bank.shop.cash(bank.customer_id) == 997_500, "what is booked is booked in dollars"
    path = f"/emails/{box['id']}"
    for query, cost, currency in (("", 0.25, 840), ("?currency=978", 0.225, 978), ("?currency=398", 0.25, 840)):
        one = (await bank.ask("GET", path + query))["data"]
        assert (one["cost"], one["currency"]) == (cost, currency)
        (row,) = (await bank.ask("GET", f"/emails{query}"))["data"]
        assert row == one
    offered = (await bank.ask("GET", f"/emails/domains?site={SITE}&currency=643"))["data"]
    assert {"name": bank.popular, "cost": 20.125, "currency": 643, "count": 999} in offered
    assert (await bank.ask("GET", "/currencies"))["data"] == {"643": "RUB", "840": "USD", "978": "EUR"}
    shown = (await bank.ask("GET", "/currencies/978/rates"))["data"]
    assert shown["rates"] == {"643": 89.444444, "840": 1.111111, "978": 1.0}
    assert datetime.fromisoformat(shown["updated_utc"]).timestamp() == shown["updated_unix"]
    assert abs(shown["updated_unix"] - datetime.now(UTC).timestamp()) < 60
    assert (await bank.no("GET", "/currencies/999/rates", 404))["title"] == "NOT_FOUND"
    assert (await bank.no("GET", "/currencies/USD/rates", 404))["title"] == "NOT_FOUND"


async def test_what_is_offered_for_a_site(bank: MailWorld) -> None:
    offered = (await bank.ask("GET", "/emails/domains", params={"site": SITE}))["data"]
    assert {"name": bank.zone, "cost": 0.1, "currency": 840, "count": 1000} in offered
    assert {"name": bank.popular, "cost": 0.25, "currency": 840, "count": 1000} in offered
    assert (await bank.ask("GET", "/domains", params={"site": SITE}))["data"] == offered
    assert (await bank.ask("GET", "/emails/domains/"))["data"]


async def test_what_a_purchase_is_refused_for(bank: MailWorld) -> None:
    await deny(bank.db, "bank.example")
    await domain(bank.db, f"full.{bank.zone}full", zone=f"{bank.zone}full", capacity=0)
    good = {"site": SITE, "mailDomain": bank.popular}
    for change, title in (
        ({"site": "no site"}, "BAD_SITE"), ({"site": "127.0.0.1"}, "BAD_SITE"),
        ({"site": "my.bank.example"}, "BLOCKED_SITE"),
        ({"mailDomain": "unknown.example"}, "BAD_DOMAIN"), ({"mailDomain": f"{bank.zone}full"}, "NO_NUMBERS"),
        ({"mailDomain": "\u0000"}, "BAD_DOMAIN"), ({"site": "\u0000"}, "BAD_SITE"),
    ):  # fmt: skip
        assert (await bank.no("POST", "/emails", 422, json=good | change))["title"] == title, change
    poor = MailWorld(bank.app, bank.shop, *await bank.shop.customer(balance=2_499), bank.zone, bank.popular)
    assert (await poor.no("POST", "/emails", 422, json=good))["title"] == "BAD_BALANCE"
    assert await bank.shop.cash(bank.customer_id) == 1_000_000


@pytest.mark.parametrize(
    ("column", "status", "title"),
    [
        ("active = false", 403, "ACCOUNT_INACTIVE"), ("blocked = true", 422, "CHANNELS_LIMIT"),
        ("max_live = 1", 422, "CHANNELS_LIMIT"), ("leases_per_min = 1", 429, "TOO_MANY_REQUESTS"),
        ("", 403, "BANNED"),
    ],
)  # fmt: skip
async def test_an_account_that_may_not_buy_reads_and_cancels(
    bank: MailWorld, column: str, status: int, title: str
) -> None:
    box, ended = await bank.bought(), await bank.bought()
    await bank.ask("DELETE", f"/emails/{ended['id']}", 204)
    async with bank.db.transaction():
        if column:
            await bank.db.execute(f"update customer set {column} where id = $1", bank.customer_id)
            await bump(bank.db, TOPIC)
        else:
            until = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
            await bans.add(bank.db, bank.customer_id, until=until, for_=None, reason="test")
    good = {"site": SITE, "mailDomain": bank.popular}

    async def known() -> bool:
        answer = await bank.client.post("/emails", json=good)
        return answer.status_code != 201 and answer.json()["title"] == title

    await _until(known)
    body = await bank.no("POST", "/emails", status, json=good)
    assert body["title"] == title
    assert title != "BANNED" or "2030-01-02 03:04:05 UTC" in body["details"]
    assert (await bank.no("POST", f"/emails/{ended['id']}/reorder", status))["title"] == title
    assert (await bank.no("POST", "/emails/batch", status, json=good | {"count": 2}))["title"] == title
    assert (await bank.ask("GET", "/emails?sort=asc"))["data"][0] == box
    await bank.ask("DELETE", f"/emails/{box['id']}", 204)


async def _until(condition: Any) -> None:
    for _ in range(200):
        if await condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("never")


async def test_what_belongs_to_others_is_not_there(bank: MailWorld) -> None:
    box = await bank.bought()
    other = await bank.other()
    for method, tail in (("GET", ""), ("DELETE", ""), ("POST", "/reorder")):
        foreign = await other.no(method, f"/emails/{box['id']}{tail}", 404)
        missing = await other.no(method, f"/emails/999999999{tail}", 404)
        assert foreign == missing
        assert foreign["title"] == "NOT_FOUND"
        for odd in ("x", "-1", "1.5", "%D9%A1", "9" * 30, "0"):
            assert (await bank.no(method, f"/emails/{odd}{tail}", 404))["title"] == "NOT_FOUND"
    assert (await other.ask("GET", "/emails"))["data"] == []
    assert (await bank.ask("GET", f"/emails/{box['id']}"))["data"] == box


async def test_a_key_is_needed_and_may_come_in_two_ways(bank: MailWorld) -> None:
    nobody = await bank.stranger.get("/emails")
    assert refused(nobody, 401)["title"] == "MISSING_API_KEY"
    assert nobody.headers["www-authenticate"] == "Bearer"
    for headers in ({"X-API-Key": "wrong"}, {"Authorization": "Bearer wrong"}):
        assert refused(await bank.stranger.get("/emails", headers=headers), 401)["title"] == "BAD_API_KEY"
    # The mobile app's own key is not known here.
    for sent in ({"headers": {"X-Temp-Mobile-Key": bank.key}}, {"params": {"api_key": bank.key}}):
        answer = await bank.stranger.get("/emails", **sent)  # type: ignore[arg-type]
        assert refused(answer, 401)["title"] == "MISSING_API_KEY"
    assert (await bank.stranger.get("/emails", headers={"Authorization": f"Bearer {bank.key}"})).status_code == 200
    assert (await bank.stranger.get("/operators/available")).status_code == 401


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        ({"json": {}}, ["site", "mailDomain"]), ({"content": b""}, ["site", "mailDomain"]), ({"content": b"{"}, []),
        ({"content": b"\xff"}, []), ({"json": []}, []), ({"content": b"null"}, []), ({"content": b"[" * 10_000}, []),
        ({"json": {"site": 1, "mailDomain": [], "currency": "x"}}, ["site", "mailDomain", "currency"]),
        ({"json": {"site": "a.example", "mailDomain": "b", "currency": 0}}, ["currency"]),
        ({"json": {"site": "a" * 254, "mailDomain": "b"}}, ["site"]),
        ({"json": {"site": None, "mailDomain": "b"}}, ["site"]),
        ({"data": {"mailDomain": "b", "currency": "1e3"}}, ["site", "currency"]),
        ({"json": {"site": "a.example", "mailDomain": "b", "currency": None}}, ["currency"]),
    ],
)  # fmt: skip
async def test_every_field_that_is_wrong_is_named(bank: MailWorld, request_: dict[str, Any], fields: list[str]) -> None:
    body = await bank.no("POST", "/emails", 422, **request_)
    assert body["title"] == "UNPROCESSABLE_ENTITY"
    assert list(body["errors"]) == fields
    assert all(isinstance(line, str) and "\n" not in line for lines in body["errors"].values() for line in lines)


async def test_a_filter_that_is_wrong_is_named(bank: MailWorld) -> None:
    for query, field in (
        ("size=0", "size"), ("size=101", "size"), ("per_page=x", "size"), ("page=0", "page"), ("page=99999999999", "page"),
        ("sort[id]=up", "sort[id]"), ("sort=id", "sort[id]"), ("status=7", "status[id][]"), ("from=yesterday", "from"),
        ("to=2025-13-01", "to"), ("currency=USD", "currency"), ("currency=1000", "currency"), ("size=", "size"),
        (f"search={'a' * 300}", "search"), ("currency=null", "currency"), ("from=", "from"),
    ):  # fmt: skip
        assert list((await bank.no("GET", f"/emails?{query}", 422))["errors"]) == [field], query
    many = "&".join(f"a{number}=1" for number in range(101))
    assert "more than 100" in (await bank.no("GET", f"/emails?{many}", 422))["details"]
    # What clients send beside is not looked at.
    assert (await bank.client.get("/emails?search=&api_key=x&_=1")).status_code == 200


async def test_paths_and_methods_that_are_not_there(bank: MailWorld) -> None:
    assert (await bank.no("GET", "/nothing", 404))["title"] == "NOT_FOUND"
    for path, allowed in (("/emails", {"GET", "HEAD", "POST"}), ("/emails/1", {"GET", "HEAD", "DELETE"})):
        answer = await bank.client.put(path)
        assert refused(answer, 405)["title"] == "METHOD_NOT_ALLOWED"
        assert set(answer.headers["allow"].split(", ")) == allowed
    assert (await bank.no("POST", "/emails", 413, content=b"a" * 20_000))["title"] == "TOO_LARGE"
    box = await bank.bought()
    for path in ("/emails/", "/domains/", "/countries/", f"/emails/{box['id']}/"):
        assert (await bank.client.get(path)).status_code == 200


async def test_a_bug_is_a_500_without_its_story(bank: MailWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    from numbank.rest.v2 import shown

    async def broken(*_: object) -> None:
        raise LookupError("secret story")

    monkeypatch.setattr(shown, "emails", broken)
    body = await bank.no("GET", "/emails", 500)
    assert body == {"title": "SERVER_ERROR", "details": "the bank made a mistake; nothing was half-done"}


async def test_limits_of_requests_hold_with_a_key_and_without(dsn: str) -> None:
    async with mail_world(dsn, requests_per_s=3) as bank:
        for asked in (bank.client.get("/emails"), bank.stranger.get("/countries")):
            first = await asked
            assert first.status_code == 200
        answers = await asyncio.gather(*(bank.client.get("/emails") for _ in range(12)))
        assert refused(next(a for a in answers if a.status_code != 200), 429)["title"] == "TOO_MANY_REQUESTS"
        answers = await asyncio.gather(*(bank.stranger.get("/countries") for _ in range(12)))
        assert refused(next(a for a in answers if a.status_code != 200), 429)["title"] == "TOO_MANY_REQUESTS"


async def test_a_region_that_is_not_served(bank: MailWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank.app.bank.policy, "admit", _no_region)
    for path in ("/emails", "/countries"):
        assert (await bank.no("GET", path, 403))["title"] == "SERVICE_UNAVAILABLE_REGION"


def _no_region(*_: object) -> None:
    raise RegionRefused


async def test_sixty_four_purchases_at_once_are_sixty_four_addresses(bank: MailWorld) -> None:
    sent = {"site": SITE, "mailDomain": bank.zone}
    answers: list[httpx.Response] = await asyncio.gather(*(bank.client.post("/emails", json=sent) for _ in range(64)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["data"]["email"] for answer in answers}) == 64
    assert await bank.shop.cash(bank.customer_id) == 1_000_000 - 64 * 1_000
