"""The judge: looks at who leased lately, and bans accounts or end users whose leases go too badly. Runs in the background.

Whose leases still live at the look is looked at once more when they ended: each node remembers the ones that it saw.
A ban remembers the newest lease that it looked at. Leases up to that one are not judged again: whoever was banned, or
whose ban was lifted, begins with an empty record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from numbank.customers import bans
from numbank.customers.judging import Record, Rule, judge
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries

Q = Queries("numbank.activation", "statistics.sql")

# Leases that one step looks through for buyers; a step that was full is followed by the next at once.
MOST_LEASES = 1_000
# Live leases that a node remembers, the newest; whoever has others is looked at again when he leases again.
MOST_LIVE = 10_000


class Rules(msgspec.Struct, frozen=True):
    """The rule for accounts and the one for their end users."""

    account: Rule
    end_user: Rule

    @property
    def any(self) -> bool:
        """Whether anybody is judged at all."""
        return bool(self.account.window or self.end_user.window)


class Look(msgspec.Struct, frozen=True):
    """What a step did: how many new leases it looked through, 0 while another node is at it; and what to remember.

    `live` counts once the step is committed: it is for the next step of this node.
    """

    leases: int
    live: frozenset[int]


async def living(connection: Connection | Pool, most: int = MOST_LIVE) -> frozenset[int]:
    """The newest leases that live: what a node begins with, also for those that another one saw before it ended."""
    return frozenset(row[0] for row in await connection.fetch(Q.living, most))


async def step(
    tx: Connection, rules: Rules, now: datetime, live: frozenset[int], *, most: int = MOST_LEASES,
    most_live: int = MOST_LIVE,
) -> Look:  # fmt: skip
    """Judge those who leased since the last step, and those whose `live` leases have ended.

    The first step of a bank begins with the leases to come.
    """
    upto = await tx.fetchval(Q.judged_upto)
    if upto is None:
        await tx.execute(Q.start_judging)
        return Look(0, live)
    recent = await tx.fetch(Q.recent_buyers, upto, most)
    ended = await tx.fetch(Q.ended_buyers, list(live)) if live else []
    buyers = {(row[0], row[1]) for row in (*recent, *ended)}
    if not buyers:
        return Look(0, live)
    if rules.account.window:
        await _judge_accounts(tx, rules.account, sorted({account_id for account_id, _ in buyers}), now)
    users = sorted((account_id, end_user) for account_id, end_user in buyers if end_user is not None)
    if rules.end_user.window and users:
        await _judge_users(tx, rules.end_user, users, now)
    if recent:
        await tx.execute(Q.judge_to, max(row[2] for row in recent))
    seen = live.difference(row[2] for row in ended).union(*(row[4] for row in recent))
    return Look(sum(row[3] for row in recent), frozenset(sorted(seen)[-most_live:]))


async def _judge_accounts(tx: Connection, rule: Rule, account_ids: Sequence[int], now: datetime) -> None:
    """Ban the accounts for which the rule says so; one ban at a time for each."""
    seen = await bans.accounts_to_judge(tx, account_ids)
    for account_id, *record in await tx.fetch(Q.account_records, list(seen), list(seen.values()), rule.window):
        await _ban(tx, rule, account_id, None, Record(record[0], record[1], record[2] or 0), now)


async def _judge_users(tx: Connection, rule: Rule, users: Sequence[tuple[int, UUID]], now: datetime) -> None:
    """The same for end users."""
    seen = await bans.users_to_judge(tx, users)
    columns = [account for account, _ in seen], [digest for _, digest in seen], list(seen.values())
    for account_id, end_user, *record in await tx.fetch(Q.end_user_records, *columns, rule.window):
        await _ban(tx, rule, account_id, end_user, Record(record[0], record[1], record[2] or 0), now)


async def _ban(
    tx: Connection, rule: Rule, account_id: int, end_user: UUID | None, record: Record, now: datetime
) -> None:
    reason = judge(rule, record)
    if reason is not None:
        until = now + timedelta(minutes=rule.minutes)
        await bans.write(tx, account_id, end_user, until, reason, last_lease_id=record.last_lease_id)
