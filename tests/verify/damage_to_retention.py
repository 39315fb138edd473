"""Damage to what was erased, or should have been."""

from __future__ import annotations

from tests.verify.damage import damage

RETENTION = (
    damage(
        "the bookmark is behind messages with texts",
        "retention.messages",
        "update retention set upto = (select max(id) from message) where topic = 'message'",
    ),
    damage(
        "the bookmark is behind leases with codes",
        "retention.activations",
        "update retention set upto = (select max(id) from activation) where topic = 'activation'",
    ),
    damage(
        "the bookmark is behind errands with targets",
        "retention.errands",
        "update retention set upto = (select max(id) from errand) where topic = 'errand'",
    ),
    damage(
        "the bookmark is behind mailboxes with codes",
        "retention.mailboxes",
        "update retention set upto = (select max(id) from mailbox) where topic = 'mailbox'",
    ),
    damage(
        "the bookmark is behind mails with texts",
        "retention.mails",
        "update retention set upto = (select max(id) from mail) where topic = 'mail'",
    ),
    damage(
        "a message is kept for too long",
        "retention.in_time",
        "update retention set days = 30",
        "update message set received_at = received_at - interval '40 days' where id = (select min(id) from message)",
    ),
)
