"""Damage to calls, their recordings, and errands."""

from __future__ import annotations

from tests.verify.damage import damage

KEPT = "(select min(message_id) from recording where state = 1)"
ATTACHED_SMS = "(select min(id) from message where kind = 0 and fate = 0)"
FLASH = "(select min(m.id) from message m join activation a on a.id = m.lease_id where a.kind = 1)"
PASSED = "(select min(id) from errand where kind = 0)"
PLACED = "(select min(id) from errand where kind = 1)"

CALLS = (
    damage("an SMS that was parsed", "messages.calls", f"update message set parsings = 1 where id = {ATTACHED_SMS}"),
    damage("a call that was parsed too often", "messages.calls", f"update message set parsings = 5 where id = {KEPT}"),
    damage("a call that does not know of its recording", "messages.calls",
           f"update message set recorded = false where id = {KEPT}"),
    damage("a call that says it was recorded", "messages.calls",
           f"update message set recorded = true where id = {FLASH}"),
    damage("a recording of no call", "messages.calls",
           "insert into recording (message_id, url, transcript, at) values (999999, 'http://a', '', now())"),
    damage("a recording that is fetched for nobody", "messages.calls",
           "update recording set next_try_at = now() where next_try_at is null and state = 0"),
    damage("a call on a lease for an SMS", "activation.received", f"update message set kind = 1 where id = {ATTACHED_SMS}"),
    damage("a code that its caller does not have", "activation.received",
           f"update message set sender = '4479000' where id = {FLASH}"),
    damage("an errand for a lease that is missing", "activation.errands",
           f"update errand set lease_id = 1 where id = {PLACED}"),
    damage("an errand from another number", "activation.errands", f"update errand set e164 = e164 + 1 where id = {PASSED}"),
    damage("a message that is passed on for another lease", "activation.errands",
           f"update errand set message_id = {ATTACHED_SMS} where id = {PASSED}"),
    damage("a message that is passed on for a lease without forwarding", "activation.errands",
           f"update activation set forward = false where id = (select lease_id from errand where id = {PASSED})"),
)  # fmt: skip
