"""Damage to the rentals and to what hangs on them."""

from __future__ import annotations

from tests.verify.damage import damage

FRESH = "(select min(id) from rent where state = 1)"
FIRM = "(select min(id) from rent where state = 3)"
DONE = "(select min(id) from rent where state = 8)"
CANCELLED = "(select min(id) from rent where state = 9)"
SINGLE = "(select min(r.id) from rent r join service s on s.id = r.service_id where s.code = 'tg' and r.messages > 0)"

RENTALS = (
    damage("a number in two live rentals", "rent.exclusive",
           f"update rent r set number_id = o.number_id, e164 = o.e164 from rent o where r.id = {FRESH} and o.id = {FIRM}",
           also="rent.leased rent.holders"),
    damage("a live rental that holds no number", "rent.leased",
           f"update number set holder = holder - 1000000 where holder = -{FRESH}", also="rent.holders"),
    damage("a rental that counts as busy for another service", "rent.leased",
           f"update number set last_service_id = (select id from service where code = 'wa') where holder = -{FRESH}",
           also="supply.busy_counts"),
    damage("a number held by a rental that ended", "rent.holders",
           f"update number set state = 1, holder = -{CANCELLED}, rests_until = null"
           f" where id = (select number_id from rent where id = {CANCELLED})"),
    damage("a price that is not the charges", "rent.charges", f"update rent set price = price + 1 where id = {FIRM}"),
    damage("a rental without a charge", "rent.charges", f"delete from rent_charge where rent_id = {DONE}",
           also="leases.owned"),
    damage("a charge of nobody", "rent.charges",
           "insert into rent_charge (rent_id, hold_id, hours, price, at) values (100000999, 1, 4, 1, now())",
           also="leases.owned"),
    damage("a fresh rental that was paid", "rent.charges",
           f"update hold set state = 1 where id = (select min(hold_id) from rent_charge where rent_id = {FRESH})",
           also="ledger.holds ledger.held leases.open_holds"),
    damage("a cancelled rental that was not given back", "rent.charges",
           f"update hold set state = 0 where id = (select hold_id from rent_charge where rent_id = {CANCELLED})",
           also="ledger.holds ledger.held leases.open_holds"),
    damage("a hold that is in two rentals", "leases.open_holds",
           f"update rent_charge set hold_id = (select min(hold_id) from rent_charge where rent_id = {FRESH})"
           " where rent_id = (select max(id) from rent where state = 1)",
           also="rent.charges leases.owned"),
    damage("an operator that does not exist", "rent.references", f"update rent set operator_id = -7 where id = {DONE}"),
    damage("a number that it does not show", "rent.references", f"update rent set e164 = e164 + 1 where id = {CANCELLED}"),
    damage("a rental that goes on with a cancelled one", "rent.references",
           f"update rent set parent_id = {CANCELLED} where parent_id is not null"),
    damage("an endpoint of somebody else", "rent.references",
           f"update rent set hook_id = (select min(id) from hook) where id = {DONE}"),
    damage("a rental that ends too late", "rent.times",
           f"update rent set ends_at = ends_at + interval '1 hour', due_at = due_at + interval '1 hour' where id = {FIRM}"),
    damage("a rental that the sweep never meets", "rent.times",
           f"update rent set due_at = due_at + interval '1 s' where id = {FRESH}"),
    damage("an end by an event that does not lead there", "rent.endings", f"update rent set ended_by = 3 where id = {DONE}"),
    damage("an end before the beginning", "rent.endings",
           f"update rent set ended_at = created_at - interval '1 s' where id = {CANCELLED}"),
    damage("a rental whose number is not used", "rent.guarded",
           f"delete from use where (number_id, service_id) = (select number_id, service_id from rent where id = {SINGLE})",
           also="supply.behind"),
    damage("a message without its place", "rent.places",
           f"delete from rent_message where rent_id = {FIRM} and place = 2"),
    damage("a message that is in two places", "rent.places",
           f"update rent_message set message_id = (select message_id from rent_message where rent_id = {FIRM} and place = 1)"
           f" where rent_id = {FIRM} and place = 2"),
    damage("places of nobody", "rent.places",
           "insert into rent_message (rent_id, place, message_id) values (100000999, 1, 1)"),
    damage("a message of another number", "rent.attached",
           f"update message set e164 = e164 + 1 where id = (select min(id) from message where lease_id = -{FIRM})"),
    damage("a message from before its rental", "rent.attached",
           f"update message set received_at = received_at - interval '1 day'"
           f" where id = (select min(id) from message where lease_id = -{FIRM})"),
    damage("a call to a rental without calls", "rent.attached", f"update rent set calls = false where id = {FIRM}"),
    damage("a longer term that costs less", "rent.tables",
           "update rent_term set price = 1 where hours = 24 and country_id = 60"),
)  # fmt: skip
