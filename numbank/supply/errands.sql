-- Errands: what suppliers do for leases besides numbers. Kinds and states are numbered in supply/errands.py.

-- name: write_forwards
-- Messages to pass on. One to a number of the bank would come back, and more than $6 for a lease are a flood: not passed on.
insert into errand (kind, lease_id, supplier_id, message_id, e164, target, state, next_try_at, at, ended_at, reason)
select 0, f.lease_id, p.supplier_id, f.message_id, n.e164, f.target, case when why = '' then 0 else 2 end,
  case when why = '' then $5::timestamptz end, $5::timestamptz, case when why <> '' then $5::timestamptz end, why
from (
  select w.*, row_number() over (partition by w.lease_id order by w.place) as turn
  from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) with ordinality w(lease_id, message_id, number_id, target, place)
) f
join number n on n.id = f.number_id join pool p on p.id = n.pool_id
left join lateral (select id from number where e164 = f.target limit 1) own on true
cross join lateral (select case
    when own.id is not null then 'the target is a number of the bank'
    when f.turn + (select count(*) from errand e where e.lease_id = f.lease_id and e.kind = 0) > $6::int then 'too many for one lease'
    else '' end) guarded(why)
order by f.place;

-- name: open_call
-- A call to place for a lease, at once. Tells whether the target is a number of the bank, for that is never called, and whether
-- the call is opened: not if one is open already, and not more than $5 for a lease, for each costs its supplier.
with opened as (
  insert into errand (kind, lease_id, supplier_id, e164, target, next_try_at, at)
  select 1, $1, $2, $3, $4, bank_now(), bank_now()
  where not exists (select from number where e164 = $4) and (select count(*) from errand where lease_id = $1 and kind = 1) < $5::int
  on conflict (lease_id) where kind = 1 and state = 0 do nothing returning id
)
select exists (select from number where e164 = $4) as ours, exists (select from opened) as opened;

-- name: take_errands
-- Due errands of the suppliers that this node can send, with the messages that are passed on; put off by a growing pause, so
-- that they are tried again should this node die. A call of a lease that ended comes too late: its number is somebody else's.
with due as (
  select id from errand where state = 0 and next_try_at <= bank_now() and supplier_id = any($1::int[])
  order by next_try_at, id limit $2 for update skip locked
), taken as (
  update errand e set tries = e.tries + 1,
    next_try_at = bank_now() + make_interval(secs => $3::float8 + least($4::float8 * 2 ^ least(e.tries, 20), $5::float8))
  from due where e.id = due.id returning e.*
)
select t.id, t.kind, t.supplier_id, t.lease_id, t.e164, t.target, t.tries, coalesce(m.kind, 0) as medium,
  coalesce(m.sender, '') as sender, coalesce(m.text, '') as text, t.kind = 1 and a.ended_at is not null as too_late
from taken t left join message m on m.id = t.message_id left join activation a on a.id = t.lease_id order by t.id;

-- name: end_errands
-- Errands that are over: done, refused or given up.
update errand e set state = w.state, reason = w.reason, next_try_at = null, ended_at = bank_now()
from unnest($1::bigint[], $2::smallint[], $3::text[]) w(id, state, reason) where e.id = w.id and e.state = 0;

-- name: calls_of_lease
-- The calls that were placed for a lease, newest first.
select at, e164, target, state from errand where lease_id = $1 and kind = 1 order by id desc limit $2;

-- name: forwards
-- The log of what was passed on, newest first.
select e.id, e.lease_id, s.name as supplier, e.message_id, e.e164, e.target, e.state, e.tries, e.at, e.ended_at, e.reason
from errand e join supplier s on s.id = e.supplier_id where e.kind = 0 order by e.id desc limit $1;
