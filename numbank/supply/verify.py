"""Proves the stock: numbers, bookmarks with what lies behind them, and the kept counts."""

from __future__ import annotations

from numbank.db.checks import Check
from numbank.db.proofs import by_id, by_query, whole
from numbank.db.queries import Queries

Q = Queries("numbank.supply", "verify.sql")

# A number may be used for many services; slices of numbers are that much narrower for them.
SERVICES_SHARE = 5

CHECKS: tuple[Check, ...] = (
    by_id(Q, "numbers", "number"),
    by_query(Q, "seqs", "pool_slices"),
    whole(Q, "shelves"),
    by_query(Q, "behind", "shelf_slices"),
    by_id(Q, "uses", "number", SERVICES_SHARE),
    by_id(Q, "waiting", "number", SERVICES_SHARE),
    by_id(Q, "wakeups", "number", SERVICES_SHARE),
    by_query(Q, "piles", "pool_slices"),
    by_query(Q, "free_counts", "pool_slices"),
    by_query(Q, "withheld_counts", "pool_slices"),
    by_query(Q, "busy_counts", "pool_slices"),
    whole(Q, "counts"),
)
