"""Refunds by the operator: what a finished activation cost goes back to where it came from, once."""

from __future__ import annotations

from numbank.activation.states import State
from numbank.customers import audit
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import OperatorError
from numbank.ledger import journal

Q = Queries("numbank.activation", "history.sql")

MAX_REASON = 500


async def refund(tx: Connection, lease_id: int, reason: str) -> tuple[int, journal.Refunded]:
    """Refund a finished activation; gives the account and what went back. The lease itself stays as it is.

    OperatorError when it is not there, not finished, was cancelled (that gave its money back), or was refunded before.
    """
    if not reason.strip() or len(reason) > MAX_REASON or "\0" in reason:
        raise OperatorError(f"a refund needs a reason of 1 to {MAX_REASON} characters")
    row = await tx.fetchrow(Q.refundable, lease_id)
    if row is None:
        raise OperatorError(f"there is no activation {lease_id}")
    if row["state"] == State.CANCELLED:
        raise OperatorError(f"activation {lease_id} was cancelled: its money went back then")
    if row["state"] != State.DONE:
        raise OperatorError(f"activation {lease_id} is not finished: it can be refunded when it is")
    refunded = await journal.refund(tx, row["hold_id"], row["account_id"])
    if refunded is None:
        raise OperatorError(f"activation {lease_id} was refunded before")
    details = {
        "account": row["account_id"], "reason": reason, "cash_minor": refunded.cash, "cashback_minor": refunded.cashback,
        "taken_minor": refunded.taken_cash + refunded.taken_cashback,
    }  # fmt: skip
    await audit.write(tx, "activation.refund", f"activation {lease_id}", details)
    return row["account_id"], refunded
