"""Proves the erasing: nothing is left behind the bookmarks, and the bookmarks keep up with time."""

from __future__ import annotations

from numbank.db.checks import Check
from numbank.db.proofs import by_id, whole
from numbank.db.queries import Queries

Q = Queries("numbank.retention", "verify.sql")

CHECKS: tuple[Check, ...] = (
    by_id(Q, "messages", "message"),
    by_id(Q, "activations", "activation"),
    by_id(Q, "errands", "errand"),
    by_id(Q, "mailboxes", "mailbox"),
    by_id(Q, "mails", "mail"),
    whole(Q, "in_time"),
)
