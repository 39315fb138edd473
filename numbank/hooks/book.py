"""The book of endpoints: what customers and operators do with them. Each act runs in the transaction it is given.

`account_id` None: the operator, who may touch everybody's. What belongs to somebody else looks like what is not there.
"""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
import msgspec

from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.seals import Seals
from numbank.hooks import signature
from numbank.hooks.model import Attempt, Delivery, Event, Failure, Hook, HookRefused, State, Why
from numbank.hooks.outcomes import MOST_DROPPED
from numbank.hooks.url import Rules, parse_url

Q = Queries("numbank.hooks")

MAX_LISTED = 10_000
MAX_LOG = 100
# Endpoints of rentals that one step of the housekeeping looks at.
MOST_IDLE = 500
MAX_REASON = 200
MAX_ID = 2**63 - 1


class Terms(msgspec.Struct, frozen=True):
    """What the operator's settings say about endpoints."""

    rules: Rules
    per_account: int
    overlap_s: float


async def add(
    tx: Connection, seals: Seals, terms: Terms, account_id: int, url: str, *, by_operator: bool = False
) -> tuple[Hook, str]:
    """A new endpoint; gives its secret too, which is shown this once. An address that the operator barred only he adds."""
    target = parse_url(url, terms.rules)
    if await tx.fetchval(Q.lock_customer, account_id) is None:
        raise HookRefused(f"there is no customer {account_id}", Why.MISSING)
    there = await _own(tx, account_id)
    if len(there) >= terms.per_account:
        raise HookRefused(f"an account has at most {terms.per_account} webhooks", Why.TOO_MANY)
    _not_twice(there, target.url)
    if by_operator:
        await tx.fetch(Q.unbar, account_id, target.url)
    else:
        await _not_barred(tx, account_id, target.url)
    secret = signature.new_secret()
    file = await seals.sealer(tx)
    hook_id = await tx.fetchval(Q.add_hook, account_id, target.url, file.seal(secret))
    return await one(tx, hook_id, account_id), secret


async def of_account(connection: Connection | Pool, account_id: int) -> list[Hook]:
    """The endpoints of an account."""
    return [_hook(row) for row in await connection.fetch(Q.hooks_of, account_id)]


async def everyones(connection: Connection | Pool) -> list[Hook]:
    """All endpoints."""
    return [_hook(row) for row in await connection.fetch(Q.all_hooks, MAX_LISTED)]


async def one(connection: Connection | Pool, hook_id: int, account_id: int | None = None) -> Hook:
    """One endpoint."""
    row = await connection.fetchrow(Q.hook, hook_id, account_id) if 0 < hook_id <= MAX_ID else None
    if row is None:
        raise HookRefused(f"there is no webhook {hook_id}", Why.MISSING)
    return _hook(row)


async def change(
    tx: Connection, terms: Terms, hook_id: int, account_id: int | None = None, *, url: str | None = None,
    off_reason: str | None = None, on: bool = False,
) -> Hook:  # fmt: skip
    """Another address, on, or off with a reason. Switching off gives up what waits; switching on forgets the failures.

    What the operator switched off stays as it is until he switches it on; a customer may only switch it off once more.
    """
    hook = await _locked(tx, hook_id, account_id)
    if hook.rents and url is not None:
        raise HookRefused(f"the address of webhook {hook_id} is named by rentals: rent with another `url`", Why.TAKEN)
    by_operator = account_id is None
    if not by_operator and hook.off_by_operator:
        if on or url is not None:
            raise _barred(hook.id, hook.off_reason)
        return hook
    new_url = hook.url
    if url is not None:
        new_url = parse_url(url, terms.rules).url
        await tx.fetchval(Q.lock_customer, hook.account_id)
        _not_twice([other for other in await _own(tx, hook.account_id) if other.id != hook.id], new_url)
        if not by_operator:
            await _not_barred(tx, hook.account_id, new_url)
    reason = None if on else off_reason or hook.off_reason
    if reason is not None and (len(reason) > MAX_REASON or not reason.isprintable()):
        raise HookRefused(f"a reason has at most {MAX_REASON} printable characters")
    barred = not on and (hook.off_by_operator or (by_operator and off_reason is not None))
    await tx.execute(Q.change_hook, hook_id, new_url, reason, barred)
    if off_reason is not None:
        await tx.execute(Q.drop_pending, hook_id, MOST_DROPPED)
    return await one(tx, hook_id)


async def unbar(tx: Connection, hook_id: int) -> bool:
    """Allow the address of a removed endpoint that the operator switched off; False when there is no such endpoint."""
    row = await tx.fetchrow(Q.removed, hook_id) if 0 < hook_id <= MAX_ID else None
    if row is None:
        return False
    await tx.fetch(Q.unbar, *row)
    return True


async def remove(tx: Connection, hook_id: int, account_id: int | None = None) -> Hook:
    """Remove an endpoint and give up what waits for it."""
    hook = await _locked(tx, hook_id, account_id)
    await tx.execute(Q.remove_hook, hook_id)
    await tx.execute(Q.drop_pending, hook_id, MOST_DROPPED)
    return hook


async def rotate(
    tx: Connection, seals: Seals, hook_id: int, account_id: int | None = None, *, overlap_s: float
) -> tuple[Hook, str]:
    """A new secret, shown this once. Until the overlap is over every delivery is signed with both."""
    await _locked(tx, hook_id, account_id)
    secret = signature.new_secret()
    file = await seals.sealer(tx)
    await tx.execute(Q.rotate, hook_id, file.seal(secret), overlap_s)
    return await one(tx, hook_id), secret


async def try_out(tx: Connection, hook_id: int, account_id: int | None = None) -> Delivery:
    """A delivery that tries the endpoint once, also when it is off; for its customer not when the operator did that."""
    hook = await _locked(tx, hook_id, account_id)
    if account_id is not None and hook.off_by_operator:
        raise _barred(hook.id, hook.off_reason)
    if await tx.fetchval(Q.tested, hook_id):
        # Nobody shall flood a stranger's server through us.
        raise HookRefused(f"a test of webhook {hook_id} is still running", Why.TAKEN)
    delivery_id = await tx.fetchval(Q.add_delivery, hook_id, Event.TEST)
    return await delivery(tx, delivery_id)


async def log(
    connection: Connection | Pool, hook_id: int, account_id: int | None = None, *, before: int = MAX_ID, limit: int = 20
) -> list[Delivery]:
    """The newest deliveries of an endpoint with their tries; `before` an id for the next page."""
    await one(connection, hook_id, account_id)
    rows = await connection.fetch(Q.deliveries, hook_id, min(before, MAX_ID), min(limit, MAX_LOG))
    return await _with_attempts(connection, rows)


async def delivery(connection: Connection | Pool, delivery_id: int, account_id: int | None = None) -> Delivery:
    """One delivery with its tries."""
    row = await connection.fetchrow(Q.delivery, delivery_id, account_id) if 0 < delivery_id <= MAX_ID else None
    if row is None:
        raise HookRefused(f"there is no delivery {delivery_id}", Why.MISSING)
    return (await _with_attempts(connection, [row]))[0]


async def replay(tx: Connection, delivery_id: int, account_id: int | None = None) -> Delivery:
    """Send a delivery that ended once more, under the same id and with all its tries."""
    found = await delivery(tx, delivery_id, account_id)
    if found.state is State.PENDING:
        raise HookRefused(f"delivery {delivery_id} is still being sent", Why.TAKEN)
    if not await tx.fetchval(Q.has_message, delivery_id):
        raise HookRefused(f"the message of delivery {delivery_id} was erased", Why.TAKEN)
    if await tx.fetchval(Q.replay, delivery_id) is None:
        raise HookRefused(f"webhook {found.hook_id} is switched off or removed", Why.TAKEN)
    return await delivery(tx, delivery_id)


async def reseal(tx: Connection, seals: Seals) -> int:
    """Seal all secrets with the first key of the file; gives how many endpoints."""
    file = await seals.renew(tx)
    rows = await tx.fetch(Q.sealed)
    if rows:
        again = [
            (row["id"], *(None if one is None else file.seal(file.open(one)) for one in (row["secret"], row["old_secret"])))
            for row in rows
        ]  # fmt: skip
        await tx.execute(Q.reseal, *(list(column) for column in zip(*again, strict=True)))
    return len(rows)


async def forget(tx: Connection, days: float, most: int) -> int:
    """Forget old deliveries with their tries, and endpoints that were removed before them; gives how many deliveries.

    Endpoints that rentals named are removed when no live rental has named them for as long.
    """
    await tx.execute(Q.remove_idle, days, MOST_IDLE)
    await tx.execute(Q.forget_hooks, days)
    count: int = await tx.fetchval(Q.forget_deliveries, days, most)
    return count


async def _own(tx: Connection, account_id: int) -> list[Hook]:
    """The endpoints that an account set up itself; those that rentals name do not count."""
    return [hook for hook in await of_account(tx, account_id) if not hook.rents]


async def _locked(tx: Connection, hook_id: int, account_id: int | None) -> Hook:
    """Lock an endpoint, then read it in the next statement."""
    await one(tx, hook_id, account_id)
    await tx.fetch(Q.lock_hooks, [hook_id])
    return await one(tx, hook_id, account_id)


def _not_twice(there: Sequence[Hook], url: str) -> None:
    if any(hook.url == url for hook in there):
        raise HookRefused("the account has a webhook with this address already", Why.TAKEN)


async def _not_barred(tx: Connection, account_id: int, url: str) -> None:
    row = await tx.fetchrow(Q.barred, account_id, url)
    if row is not None:
        raise _barred(*row)


def _barred(hook_id: int, reason: str | None) -> HookRefused:
    return HookRefused(
        f"the operator switched webhook {hook_id} off: {reason}; only the operator can allow its address again",
        Why.BARRED,
    )


def _hook(row: asyncpg.Record) -> Hook:
    return Hook(*row)


async def _with_attempts(connection: Connection | Pool, rows: Sequence[asyncpg.Record]) -> list[Delivery]:
    attempts: dict[int, list[Attempt]] = {}
    for delivery_id, at, status, ms, error in await connection.fetch(Q.attempts, [row["id"] for row in rows]):
        known = None if error is None else Failure(error)
        attempts.setdefault(delivery_id, []).append(Attempt(at, status, ms, known))
    return [
        Delivery(
            row["id"], row["hook_id"], Event(row["kind"]), row["lease_id"], State(row["state"]), row["tries"],
            row["created_at"], row["due_at"], row["ended_at"], tuple(attempts.get(row["id"], ())),
        )
        for row in rows
    ]  # fmt: skip
