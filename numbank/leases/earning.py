"""What a customer earns when a lease is done: a share of the charge as cashback (protocol.md 12.2, 23)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from numbank.db.pool import Connection
from numbank.ledger import journal
from numbank.ledger.cashback import earned


class Done(msgspec.Struct, frozen=True):
    """A lease that is done from now on: its price (1/10,000), and its account's own rate, None: that of the settings."""

    hold_id: int
    account_id: int
    price: int
    own_bp: int | None


async def credit_cashback(tx: Connection, done: Iterable[Done], rate_bp: int) -> None:
    """Credit the cashback of leases that are done from now on; the caller has locked their accounts.

    The tables of states lead there once, so this is once too. Without a rate nothing is asked of the database.
    """
    await journal.credit_cashback(
        tx,
        [
            (one.hold_id, one.account_id, earned(one.price, rate_bp if one.own_bp is None else one.own_bp))
            for one in done
        ],
    )
