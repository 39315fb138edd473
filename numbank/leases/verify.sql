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
