"""Erasing: what is old goes and stays gone, what is young stays, the books stay, and `verify` agrees at every step."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from numbank.cli.retention import app as commands
from numbank.cli.verify import ALL as ALL_CHECKS
from numbank.db import checks
from numbank.db.pool import Pool, connect
from numbank.errors import OperatorError
from numbank.retention import erase
from numbank.server.app import App
from tests.support import Caller, Shop, open_bank, push, until

TEXT, SENDER = "Telegram code 48213, xyzzy", "Telegram"
DAYS = 30.0


async def clean(dsn: str) -> list[str]:
    """What `numbank verify` finds wrong. Sales are of the day of a lease, which `age` moves: they are left out."""
    asked = [check for check in ALL_CHECKS if check.name != "activation.sold"]
    findings = await checks.run(lambda: connect(dsn, hot=False, command_timeout_s=60), asked)
    return [f"{one.check}: {example}" for one in findings for example in one.examples]


async def served(app: App, shop: Shop, how_many: int) -> tuple[Caller, list[int]]:
    """Leases that got their message and were finished."""
    _, key = await shop.customer()
    caller = Caller(app, key)
    await shop.numbers(how_many)
    await shop.offer("tg")
    ids = []
    for _ in range(how_many):
        lease_id, e164 = await caller.lease()
        await push(app, e164, TEXT, sender=SENDER)
        await caller.get("setStatus", id=lease_id, status=6)
        ids.append(lease_id)
    return caller, ids


async def age(connection: asyncpg.Connection[Any], lease_ids: list[int], days: float) -> None:
    """As if these leases, and what came for them, were so many days old."""
    back = timedelta(days=days)
    await connection.execute(
        "update activation set created_at = created_at - $2::interval, cancel_from = cancel_from - $2, due_at = due_at - $2,"
        " ended_at = ended_at - $2 where id = any($1)", lease_ids, back,
    )  # fmt: skip
    await connection.execute(
        "update message set received_at = received_at - $2::interval where lease_id = any($1)", lease_ids, back
    )


async def kept(connection: asyncpg.Connection[Any], lease_ids: list[int]) -> list[bool]:
    """Which of these leases still show a text, a sender or a code somewhere."""
    rows = await connection.fetch(
        "select a.id, a.code is not null or m.text <> '' or m.sender <> '' or m.code is not null as kept"
        " from activation a join message m on m.lease_id = a.id where a.id = any($1) order by a.id", lease_ids,
    )  # fmt: skip
    return [row["kept"] for row in rows]


async def step(
    pool: Pool, topic: str, *, batch: int = 100, days: float = DAYS, now: datetime | None = None
) -> erase.Step:
    async with pool.acquire() as connection, connection.transaction():
        return await erase.erase(connection, topic, now=now or datetime.now(UTC), days=days, batch=batch)


async def whole(pool: Pool, **options: Any) -> int:
    """Erase everything that is due; how many rows that were."""
    erased = 0
    for topic in erase.TOPICS:
        more = True
        while more:
            done = await step(pool, topic, **options)
            erased += done.erased
            more = done.seen > 0
    return erased


async def test_old_texts_go_young_ones_stay_and_the_books_stay(dsn: str, pool: Pool) -> None:
    async with open_bank(dsn, early_cancel_s=0, retention_days=0) as (app, shop):
        caller, ids = await served(app, shop, 6)
        old, young = ids[:4], ids[4:]
        await age(shop.connection, old, 31)
        books = await shop.connection.fetch("select id, kind, debit, credit, amount from entry order by id")
        assert await whole(pool, batch=2) == 8
        assert await kept(shop.connection, ids) == [False] * 4 + [True] * 2
        assert await whole(pool, batch=2) == 0
        assert await shop.connection.fetch("select id, kind, debit, credit, amount from entry order by id") == books
        # The wire goes on answering, with nothing where a text was.
        assert await caller.get("getFullSms", id=old[0]) == "FULL_SMS:"
        assert await caller.get("getFullSms", id=young[0]) == f"FULL_SMS:{TEXT}"
        assert await caller.get("getStatus", id=old[0]) == "STATUS_CANCEL"
        history = await caller.get("getHistory", limit=100, start=1)
        assert history.count("xyzzy") <= 2
        assert "ERROR_SQL" not in history
        assert "xyzzy" not in await caller.get("getAllSms", id=old[0])
        # The same message once more is still known, though nobody remembers its text.
        assert await clean(dsn) == []


async def test_verify_agrees_after_every_single_step(dsn: str, pool: Pool) -> None:
    async with open_bank(dsn, early_cancel_s=0, retention_days=0) as (app, shop):
        _, ids = await served(app, shop, 5)
        await age(shop.connection, ids, 40)
        for topic in erase.TOPICS:
            more = True
            while more:
                more = (await step(pool, topic, batch=2)).seen > 0
                # What is still due is late, until the last step; nothing else may ever look wrong.
                assert [one for one in await clean(dsn) if "retention.in_time" not in one] == []
        assert await kept(shop.connection, ids) == [False] * 5
        assert await clean(dsn) == []


async def test_verify_finds_what_should_have_gone(dsn: str, pool: Pool) -> None:
    async with open_bank(dsn, early_cancel_s=0, retention_days=0) as (app, shop):
        _, ids = await served(app, shop, 3)
        await whole(pool)
        await age(shop.connection, ids, 33)
        assert any("retention.in_time" in one for one in await clean(dsn))
        await whole(pool)
        assert await clean(dsn) == []
        await shop.connection.execute("update message set text = 'back again' where lease_id = $1", ids[1])
        assert any("retention.messages" in one for one in await clean(dsn))
        await shop.connection.execute("update message set text = '' where lease_id = $1", ids[1])
        await shop.connection.execute("update activation set code = '1' where id = $1", ids[1])
        assert any("retention.activations" in one for one in await clean(dsn))
        await shop.connection.execute("update activation set code = null where id = $1", ids[1])


async def test_a_younger_row_among_older_ones_holds_nothing_back_but_itself(dsn: str, pool: Pool) -> None:
    async with open_bank(dsn, early_cancel_s=0, retention_days=0) as (app, shop):
        _, ids = await served(app, shop, 5)
        await age(shop.connection, [*ids[:2], *ids[3:]], 40)
        await whole(pool)
        assert await kept(shop.connection, ids) == [False, False, True, False, False]
        # The bookmark waits in front of it, and it goes when its own time has come.
        await whole(pool, now=datetime.now(UTC) + timedelta(days=31))
        assert await kept(shop.connection, ids) == [False] * 5


async def test_recordings_targets_and_what_is_still_to_be_written_down_go_too(dsn: str, pool: Pool) -> None:
    async with open_bank(dsn, early_cancel_s=0, retention_days=0) as (app, shop):
        _, ids = await served(app, shop, 2)
        await age(shop.connection, ids[:1], 31)
        old_id, young_id = [
            await shop.connection.fetchval("select id from message where lease_id = $1", each) for each in ids
        ]
        for message_id, lease_id, days in ((old_id, ids[0], 31), (young_id, ids[1], 0)):
            at = datetime.now(UTC) - timedelta(days=days)
            await shop.connection.execute(
                "insert into recording (message_id, url, state, audio, transcript, at)"
                " values ($1, 'http://a/b.wav', 1, 'RIFF', 'xyzzy', $2)",
                message_id, at,
            )  # fmt: skip
            await shop.connection.execute(
                "insert into parse_task (message_id, lease_id, language, next_try_at) values ($1, $2, 'en', '2100-01-01')",
                message_id,
                lease_id,
            )
            await shop.connection.execute(
                "insert into errand (kind, lease_id, supplier_id, message_id, e164, target, state, at, ended_at, reason)"
                " values (0, $1, 1, $2, 79100000000, 79161234567, 1, $3, $3, 'to 79161234567')", lease_id, message_id, at,
            )  # fmt: skip
            await shop.connection.execute(
                "insert into simulated_errand values ($1, 0, 79100000000, 79161234567, 'x', 'xyzzy', $2)",
                message_id,
                at,
            )
            await shop.connection.execute("update activation set forward_to = 79161234567 where id = $1", lease_id)
        await whole(pool)

        async def column(query: str) -> list[Any]:
            return [tuple(row) for row in await shop.connection.fetch(query)]

        assert await column("select state, url, audio, transcript from recording order by message_id") == [
            (3, "", None, ""), (1, "http://a/b.wav", b"RIFF", "xyzzy")
        ]  # fmt: skip
        assert await column("select message_id from parse_task") == [(young_id,)]
        assert await column("select target, reason from errand order by id") == [
            (0, ""), (79161234567, "to 79161234567")
        ]  # fmt: skip
        assert await column("select errand_id from simulated_errand") == [(young_id,)]
        assert await column("select forward_to from activation order by id") == [(None,), (79161234567,)]


async def test_what_a_customer_still_waits_for_stays_however_short_the_time(dsn: str, pool: Pool) -> None:
    """NUMBANK_RETENTION_DAYS may be a few minutes: a code must not go before its lease is over."""
    async with open_bank(dsn, early_cancel_s=0, retention_days=0) as (app, shop):
        caller, (over,) = await served(app, shop, 1)
        await shop.numbers(1)
        running, e164 = await caller.lease()
        await push(app, e164, TEXT, sender=SENDER)
        soon = datetime.now(UTC) + timedelta(minutes=5)
        await whole(pool, days=1 / 1440, now=soon)
        assert await kept(shop.connection, [over, running]) == [False, True]
        assert await caller.get("getStatus", id=running) == "STATUS_OK:48213"
        assert await caller.get("getFullSms", id=running) == f"FULL_SMS:{TEXT}"
        assert await clean(dsn) == []
        await caller.get("setStatus", id=running, status=6)
        await whole(pool, days=1 / 1440, now=soon)
        assert await kept(shop.connection, [over, running]) == [False, False]


async def test_verify_finds_a_target_that_should_have_gone(dsn: str, pool: Pool) -> None:
    async with open_bank(dsn, early_cancel_s=0, retention_days=0) as (app, shop):
        _, (lease_id,) = await served(app, shop, 1)
        await shop.connection.execute(
            "insert into errand (kind, lease_id, supplier_id, e164, target, state, at, ended_at)"
            " values (1, $1, 1, 79100000000, 79161234567, 1, now(), now())", lease_id,
        )  # fmt: skip
        await whole(pool, now=datetime.now(UTC) + timedelta(days=31))
        assert not any("retention.errands" in one for one in await clean(dsn))
        await shop.connection.execute("update errand set target = 79161234567")
        assert any("retention.errands" in one for one in await clean(dsn))


async def test_no_step_scans_a_growing_table(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("set enable_seqscan = off")
    for topic in erase.TOPICS.values():
        statements = {topic.erase: "(1, now(), 500)", topic.first: "(1)"}
        for number, (statement, values) in enumerate(statements.items()):
            await connection.execute(f"prepare p{number} as {statement}")
            await connection.execute("set plan_cache_mode = force_generic_plan")
            plan = "\n".join(row[0] for row in await connection.fetch(f"explain execute p{number}{values}"))
            assert "Seq Scan" not in plan, plan
            await connection.execute(f"deallocate p{number}")
    await connection.close()


async def test_two_nodes_share_the_work(dsn: str, pool: Pool) -> None:
    async with pool.acquire() as one, one.transaction():
        await erase.erase(one, "message", now=datetime.now(UTC), days=DAYS, batch=10)
        # A second node finds the table taken and goes on at once.
        assert await step(pool, "message") == erase.Step(0, 0)


async def test_who_erases_by_hand_waits_for_the_node_that_is_at_it(dsn: str, pool: Pool) -> None:
    """`retention run --days 7` must not end early because the bank erases by 30 days at that moment."""
    async with open_bank(dsn, early_cancel_s=0, retention_days=0) as (app, shop):
        _, ids = await served(app, shop, 2)
        now = datetime.now(UTC) + timedelta(days=8)

        async def by_hand() -> erase.Step:
            async with pool.acquire() as connection, connection.transaction():
                return await erase.erase(connection, "message", now=now, days=7.0, batch=10, wait=True)

        async with pool.acquire() as one, one.transaction():
            await erase.erase(one, "message", now=now, days=DAYS, batch=10)
            mine = asyncio.create_task(by_hand())

            async def waits() -> bool:
                return bool(await shop.connection.fetchval("select count(*) from pg_locks where not granted"))

            await until(waits)
        assert (await mine).erased == len(ids)


def test_a_run_by_hand_is_in_the_audit_log_before_anything_goes(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever stops the command halfway has erased something all the same."""

    async def stopped(*_: Any, **__: Any) -> erase.Step:
        raise OperatorError("stopped")

    monkeypatch.setattr(erase, "erase", stopped)
    done = CliRunner().invoke(commands, ["run", "--days", "7", "--database-url", dsn])
    assert done.exit_code != 0

    async def logged() -> list[Any]:
        connection = await asyncpg.connect(dsn)
        try:
            return [tuple(row) for row in await connection.fetch("select act, details->>'days' from audit")]
        finally:
            await connection.close()

    assert asyncio.run(logged())[-1] == ("retention.run", "7.0")


async def test_the_worker_of_a_bank_erases_in_the_background(dsn: str) -> None:
    async with open_bank(dsn, early_cancel_s=0, retention_every_s=0.02, batch_erase=2) as (app, shop):
        _, ids = await served(app, shop, 5)
        await age(shop.connection, ids, 31)

        async def gone() -> bool:
            return not any(await kept(shop.connection, ids))

        await until(gone)
        assert await shop.connection.fetchval("select min(days) from retention") == DAYS
    async with open_bank(dsn, retention_every_s=0.02, retention_days=0) as (_, shop):

        async def told() -> bool:
            return bool(await shop.connection.fetchval("select count(days) = 0 from retention"))

        await until(told)


async def test_what_is_due_is_told_without_a_scan_of_times(dsn: str, pool: Pool) -> None:
    async with open_bank(dsn, early_cancel_s=0, retention_days=0) as (app, shop):
        _, ids = await served(app, shop, 7)
        none = await erase.standings(pool, now=datetime.now(UTC), days=DAYS)
        assert {one.topic: one.waiting for one in none} == dict.fromkeys(erase.TOPICS, 0)
        await age(shop.connection, ids[:5], 31)
        standing = {one.topic: one for one in await erase.standings(pool, now=datetime.now(UTC), days=DAYS)}
        assert (standing["message"].waiting, standing["activation"].waiting, standing["errand"].waiting) == (5, 5, 0)
        assert standing["activation"].oldest == await shop.connection.fetchval("select min(created_at) from activation")
        await whole(pool)
        assert await kept(shop.connection, ids) == [False] * 5 + [True] * 2


def test_a_command_that_counts_what_is_due_may_take_its_time(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bank that erases for the first time after years has many millions of rows to count."""
    limits: list[str] = []

    async def standings(connection: Any, **_: Any) -> list[erase.Standing]:
        limits.append(await connection.fetchval("show statement_timeout"))
        return []

    monkeypatch.setattr(erase, "standings", standings)
    for words in (["show"], ["run", "--dry-run"]):
        done = CliRunner().invoke(commands, [*words, "--database-url", dsn])
        assert done.exit_code == 0, done.output
    assert limits == ["0", "0"]


@pytest.mark.unit
def test_a_lease_is_erased_before_its_messages() -> None:
    assert list(erase.TOPICS)[:2] == ["activation", "message"]
