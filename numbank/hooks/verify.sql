-- The proofs of webhooks. A check gives one row per thing looked at: null when it is right, else what is wrong.
-- Events and states are numbered in hooks/model.py.

-- name: truthful
-- Every delivery is for an endpoint and a message of its own account, and one that went through has the try that did it.
with told as materialized (
  select id, kind, state, hook_id, account_id, lease_id, message_id from delivery where id >= $1 and id < $2
)
select case
    when d.state = 0 and h.id is null then format('delivery %s waits for endpoint %s, which does not exist', d.id, d.hook_id)
    when h.account_id <> d.account_id then format('delivery %s of account %s is for an endpoint of account %s', d.id, d.account_id, h.account_id)
    when d.kind = 0 and (a.id is null or a.account_id <> d.account_id)
      then format('delivery %s tells account %s of activation %s, which is not its own', d.id, d.account_id, d.lease_id)
    when d.kind = 0 and (m.id is null or m.lease_id is distinct from d.lease_id)
      then format('delivery %s tells of message %s, which activation %s did not receive', d.id, d.message_id, d.lease_id)
    when d.kind = 2 and (r.id is null or r.account_id <> d.account_id)
      then format('delivery %s tells account %s of rental %s, which is not its own', d.id, d.account_id, -d.lease_id)
    when d.kind = 2 and (m.id is null or m.lease_id is distinct from d.lease_id)
      then format('delivery %s tells of message %s, which rental %s did not receive', d.id, d.message_id, -d.lease_id)
    when d.kind in (0, 2) and h.rents <> (d.kind = 2)
      then format('delivery %s of kind %s is for endpoint %s, which is told of other leases', d.id, d.kind, d.hook_id)
    when d.state = 1 and t.delivery_id is null
      then format('delivery %s counts as delivered, but no try went through', d.id)
  end
from told d left join hook h on h.id = d.hook_id
left join activation a on a.id = d.lease_id
  and a.id between (select min(lease_id) from told where lease_id > 0) and (select max(lease_id) from told)
left join rent r on r.id = -d.lease_id
  and r.id between (select -max(lease_id) from told where lease_id < 0) and (select -min(lease_id) from told)
left join message m on m.id = d.message_id and m.id between (select min(message_id) from told) and (select max(message_id) from told)
left join (
  select distinct delivery_id from attempt where status = 200 and error is null and delivery_id >= $1 and delivery_id < $2
) t on t.delivery_id = d.id;

-- name: tries
-- Every try belongs to a delivery, and says either that it went through with 200 or what went wrong.
select case
    when d.id is null then format('try %s is of delivery %s, which does not exist', t.id, t.delivery_id)
    when (t.error is null) <> (t.status is not distinct from 200) then format('try %s has status %s and error %s', t.id, t.status, t.error)
  end
from attempt t left join delivery d on d.id = t.delivery_id where t.id >= $1 and t.id < $2;
