"""The standing of an account: its switches, limits and terms, set by the operator, valid everywhere within a second."""

from __future__ import annotations

from datetime import datetime

import msgspec

from numbank.customers import audit, keys
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.reads import answered
from numbank.db.versions import bump
from numbank.errors import OperatorError

Q = Queries("numbank.customers", "standing.sql")

# In place of a number: the setting's value counts again.
AS_SET = -1
MAX_PREFIXES = 20
SHORTEST_PREFIX, LONGEST_PREFIX = 4, 9


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is to be changed of a customer; None leaves a thing as it is, AS_SET takes away its own number."""

    active: bool | None = None
    blocked: bool | None = None
    spend_cashback: bool | None = None
    cashback_bp: int | None = None
    phone_exception: str | None = None
    max_live: int | None = None
    requests_per_s: int | None = None
    leases_per_min: int | None = None
    verified: bool | None = None


class Standing(msgspec.Struct, frozen=True):
    """An account as the operator sees it; money in 1/10,000, None: the setting's value."""

    id: int
    name: str
    active: bool
    blocked: bool
    currency: int
    cash: int
    cashback: int
    spend_cashback: bool
    cashback_bp: int | None
    turnover: int
    rank: str | None
    discount_bp: int
    max_live: int | None
    requests_per_s: int | None
    leases_per_min: int | None
    phone_exception: str
    dialect: str
    verified: bool
    created_at: datetime
    keys: int


class Money(msgspec.Struct, frozen=True):
    """What a customer holds, in 1/10,000."""

    cash: int
    cashback: int
    spend_cashback: bool

    @property
    def to_spend(self) -> int:
        """What the next lease may cost: cashback counts when it is spent (protocol.md 12.2, 23)."""
        return self.cash + self.cashback if self.spend_cashback else self.cash


async def change(tx: Connection, customer_id: int, act: str, wanted: Change) -> None:
    """Change a customer and write it down; OperatorError when there is no such customer."""
    done = await tx.fetchval(
        Q.change_customer, customer_id, wanted.active, wanted.blocked, wanted.spend_cashback, wanted.cashback_bp,
        wanted.phone_exception, wanted.max_live, wanted.requests_per_s, wanted.leases_per_min, wanted.verified,
    )  # fmt: skip
    if done is None:
        raise OperatorError(f"there is no customer {customer_id}")
    await bump(tx, keys.TOPIC)
    await audit.write(tx, act, f"customer {customer_id}", msgspec.to_builtins(wanted))


async def of(connection: Connection | Pool, customer_id: int) -> Standing:
    """Everything about an account; OperatorError when there is none."""
    row = await connection.fetchrow(Q.standing, customer_id)
    if row is None:
        raise OperatorError(f"there is no customer {customer_id}")
    return msgspec.convert(dict(row), Standing)


@answered
async def money(pool: Pool, account_id: int) -> Money:
    """What a customer holds, for the wire."""
    [row] = await pool.fetch(Q.money_of, account_id)
    return Money(*row)


def prefixes(text: str) -> str:
    """An account's prefixes as they are kept; OperatorError when they are not what phoneException takes (12.2, 17)."""
    found = [part.strip() for part in text.split(",") if part.strip()]
    fits = all(one.isascii() and one.isdigit() and SHORTEST_PREFIX <= len(one) <= LONGEST_PREFIX for one in found)
    if not fits or len(found) > MAX_PREFIXES:
        raise OperatorError(
            f"{text!r}: expected prefixes of {SHORTEST_PREFIX} to {LONGEST_PREFIX} digits with commas between,"
            f" at most {MAX_PREFIXES}"
        )
    return ",".join(dict.fromkeys(found))


def basis_points(text: str) -> int:
    """A percentage such as `2.5` in 1/10,000; OperatorError when it is not 0 to 100 with two decimals."""
    head, _, tail = text.strip().removesuffix("%").strip().partition(".")
    digits = head + tail.ljust(2, "0")
    if (
        not head
        or len(tail) > 2
        or len(head) > 3
        or not (digits.isascii() and digits.isdigit())
        or int(digits) > 10_000
    ):
        raise OperatorError(f"{text!r} is no percentage: expected 0 to 100 with at most two decimals, e.g. 2.5")
    return int(digits)


def percent(bp: int) -> str:
    """1/10,000 as a percentage."""
    return f"{bp / 100:g} %"
