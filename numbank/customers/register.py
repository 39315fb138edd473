"""The register of customers: add, top up, list. Amounts are 1/10,000 of the account's currency."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from numbank.clock import new_uuid
from numbank.customers import keys
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.reads import answered
from numbank.db.versions import bump
from numbank.errors import OperatorError
from numbank.ledger import journal

Q = Queries("numbank.customers")

MAX_NAME = 200


class Listed(msgspec.Struct, frozen=True):
    """A customer as the operator sees it."""

    id: int
    name: str
    active: bool
    currency: int
    cash: int
    created_at: datetime
    keys: int


async def add(tx: Connection, name: str, *, currency: int, balance: int) -> tuple[int, str]:
    """A new customer with money; gives id and key. The key is shown this once."""
    if not name.strip() or len(name) > MAX_NAME or "\0" in name:
        raise OperatorError(f"a customer's name has 1 to {MAX_NAME} characters")
    customer_id = await journal.open_account(tx, currency)
    await tx.execute(Q.add_customer, customer_id, name)
    if balance:
        await journal.topup(tx, customer_id, balance, new_uuid())
    return customer_id, await keys.issue(tx, customer_id)


async def topup(tx: Connection, customer_id: int, amount: int, key: UUID) -> int:
    """Add money once per key; gives the balance."""
    await must_exist(tx, customer_id)
    try:
        await journal.topup(tx, customer_id, amount, key)
    except ValueError as error:
        raise OperatorError(f"top-up refused: {error}") from None
    balance: int = await tx.fetchval(Q.balance, customer_id)
    return balance


async def must_exist(tx: Connection, customer_id: int) -> None:
    """OperatorError unless there is such a customer."""
    if not await tx.fetchval(Q.customer_exists, customer_id):
        raise OperatorError(f"there is no customer {customer_id}")


async def set_dialect(tx: Connection, customer_id: int, dialect: str) -> None:
    """What dialect a customer is answered in on the paths of the base dialect; empty: the base. OperatorError for nobody."""
    if await tx.fetchval(Q.set_dialect, customer_id, dialect) is None:
        raise OperatorError(f"there is no customer {customer_id}")
    await bump(tx, keys.TOPIC)


async def everyone(pool: Pool) -> list[Listed]:
    """All customers."""
    return [msgspec.convert(dict(row), Listed) for row in await pool.fetch(Q.customers)]


@answered
async def balance(pool: Pool, account_id: int) -> int:
    """What a customer holds."""
    cash: int = await pool.fetchval(Q.balance, account_id)
    return cash


async def named(tx: Connection, name: str) -> tuple[int, int] | None:
    """Id and money of the oldest active customer of a name; None if there is none."""
    row = await tx.fetchrow(Q.customer_named, name)
    return None if row is None else (row["id"], row["cash"])
