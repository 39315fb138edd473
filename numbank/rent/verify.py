"""Proves the rentals: their charges, numbers, times and messages, in both directions."""

from __future__ import annotations

from numbank.db.checks import Check
from numbank.db.proofs import by_id, whole
from numbank.db.queries import Queries

Q = Queries("numbank.rent", "verify.sql")

# A rental may have many messages; slices of rentals are that much narrower for them.
MESSAGES_SHARE = 50

CHECKS: tuple[Check, ...] = (
    whole(Q, "exclusive"),
    whole(Q, "leased"),
    by_id(Q, "holders", "number"),
    by_id(Q, "charges", "rent"),
    by_id(Q, "references", "rent"),
    by_id(Q, "times", "rent"),
    by_id(Q, "endings", "rent"),
    by_id(Q, "guarded", "rent"),
    by_id(Q, "places", "rent", MESSAGES_SHARE),
    by_id(Q, "attached", "message"),
    whole(Q, "tables"),
)
