"""What /metrics tells of the whole bank: money, leases, stock, backlogs, room in tables, proofs. Read from the database."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import Gauge

from numbank.db import migrate
from numbank.db.pool import CONNECTION_ERRORS
from numbank.db.queries import Queries
from numbank.money import MINOR_PER_UNIT
from numbank.server.metrics import count_fates
from numbank.server.periodic import Periodic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numbank.db.pool import Connection
    from numbank.server.bank import Bank

Q = Queries("numbank.server", "gauges.sql")

LOOK_EVERY_S = 10.0


def _gauge(name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
    """Of several workers the last look counts: all of them see the same database."""
    return Gauge(f"numbank_{name}", text, labels, multiprocess_mode="mostrecent")


BUILD = _gauge("build_info", "1 for the version that this node runs", ["version", "migration"])
SCHEMA = _gauge("schema_migration", "newest migration of the database")
UP = _gauge("database_up", "1 when the database answered this node's last look, else 0")
SKEW = _gauge("clock_skew_seconds", "this node's clock minus the database's")
LIVE = _gauge("leases_live", "leases that run, by kind", ["kind"])
OVERDUE = _gauge("leases_overdue_seconds", "how long the lease waits that is due first")
MONEY = _gauge("money", "what customers have and what is held, in units of the currency", ["kind", "currency"])
FREE = _gauge("numbers_free", "numbers that can be leased now, by supplier", ["supplier"])
ACTIVE = _gauge(
    "supplier_active", "1 when a supplier with numbers is on, 0 when the operator took it off", ["supplier"]
)
HOOKS_DUE = _gauge("hooks_due", "webhooks that are due")
HOOKS_AGE = _gauge("hooks_oldest_due_seconds", "how long the oldest of them waits")
ROOM = _gauge("partition_room_ratio", "ids that a table has partitions for, as a share of one partition", ["table"])
DONE_AT = _gauge("last_done_timestamp_seconds", "when a backup or a proof ended last (0: never)", ["what"])
DIFFERENCES = _gauge("verify_differences", "differences that the last `numbank verify` found")

ACTS = {"bank.backup": "backup", "bank.verify": "verify"}


class Gauges:
    """Looks now and then."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        BUILD.labels(version("numbank"), str(migrate.known()[-1].number)).set(1)
        for what in ACTS.values():
            DONE_AT.labels(what).set(0)
        count_fates([])

    async def look(self) -> int:
        """Read everything once."""
        try:
            async with self._bank.pool.acquire() as connection:
                await self._node(connection)
                await self._leases(connection)
                await self._backlogs(connection)
        except CONNECTION_ERRORS:
            UP.set(0)
            raise
        UP.set(1)
        return 0

    async def _node(self, connection: Connection) -> None:
        row = await connection.fetchrow(Q.clock)
        if row is not None:
            SKEW.set((datetime.now(UTC) - row["at"]).total_seconds())
            SCHEMA.set(row["migration"])
        for act in await connection.fetch(Q.last_acts):
            DONE_AT.labels(ACTS[act["act"]]).set(act["at"])
            if act["differences"] is not None:
                DIFFERENCES.set(act["differences"])

    async def _leases(self, connection: Connection) -> None:
        for row in await connection.fetch(Q.live_leases):
            LIVE.labels(row["kind"]).set(row["count"])
        OVERDUE.set(await connection.fetchval(Q.overdue_leases) or 0)
        for row in await connection.fetch(Q.money, self._bank.settings.currency):
            MONEY.labels(row["kind"], str(row["currency"])).set(row["amount"] / MINOR_PER_UNIT)
        for row in await connection.fetch(Q.free_numbers):
            FREE.labels(row["name"]).set(row["free"])
            ACTIVE.labels(row["name"]).set(row["active"])

    async def _backlogs(self, connection: Connection) -> None:
        due = await connection.fetchrow(Q.hooks_due)
        if due is not None:
            HOOKS_DUE.set(due["count"])
            HOOKS_AGE.set(due["age_s"])
        for row in await connection.fetch(Q.room):
            ROOM.labels(row["parent"]).set(row["ids"] / self._bank.settings.partition_rows)


def gauge_workers(bank: Bank) -> list[Periodic]:
    """The look of this node."""
    return [Periodic("gauges", Gauges(bank).look, LOOK_EVERY_S)]
