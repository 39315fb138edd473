"""Damage to the activations and to what hangs on them."""

from __future__ import annotations

from tests.verify.damage import CANCELLED, CUSTOMER, DONE, LIVE, OTHER_DONE, damage

LEASES = (
    damage("a number in two live leases", "activation.exclusive",
           f"update activation a set number_id = o.number_id, e164 = o.e164 from activation o where a.id = {LIVE}"
           " and o.id = (select max(id) from activation where state = 1)",
           also="activation.leased activation.holders activation.once"),
    damage("a live lease that holds no number", "activation.leased",
           f"update number set holder = {LIVE} + 1000000 where holder = {LIVE}", also="activation.holders"),
    damage("a lease that counts as busy for another service", "activation.leased",
           f"update number set last_service_id = last_service_id + 1 where holder = {LIVE}", also="supply.busy_counts"),
    damage("a number held by a lease that ended", "activation.holders",
           f"update number set state = 1, holder = {DONE}, rests_until = null"
           f" where id = (select number_id from activation where id = {DONE}) and state in (0, 2)",
           also="supply.free_counts supply.busy_counts"),
    damage("a price that is not the hold", "activation.charges",
           f"update activation set price = price + 1 where id = {DONE}"),
    damage("a lease that was paid before its message", "activation.charges",
           f"update hold set state = 1 where id = (select hold_id from activation where id = {LIVE})",
           also="ledger.holds ledger.held activation.open_holds"),
    damage("a cancelled lease that was not given back", "activation.charges",
           f"update hold set state = 0 where id = (select hold_id from activation where id = {CANCELLED})",
           also="ledger.holds ledger.held activation.open_holds"),
    damage("an open hold of nobody", "activation.open_holds",
           f"insert into hold (id, account_id, cash, cashback) select nextval('hold_id'), {CUSTOMER}, 0, 0"),
    damage("a supplier that does not exist", "activation.references",
           f"update activation set supplier_id = 9999 where id = {DONE}"),
    damage("a number that it does not show", "activation.references",
           f"update activation set e164 = e164 + 1 where id = {CANCELLED}"),
    damage("an end by an event that does not lead there", "activation.endings",
           f"update activation set ended_by = 8 where id = {DONE}"),
    damage("an end before the beginning", "activation.endings",
           f"update activation set ended_at = created_at - interval '1 s' where id = {CANCELLED}"),
    damage("a lease whose number is not used", "activation.guarded",
           f"delete from use where (number_id, service_id) ="
           f" (select number_id, service_id from activation where id = {DONE})",
           also="supply.behind supply.withheld_counts"),
    damage("a number used twice for a service", "activation.once",
           f"update activation a set number_id = o.number_id, e164 = o.e164, service_id = o.service_id from activation o"
           f" where a.id = {DONE} and o.id = {OTHER_DONE}",
           also="activation.attached"),
    damage("an order of a lease that is missing", "activation.orders",
           "update order_key set lease_id = 1 where lease_id = (select min(lease_id) from order_key)"),
    damage("an order of another account's lease", "activation.orders", "update order_key set account_id = account_id + 1"),
    damage("a message attached to the lease of another number", "activation.attached",
           "update message set number_id = number_id + 1 where id = (select min(id) from message where fate = 0)"),
    damage("a message attached to a cancelled lease", "activation.attached",
           f"update message m set lease_id = a.id, number_id = a.number_id, e164 = a.e164, fate = 0 from activation a"
           f" where a.id = {CANCELLED} and m.id = (select min(id) from message where fate = 1)"),
    damage("a message that two leases show", "activation.shown",
           f"update activation set message_id = (select message_id from activation where id = {OTHER_DONE})"
           f" where id = {DONE}"),
    damage("a delivered lease without a message", "activation.shown",
           f"update activation set message_id = null where id = {DONE}"),
    damage("a code that no message has", "activation.shown", f"update activation set code = '000000' where id = {DONE}"),
    damage("a code that is not shown", "activation.shown", f"update activation set code = null where id = {DONE}"),
    damage("an acquisition from stock that is here", "activation.acquired",
           f"insert into acquisition (lease_id, supplier_id, state, reference, e164)"
           f" select id, supplier_id, 1, 'ref', e164 from activation where id = {LIVE}"),
    damage("a live lease that was never asked for", "activation.ordered",
           f"update supplier set asked = true where id = (select supplier_id from activation where id = {LIVE})"),
    damage("an acquisition for a lease that is missing", "activation.acquired",
           "insert into acquisition (lease_id, supplier_id) select 1, id from supplier where asked"),
    damage("an acquisition at a supplier that is not asked", "activation.acquired",
           f"insert into acquisition (lease_id, supplier_id) select id, supplier_id from activation where id = {CANCELLED}"),
    damage("a number that is held for a lease that ended", "activation.acquired",
           "update acquisition set state = 1 where state in (4, 5)"),
    damage("two numbers held for one lease", "activation.ordered",
           "insert into acquisition (lease_id, supplier_id, state, reference, e164)"
           " select lease_id, supplier_id, 1, 'x', e164 from acquisition where state = 1"),
    damage("a live lease whose number was never asked for", "activation.ordered", "delete from acquisition where state = 1"),
)  # fmt: skip
