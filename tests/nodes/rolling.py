"""A rolling upgrade, played: a newer numbank with planted migrations, two nodes of this one under load beside it.

`python -m tests.nodes.rolling --leases 1000000` does it on a bank with as many leases in its tables.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from pathlib import Path

import msgspec

import numbank
from numbank.db import migrate
from tests.nodes.world import Node, World

NEWEST = migrate.known()[-1].number
# What a newer version brings: expand only. Each is what writers of migrations are told to do (docs/nodes.md).
PLANTED = {
    "planted_column": f"""-- A column with a default: no row is written.
-- oldest code: {NEWEST}
alter table activation add column planted int not null default 7;
""",
    "planted_index": f"""-- An index on a large table.
-- oldest code: {NEWEST}
-- outside transaction
create index concurrently if not exists planted_numbers on number (last_service_id, id);
""",
    "planted_rule": f"""-- A constraint that new rows meet at once.
-- oldest code: {NEWEST}
alter table activation add constraint planted_is_small check (planted < 100) not valid;
alter table number add constraint number_has_digits check (e164 > 0) not valid;
""",
    "planted_proof": f"""-- The same for the rows that were there; readers and writers go on meanwhile.
-- oldest code: {NEWEST}
alter table number validate constraint number_has_digits;
""",
}
# The end of an upgrade: what the code before needs is taken away, so it may not run any more.
CONTRACT = f"""-- The column is needed from now on.
-- oldest code: {NEWEST + len(PLANTED)}
alter table activation validate constraint planted_is_small;
"""


class Newer:
    """A copy of the package with more migrations, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        source = Path(numbank.__file__).parent
        shutil.copytree(source, folder / "numbank", ignore=shutil.ignore_patterns("__pycache__"))
        self._next = NEWEST + 1
        for name, sql in PLANTED.items():
            self.plant(name, sql)

    def plant(self, name: str, sql: str) -> None:
        """One more migration."""
        file = self.folder / "numbank" / "db" / "migrations" / f"{self._next:04d}_{name}.sql"
        file.write_text(sql, "utf-8")
        self._next += 1

    @property
    def command(self) -> list[str]:
        """How its `numbank` is called."""
        line = f"import sys; sys.path.insert(0, {str(self.folder)!r}); from numbank.cli.main import main; main()"
        return [sys.executable, "-c", line]

    def node(self, dsn: str, **environment: str) -> Node:
        """A node of the newer version; its workers are forks of it."""
        made = Node(["--database-url", dsn], **environment)
        made.arguments = [*self.command, *made.arguments[1:]]
        return made

    async def migrate(self, dsn: str) -> str:
        """`numbank migrate`; what it said."""
        return await asyncio.to_thread(self._migrate, dsn)

    def _migrate(self, dsn: str) -> str:
        done = subprocess.run(
            [*self.command, "migrate", "--database-url", dsn], capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr


class Told(msgspec.Struct):
    """What customers at the old nodes were told: seconds per answer in order of time, and every word but a success."""

    took: list[tuple[float, float]] = msgspec.field(default_factory=list)
    wrong: list[str] = msgspec.field(default_factory=list)

    def p99_ms(self, since: float, until: float) -> float:
        """Of the answers in this time."""
        found = sorted(took for at, took in self.took if since <= at <= until)
        return found[len(found) * 99 // 100] * 1000 if found else 0.0

    def slowest_ms(self, since: float, until: float) -> float:
        return max((took for at, took in self.took if since <= at <= until), default=0.0) * 1000


async def lives(here: World, node: int, key: str, country: int, told: Told, over: asyncio.Event) -> None:
    """A customer at one node: leases, polls, gets a message, finishes or cancels, again and again."""
    turn = 0

    async def said(word: str, action: str, **params: object) -> str:
        began = time.monotonic()
        answer = await here.ask(node, key, action, **params)
        told.took.append((began, time.monotonic() - began))
        if not answer.startswith(word):
            told.wrong.append(f"{action}: {answer}")
        return answer

    while not over.is_set():
        turn += 1
        answer = await said("ACCESS_NUMBER", "getNumber", service="tg", country=country)
        if not answer.startswith("ACCESS_NUMBER"):
            continue
        _, lease_id, e164 = answer.split(":")
        await said("STATUS_WAIT_CODE", "getStatus", id=lease_id)
        if turn % 2:
            await said("ACCESS_CANCEL", "setStatus", id=lease_id, status=8)
            continue
        pushed = await here.push(node, int(e164), "code 24680")
        if pushed != '{"status":"SUCCESS"}':
            told.wrong.append(f"PUSH_SMS: {pushed}")
        await said("STATUS_OK:24680", "getStatus", id=lease_id)
        await said("ACCESS_ACTIVATION", "setStatus", id=lease_id, status=6)
