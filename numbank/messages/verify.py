"""Proves the message store: every message once under its key, every fate as its columns say, habits of what exists."""

from __future__ import annotations

from numbank.db.checks import Check
from numbank.db.proofs import by_id, whole
from numbank.db.queries import Queries

Q = Queries("numbank.messages", "verify.sql")

CHECKS: tuple[Check, ...] = (
    by_id(Q, "keys", "message"),
    by_id(Q, "fates", "message"),
    by_id(Q, "calls", "message"),
    whole(Q, "habits"),
)
