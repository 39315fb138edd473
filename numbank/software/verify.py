"""Proves the software shop: purchases, what they cost, and the keys that they sold."""

from __future__ import annotations

from numbank.db.checks import Check
from numbank.db.proofs import by_id, whole
from numbank.db.queries import Queries

Q = Queries("numbank.software", "verify.sql")

CHECKS: tuple[Check, ...] = (
    by_id(Q, "purchases", "purchase"),
    by_id(Q, "keys", "licence_key"),
    whole(Q, "pepper"),
)
