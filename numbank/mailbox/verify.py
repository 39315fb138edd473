"""Proves the mailboxes: addresses, room, money, what shows, the mails and their keys."""

from __future__ import annotations

from numbank.db.checks import Check
from numbank.db.proofs import by_id, whole
from numbank.db.queries import Queries

Q = Queries("numbank.mailbox", "verify.sql")

CHECKS: tuple[Check, ...] = (
    by_id(Q, "mailbox_holders", "mail_address"),
    by_id(Q, "addressed", "mailbox"),
    whole(Q, "rooms"),
    whole(Q, "mail_prices"),
    by_id(Q, "mailbox_charges", "mailbox"),
    by_id(Q, "mailbox_states", "mailbox"),
    by_id(Q, "mailbox_shown", "mailbox"),
    by_id(Q, "mailbox_mails", "mailbox"),
    by_id(Q, "mails_attached", "mail"),
    by_id(Q, "mails_once", "mail"),
    by_id(Q, "reordered", "mailbox"),
)
