"""What every node does beside serving: expiry, rest, counts, partitions. Nodes share the work without an arrangement."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import structlog

from numbank.activation import judge, learning, statistics
from numbank.activation.model import AdvanceRequest
from numbank.activation.states import Event
from numbank.catalogue import sales
from numbank.customers import ranks
from numbank.customers.judging import Rule
from numbank.db import growth
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.server.keeping import BREATH_S
from numbank.server.metrics import LEASE_IDS
from numbank.server.periodic import Periodic
from numbank.server.sweeping import sweep
from numbank.settings import shares
from numbank.supply import numbers

if TYPE_CHECKING:
    from asyncpg import Record

    from numbank.server.bank import Bank

Q = Queries("numbank.activation")
log = structlog.get_logger("numbank")

T = TypeVar("T")

HOUSEKEEPING_S = 60.0
FORGET_EVERY_S = 5.0
ANALYZE_EVERY_S = 1.0
LEASE_ID_ALARM = 0.8


def workers(bank: Bank) -> list[Periodic]:
    """The background workers of a node."""
    return [*_sweeps(bank), *_folds(bank), *_judges(bank), *_habits(bank), *_housekeeping(bank)]


def _sweeps(bank: Bank) -> list[Periodic]:
    """What is due: leases whose time is over, numbers that have rested."""
    settings = bank.settings
    batch = settings.batch_sweep

    def expire(row: Record) -> Awaitable[object]:
        return bank.advance.ask(AdvanceRequest(row["id"], Event.EXPIRE))

    async def wake() -> int:
        now = await bank.now()
        return await _in_transaction(bank, lambda tx: numbers.wake(tx, now, batch))

    return [
        *sweep(bank, "expire", Q.due_activations, expire, stuck_name="stuck"),
        Periodic("wake", wake, settings.sweep_every_s, full=batch),
    ]


def _folds(bank: Bank) -> list[Periodic]:
    """What is kept instead of counted: movements of stock, sales and turnover become sums; one node does it at a time."""
    settings = bank.settings

    async def fold_stock() -> int:
        return await _in_transaction(bank, numbers.fold)

    async def fold_sales() -> int:
        return await _in_transaction(bank, sales.fold)

    async def fold_turnover() -> int:
        return await _in_transaction(bank, ranks.fold)

    async def mark() -> int:
        return await _in_transaction(bank, statistics.mark)

    return [
        Periodic("fold", fold_stock, settings.stock_fold_s, full=numbers.MOST_FOLDED),
        Periodic("sales", fold_sales, settings.statistics_fold_s, full=sales.MOST_FOLDED),
        Periodic("turnover", fold_turnover, settings.statistics_fold_s, full=ranks.MOST_FOLDED),
        Periodic("lease-marks", mark, HOUSEKEEPING_S),
    ]


def _judges(bank: Bank) -> list[Periodic]:
    """Bans by rules, where the operator set any."""
    settings = bank.settings
    rules = judge.Rules(
        Rule(settings.ban_window, settings.ban_success_share, settings.ban_minutes),
        Rule(settings.ban_user_window, settings.ban_user_success_share, settings.ban_user_minutes),
    )

    live: frozenset[int] | None = None

    async def judge_buyers() -> int:
        nonlocal live
        now = await bank.now()
        remembered = await judge.living(bank.pool) if live is None else live
        look = await _in_transaction(bank, lambda tx: judge.step(tx, rules, now, remembered))
        live = look.live
        return look.leases

    return [Periodic("judge", judge_buyers, settings.judge_every_s, full=judge.MOST_LEASES)] if rules.any else []


def _habits(bank: Bank) -> list[Periodic]:
    """How the codes of services look: one node learns it from finished leases, every node reads it."""
    settings = bank.settings
    longest_s = max(settings.activation_life_s, *shares(settings.activation_life_overrides).values(), 0.0)
    age = max(learning.AGE, timedelta(seconds=longest_s))

    async def learn() -> int:
        now = await bank.now()
        seen = await _in_transaction(bank, lambda tx: learning.step(tx, now, settings.retention_days, age=age))
        if seen == learning.MOST_LEASES:
            await asyncio.sleep(BREATH_S)
        return seen

    async def read() -> int:
        await bank.read_habits()
        return 0

    return [
        Periodic("habits", learn, settings.habits_every_s, full=learning.MOST_LEASES),
        Periodic("habits-read", read, settings.habits_every_s),
    ]


def _housekeeping(bank: Bank) -> list[Periodic]:
    """What keeps the tables and the memory in order."""
    settings = bank.settings

    async def grow() -> int:
        for parent in growth.PARENTS:
            await _in_transaction(bank, partial(growth.grow, parent=parent, partition_rows=settings.partition_rows))
        return 0

    async def watch_ids() -> int:
        used = await _in_transaction(bank, lambda tx: growth.limit_lease_ids(tx, settings.max_lease_id))
        LEASE_IDS.set(max(used.values()))
        for sequence, share in used.items():
            if share > LEASE_ID_ALARM:
                log.error("lease_ids_run_out", sequence=sequence, used=round(share, 3), setting="NUMBANK_MAX_LEASE_ID")
        return 0

    async def forget_batches() -> int:
        return await _in_transaction(bank, growth.forget_batches)

    async def analyze() -> int:
        return await _in_transaction(bank, growth.analyze_outgrown)

    async def forget_lists() -> int:
        return bank.desks.board.forget()

    return [
        Periodic("grow", grow, HOUSEKEEPING_S),
        Periodic("analyze", analyze, ANALYZE_EVERY_S, full=growth.MOST_ANALYZED),
        Periodic("lease-ids", watch_ids, HOUSEKEEPING_S),
        Periodic("batch-marks", forget_batches, FORGET_EVERY_S, full=growth.MOST_FORGOTTEN),
        Periodic("price-lists", forget_lists, HOUSEKEEPING_S),
    ]


async def _in_transaction(bank: Bank, step: Callable[[Connection], Awaitable[T]]) -> T:
    async with bank.pool.acquire() as connection, connection.transaction():
        return await step(connection)
