"""What happens to leases is a look-up from the first moment of a bank, or of a partition: nobody has analysed it yet."""

from __future__ import annotations

import re

import asyncpg
import msgspec

from numbank.db import migrate
from numbank.db.pool import CLERK, HOT
from numbank.db.queries import Queries
from tests.mailbox.test_plans import unconditional
from tests.server.test_plans import GROWING

BY_CLERKS = (
    ("activation", "queries.sql"), ("activation", "groups.sql"), ("supply", "queries.sql"), ("supply", "sharing.sql"),
    ("ledger", "queries.sql"), ("leases", "queries.sql"), ("messages", "queries.sql"),
)  # fmt: skip
BY_THE_POOL = (("activation", "history.sql"), ("activation", "habits.sql"), ("messages", "habits.sql"))
# The newest of a small index, as many as are wanted.
AS_MANY_AS_WANTED = {"unmatched", "newest_messages", "known_senders"}


async def test_statements_that_are_planned_on_new_tables_look_up(empty_dsn: str) -> None:
    """Not `and a.id = any($1)` beside the join, as mailboxes have it for tables that were analysed while empty: an array is
    compared with each row (64 rows: 0.5 ms instead of 0.2, 256: 5 ms instead of 0.6), and looked for in every partition.
    """
    connection = await asyncpg.connect(empty_dsn)
    await migrate.migrate(connection)
    assert await connection.fetchval("select reltuples from pg_class where relname = 'number'") == -1
    await connection.close()
    found = {}
    for settings, files in ((CLERK, BY_CLERKS), (HOT, BY_THE_POOL)):
        connection = await asyncpg.connect(empty_dsn, server_settings=settings)
        for package, file in files:
            for query in Queries(f"numbank.{package}", file):
                name = f"{package}_{query.name}"
                await connection.execute(f"prepare {name} as {query.sql}")
                parameters = max((int(number) for number in re.findall(r"\$(\d+)", query.sql)), default=0)
                given = f"({', '.join(['null'] * parameters)})" if parameters else ""
                ((plan,),) = await connection.fetch(f"explain (format json) execute {name}{given}")
                whole = unconditional(msgspec.json.decode(plan)[0]["Plan"], GROWING)
                if whole and query.name not in AS_MANY_AS_WANTED:
                    found[name] = whole
        await connection.close()
    assert found == {}
