-- What an account leased before, and what came on it.

-- name: history
-- Leases of an account in a span of time and of ids, the newest first, with what was charged and the codes that came. Rows are
-- compared, and the ids by that alone: with an equality, or with ids of their own, the planner walks through everybody's leases,
-- or sorts all of the account's. The page is cut first, so that what is skipped costs no look at its hold and its messages.
with page as materialized (
  select a.account_id, a.id, a.e164, a.created_at, a.state, a.currency, a.price, a.hold_id from activation a
  where (a.account_id, a.id) > ($1::bigint, $2::bigint) and (a.account_id, a.id) <= ($1, $3::bigint)
    and a.created_at >= $4 and a.created_at <= $5 and a.number_id is not null
  order by a.account_id desc, a.id desc limit $7 offset $6
)
select p.id, p.e164, p.created_at, p.state, p.currency,
  case when p.state = 8 and (select refunded_at from hold where id = p.hold_id) is null then p.price else 0 end as cost,
  coalesce((
    select array_agg(m.code order by m.id) from (select id, code from message where lease_id = p.id limit 100) m
  ), '{}') as codes
from page p order by p.id desc;

-- name: lease_of
-- The service of a lease that its account may see, and how many messages came on it.
select a.service_id, (select count(*) from message m where m.lease_id = a.id) from activation a
where a.id = $1 and a.account_id = $2 and a.number_id is not null;

-- name: messages_of
-- The messages of a lease, the oldest first. Found first and put in order then: an order by id with a limit would tempt the
-- planner to walk through everybody's messages.
with found as materialized (
  select id, sender, code, text, received_at, kind from message where lease_id = $1
)
select * from found order by id limit $2 offset $3;

-- name: refundable
-- What a refund has to know of a lease; whether it is DONE never changes again.
select account_id, hold_id, state from activation where id = $1 and number_id is not null;
