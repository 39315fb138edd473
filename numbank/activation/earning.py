"""What a customer earns when a lease is done: a share of the charge as cashback (protocol.md 12.2, 23)."""

from __future__ import annotations

from collections.abc import Iterable

from numbank.activation.model import Lease
from numbank.activation.states import State
from numbank.db.pool import Connection
from numbank.ledger import journal
from numbank.ledger.cashback import earned


async def credit_cashback(tx: Connection, done: Iterable[tuple[Lease, State]], rate_bp: int) -> None:
    """Credit the cashback of leases that are DONE from now on; the caller has locked their accounts.

    The table of states leads to DONE once, so this is once too. Without a rate nothing is asked of the database.
    """
    credits = []
    for lease, to in done:
        if to is State.DONE:
            own = lease.cashback_bp
            credits.append((lease.hold_id, lease.account_id, earned(lease.price, rate_bp if own is None else own)))
    await journal.credit_cashback(tx, credits)
