"""Bans of accounts and of resellers' own customers: by the operator or by a rule, for a time; lifted, never deleted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from numbank.customers import audit, end_users, keys, register
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.versions import bump
from numbank.errors import OperatorError

Q = Queries("numbank.customers", "standing.sql")

MAX_REASON = 500
MOST_LISTED = 10_000
LONGEST = timedelta(days=3650)


class Ban(msgspec.Struct, frozen=True):
    """A ban as the operator sees it. `digest` None: the whole account; `end_user` is the userId behind the digest."""

    id: int
    account_id: int
    end_user: str | None
    digest: UUID | None
    until: datetime
    reason: str
    by_rule: bool
    created_at: datetime
    lifted_at: datetime | None
    in_force: bool


async def add(
    tx: Connection,
    customer_id: int,
    *,
    until: datetime | None,
    for_: timedelta | None,
    reason: str,
    user: str | None = None,
) -> tuple[int, datetime]:
    """Ban an account, or only its end user `user`, until a date or for a time from now; gives the ban's id and its end."""
    await register.must_exist(tx, customer_id)
    if not reason.strip() or len(reason) > MAX_REASON or "\0" in reason:
        raise OperatorError(f"a ban needs a reason of 1 to {MAX_REASON} characters")
    now: datetime = await tx.fetchval(Q.bank_time)
    end = now + for_ if for_ is not None else until
    if end is None or not now < end <= now + LONGEST:
        raise OperatorError(f"a ban ends in the future, within ten years: {end}")
    digest = None
    if user is not None:
        user = user.strip()  # as the wire does
        if not user or len(user) > end_users.MAX_NAME or "\0" in user:
            raise OperatorError(f"a userId has 1 to {end_users.MAX_NAME} characters")
        await end_users.remember(tx, [(customer_id, user)])
        digest = end_users.digest_of_user(user)
    ban_id = await write(tx, customer_id, digest, end, reason)
    details = {"until": end.isoformat(), "reason": reason} | ({} if user is None else {"user": user})
    await audit.write(tx, "ban.add", f"customer {customer_id}", details)
    return ban_id, end


async def write(
    tx: Connection,
    account_id: int,
    end_user: UUID | None,
    until: datetime,
    reason: str,
    *,
    last_lease_id: int | None = None,
) -> int:
    """A ban's row; one with `last_lease_id` is by a rule that looked at leases up to that one."""
    ban_id: int = await tx.fetchval(
        Q.add_ban, account_id, end_user, until, reason, last_lease_id is not None, last_lease_id
    )
    await bump(tx, keys.TOPIC)
    return ban_id


async def lift(tx: Connection, ban_id: int) -> int:
    """Lift a ban before its time; gives the account. OperatorError when there is none that could be lifted."""
    row = await tx.fetchrow(Q.lift_ban, ban_id)
    if row is None:
        raise OperatorError(f"there is no ban {ban_id} that could be lifted")
    await bump(tx, keys.TOPIC)
    await audit.write(tx, "ban.lift", f"customer {row['account_id']}", {"ban": ban_id})
    account_id: int = row["account_id"]
    return account_id


async def listed(connection: Connection | Pool, customer_id: int | None = None, *, all_: bool = False) -> list[Ban]:
    """Bans in force, or all that ever were; the newest first."""
    rows = await connection.fetch(Q.bans, customer_id, all_, MOST_LISTED)
    return [Ban(*row) for row in rows]


async def of_users(tx: Connection, users: Collection[tuple[int, UUID]]) -> dict[tuple[int, UUID], datetime]:
    """Until when end users (account, digest) are banned; who is not banned is missing."""
    if not users:
        return {}
    rows = await tx.fetch(Q.user_bans, [account for account, _ in users], [digest for _, digest in users])
    return {(account_id, digest): until for account_id, digest, until in rows}


async def accounts_to_judge(tx: Connection, account_ids: Sequence[int]) -> dict[int, int]:
    """Which of these accounts are not banned now, and the newest lease that a ban by rule has looked at (0: none)."""
    rows = await tx.fetch(Q.account_standings, account_ids)
    return {account_id: seen for account_id, banned, seen in rows if not banned}


async def users_to_judge(tx: Connection, users: Sequence[tuple[int, UUID]]) -> dict[tuple[int, UUID], int]:
    """The same of end users (account, digest)."""
    rows = await tx.fetch(Q.user_standings, [account for account, _ in users], [digest for _, digest in users])
    return {(account_id, digest): seen for account_id, digest, banned, seen in rows if not banned}
