"""Learns how the codes of each service look, and who sends them, from leases that are over. Runs in the background.

No code and no text is kept: lengths, whether letters are in it, and a sender's name once enough different accounts have met
it. Telephone numbers are nobody's name and are never learned. Codes that were only likely, or were decided by habits, are
left out, so that habits cannot confirm themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from numbank.codes.prior import HIGHEST, shape_of
from numbank.codes.services.names import key_of
from numbank.db.columns import columns
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.messages.model import digest

Q = Queries("numbank.activation", "habits.sql")

MOST_LEASES = 2_000
"""Leases that one step looks at."""

ENOUGH_ACCOUNTS = 5
"""A sender is named in the books when so many accounts have met it; the table's check says the same."""

MOST_OF_ONE = 5
"""So many leases of one account count for a look in a step: a customer with very many is one voice among others."""

MOST_TIMES = 10_000
"""A service that is known by more codes remembers half of them."""

AGE = timedelta(hours=1)
"""Leases are learned from when they are so old, if none lives longer: then they are over."""

NAMELESS = timedelta(days=7)
"""What is waiting for more accounts is forgotten after this."""

MOST_FORGOTTEN = 5_000
"""Senders that one step forgets, of each kind."""

LONGEST_NUMBER, LONGEST_SENDER, LONGEST_CODE = 6, 40, 64


class Lesson(msgspec.Struct, frozen=True):
    """A lease that was done with a code."""

    account_id: int
    service_id: int
    code: str
    sender: str


async def step(
    tx: Connection, now: datetime, retention_days: float, *, most: int = MOST_LEASES, age: timedelta = AGE
) -> int:
    """Learn from the next leases that are older than `age`; gives how many it looked at, 0 while another node is at it.

    Senders that were not met for `retention_days` are forgotten; 0: never.
    """
    await tx.execute("set local enable_seqscan = off")  # engine 1.7
    upto = await tx.fetchval(Q.learned_upto)
    if upto is None:
        return 0
    kept_since = now - timedelta(days=retention_days) if retention_days else None
    await tx.execute(Q.forget_senders, now - NAMELESS, kept_since, MOST_FORGOTTEN)
    [(looked_at, last)] = await tx.fetch(Q.next_lessons, upto, now - age, most, now + age)
    if last is None:
        return 0
    lessons = [Lesson(*row) for row in await tx.fetch(Q.lessons, upto, last, HIGHEST)]
    await _add_looks(tx, [one for one in lessons if 0 < len(one.code) <= LONGEST_CODE])
    await _add_senders(tx, lessons, now)
    await tx.execute(Q.learned_to, last)
    return int(looked_at)


async def _add_looks(tx: Connection, lessons: Iterable[Lesson]) -> None:
    by_account = Counter((one.service_id, shape_of(one.code), one.account_id) for one in lessons)
    looks: Counter[tuple[int, int, bool]] = Counter()
    for (service_id, shape, _), times in by_account.items():
        looks[service_id, shape.length, shape.letters] += min(times, MOST_OF_ONE)
    if looks:
        await tx.execute(Q.add_habits, *columns([(*look, times) for look, times in looks.items()]))
        await tx.execute(Q.fade_habits, sorted({service_id for service_id, _, _ in looks}), MOST_TIMES)


async def _add_senders(tx: Connection, lessons: Iterable[Lesson], now: datetime) -> None:
    """Who met which sender, added to what is kept; the mark's lock keeps every other learner away."""
    met: dict[tuple[int, UUID], set[int]] = {}
    names: dict[tuple[int, UUID], str] = {}
    for one in lessons:
        name = sender_name(one.sender)
        if name is not None:
            key = one.service_id, digest(str(one.service_id), name)
            met.setdefault(key, set()).add(one.account_id)
            names[key] = name
    if not met:
        return
    known: set[tuple[int, UUID]] = set()
    for service_id, sender_digest, is_named, accounts in await tx.fetch(Q.senders, *columns(list(met))):
        met[service_id, sender_digest].update(accounts)
        if is_named:
            known.add((service_id, sender_digest))
    rows: list[tuple[int, UUID, str | None, str]] = []
    for key, accounts in met.items():
        is_named = key in known or len(accounts) >= ENOUGH_ACCOUNTS
        rows.append((*key, names[key] if is_named else None, "" if is_named else ",".join(map(str, sorted(accounts)))))
    await tx.execute(Q.save_senders, *columns(rows), now)


def sender_name(sender: str) -> str | None:
    """What is kept of a sender: a name or a short number as `key_of` spells it; None for what may be a person's number."""
    key = key_of(sender)
    if not key or len(key) > LONGEST_SENDER:
        return None
    digits = sum(map(str.isdigit, key))
    return None if digits > LONGEST_NUMBER or (digits == len(key) and sender.startswith("+")) else key
