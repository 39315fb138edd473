-- Activations. States and events are numbered in activation/states.py; below 8 an activation is live.

-- name: offers
-- The pools that give numbers for (country, service) pairs, with price and kept count (an operator's own price beats
-- that of any operator), and the suppliers that this node can
-- ask ($3), each with minus its id for a pool; key is the pair's place in the list.
select k.key, o.price, p.id, p.supplier_id, p.operator_id, op.name as operator,
  coalesce(s.free, 0) - coalesce(w.withheld - w.busy, 0) as available
from unnest($1::int[], $2::int[]) with ordinality k(country_id, service_id, key)
join offer o on o.country_id = k.country_id and o.service_id = k.service_id and o.kind = 0
join supplier su on su.id = o.supplier_id and su.active and not su.asked
join pool p on p.country_id = o.country_id and p.supplier_id = o.supplier_id and (o.operator_id is null or o.operator_id = p.operator_id)
join operator op on op.id = p.operator_id
left join stock s on s.pool_id = p.id
left join shelf_stock w on w.pool_id = p.id and w.service_id = o.service_id
where p.abilities & 1 = 1 and (o.operator_id is not null or not exists (
  select from offer own where own.country_id = o.country_id and own.service_id = o.service_id and own.kind = o.kind
    and own.supplier_id = o.supplier_id and own.operator_id = p.operator_id
))
union all
select k.key, o.price, -su.id, su.id, op.id, op.name, 1
from unnest($1::int[], $2::int[]) with ordinality k(country_id, service_id, key)
join offer o on o.country_id = k.country_id and o.service_id = k.service_id and o.kind = 0
join supplier su on su.id = o.supplier_id and su.asked and su.active
join operator op on op.country_id = o.country_id and (op.id = o.operator_id or o.operator_id is null and op.name = 'any')
where cardinality($3::int[]) > 0 and su.id = any($3::int[]);

-- name: used_orders
-- Which orderIds were used before; read under the account locks. An order that ended without a number used nothing up.
select k.account_id, k.digest from unnest($1::bigint[], $2::uuid[]) w(account_id, digest)
join order_key k on k.account_id = w.account_id and k.digest = w.digest
left join activation a on a.id = k.lease_id
where a.id is null or a.state <> 9 or a.number_id is not null;

-- name: next_ids
-- Fresh ids for leases and their holds, and the time of this batch.
select nextval('lease_id'), nextval('hold_id'), bank_now() from generate_series(1, $1::int);

-- name: insert_activations
-- New activations on numbers that are claimed in the same transaction.
insert into activation (
  id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164, hold_id, price, currency, state, tries,
  created_at, cancel_from, due_at
)
select id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164, hold_id, price, currency, 1, tries,
  $14::timestamptz, $14::timestamptz + make_interval(secs => early_cancel_s), $14::timestamptz + make_interval(secs => life_s)
from unnest(
  $1::bigint[], $2::bigint[], $3::int[], $4::int[], $5::int[], $6::int[], $7::bigint[], $8::bigint[], $9::bigint[],
  $10::bigint[], $11::smallint[], $12::smallint[], $13::float8[], $15::float8[]
) n(id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164, hold_id, price, currency, tries,
    early_cancel_s, life_s);

-- name: insert_orders
-- The orderIds of the leases that were made; one whose order ended without a number is used now. Counts what it wrote.
with written as (
  insert into order_key (account_id, digest, lease_id) select * from unnest($1::bigint[], $2::uuid[], $3::bigint[])
  on conflict (account_id, digest) do update set lease_id = excluded.lease_id
  where exists (select from activation a where a.id = order_key.lease_id and a.state = 9 and a.number_id is null)
  returning 1
)
select count(*) from written;

-- name: open_orders
-- Activations that wait for the answer of a supplier; due soon, so that expiry voids what a crash left behind.
insert into activation (
  id, account_id, country_id, service_id, supplier_id, operator_id, hold_id, price, currency, state, created_at, cancel_from, due_at
)
select n.*, 0, $10::timestamptz, $10::timestamptz, $11::timestamptz from unnest(
  $1::bigint[], $2::bigint[], $3::int[], $4::int[], $5::int[], $6::int[], $7::bigint[], $8::bigint[], $9::smallint[]
) n;

-- name: save_held
-- Orders that got their number: shown from now on, with the times of a lease. Counts what it changed.
with changed as (
  update activation a set state = 1, number_id = c.number_id, e164 = c.e164,
    cancel_from = $6::timestamptz + make_interval(secs => c.early_cancel_s), due_at = $6::timestamptz + make_interval(secs => c.life_s)
  from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::float8[], $5::float8[]) c(id, number_id, e164, early_cancel_s, life_s)
  where a.id = c.id and a.state = 0 returning 1
)
select count(*) from changed;

-- name: statuses
-- What polls need; an order without a number is hidden.
select id, account_id, state, code from activation where id = any($1::bigint[]) and number_id is not null;

-- name: keys_of_leases
-- What never changes about leases (a number once it is there); read unlocked, to know what to lock (engine 1.2).
select id, account_id, number_id from activation where id = any($1::bigint[]);

-- name: lock_activations
-- Lock activations in id order. Joined, so that each id meets its own partition only.
select a.id from unnest($1::bigint[]) w(id) join activation a on a.id = w.id order by a.id for no key update of a;

-- name: read_leases
-- Locked activations as the rules see them, and the time of this batch.
select a.id, a.account_id, a.service_id, a.number_id, a.hold_id, a.state, a.ended_by, a.tries, a.cancel_from, a.due_at,
  a.created_at, c.retry, a.code, su.asked, bank_now() as batch_at
from activation a join country c on c.id = a.country_id join supplier su on su.id = a.supplier_id where a.id = any($1::bigint[]);

-- name: save_states
-- New states; each write repeats the state that it relies on. Counts what it changed.
with changed as (
  update activation a set state = c.state, ended_by = c.ended_by,
    ended_at = case when c.state >= 8 then $5::timestamptz end
  from unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::smallint[]) c(id, was, state, ended_by)
  where a.id = c.id and a.state = c.was returning 1
)
select count(*) from changed;

-- name: save_messages
-- Delivered messages: new state, the code that shows, the message behind it. Counts what it changed.
with changed as (
  update activation a set state = c.state, code = c.code, message_id = c.message_id
  from unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::text[], $5::bigint[]) c(id, was, state, code, message_id)
  where a.id = c.id and a.state = c.was returning 1
)
select count(*) from changed;

-- name: due_activations
-- Live activations whose time is over, as many as one sweep takes; without those that could not be ended lately.
select id from activation where state < 8 and due_at <= $1 and id <> all($3::bigint[]) order by due_at, id limit $2;

-- name: activation_view
-- One activation as its customer may see it, with the message behind its code.
select a.id, a.account_id, a.country_id, a.service_id, op.name as operator, a.e164, a.price, a.currency, a.state, a.created_at,
  a.cancel_from, a.due_at, a.code, m.text, m.received_at
from activation a join operator op on op.id = a.operator_id left join message m on m.id = a.message_id
where a.id = $1 and a.account_id = $2 and a.number_id is not null;

-- name: live_views
-- The live activations of one account, newest first, with the messages behind their codes.
select a.id, a.account_id, a.country_id, a.service_id, op.name as operator, a.e164, a.price, a.currency, a.state, a.created_at,
  a.cancel_from, a.due_at, a.code, m.text, m.received_at
from activation a join operator op on op.id = a.operator_id left join message m on m.id = a.message_id
where a.account_id = $1 and a.state between 1 and 7 order by a.id desc limit $2;
