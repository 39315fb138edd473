-- What has to be right across the kinds of lease. A check gives one row per thing looked at: null when it is right, else what
-- is wrong. States: activation/states.py, rent/states.py, mailbox/states.py; below 8 is live.

-- name: open_holds
-- The open holds are those of the live leases that are not paid yet: one of an activation or a mailbox, one per charge of a
-- rental, none of two leases.
select case
    when a.hold_id is null then format('hold %s is open without a live lease that waits for a message', h.id)
    when h.id is null then format('%s %s waits for a message, its hold %s is not open', a.kind, a.id, a.hold_id)
    when a.leases > 1 then format('hold %s is of %s live leases', h.id, a.leases)
  end
from (select id from hold where state = 0) h
full join (
  select hold_id, min(id) as id, min(kind) as kind, count(*) as leases from (
    select hold_id, id, 'lease' as kind from activation where state < 8 and state in (0, 1, 2, 5)
    union all
    select c.hold_id, r.id, 'rental' from rent r join rent_charge c on c.rent_id = r.id where r.state < 8 and r.state = 1
    union all
    select hold_id, id, 'mailbox' from mailbox where state < 8 and state = 1
  ) unpaid group by hold_id
) a on a.hold_id = h.id;

-- name: held_heaps
-- The holds of a slice up to the mark, in heaps of so many ids: how many, and the sum of their hashes.
select id / $4 as heap, count(*) as holds, sum(hashint8extended(id, 0)::numeric) as hashes
from hold where id >= $1 and id < $2 and id <= $3 group by 1;

-- name: owned
-- Every hold is of exactly one lease, charge of a rental, mailbox or purchase, also long after it was posted or voided.
select hold_id / $4 as heap, count(*) as holds, sum(hashint8extended(hold_id, 0)::numeric) as hashes
from owner_table where owner_id >= $1 and owner_id < $2 and hold_id <= $3 group by 1;

-- name: held_in_heap
-- The holds of a heap up to the mark.
select id from hold where id / $2 = $1 and id >= ($1 - 1) * $2 and id < ($1 + 1) * $2 and id <= $3;

-- name: owned_in_heaps
-- The holds of these heaps that a slice of leases, charges, mailboxes or purchases names.
select hold_id from owner_table
where owner_id >= $1 and owner_id < $2 and hold_id / $4 = any ($3::bigint[]) and hold_id <= $5;
