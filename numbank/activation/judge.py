"""The judge: looks at who leased lately, and bans accounts or end users whose leases go too badly. Runs in the background.

A ban remembers the newest lease that it looked at. Leases up to that one are not judged again: whoever was banned, or
whose ban was lifted, begins with an empty record.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from numbank.customers import bans
from numbank.customers.judging import Record, Rule, judge
from numbank.db.pool import Connection
from numbank.db.queries import Queries

Q = Queries("numbank.activation", "statistics.sql")

# Leases that one step looks through for buyers; each buyer costs two or three look-ups.
MOST_LEASES = 1_000


class Rules(msgspec.Struct, frozen=True):
    """The rule for accounts and the one for their end users."""

    account: Rule
    end_user: Rule

    @property
    def any(self) -> bool:
        """Whether anybody is judged at all."""
        return bool(self.account.window or self.end_user.window)


async def step(tx: Connection, rules: Rules, now: datetime, most: int = MOST_LEASES) -> int:
    """Judge those who leased since the last step; gives how many were looked at, 0 while another node is at it.

    The first step of a bank begins with the leases to come.
    """
    upto = await tx.fetchval(Q.judged_upto)
    if upto is None:
        await tx.execute(Q.start_judging)
        return 0
    buyers = await tx.fetch(Q.recent_buyers, upto, most)
    if not buyers:
        return 0
    if rules.account.window:
        for account_id in sorted({row[0] for row in buyers}):
            await _judge(tx, rules.account, account_id, None, now)
    if rules.end_user.window:
        for account_id, end_user, _ in buyers:
            if end_user is not None:
                await _judge(tx, rules.end_user, account_id, end_user, now)
    await tx.execute(Q.judge_to, max(row[2] for row in buyers))
    return len(buyers)


async def _judge(tx: Connection, rule: Rule, account_id: int, end_user: UUID | None, now: datetime) -> None:
    """Ban somebody if the rule says so; one ban at a time."""
    banned, seen = await bans.state(tx, account_id, end_user)
    if banned:
        return
    if end_user is None:
        [row] = await tx.fetch(Q.account_record, account_id, rule.window, seen)
    else:
        [row] = await tx.fetch(Q.end_user_record, account_id, end_user, rule.window, seen)
    record = Record(row[0], row[1], row[2] or 0)
    reason = judge(rule, record)
    if reason is not None:
        until = now + timedelta(minutes=rule.minutes)
        await bans.write(tx, account_id, end_user, until, reason, last_lease_id=record.last_lease_id)
