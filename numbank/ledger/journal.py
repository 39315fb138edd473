"""What can be done with money, a set at a time, inside a caller's transaction. Amounts are 1/10,000."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.ledger.cashback import taken_back

Q = Queries("numbank.ledger")


class BrokenBooks(Exception):  # noqa: N818  reads as what it says in a log
    """An invariant of money does not hold; the transaction must not commit."""


class Hold(msgspec.Struct, frozen=True):
    """Money taken from an account before the goods are shown; amounts in 1/10,000."""

    id: int
    account_id: int
    cash: int
    cashback: int
    currency: int


class Balance(msgspec.Struct):
    """What an account holds; a desk counts it down while it decides in order of arrival."""

    currency: int
    cash: int
    cashback: int

    def debit(self, amount: int, cashback: int) -> None:
        """Count an amount down, `cashback` of it from the cashback; the desk has seen that both are there."""
        self.cash -= amount - cashback
        self.cashback -= cashback


class Refunded(msgspec.Struct, frozen=True):
    """What a refund gave back, and the cashback that it took back; amounts in 1/10,000."""

    cash: int
    cashback: int
    taken_cash: int
    taken_cashback: int


async def open_account(tx: Connection, currency: int) -> int:
    """A new account without money; gives its id."""
    account_id: int = await tx.fetchval(Q.open_account, currency)
    return account_id


async def other_currency(tx: Connection, currency: int) -> int | None:
    """The currency of an account that is kept in another one; None when all agree."""
    other: int | None = await tx.fetchval(Q.other_currency, currency)
    return other


async def lock_accounts(tx: Connection, account_ids: Sequence[int]) -> None:
    """Lock accounts in id order; for those who only give back, and need not know what is there."""
    await tx.fetch(Q.lock_accounts, sorted(set(account_ids)))


async def lock_balances(tx: Connection, account_ids: Sequence[int]) -> dict[int, Balance]:
    """Lock accounts in id order, then read what they hold (engine 1.1)."""
    await lock_accounts(tx, account_ids)
    rows = await tx.fetch(Q.read_balances, list(set(account_ids)))
    return {account_id: Balance(currency, cash, cashback) for account_id, currency, cash, cashback in rows}


async def topup(tx: Connection, account_id: int, amount: int, key: UUID) -> bool:
    """Book a top-up once per key; False if this key was booked before. ValueError if it was with another amount."""
    await tx.fetch(Q.lock_accounts, [account_id])
    entry_id = await tx.fetchval(Q.topup_once, account_id, key, amount)
    if entry_id is None:
        if await tx.fetchval(Q.topup_amount, account_id, key) != amount:
            raise ValueError("this key was used for another amount")
        return False
    if await tx.fetchval(Q.topup, entry_id, account_id, amount) is None:
        raise LookupError(f"no account {account_id}")
    return True


async def place_holds(tx: Connection, holds: Sequence[Hold]) -> None:
    """Take holds from accounts that the caller has locked."""
    if holds:
        columns = zip(
            *((hold.id, hold.account_id, hold.cash, hold.cashback, hold.currency) for hold in holds), strict=True
        )
        debited = await tx.fetchval(Q.place_holds, *map(list, columns))
        if debited != len({hold.account_id for hold in holds}):
            raise BrokenBooks(f"{debited} accounts debited for holds of {len(holds)}")


async def post_holds(tx: Connection, hold_ids: Sequence[int]) -> None:
    """Earn holds that must be open; the caller has locked their leases."""
    await _end(tx, Q.post_holds, hold_ids)


async def void_holds(tx: Connection, hold_ids: Sequence[int]) -> None:
    """Give back holds that must be open; the caller has locked their accounts and leases."""
    await _end(tx, Q.void_holds, hold_ids)


async def credit_cashback(tx: Connection, credits: Sequence[tuple[int, int, int]]) -> None:
    """Give cashback (hold, account, amount) for holds that were posted; the caller has locked the accounts."""
    wanted = [one for one in credits if one[2] > 0]
    if wanted:
        credited = await tx.fetchval(Q.credit_cashback, *(list(column) for column in zip(*wanted, strict=True)))
        if credited != len({account_id for _, account_id, _ in wanted}):
            raise BrokenBooks(f"{credited} accounts got the cashback of {len(wanted)} holds")


async def refund(tx: Connection, hold_id: int, account_id: int, amount: int | None = None) -> Refunded | None:
    """Give a posted hold back to where it came from, less the cashback that it earned; None if it was refunded before.

    `amount` is how much of it, before it has earned anything, None for all; cash and cashback come back in the proportion in
    which they were paid.
    LookupError when the account has no such hold, BrokenBooks when it was not posted.
    """
    balance = (await lock_balances(tx, [account_id])).get(account_id)
    await tx.fetch(Q.lock_hold, hold_id)
    row = await tx.fetchrow(Q.hold_to_refund, hold_id)
    if balance is None or row is None or row["account_id"] != account_id:
        raise LookupError(f"account {account_id} has no hold {hold_id}")
    if row["refunded"]:
        return None
    if amount is not None and row["credited"]:
        raise BrokenBooks(f"hold {hold_id} earned cashback: it can be refunded as a whole only")
    part = split(row["cash"], row["cashback"], amount)
    taken = taken_back(row["credited"], balance.cashback + part[1])
    refunded = Refunded(*part, taken.cash, taken.cashback)
    if not await tx.fetchval(
        Q.refund_hold,
        hold_id,
        *part,
        refunded.taken_cash,
        refunded.taken_cashback,
        None if amount is None else sum(part),
    ):
        raise BrokenBooks(f"hold {hold_id} was not posted")
    return refunded


def split(cash: int, cashback: int, amount: int | None) -> tuple[int, int]:
    """What of an amount goes back to cash and to cashback, to the nearest 1/10,000; None: all of both."""
    whole = cash + cashback
    if amount is None or amount == whole:
        return cash, cashback
    if not 0 <= amount < whole:
        raise ValueError(f"{amount} of {whole} cannot be given back")
    to_cash = (2 * amount * cash + whole) // (2 * whole)
    return to_cash, amount - to_cash


async def _end(tx: Connection, sql: str, hold_ids: Sequence[int]) -> None:
    if hold_ids:
        ended = await tx.fetchval(sql, list(hold_ids), min(hold_ids), max(hold_ids))
        if ended != len(hold_ids):
            raise BrokenBooks(f"{ended} of {len(hold_ids)} holds were open")
