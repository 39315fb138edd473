"""Proves the webhooks: everything told belongs to whom it was told, and what counts as delivered was taken."""

from __future__ import annotations

from numbank.db.checks import Check
from numbank.db.proofs import by_id
from numbank.db.queries import Queries

Q = Queries("numbank.hooks", "verify.sql")

CHECKS: tuple[Check, ...] = (
    by_id(Q, "truthful", "delivery"),
    by_id(Q, "tries", "attempt"),
)
