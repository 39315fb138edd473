"""Whether a load did honest work: what it left in the tables must be the same for every lease, whoever wrote it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

from bench.bank import PRICE, Bank, connect
from bench.harness import BenchError

SETTLE_S = 0.3
VERIFY_LIMIT_S = 120

# One statement, one snapshot. The right side is what one lease adds.
COUNTS = """
select (select count(*) from activation) as activation,
  (select count(*) from activation where state = 1) as live,
  (select count(*) from hold where state = 0) as hold,
  (select count(*) from entry where kind = 2) as entry,
  (select count(*) from use) as use,
  (select count(*) from number where state = 1 and holder is not null) as number,
  (select sum(hi + lo) from shelf)::bigint as bookmarks,
  (select sum(free) from stock)::bigint + coalesce((select sum(free) from stock_move), 0)::bigint as free,
  (select sum(withheld) from shelf_stock)::bigint + coalesce((select sum(withheld) from stock_move), 0)::bigint as withheld,
  (select sum(busy) from shelf_stock)::bigint + coalesce((select sum(busy) from stock_move), 0)::bigint as busy,
  (
    select coalesce(sum(leased), 0)::bigint from (select leased from tally union all select leased from tally_move) t
  ) as tallied,
  (select sum(cash) from account)::bigint as cash
"""
PER_LEASE = {
    "activation": 1, "live": 1, "hold": 1, "entry": 1, "use": 1, "number": 1, "bookmarks": 1,
    "free": -1, "withheld": 1, "busy": 1, "tallied": 1, "cash": -PRICE,
}  # fmt: skip


def verify(dsn: str) -> str:
    """Let `numbank verify` prove the whole database, what pgbench wrote too; gives its last line."""
    command = [sys.executable, "-c", "from numbank.cli.main import main; main()", "verify", "--database-url", dsn]
    done = subprocess.run(command, capture_output=True, text=True, timeout=VERIFY_LIMIT_S, check=False)
    if done.returncode:
        raise BenchError(f"numbank verify: {done.stdout.strip()} {done.stderr.strip()}")
    return "".join(done.stdout.strip().splitlines()[-1:])


class Books:
    """Counts what is there, and proves what a load has added since."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._before = self._counts()

    def check(self, who: str, leases: int, in_flight: int = 0) -> None:
        """BenchError unless at least `leases` and at most `in_flight` more were written, each of them wholly."""
        time.sleep(SETTLE_S)
        now = self._counts()
        done = now["activation"] - self._before["activation"]
        if not leases <= done <= leases + in_flight:
            raise BenchError(f"{who} reports {leases} leases, {done} are in the database")
        for name, each in PER_LEASE.items():
            changed = now[name] - self._before[name]
            if changed != each * done:
                raise BenchError(f"{who} made {done} leases, but changed {name} by {changed}, not {each * done}")
        self._before = now

    def _counts(self) -> dict[str, int]:
        return asyncio.run(self._read())

    async def _read(self) -> dict[str, int]:
        connection = await connect(self._bank.dsn)
        try:
            row = await connection.fetchrow(COUNTS)
        finally:
            await connection.close()
        if row is None:
            raise BenchError("the database does not count")
        return dict(row)
