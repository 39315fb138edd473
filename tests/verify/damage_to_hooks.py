"""Damage to the webhooks."""

from __future__ import annotations

from tests.verify.damage import DONE, damage

HOOK = (
    "insert into hook (id, account_id, url, secret)"
    f" select 900, account_id, 'http://x/', '' from activation where id = {DONE}"
)
# The delivery of the rental.
RENT = "kind = 2"
COLUMNS = "insert into delivery (hook_id, account_id, kind, lease_id, message_id, state, created_at, due_at, ended_at)"


def delivery(account: str = "account_id", state: int = 0, hook: int = 900, message: str = "message_id") -> str:
    """A delivery about a lease that received a message."""
    ends = "now(), null" if state == 0 else "null, now()"
    return f"{COLUMNS} select {hook}, {account}, 0, id, {message}, {state}, now(), {ends} from activation where id = {DONE}"


HOOKS = (
    damage("a delivery for an endpoint that is missing", "hooks.truthful", delivery(hook=901)),
    damage("a delivery for an endpoint of another account", "hooks.truthful", HOOK,
           "update hook set account_id = (select min(id) from customer where id <> account_id) where id = 900", delivery()),
    damage("a delivery about an activation of another account", "hooks.truthful", HOOK,
           "update hook set account_id = (select min(id) from customer where id <> account_id) where id = 900",
           delivery(account="(select account_id from hook where id = 900)")),
    damage("a delivery about a message of another activation", "hooks.truthful", HOOK,
           delivery(message="(select min(id) from message where fate = 1)")),
    damage("a rental that is not there and is told", "hooks.truthful",
           f"update delivery set lease_id = -12345 where {RENT}"),
    damage("a message that the rental did not receive", "hooks.truthful",
           f"update delivery set message_id = (select min(id) from message where fate <> 1) where {RENT}"),
    damage("a rental that is told to the account's own endpoint", "hooks.truthful",
           f"update hook set rents = false, used_at = null where id in (select hook_id from delivery where {RENT})",
           also="rent.references"),
    damage("an activation that is told to the endpoint of a rental", "hooks.truthful", HOOK, delivery(),
           "update hook set rents = true, used_at = now() where id = 900"),
    damage("a delivery that counts as delivered without a try", "hooks.truthful", HOOK, delivery(state=1)),
    damage("a try of a delivery that is missing", "hooks.tries",
           "insert into attempt (delivery_id, at, ms, error) values (12345, now(), 1, 'timeout')"),
    damage("a try that went through without 200", "hooks.tries", HOOK, delivery(),
           "insert into attempt (delivery_id, at, ms, status) select id, now(), 1, 204 from delivery"),
)  # fmt: skip
