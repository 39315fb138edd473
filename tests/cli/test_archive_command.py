"""`numbank archive`: what the parts of the growing tables weigh, and old ones packed while the bank goes on."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from numbank.db import growth
from tests.cli.test_policy import failure, run, shown


async def _old_acts(dsn: str) -> None:
    """An audit log that has come to its second part."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("drop table audit_1")
        await connection.execute("update growth set upto = 1 where parent = 'audit'")
        for _ in range(2):
            await connection.execute("select add_partition('audit', 1000)")
        # Else it may be analyzed by then.
        await connection.execute("alter table audit_1 set (autovacuum_enabled = false)")
        await connection.execute(
            "insert into audit (actor, act, subject) select 'me', 'a.b', n::text from generate_series(1, 900) n"
        )
        await connection.execute("select setval('audit_id', 1400)")
        async with connection.transaction():
            await growth.grow(connection, "audit", 1_000)
    finally:
        await connection.close()


@pytest.mark.slow
def test_an_old_part_is_shown_packed_and_noted_in_the_log(own_dsn: str) -> None:
    asyncio.run(_old_acts(own_dsn))
    db = ("--database-url", own_dsn)
    parts = {row["part"]: row for row in shown("archive", "show", "--before", "2100-01-01", *db)["parts"]}
    assert parts["audit_1"]["stays_because"] == ""
    assert (parts["audit_1"]["from_id"], parts["audit_1"]["to_id"]) == (1, 1_001)
    assert parts["audit_1"]["rows"] is None, "nobody analyzed it yet: that is no 0"
    assert parts["activation_100000000"]["rows"] == 0
    about = [line.split() for line in run("archive", "show", *db).stdout.splitlines() if line.startswith("audit_1 ")]
    assert [line[2] for line in about] == ["?"]
    assert parts["activation_100000000"]["stays_because"] == "it is still being filled"
    assert "it is still being filled" in run("archive", "show", *db).stdout
    assert "is no date" in failure("archive", "run", "--before", "soon", *db)
    assert "there is no tablespace 'cold'" in failure("archive", "run", "--before", "2100-01-01", "--to", "cold", *db)
    dry = shown("archive", "run", "--before", "2100-01-01", "--dry-run", *db)["parts"]
    assert [row["part"] for row in dry] == ["audit_1"]
    (one,) = shown("archive", "run", "--before", "2100-01-01", *db)["archived"]
    assert (one["name"], one["rows"]) == ("audit_1", 900)
    assert 0 < one["bytes"] <= one["before"]
    assert run("archive", "run", "--before", "2100-01-01", *db).stdout == "0 parts archived\n"
    acts = shown("audit", "list", "--act", "archive", *db)
    assert [act["details"]["parts"] for act in acts] == [[], ["audit_1"]]
