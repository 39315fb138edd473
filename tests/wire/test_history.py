"""getHistory and getAllSms: what was leased, and everything that came."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from numbank.activation import statistics
from numbank.activation.history import Q
from numbank.server.app import App
from tests.support import Caller, Shop, open_bank, push

DAY = 86_400


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0) as (app, shop):
        await shop.numbers(300)
        await shop.offer("tg", "ot")
        yield app, shop


@pytest.fixture
async def caller(bank: tuple[App, Shop]) -> Caller:
    app, shop = bank
    return Caller(app, (await shop.customer())[1])


async def test_every_state_shows_with_its_number(bank: tuple[App, Shop], caller: Caller) -> None:
    app, _ = bank
    waiting, _ = await caller.lease()
    coded, e164 = await caller.lease()
    await push(app, e164, "Telegram code 11111")
    done, e164 = await caller.lease()
    await push(app, e164, "Telegram code 22222")
    await caller.get("setStatus", id=done, status=3)
    await push(app, e164, "Telegram code 33333")
    await caller.get("setStatus", id=done, status=6)
    cancelled, _ = await caller.lease()
    await caller.get("setStatus", id=cancelled, status=8)
    rows = await caller.json("getHistory")
    assert [row["id"] for row in rows] == [cancelled, done, coded, waiting]
    assert [row["status"] for row in rows] == ["8", "6", "2", "4"]
    assert [row["cost"] for row in rows] == [0, 0.1, 0, 0]
    assert [msgspec.json.decode(row["sms"]) for row in rows] == [[], ["22222", "33333"], ["11111"], []]
    assert {row["currency"] for row in rows} == {"840"}
    assert rows[1]["phone"] == str(e164)
    assert list(rows[0]) == ["id", "date", "phone", "sms", "cost", "status", "currency"]


async def test_a_message_without_a_code_shows_as_the_placeholder(bank: tuple[App, Shop], caller: Caller) -> None:
    app, _ = bank
    lease_id, e164 = await caller.lease()
    await push(app, e164, "Hello from Telegram")
    assert (await caller.json("getHistory"))[0]["sms"] == '["NO_CODE"]'
    assert (await caller.json("getAllSms", id=lease_id))["data"][0]["code"] == "NO_CODE"


async def test_pages(caller: Caller) -> None:
    ids = [(await caller.lease("ot"))[0] for _ in range(5)][::-1]

    async def shown(**params: object) -> list[int]:
        return [row["id"] for row in await caller.json("getHistory", **params)]

    assert await shown() == ids
    assert await shown(limit=2) == ids[:2]
    assert await shown(limit=2, offset=2) == ids[2:4]
    assert await shown(size=2, offset=4) == ids[4:]
    assert await shown(offset=5) == []
    assert await shown(offset=10**17) == []
    assert await shown(limit="x", offset="y") == ids
    assert await shown(limit=0) == ids


async def test_a_limit_over_100_is_100(bank: tuple[App, Shop], caller: Caller) -> None:
    _, shop = bank
    lease_id, _ = await caller.lease()
    await shop.connection.execute(
        "insert into activation (id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164, hold_id,"
        " price, currency, state, ended_by, created_at, cancel_from, due_at, ended_at)"
        " select nextval('lease_id'), account_id, country_id, service_id, supplier_id, operator_id, number_id, e164,"
        " hold_id, price, currency, 9, 8, created_at, cancel_from, due_at, created_at"
        " from activation cross join generate_series(1, 120) where id = $1",
        lease_id,
    )
    assert len(await caller.json("getHistory", limit=1000)) == 100
    assert len(await caller.json("getHistory")) == 50
    assert len(await caller.json("getHistory", limit=100, offset=100)) == 21


async def test_a_span_of_time(bank: tuple[App, Shop], caller: Caller) -> None:
    _, shop = bank
    old, _ = await caller.lease()
    older, _ = await caller.lease()
    new, _ = await caller.lease()
    now = int(time.time())
    # What is made older here would contradict the marks of this bank.
    await shop.connection.execute("delete from lease_mark")
    for lease_id, days in ((old, 20), (older, 35)):
        await shop.connection.execute(
            "update activation set created_at = created_at - make_interval(days => $2) where id = $1", lease_id, days
        )

    async def shown(**params: object) -> Any:
        return {row["id"] for row in await caller.json("getHistory", **params)}

    assert await shown() == {old, new}
    assert await shown(start=now - 10 * DAY) == {new}
    assert await shown(start=now - 30 * DAY, end=now - 10 * DAY) == {old}
    assert await shown(end=now - 10 * DAY) == {old, older}
    assert await shown(start=now - 36 * DAY, end=now - 34 * DAY) == {older}
    assert await shown(start=now - 30 * DAY, end=now + 60) == {old, new}
    assert await shown(start=0, end=DAY) == set()


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("x", ""), ("", "x"), ("-1", ""), ("1.5", ""), ("99999999999999999999", ""), ("", "99999999999999"),
        ("200000000", "100000000"), ("0", ""), ("100000000", str(100_000_000 + 31 * DAY)), ("99999999999", ""),
        ("2022-11-12", ""),
    ],
)  # fmt: skip
async def test_what_is_no_span(caller: Caller, start: str, end: str) -> None:
    assert await caller.get("getHistory", start=start, end=end) == "WRONG_DATE"


async def test_marks_narrow_the_span_and_hide_nothing(bank: tuple[App, Shop], caller: Caller) -> None:
    """Marks of the hours before and after a lease leave its page as it was."""
    _, shop = bank
    ids = [(await caller.lease("ot"))[0] for _ in range(3)]
    made = "select created_at from activation where id = $1"
    at: datetime = await shop.connection.fetchval(made, ids[1])
    mark = "insert into lease_mark (at, lease_id) values ($1, $2)"
    await shop.connection.execute("delete from lease_mark")
    await shop.connection.execute(mark, at - timedelta(minutes=2), ids[0])
    await shop.connection.execute(mark, at + timedelta(minutes=2), ids[1])
    start, end = int(at.timestamp()), int(at.timestamp()) + 1
    assert [row["id"] for row in await caller.json("getHistory", start=start - 1, end=end)] == [ids[1]]
    await shop.connection.execute("delete from lease_mark")
    assert [row["id"] for row in await caller.json("getHistory", start=start - 1, end=end)] == ids[::-1]


async def test_the_bank_marks_its_lease_ids(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    await shop.connection.execute("delete from lease_mark")
    async with shop.connection.transaction():
        assert await statistics.mark(shop.connection) == 1
        assert await statistics.mark(shop.connection) == 0
    last = await shop.connection.fetchval("select last_value from lease_id")
    assert await shop.connection.fetchval("select lease_id from lease_mark") == last
    now = datetime.now(UTC)
    assert (await statistics.span(app.bank.pool, now + timedelta(hours=1), now + timedelta(hours=2)))[0] == last
    assert (await statistics.span(app.bank.pool, now - timedelta(hours=2), now - timedelta(hours=1)))[1] == last


async def test_an_order_without_a_number_never_shows(bank: tuple[App, Shop], caller: Caller) -> None:
    _, shop = bank
    lease_id, _ = await caller.lease()
    await shop.connection.execute(
        "insert into activation (id, account_id, country_id, service_id, supplier_id, operator_id, hold_id, price, currency,"
        " state, created_at, cancel_from, due_at) select nextval('lease_id'), account_id, country_id, service_id, "
        " supplier_id, operator_id, hold_id, price, currency, 0, created_at, cancel_from, due_at + interval '1 day'"
        " from activation where id = $1",
        lease_id,
    )
    hidden = await shop.connection.fetchval("select max(id) from activation")
    assert [row["id"] for row in await caller.json("getHistory")] == [lease_id]
    assert await caller.get("getAllSms", id=hidden) == "NO_ACTIVATION"


async def test_all_sms_of_a_lease(bank: tuple[App, Shop], caller: Caller) -> None:
    app, _ = bank
    lease_id, e164 = await caller.lease()
    assert await caller.json("getAllSms", id=lease_id) == {"data": [], "meta": {"total": 0, "service": "tg"}}
    for number in range(5):
        await push(app, e164, f"Telegram code 1000{number}", sender="Telegram")
    whole = await caller.json("getAllSms", id=lease_id)
    assert whole["meta"] == {"total": 5, "service": "tg"}
    assert [row["code"] for row in whole["data"]] == [f"1000{number}" for number in range(5)]
    first = whole["data"][0]
    assert (first["phoneFrom"], first["text"], first["service"], first["type"]) == (
        "Telegram", "Telegram code 10000", "tg", "sms",
    )  # fmt: skip
    assert isinstance(first["id"], str)
    assert datetime.fromisoformat(first["date"]).tzinfo is not None
    paged = [await caller.json("getAllSms", id=lease_id, size=2, page=page) for page in (1, 2, 3, 4)]
    assert [[row["code"] for row in page["data"]] for page in paged] == [
        ["10000", "10001"], ["10002", "10003"], ["10004"], [],
    ]  # fmt: skip
    assert await caller.json("getAllSms", id=lease_id, size=2, page=0) == paged[0]
    await caller.get("setStatus", id=lease_id, status=6)
    assert await caller.json("getAllSms", activationId=lease_id) == whole


async def test_a_foreign_lease_looks_like_a_missing_one(bank: tuple[App, Shop], caller: Caller) -> None:
    app, shop = bank
    other = Caller(app, (await shop.customer())[1])
    lease_id, _ = await caller.lease()
    assert await other.get("getAllSms", id=lease_id) == "NO_ACTIVATION"
    assert await other.get("getAllSms", id="x") == "NO_ACTIVATION"
    assert await other.get("getAllSms") == "NO_ACTIVATION"
    assert await other.json("getHistory") == []


async def test_the_active_list_tells_discount_and_reactivation(bank: tuple[App, Shop], caller: Caller) -> None:
    _, shop = bank
    plain, _ = await caller.lease()
    repeated, _ = await caller.lease()
    await shop.connection.execute("update activation set origin = 3, discount_bp = 500 where id = $1", repeated)
    rows = (await caller.json("getActiveActivations"))["activeActivations"]
    assert [(row["activationId"], row["discount"], row["repeated"]) for row in rows] == [
        (str(repeated), "0.05", "1"), (str(plain), "0.00", "0"),
    ]  # fmt: skip


async def test_qiwi_is_told_that_there_is_none(caller: Caller) -> None:
    assert await caller.json("getQiwiRequisites") == {"status": "FALSE"}


NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("query", "index", "values"),
    [
        ("history", "account_id_id_idx", (1, 0, 2**40, NOW, NOW, 0, 50)), ("lease_of", "Index Scan", (100_000_001, 1)),
        ("messages_of", "lease_id_idx", (100_000_001, 50, 0)),
    ],
)  # fmt: skip
async def test_history_goes_by_its_indexes(
    bank: tuple[App, Shop], query: str, index: str, values: tuple[Any, ...]
) -> None:
    _, shop = bank
    await shop.connection.execute("set enable_seqscan = off")
    plan = await shop.connection.fetch("explain " + getattr(Q, query), *values)
    text = "\n".join(row[0] for row in plan)
    assert "Seq Scan" not in text
    assert index in text
