-- Webhooks. Events, states and failures are numbered in hooks/model.py. Deliveries are taken and ended by the sender only.

-- name: enqueue
-- Deliveries of events for all endpoints of their accounts that are on, but not those of rentals. One behind another of the same lease that waits for
-- long starts no earlier than that one. One behind another that may be in a node's hands (a try takes a minute at most, and the
-- node keeps it for 20 s more) is due now: that one may end before we commit, and then nobody would move this one up.
-- The sum in the maximum keeps it from walking all that waits for the endpoint in the order of time.
insert into delivery (hook_id, account_id, kind, lease_id, message_id, created_at, due_at)
select h.id, e.account_id, e.kind, e.lease_id, e.message_id, bank_now(), coalesce((
    select max(d.due_at + interval '0') from delivery d where d.state = 0 and d.hook_id = h.id and d.lease_id = e.lease_id
    having max(d.due_at + interval '0') > bank_now() + interval '80 s'
  ), bank_now())
from unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[]) with ordinality e(kind, account_id, lease_id, message_id, place)
join hook h on h.account_id = e.account_id and h.removed_at is null and h.off_reason is null and not h.rents
order by e.place, h.id;

-- name: enqueue_rent
-- Deliveries of messages for the endpoints that their rentals name, where they are on; in order as in `enqueue`.
insert into delivery (hook_id, account_id, kind, lease_id, message_id, created_at, due_at)
select h.id, h.account_id, $1, e.lease_id, e.message_id, bank_now(), coalesce((
    select max(d.due_at + interval '0') from delivery d where d.state = 0 and d.hook_id = h.id and d.lease_id = e.lease_id
    having max(d.due_at + interval '0') > bank_now() + interval '80 s'
  ), bank_now())
from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) with ordinality e(hook_id, account_id, lease_id, message_id, place)
join hook h on h.id = e.hook_id and h.account_id = e.account_id and h.removed_at is null and h.off_reason is null and h.rents
order by e.place;

-- name: name_again
-- A rental names the endpoint of an address; no row when there is none. What was off because it failed is on again; what its
-- customer ($3 is his reason) or the operator switched off stays so.
update hook set used_at = bank_now(), off_reason = case when off_by_operator or off_reason = $3 then off_reason end,
  failures = case when off_reason is null or off_by_operator or off_reason = $3 then failures else 0 end
where account_id = $1 and md5(url) = md5($2) and url = $2 and rents and removed_at is null returning id;

-- name: still_named
-- Rentals that begin anew name these endpoints once more, as in `name_again`; gives those that were not removed meanwhile.
update hook set used_at = bank_now(), off_reason = case when off_by_operator or off_reason = $2 then off_reason end,
  failures = case when off_reason is null or off_by_operator or off_reason = $2 then failures else 0 end
where id = any($1::bigint[]) and rents and removed_at is null returning id;

-- name: add_for_rentals
-- An endpoint for an address that a rental names.
insert into hook (account_id, url, secret, rents, used_at) values ($1, $2, $3, true, bank_now()) returning id;

-- name: other_rental_endpoints
-- How many other addresses the rentals of an account have named, counted up to a limit.
select count(*) from (
  select from hook where account_id = $1 and rents and removed_at is null and url <> $2 limit $3
) others;

-- name: remove_idle
-- Endpoints of rentals that were not looked at for some days, the longest first: those with a live rental are kept for as long
-- again, the others are removed.
with idle as (
  select h.id, exists (
    select from rent r where r.account_id = h.account_id and r.state < 8 and r.hook_id = h.id
  ) as used
  from hook h where h.rents and h.removed_at is null and h.used_at < bank_now() - $1::float8 * interval '1 day'
  order by h.used_at, h.id limit $2
)
update hook h set used_at = case when i.used then bank_now() else h.used_at end,
  removed_at = case when i.used then null else bank_now() end
from idle i where h.id = i.id and h.removed_at is null returning h.id;

-- name: add_delivery
-- One delivery for one endpoint, due now.
insert into delivery (hook_id, account_id, kind, created_at, due_at)
select id, account_id, $2, bank_now(), bank_now() from hook where id = $1 and removed_at is null returning id;

-- name: take
-- Take due deliveries for a while: of each endpoint with something to do as many as there is room for ($2, $3; others $4, and
-- $6 of all of these), of each lease only the first that waits. What another node is taking is passed over.
-- From endpoint to endpoint and then by id, so that it never walks all that waits.
with recursive busy(hook_id) as (
  (select d.hook_id from delivery d where d.state = 0 order by d.hook_id limit 1)
  union all
  select (select d.hook_id from delivery d where d.state = 0 and d.hook_id > b.hook_id order by d.hook_id limit 1)
  from busy b where b.hook_id is not null
), found as (
  select f.id, f.due_at, r.hook_id is null as stranger, row_number() over (partition by r.hook_id is null order by f.due_at) as place
  from busy b
  left join unnest($2::bigint[], $3::int[]) r(hook_id, room) on r.hook_id = b.hook_id
  cross join lateral (
    select d.id, d.due_at from delivery d
    where d.state = 0 and d.hook_id = b.hook_id and d.due_at <= bank_now() and coalesce((
      select e.id from delivery e where e.state = 0 and e.hook_id = d.hook_id and e.lease_id = d.lease_id order by e.id limit 1
    ), d.id) = d.id
    order by d.due_at, d.id limit coalesce(r.room, $4)
  ) f
), due as (
  select id from found where not stranger or place <= $6 order by due_at limit $5
), locked as (
  select d.id from delivery d where d.id = any(array(select id from due)) and d.due_at <= bank_now()
  order by d.id for no key update skip locked
), taken as (
  update delivery d set due_at = bank_now() + make_interval(secs => $1), taken = d.taken + 1,
    started_at = coalesce(d.started_at, bank_now())
  where d.id = any(array(select id from locked))
  returning d.id, d.hook_id, d.kind, d.tries, d.taken, d.started_at
)
select t.id, t.hook_id, t.kind, t.tries, t.taken, t.started_at, h.url, h.secret,
  case when h.old_until > bank_now() then h.old_secret end as old_secret,
  (h.off_reason is not null or h.removed_at is not null) and t.kind <> 1 as off, h.failures > 0 as failing
from taken t join hook h on h.id = t.hook_id order by t.id;

-- name: take_one
-- Take one delivery that is due, whatever else waits: for somebody who wants to see its outcome.
with taken as (
  update delivery d set due_at = bank_now() + make_interval(secs => $1), taken = d.taken + 1,
    started_at = coalesce(d.started_at, bank_now())
  where d.id = $2 and d.state = 0 and d.due_at <= bank_now()
  returning d.id, d.hook_id, d.kind, d.tries, d.taken, d.started_at
)
select t.id, t.hook_id, t.kind, t.tries, t.taken, t.started_at, h.url, h.secret,
  case when h.old_until > bank_now() then h.old_secret end as old_secret, false as off, h.failures > 0 as failing
from taken t join hook h on h.id = t.hook_id;

-- name: messages
-- The facts of deliveries about messages. A call of a withheld caller looks like an erased one from the start: whether it was
-- erased is told by how far the erasing is.
select d.id, a.id as lease_id, s.code as service, a.country_id, m.text, m.code, m.received_at,
  m.sender = '' and m.text = '' and m.code is null
    and (m.kind = 0 or m.id <= (select r.upto from retention r where r.topic = 'message')) as erased
from delivery d join activation a on a.id = d.lease_id
join service s on s.id = a.service_id join message m on m.id = d.message_id where d.id = any($1::bigint[]);

-- name: rent_messages
-- The facts of deliveries about messages of rentals, which stand under minus their ids; erased ones as in `messages`.
select d.id, -d.lease_id as rent_id, m.sender, m.text, m.received_at,
  m.sender = '' and m.text = '' and m.code is null
    and (m.kind = 0 or m.id <= (select r.upto from retention r where r.topic = 'message')) as erased
from delivery d join message m on m.id = d.message_id where d.id = any($1::bigint[]);

-- name: add_attempts
-- What tries came to, also those of a turn that is over.
insert into attempt (delivery_id, at, status, ms, error)
select delivery_id, bank_now(), status, ms, error
from unnest($1::bigint[], $2::smallint[], $3::int[], $4::text[]) o(delivery_id, status, ms, error);

-- name: lock_hooks
-- Lock endpoints in id order.
select id from hook where id = any($1::bigint[]) order by id for no key update;

-- name: save
-- What became of deliveries, as decided: a success counts whoever had it, a failure only in its own turn. Gives what changed.
update delivery d set state = o.state, tries = o.tries, due_at = o.due_at,
  ended_at = case when o.state <> 0 then bank_now() end
from unnest($1::bigint[], $2::int[], $3::smallint[], $4::smallint[], $5::timestamptz[]) o(id, taken, state, tries, due_at)
where d.id = any($1::bigint[]) and d.id = o.id and d.due_at is not null and (d.taken = o.taken or o.state = 1)
returning d.id, d.hook_id, d.lease_id, d.state, d.due_at;

-- name: line_up
-- What waits behind a delivery of its lease is due with it when that waits too, at once when it ended ($4 null).
update delivery set due_at = coalesce($4, bank_now())
where state = 0 and hook_id = $1 and lease_id = $2 and id > $3 and due_at is distinct from coalesce($4, bank_now());

-- name: count_failures
-- Runs of given-up deliveries: a success ends one; the endpoint that reached the limit ($4, 0 is none) is switched off with
-- the reason. Gives the endpoints that were switched off.
with counted as (
  update hook h set failures = case when o.delivered then 0 else h.failures end + o.given_up,
    off_reason = case
      when h.off_reason is null and $4 > 0 and case when o.delivered then 0 else h.failures end + o.given_up >= $4
        then format('%s deliveries in a row could not be delivered', case when o.delivered then 0 else h.failures end + o.given_up)
      else h.off_reason end
  from unnest($1::bigint[], $2::boolean[], $3::int[]) o(id, delivered, given_up), hook was
  where h.id = o.id and was.id = h.id and (o.given_up > 0 or h.failures > 0)
  returning h.id, was.off_reason is null and h.off_reason is not null as switched_off
)
select id from counted where switched_off;

-- name: give_back
-- Deliveries that were taken and not tried: due again at once.
update delivery d set due_at = bank_now() from unnest($1::bigint[], $2::int[]) o(id, taken)
where d.id = any($1::bigint[]) and d.id = o.id and d.due_at is not null and d.taken = o.taken;

-- name: lock_customer
-- Endpoints of one account are added one after the other.
select id from customer where id = $1 for no key update;

-- name: add_hook
-- A new endpoint.
insert into hook (account_id, url, secret) values ($1, $2, $3) returning id;

-- name: hooks_of
-- The endpoints of an account: its own, and a thousand that its rentals named.
select id, account_id, url, off_reason, off_by_operator, failures, created_at,
  case when old_until > bank_now() then old_until end as old_until, rents
from hook where account_id = $1 and removed_at is null order by rents, id limit 1000;

-- name: all_hooks
-- The endpoints of everybody, for the operator.
select id, account_id, url, off_reason, off_by_operator, failures, created_at,
  case when old_until > bank_now() then old_until end as old_until, rents
from hook where removed_at is null order by account_id, id limit $1;

-- name: hook
-- One endpoint; of one account, or of any when that is null.
select id, account_id, url, off_reason, off_by_operator, failures, created_at,
  case when old_until > bank_now() then old_until end as old_until, rents
from hook where id = $1 and ($2::bigint is null or account_id = $2) and removed_at is null;

-- name: change_hook
-- A new address, and on or off, by the operator or not; switching on starts the count of failures anew.
update hook set url = $2, off_reason = $3, off_by_operator = $4, failures = case when $3::text is null then 0 else failures end
where id = $1;

-- name: barred
-- The endpoint with this address that the operator switched off, also a removed one.
select id, off_reason from hook where account_id = $1 and url = $2 and off_by_operator order by id limit 1;

-- name: unbar
-- The operator allows this address again; gives what was removed and stood for it.
update hook set off_by_operator = false
where account_id = $1 and url = $2 and off_by_operator and removed_at is not null returning id;

-- name: removed
-- Whose removed endpoint this is that the operator switched off, and its address.
select account_id, url from hook where id = $1 and off_by_operator and removed_at is not null for no key update;

-- name: rotate
-- A new secret; the one before signs too until the overlap is over.
update hook set old_secret = case when $3 > 0 then secret end,
  old_until = case when $3 > 0 then bank_now() + make_interval(secs => $3) end, secret = $2
where id = $1;

-- name: remove_hook
-- An endpoint is removed; its row stays as long as its log.
update hook set removed_at = bank_now() where id = $1;

-- name: drop_pending
-- What waits for an endpoint that was switched off or removed is given up; what is beyond the limit the sender gives up.
update delivery set state = 2, due_at = null, ended_at = bank_now()
where id = any(array(select id from delivery where hook_id = $1 and state = 0 limit $2));

-- name: tested
-- Whether a test of an endpoint still waits.
select exists (select from delivery where hook_id = $1 and state = 0 and lease_id is null and kind = 1);

-- name: deliveries
-- The newest deliveries of an endpoint, before an id.
select id, hook_id, kind, lease_id, state, tries, created_at, due_at, ended_at from delivery
where hook_id = $1 and id < $2 order by id desc limit $3;

-- name: delivery
-- One delivery; of one account, or of any when that is null.
select id, hook_id, kind, lease_id, state, tries, created_at, due_at, ended_at from delivery
where id = $1 and ($2::bigint is null or account_id = $2);

-- name: attempts
-- The tries of deliveries, oldest first.
select delivery_id, at, status, ms, error from attempt where delivery_id = any($1::bigint[]) order by id;

-- name: replay
-- A delivery that ended is due again, with all its tries; not when its endpoint is off or removed.
update delivery d set state = 0, tries = 0, started_at = null, due_at = bank_now(), ended_at = null
from hook h where d.id = $1 and d.state <> 0 and h.id = d.hook_id and h.off_reason is null and h.removed_at is null
returning d.id;

-- name: has_message
-- Whether the message behind a delivery is still kept; true where there is none.
-- A call may have no text, nor a caller (see `messages`).
select d.message_id is null or (m.id is not null and not (m.sender = '' and m.text = '' and m.code is null
  and (m.kind = 0 or m.id <= (select r.upto from retention r where r.topic = 'message'))))
from delivery d left join message m on m.id = d.message_id where d.id = $1;

-- name: forget_deliveries
-- Forget deliveries that ended and are older than some days, oldest first and a bounded number at a time, with their tries.
with old as (
  delete from delivery where id = any(array(
    select o.id from (select id, created_at, state from delivery order by id limit $2) o
    where o.created_at < bank_now() - $1::float8 * interval '1 day' and o.state <> 0
  )) returning id
), tries as (
  delete from attempt where delivery_id = any(array(select id from old))
)
select count(*) from old;

-- name: forget_hooks
-- Forget endpoints that were removed before their log was forgotten, and for which nothing waits; not those that the operator
-- switched off, or their addresses could be added again.
delete from hook h where h.removed_at < bank_now() - ($1::float8 + 1) * interval '1 day' and not h.off_by_operator
  and not exists (select from delivery d where d.hook_id = h.id and d.state = 0);

-- name: sealed
-- The sealed secrets of all endpoints.
select id, secret, old_secret from hook order by id for no key update;

-- name: reseal
-- Secrets under another key.
update hook h set secret = s.secret, old_secret = s.old_secret
from unnest($1::bigint[], $2::bytea[], $3::bytea[]) s(id, secret, old_secret) where h.id = s.id;

-- name: hooks_now
-- The bank's time.
select bank_now();
