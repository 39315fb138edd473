"""Migrations: forward only, once, and never with code that is too old."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from numbank.db import migrate
from numbank.errors import OperatorError


async def test_several_nodes_migrate_at_once_and_each_step_is_taken_once(empty_dsn: str) -> None:
    connections = [await asyncpg.connect(empty_dsn) for _ in range(4)]
    applied = await asyncio.gather(*(migrate.migrate(connection) for connection in connections))
    assert sorted(len(steps) for steps in applied) == [0, 0, 0, len(migrate.known())]
    for connection in connections:
        await migrate.check(connection)
        await connection.close()


async def test_code_that_is_too_old_is_told_so(empty_dsn: str) -> None:
    connection = await asyncpg.connect(empty_dsn)
    await migrate.migrate(connection)
    newest = migrate.known()[-1].number
    await connection.execute("insert into migration values ($1, 'future', $2)", newest + 1, newest)
    await migrate.check(connection)
    await connection.execute("update migration set oldest_code = $1 where number = $1", newest + 1)
    with pytest.raises(OperatorError, match="install a newer numbank"):
        await migrate.check(connection)
    with pytest.raises(OperatorError, match="install a newer numbank"):
        await migrate.migrate(connection)
    await connection.execute("delete from migration")
    with pytest.raises(OperatorError, match="numbank migrate"):
        await migrate.check(connection)
    await connection.close()


async def test_the_role_has_the_short_time_outs(empty_dsn: str) -> None:
    connection = await asyncpg.connect(empty_dsn)
    await migrate.migrate(connection)
    await connection.close()
    connection = await asyncpg.connect(empty_dsn)
    shown = {
        name: await connection.fetchval(f"select current_setting('{name}')")
        for name in ("idle_in_transaction_session_timeout", "lock_timeout", "statement_timeout", "jit")
    }
    assert shown == {
        "idle_in_transaction_session_timeout": "2s", "lock_timeout": "1s", "statement_timeout": "3s", "jit": "off",
    }  # fmt: skip
    await connection.close()


async def test_what_was_sold_before_the_statistics_is_in_them(empty_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = await asyncpg.connect(empty_dsn)
    everything = migrate.known()
    monkeypatch.setattr(migrate, "known", lambda: everything[:2])
    await migrate.migrate(connection)
    await connection.execute("insert into account (id, currency) values (1, 840)")
    await connection.execute("insert into customer (id, name) values (1, 'old')")
    for state, hold_state in ((1, 0), (3, 1), (8, 1), (9, 2)):
        hold_id = await connection.fetchval(
            "insert into hold (id, account_id, cash, cashback, state) values (nextval('hold_id'), 1, 70, 30, $1)"
            " returning id",
            hold_state,
        )
        await connection.execute(
            "insert into activation (id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164,"
            " hold_id, price, currency, state, created_at, cancel_from, due_at, ended_at)"
            " values (nextval('lease_id'), 1, 2, 3, 4, 5, 6, 7, $2, 100, 840, $1::smallint, '2026-01-02 23:30+00',"
            " now(), now(), case when $1::smallint >= 8 then now() end)",
            state,
            hold_id,
        )
    monkeypatch.setattr(migrate, "known", lambda: everything)
    await migrate.migrate(connection)
    [row] = await connection.fetch(
        "select service_id, day::text, country_id, supplier_id, leased, delivered from tally"
    )
    assert tuple(row) == (3, "2026-01-02", 2, 4, 4, 2)
    assert await connection.fetchval("select turnover from customer") == 200
    await connection.close()
