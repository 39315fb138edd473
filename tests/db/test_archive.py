"""Old partitions are packed and moved while the bank serves; no row leaves the books, whoever dies on the way."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from numbank.activation.refund import refund
from numbank.cli.verify import ALL
from numbank.db import archive, checks, growth
from numbank.errors import OperatorError
from numbank.server.app import App
from tests.conftest import DSN_VARIABLE
from tests.db.parts import FIRST, SIZE, move_on, small_partitions
from tests.support import Caller, Shop, open_bank, push, until

LATER = datetime.now(UTC) + timedelta(days=1)


async def differences(dsn: str) -> dict[str, tuple[str, ...]]:
    """What `numbank verify` would say."""
    findings = await checks.run(lambda: asyncpg.connect(dsn), ALL)
    return {finding.check: finding.examples for finding in findings if finding.differences}


async def lives(shop: Shop, app: App, key: str) -> tuple[int, int, int]:
    """Three leases: one done with its message, one cancelled, one that still lives."""
    caller = Caller(app, key)
    first = await caller.json("getNumberV2", service="tg", country=0, orderId="first")
    done = int(first["activationId"])
    await push(app, int(first["phoneNumber"]), "Telegram code 12345")
    await caller.get("setStatus", id=done, status=6)
    cancelled, _ = await caller.lease()
    await caller.get("setStatus", id=cancelled, status=8)
    live, _ = await caller.lease()
    await shop.counted()
    return done, cancelled, live


@pytest.fixture
async def connection(own_dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    opened = await asyncpg.connect(own_dsn)
    yield opened
    await opened.close()


async def all_gone(connection: asyncpg.Connection[asyncpg.Record]) -> bool:
    """Whether no session archives any more."""
    taken = await connection.fetchval("select pg_try_advisory_lock(1852142177)")
    return bool(taken and await connection.fetchval("select pg_advisory_unlock(1852142177)"))


async def archive_all(
    connection: asyncpg.Connection[asyncpg.Record], tablespace: str = ""
) -> dict[str, archive.Archived]:
    found = [await archive.standing(connection, part, LATER) for part in await archive.partitions(connection)]
    async with archive.archiving(connection):
        done = [await archive.move(connection, part, LATER, tablespace) for part in archive.closed(found, tablespace)]
    return {one.name: one for one in done}


async def shape(connection: asyncpg.Connection[asyncpg.Record], table: str) -> dict[str, list[str]]:
    """Everything about a partition but its name."""
    sql = {
        "indexes": "select pg_get_indexdef(indexrelid) from pg_index where indrelid = $1::regclass",
        "attached": "select relname from pg_class c join pg_index i on i.indexrelid = c.oid where i.indrelid = $1::regclass"
        " and c.relispartition",
        "constraints": "select pg_get_constraintdef(oid) from pg_constraint where conrelid = $1::regclass",
        "triggers": "select tgname || ' ' || tgtype from pg_trigger where tgrelid = $1::regclass",
        "columns": "select attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull from pg_attribute"
        " where attrelid = $1::regclass and attnum > 0 and not attisdropped",
    }
    return {
        name: sorted(row[0].replace(table, "T") for row in await connection.fetch(query, table))
        for name, query in sql.items()
    }


async def test_what_was_archived_is_found_and_changed_as_before(
    own_dsn: str, connection: asyncpg.Connection[asyncpg.Record]
) -> None:
    await small_partitions(connection)
    async with open_bank(own_dsn, early_cancel_s=0, partition_rows=SIZE) as (app, shop):
        account_id, key = await shop.customer()
        await shop.numbers(5, country=0)
        await shop.offer("tg", country=0)
        done, cancelled, live = await lives(shop, app, key)
        caller = Caller(app, key)
        await caller.get("setStatus", id=live, status=8)
        await move_on(connection)
        past = (
            await caller.get("getHistory"),
            await caller.get("getAllSms", id=done),
            await caller.get("getStatus", id=done),
        )
        names = [f"activation_{FIRST}", "hold_1", "entry_1", "message_1"]
        before = {name: await shape(connection, name) for name in names}
        moved = await archive_all(connection)
        assert {name: moved[name].rows for name in names} == {names[0]: 3, "hold_1": 3, "entry_1": 7, "message_1": 1}
        assert {name: await shape(connection, name) for name in names} == before
        assert "12345" in past[1]
        assert past == (
            await caller.get("getHistory"), await caller.get("getAllSms", id=done), await caller.get("getStatus", id=done)
        )  # fmt: skip
        assert await caller.get("getStatus", id=cancelled) == "STATUS_CANCEL"
        assert await caller.get("getNumberV2", service="tg", country=0, orderId="first") == "ORDER_ALREADY_EXISTS"
        after, _ = await caller.lease()
        assert after > FIRST + SIZE
        cash = await shop.cash(account_id)
        async with shop.connection.transaction():
            await refund(shop.connection, done, "test")
        assert await shop.cash(account_id) == cash + 1_000
        await shop.counted()
    assert await differences(own_dsn) == {}
    for statement in ("update entry_1 set amount = 6", "delete from entry_1", "truncate entry_1", "truncate entry"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(statement)


async def test_what_is_open_young_or_being_filled_stays(
    own_dsn: str, connection: asyncpg.Connection[asyncpg.Record]
) -> None:
    await small_partitions(connection)
    async with open_bank(own_dsn, early_cancel_s=0, partition_rows=SIZE) as (app, shop):
        _, key = await shop.customer()
        await shop.numbers(5, country=0)
        await shop.offer("tg", country=0)
        await lives(shop, app, key)
        parts = {part.name: part for part in await archive.partitions(connection)}
        lease, entry = parts[f"activation_{FIRST}"], parts["entry_1"]
        assert (lease.low, lease.high) == (FIRST, FIRST + SIZE)
        assert (await archive.standing(connection, lease, LATER)).why == "it is still being filled"
        await move_on(connection)
        assert (await archive.standing(connection, lease, LATER)).why == "something in it is still open"
        assert (await archive.standing(connection, parts["hold_1"], LATER)).why == "something in it is still open"
        assert (await archive.standing(connection, entry, datetime.now(UTC))).why == "it has younger rows"
        assert (await archive.standing(connection, entry, LATER)).why == ""
        async with archive.archiving(connection):
            with pytest.raises(OperatorError, match="something in it is still open"):
                await archive.move(connection, lease, LATER, "")
        assert await connection.fetchval("select count(*) from pg_trigger where tgname = 'noted_for_archive'") == 0
        assert set(await archive_all(connection)) >= {"entry_1", "message_1"}
    assert await differences(own_dsn) == {}


async def test_partitions_without_a_row_are_dropped_once_their_ids_are_past(
    connection: asyncpg.Connection[asyncpg.Record],
) -> None:
    await small_partitions(connection)
    await connection.execute("select setval('delivery_id', 1000)")
    assert await archive_all(connection) == {}
    await connection.execute("select setval('delivery_id', 1300)")
    assert {name: one.rows for name, one in (await archive_all(connection)).items()} == {"delivery_1": 0}
    assert await connection.fetchval("select to_regclass('delivery_1')") is None
    assert await connection.fetchval("select to_regclass('delivery_1001')") is not None


async def acts(connection: asyncpg.Connection[asyncpg.Record], many: int = 3) -> archive.Partition:
    """An audit log with some rows in a partition that is at rest."""
    await small_partitions(connection)
    for turn in range(many):
        await connection.execute("insert into audit (actor, act, subject) values ('me', 'a.b', $1)", str(turn))
    await connection.execute("select setval('audit_id', 1500)")
    return next(part for part in await archive.partitions(connection) if part.name == "audit_1")


CHANGES = (
    "update message set text = 'erased' where id = 1",
    "delete from message where id = 2",
    "insert into message (id, supplier_id, foreign_id, e164, sender, text, fate, received_at)"
    " values (4, 1, '4', 7, 'me', 'late', 3, now())",
)
SEEN = "select string_agg(id || ' ' || text, ', ' order by id) from message"


async def letters(connection: asyncpg.Connection[asyncpg.Record]) -> archive.Partition:
    """Three messages in a partition that is at rest."""
    await small_partitions(connection)
    await connection.execute(
        "insert into message_key select gen_random_uuid(), gen_random_uuid(), id from generate_series(1, 4) id"
    )
    await connection.execute(
        "insert into message (id, supplier_id, foreign_id, e164, sender, text, fate, received_at)"
        " select id, 1, id::text, 7, 'me', 'secret', 3, now() from generate_series(1, 3) id"
    )
    await connection.execute("select setval('message_id', 1500)")
    return next(part for part in await archive.partitions(connection) if part.name == "message_1")


@pytest.mark.parametrize(
    ("step", "before"),
    [
        ("_copy", True), ("_copy", False), ("_catch_up", True), ("_catch_up", False), ("_compare", True),
        ("_compare", False), ("_take_place", True), ("_swap", True),
    ],
)  # fmt: skip
async def test_what_changes_while_it_is_copied_is_in_the_copy(
    own_dsn: str,
    connection: asyncpg.Connection[asyncpg.Record],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    *,
    before: bool,
) -> None:
    part = await letters(connection)
    archiver = await asyncpg.connect(own_dsn)
    real = getattr(archive, step)

    async def beside(*arguments: object) -> None:
        if not before:
            await real(*arguments)
        for sql in CHANGES:
            await connection.execute(sql)
        if before:
            await real(*arguments)

    monkeypatch.setattr(archive, step, beside)
    async with archive.archiving(archiver):
        done = await archive.move(archiver, part, LATER, "")
    assert await connection.fetchval(SEEN) == "1 erased, 3 secret, 4 late"
    assert (done.name, done.rows) == ("message_1", 3)
    assert await connection.fetchval("select count(*) from pg_trigger where tgname = 'noted_for_archive'") == 0
    assert await connection.fetchval("select to_regclass('message_1_noted')") is None
    await archiver.close()


async def test_a_change_that_is_not_committed_yet_is_waited_for(
    own_dsn: str, connection: asyncpg.Connection[asyncpg.Record]
) -> None:
    """It was begun before the copy or while it was made, and ends when the copy wants to take the place."""
    part = await letters(connection)
    archiver, early, late = [await asyncpg.connect(own_dsn) for _ in range(3)]
    first = early.transaction()
    await first.start()
    await early.execute(CHANGES[0])
    async with archive.archiving(archiver):
        moving = asyncio.create_task(archive.move(archiver, part, LATER, ""))
        await until(lambda: waits_for(connection, "create unlogged"))
        await first.commit()
        second = late.transaction()
        await second.start()
        await late.execute(CHANGES[1])
        await until(lambda: waits_for(connection, "lock table"))
        assert not moving.done()
        await second.rollback()
        await moving
    assert await connection.fetchval(SEEN) == "1 erased, 2 secret, 3 secret"
    for each in (archiver, early, late):
        await each.close()


async def waits_for(connection: asyncpg.Connection[asyncpg.Record], what: str) -> bool:
    """Whether somebody waits for a lock with such a statement."""
    found = "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and query like $1 || '%')"
    return bool(await connection.fetchval(found, what))


async def test_who_falls_behind_catches_up_before_everybody_has_to_wait(
    connection: asyncpg.Connection[asyncpg.Record], own_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = await letters(connection)
    monkeypatch.setattr(archive, "LAST", 2)
    monkeypatch.setattr(archive, "AGAIN", 3)
    real, left = archive._swap, [9, 2, 1]

    async def beside(connection: asyncpg.Connection[asyncpg.Record], part: archive.Partition) -> None:
        other = await asyncpg.connect(own_dsn)
        for _ in range(left.pop(0)):
            await other.execute("update message set text = text || '+' where id = 3")
        await other.close()
        await real(connection, part)

    monkeypatch.setattr(archive, "_swap", beside)
    async with archive.archiving(connection):
        await archive.move(connection, part, LATER, "")
    assert not left
    assert await connection.fetchval(SEEN) == "1 secret, 2 secret, 3 secret" + 12 * "+"


@pytest.mark.slow
async def test_who_changes_old_rows_all_the_time_is_never_refused(
    own_dsn: str, connection: asyncpg.Connection[asyncpg.Record]
) -> None:
    """Updates, inserts and deletes go on while the partition is copied; all of it is there afterwards, and once."""
    await small_partitions(connection)
    many = 20_000
    await connection.execute("drop table audit_1; update growth set upto = 1 where parent = 'audit'")
    await connection.execute("drop table audit_1001")
    await connection.execute("select add_partition('audit', 1000000)")
    await connection.execute("alter table audit disable trigger user")
    await connection.execute(
        "insert into audit (id, actor, act, subject) select id, '0', 'a.b', 'x' from generate_series(1, $1::int) id",
        many,
    )
    await connection.execute("select setval('audit_id', 1400000)")
    (part,) = [part for part in await archive.partitions(connection) if part.name == "audit_1"]
    done, added, gone = [dict[int, int](), set[int](), set[int]()]
    over = asyncio.Event()

    async def writer(turn: int) -> None:
        writing = await asyncpg.connect(own_dsn)
        dice = random.Random(turn)
        while not over.is_set():
            one = dice.randrange(many // 4) * 4 + turn
            if one and one not in gone:
                await writing.execute("update audit set actor = (actor::int + 1)::text where id = $1", one)
                done[one] = done.get(one, 0) + 1
            if dice.random() < 0.1:
                new = many + 4 * len(added) + turn + 4 * dice.randrange(10_000)
                if new not in added:
                    await writing.execute("insert into audit values ($1, now(), '0', 'a.b', 'x', '{}')", new)
                    added.add(new)
            if one and dice.random() < 0.05 and one not in gone:
                await writing.execute("delete from audit where id = $1", one)
                gone.add(one)
        await writing.close()

    writing = [asyncio.create_task(writer(turn)) for turn in range(4)]
    archiver = await asyncpg.connect(own_dsn)
    async with archive.archiving(archiver):
        moved = await archive.move(archiver, part, LATER, "")
    over.set()
    await asyncio.gather(*writing)
    await archiver.close()
    assert moved.rows > many // 2
    found = {row["id"]: int(row["actor"]) for row in await connection.fetch("select id, actor from audit")}
    expected = {one: done.get(one, 0) for one in (*range(1, many + 1), *added) if one not in gone}
    assert found == expected


async def test_who_finds_what_a_dead_archiver_left_is_not_held_up(
    own_dsn: str, connection: asyncpg.Connection[asyncpg.Record]
) -> None:
    await letters(connection)
    archiver = await asyncpg.connect(own_dsn)
    async with archive.archiving(archiver):
        await archiver.execute(archive.NOTE.format("message_1"))
        await connection.execute(CHANGES[0])
        assert await connection.fetchval("select count(*) from message_1_noted") == 1
        with pytest.raises(OperatorError, match="somebody is archiving already"):
            async with archive.archiving(connection):
                pass
        # It dies here, and nobody needs its notes any more.
        archiver.terminate()

    await until(lambda: all_gone(connection))
    await connection.execute(CHANGES[1])
    assert await connection.fetchval("select count(*) from message_1_noted") == 1
    async with archive.archiving(connection):
        assert await connection.fetchval("select count(*) from pg_trigger where tgname = 'noted_for_archive'") == 0
        assert await connection.fetchval("select to_regclass('message_1_noted')") is None


async def test_what_fails_leaves_no_hasty_session_behind(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    async def fails() -> None:
        raise OperatorError("not empty any more")

    async with archive.archiving(connection):
        with pytest.raises(OperatorError, match="not empty"):
            await archive._briefly(connection, fails)
        assert await connection.fetchval("show lock_timeout") == "2s"


async def test_a_copy_that_is_not_the_same_is_thrown_away(
    connection: asyncpg.Connection[asyncpg.Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    part = await acts(connection)
    copy = archive._copy

    async def wrong(connection: asyncpg.Connection[asyncpg.Record], part: archive.Partition, tablespace: str) -> None:
        await copy(connection, part, tablespace)
        await connection.execute("alter table audit_1_packed disable trigger user")
        await connection.execute("update audit_1_packed set subject = 'another' where id = 2")

    monkeypatch.setattr(archive, "_copy", wrong)
    async with archive.archiving(connection):
        with pytest.raises(OperatorError, match="is not like it"):
            await archive.move(connection, part, LATER, "")
    assert await connection.fetchval("select to_regclass('audit_1_packed')") is None
    assert await connection.fetchval("select string_agg(subject, ' ' order by id) from audit_1") == "0 1 2"
    assert await connection.fetchval("select count(*) from audit") == 3


async def stop(connection: asyncpg.Connection[asyncpg.Record], *_: object) -> None:
    """The archiver is killed here."""
    connection.terminate()
    raise ConnectionResetError


async def test_an_archiver_that_was_stopped_leaves_nothing_that_counts(
    own_dsn: str, connection: asyncpg.Connection[asyncpg.Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped at each of its steps, with its connection; the next one finds everything in place."""
    part = await acts(connection)
    for step in ("_copy", "_catch_up", "_compare", "_again", "_swap"):
        archiver = await asyncpg.connect(own_dsn)
        with monkeypatch.context() as patch:
            patch.setattr(archive, step, stop)
            with pytest.raises(ConnectionResetError):
                async with archive.archiving(archiver):
                    await archive.move(archiver, part, LATER, "")
        assert await connection.fetchval("select string_agg(subject, ' ' order by id) from audit_1") == "0 1 2"
        await connection.execute("insert into audit (actor, act, subject) values ('me', 'a.b', 'next')")
        await until(lambda: all_gone(connection))  # until then its lock is held
    assert (await archive_all(connection))["audit_1"].rows == 3
    assert await connection.fetchval("select count(*) from audit") == 8
    assert await connection.fetchval("select count(*) from pg_class where relname like '%\\_packed%'") == 0


@pytest.fixture
async def tablespace(own_dsn: str) -> AsyncIterator[str]:
    """A tablespace of the test's cluster; only a superuser makes one."""
    address = os.environ[DSN_VARIABLE]
    where = parse_qs(urlsplit(address).query)
    admin = await asyncpg.connect(
        host=where["host"][0],
        port=int(where["port"][0]),
        user="postgres",
        database="postgres",
        passfile=where["passfile"][0],
    )
    name = "Cold disk"
    try:
        await admin.execute("set allow_in_place_tablespaces = on")
        await admin.execute(f"create tablespace \"{name}\" location ''")
        await admin.execute(f'grant create on tablespace "{name}" to public')
        yield name
        place = await asyncpg.connect(own_dsn)
        for (table,) in await place.fetch(
            "select c.oid::regclass::text from pg_class c join pg_tablespace t on t.oid = c.reltablespace"
            " where t.spcname = $1 and c.relkind = 'r'", name,
        ):  # fmt: skip
            await place.execute(f"drop table {table}")
        await place.close()
        await admin.execute(f'drop tablespace "{name}"')
    finally:
        await admin.close()


async def test_old_partitions_move_to_another_disk_with_their_indexes(
    own_dsn: str, connection: asyncpg.Connection[asyncpg.Record], tablespace: str
) -> None:
    await acts(connection)
    moved = await archive_all(connection, tablespace)
    assert moved["audit_1"].rows == 3
    (part,) = [part for part in await archive.partitions(connection) if part.name == "audit_1"]
    assert part.tablespace == tablespace
    assert await connection.fetchval("select string_agg(subject, ' ' order by id) from audit") == "0 1 2"
    own = await connection.fetch(
        "select c.reltablespace from pg_index i join pg_class c on c.oid = i.indexrelid"
        " where i.indrelid = 'audit_1'::regclass"
    )
    assert len(own) == 3
    assert all(row[0] for row in own)
    assert await archive_all(connection, tablespace) == {}
    assert "Cold disk" not in str(
        await connection.fetch("select tablespace from pg_tables where tablename = 'audit_1001'")
    )


@pytest.mark.slow
async def test_leases_go_on_while_partitions_are_made_and_archived(
    own_dsn: str, connection: asyncpg.Connection[asyncpg.Record]
) -> None:
    """Ids run over edges, partitions are made ahead of them and packed behind them, and nobody is refused."""
    await small_partitions(connection, 3)
    many = 1_400
    async with open_bank(own_dsn, early_cancel_s=0, partition_rows=SIZE) as (app, shop):
        _, key = await shop.customer(balance=10**9)
        await shop.numbers(many, country=0)
        await shop.offer("tg", country=0)
        caller = Caller(app, key)
        left = iter(range(many))
        ids: list[int] = []

        async def customer() -> None:
            for _ in left:
                lease_id, _ = await caller.lease()
                ids.append(lease_id)
                await caller.get("setStatus", id=lease_id, status=8)

        async def maker() -> None:
            making = await asyncpg.connect(own_dsn)
            while len(ids) < many:
                for parent in growth.PARENTS:
                    async with making.transaction():
                        await growth.grow(making, parent, 4 * SIZE)
            await making.close()

        async def archiver() -> None:
            while len(ids) < many:
                moved.update(await archive_all(connection))

        moved: dict[str, archive.Archived] = {}
        await asyncio.gather(*(customer() for _ in range(32)), maker(), archiver())
        assert len(set(ids)) == many
        assert max(ids) > FIRST + SIZE
        moved |= await archive_all(connection)
        assert {"entry_1", f"activation_{FIRST}"} <= set(moved)
        await shop.counted()
    assert await differences(own_dsn) == {}
