"""A lost COMMIT answer: a mark that can be read counts only once a commit behind it was confirmed as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from numbank.db.counter import Answers, Counter
from numbank.db.pool import Connection, connector
from numbank.errors import Unavailable
from tests.db.test_counter import CutConnection, Seen


class NoStandby:
    """A server whose synchronous standby is gone: what it committed shows, but no further commit is confirmed."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def execute(self, sql: str, *values: object) -> str:
        if "batch_done" in sql:
            assert isinstance(values[0], UUID)
            raise TimeoutError
        return str(await self._real.execute(sql, *values))


async def test_what_shows_but_is_not_confirmed_is_answered_to_nobody(dsn: str) -> None:
    opened: list[Any] = []

    async def open_one() -> Any:
        real = await connector(dsn, 5.0)()
        opened.append(NoStandby(real) if opened else CutConnection(real, committed=True))
        return opened[-1]

    async def serve(_tx: Connection, requests: Sequence[int]) -> Answers[int]:
        return Answers(list(requests))

    seen = Seen()
    asked: Counter[int, int] = Counter(
        "unconfirmed", serve, open_one, batch_limit=8, queue_limit=100, deadline_s=5.0, watch=seen
    )
    future = asked.ask(1)
    asked.start()
    assert isinstance(await future, Unavailable)
    assert seen.kinds == ["lost_commit"]
    assert len(opened) == 2
    await asked.stop()


WARNS = """
create table warned (n int);
create function warn() returns trigger language plpgsql as
  $$ begin raise warning 'canceling wait for synchronous replication'; return null; end $$;
create constraint trigger warned after insert on warned deferrable initially deferred for each row execute function warn();
"""


async def test_a_proof_that_comes_with_a_warning_is_none(own_dsn: str) -> None:
    admin = await asyncpg.connect(own_dsn)
    await admin.execute(WARNS.replace("on warned deferrable", "on batch_done deferrable"))

    async def serve(_tx: Connection, requests: Sequence[int]) -> Answers[int]:
        return Answers(list(requests))

    seen = Seen()
    asked: Counter[int, int] = Counter(
        "warned", serve, connector(own_dsn, 5.0), batch_limit=8, queue_limit=100, deadline_s=5.0, watch=seen
    )
    future = asked.ask(1)
    asked.start()
    assert isinstance(await future, Unavailable)
    assert seen.kinds == ["lost_commit"]
    await asked.stop()
    await admin.close()


async def test_a_commit_that_was_confirmed_with_a_warning_is_looked_up(own_dsn: str) -> None:
    """A wait for the standby that somebody broke off looks like this: the commit succeeds, and a warning comes with it."""
    admin = await asyncpg.connect(own_dsn)
    await admin.execute(WARNS)

    async def serve(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        await tx.execute("insert into warned select * from unnest($1::int[])", list(requests))
        return Answers(list(requests))

    seen = Seen()
    asked: Counter[int, int] = Counter(
        "warned", serve, connector(own_dsn, 5.0), batch_limit=8, queue_limit=100, deadline_s=5.0, watch=seen
    )
    future = asked.ask(1)
    asked.start()
    assert await future == 1
    assert seen.kinds == ["lost_commit"]
    assert await admin.fetchval("select count(*) from warned") == 1
    # What it confirmed with was a commit behind it.
    assert await admin.fetchval("select count(*) from batch_done") == 2
    await asked.stop()
    await admin.close()
