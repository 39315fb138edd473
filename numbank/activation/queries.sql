-- Activations. States and events are numbered in activation/states.py; below 8 an activation is live.

-- name: offers
-- The tiers at which pools give numbers for (country, service, kind), with kept counts (an operator's own tiers beat those
-- of any operator), and those of suppliers that this node can ask ($4), each with minus its id for a pool and its
-- abilities ($5); key is the place in the list. A call needs another ability than an SMS.
select k.key, o.price, p.id, p.supplier_id, p.operator_id, op.name as operator,
  coalesce(s.free, 0) - coalesce(w.withheld - w.busy, 0) as available, o.id as tier, o.remaining, o.regular, p.abilities
from unnest($1::int[], $2::int[], $3::smallint[]) with ordinality k(country_id, service_id, kind, key)
join offer o on o.country_id = k.country_id and o.service_id = k.service_id and o.kind = k.kind
join supplier su on su.id = o.supplier_id and su.active and not su.asked
join pool p on p.country_id = o.country_id and p.supplier_id = o.supplier_id and (o.operator_id is null or o.operator_id = p.operator_id)
join operator op on op.id = p.operator_id
left join stock s on s.pool_id = p.id
left join shelf_stock w on w.pool_id = p.id and w.service_id = o.service_id
where p.abilities & case when k.kind = 0 then 1 else 2 end <> 0 and (o.operator_id is not null or not exists (
  select from offer own where own.country_id = o.country_id and own.service_id = o.service_id and own.kind = o.kind
    and own.supplier_id = o.supplier_id and own.operator_id = p.operator_id
))
union all
select k.key, o.price, -su.id, su.id, op.id, op.name, 1, o.id, o.remaining, o.regular, c.abilities
from unnest($1::int[], $2::int[], $3::smallint[]) with ordinality k(country_id, service_id, kind, key)
join offer o on o.country_id = k.country_id and o.service_id = k.service_id and o.kind = k.kind
join supplier su on su.id = o.supplier_id and su.asked and su.active
join unnest($4::int[], $5::smallint[]) c(supplier_id, abilities) on c.supplier_id = su.id
join operator op on op.country_id = o.country_id and (op.id = o.operator_id or o.operator_id is null and op.name = 'any')
where cardinality($4::int[]) > 0 and c.abilities & case when k.kind = 0 then 1 else 2 end <> 0;

-- name: surcharges
-- What forwarding costs beside the number where (country, service) has its own terms.
select k.key, t.forward_surcharge from unnest($1::int[], $2::int[]) with ordinality k(country_id, service_id, key)
join offer_terms t on t.country_id = k.country_id and t.service_id = k.service_id where t.forward_surcharge is not null;

-- name: used_orders
-- Which orderIds were used before; read under the account locks. An order that ended without a number used nothing up.
select k.account_id, k.digest from unnest($1::bigint[], $2::uuid[]) w(account_id, digest)
join order_key k on k.account_id = w.account_id and k.digest = w.digest
left join activation a on a.id = k.lease_id
where a.id is null or a.state <> 9 or a.number_id is not null;

-- name: next_ids
-- Fresh ids for leases and their holds, and the time of this batch.
select nextval('lease_id'), nextval('hold_id'), bank_now() from generate_series(1, $1::int);

-- name: write_leases
-- All that a set of leases writes, in one statement: numbers, uses, bookmarks ($1 to $4), holds, transfers, balances,
-- activations, counts and statistics. Accounts, shelves and numbers are locked, so that there is nothing to wait for. Gives
-- the ids of each lease and its hold, the time of the batch, how many numbers were free, accounts debited and bookmarks moved.
-- The columns from `counted` on may be empty: all have the defaults then.
with wanted as materialized (
  select w.*, nextval('lease_id') as id, nextval('hold_id') as hold_id, (select bank_now()) as at
  from unnest(
    $5::int[], $6::int[], $7::bigint[], $8::bigint[], $9::smallint[], $10::bigint[], $11::int[], $12::int[], $13::int[],
    $14::bigint[], $15::bigint[], $16::smallint[], $17::float8[], $18::float8[], $19::bigint[], $20::boolean[],
    $21::smallint[], $22::bigint[], $23::smallint[], $24::boolean[], $25::text[], $26::uuid[], $27::text[]
  ) w(pool_id, service_id, number_id, e164, tries, account_id, country_id, supplier_id, operator_id, price, cashback, currency,
      early_cancel_s, life_s, offer_id, counted, kind, surcharge, discount_bp, forward, language, end_user, ref)
), given as (
  update number n set state = 1, holder = w.id, last_service_id = w.service_id
  from wanted w where n.id = w.number_id and n.state = 0 returning 1
), used as (
  insert into use (number_id, service_id) select number_id, service_id from wanted
), moved as (
  update shelf s set hi = m.hi, lo = m.lo from unnest($1::int[], $2::int[], $3::int[], $4::int[]) m(p, s, hi, lo)
  where s.pool_id = m.p and s.service_id = m.s returning 1
), taken as (
  insert into stock_move (pool_id, service_id, free, withheld, busy)
  select pool_id, service_id, -count(*), count(*), count(*) from wanted group by 1, 2
), held as (
  insert into hold (id, account_id, cash, cashback) select hold_id, account_id, price - cashback, cashback from wanted
), booked as (
  insert into entry (kind, debit, credit, currency, amount, hold_id)
  select 2, 2 * account_id, -2, currency, price - cashback, hold_id from wanted where price > cashback
  union all
  select 2, 2 * account_id + 1, -2, currency, cashback, hold_id from wanted where cashback > 0
), debited as (
  update account a set cash = a.cash - t.cash, cashback = a.cashback - t.cashback
  from (
    select account_id, sum(price - cashback)::bigint as cash, sum(cashback)::bigint as cashback from wanted group by 1
  ) t
  where a.id = t.account_id returning 1
), made as (
  insert into activation (
    id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164, hold_id, price, currency, state, tries,
    created_at, cancel_from, due_at, offer_id, counted, kind, surcharge, discount_bp, forward, language, end_user, ref
  )
  select id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164, hold_id, price, currency, 1, tries,
    at, at + make_interval(secs => early_cancel_s), at + make_interval(secs => life_s),
    offer_id, coalesce(counted, false), coalesce(kind, 0), coalesce(surcharge, 0), coalesce(discount_bp, 0),
    coalesce(forward, false), language, end_user, ref
  from wanted
), tallied as (
  insert into tally_move (day, country_id, service_id, supplier_id, leased)
  select (at at time zone 'utc')::date, country_id, service_id, supplier_id, count(*) from wanted group by 1, 2, 3, 4
)
select id, hold_id, at, (select count(*) from given) as given, (select count(*) from debited) as debited,
  (select count(*) from moved) as moved
from wanted;

-- name: insert_orders
-- The orderIds of the leases that were made; one whose order ended without a number is used now. Counts what it wrote. No
-- `exists` there: it would be hashed from the whole table.
with written as (
  insert into order_key (account_id, digest, lease_id) select * from unnest($1::bigint[], $2::uuid[], $3::bigint[])
  on conflict (account_id, digest) do update set lease_id = excluded.lease_id
  where (select a.state = 9 and a.number_id is null from activation a where a.id = order_key.lease_id)
  returning 1
)
select count(*) from written;

-- name: open_orders
-- Activations that wait for the answer of a supplier; due soon, so that expiry voids what a crash left behind.
insert into activation (
  id, account_id, country_id, service_id, supplier_id, operator_id, hold_id, price, currency, offer_id, counted, kind,
  surcharge, discount_bp, forward, language, end_user, ref, state, created_at, cancel_from, due_at
)
select n.*, 0, $19::timestamptz, $19::timestamptz, $20::timestamptz from unnest(
  $1::bigint[], $2::bigint[], $3::int[], $4::int[], $5::int[], $6::int[], $7::bigint[], $8::bigint[], $9::smallint[],
  $10::bigint[], $11::boolean[], $12::smallint[], $13::bigint[], $14::smallint[], $15::boolean[], $16::text[], $17::uuid[],
  $18::text[]
) n;

-- name: save_held
-- Orders that got their number: shown from now on, with the times of a lease. Counts what it changed. The sum keeps the
-- planner from the indexes of live leases, all of which it would read.
with changed as (
  update activation a set state = 1, number_id = c.number_id, e164 = c.e164,
    cancel_from = $6::timestamptz + make_interval(secs => c.early_cancel_s), due_at = $6::timestamptz + make_interval(secs => c.life_s)
  from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::float8[], $5::float8[]) c(id, number_id, e164, early_cancel_s, life_s)
  where a.id = c.id and a.state + 0 = 0 returning a.country_id, a.service_id, a.supplier_id, a.created_at
), tallied as (
  insert into tally_move (day, country_id, service_id, supplier_id, leased)
  select (created_at at time zone 'utc')::date, country_id, service_id, supplier_id, count(*) from changed group by 1, 2, 3, 4
)
select count(*) from changed;

-- name: statuses
-- What polls need; an order without a number is hidden. The least and the greatest of the ids ($2, $3) stand for the partitions:
-- an array leaves none of them out, and each that stays in costs a look (measured with 19: 0.4 ms a batch instead of 0.1).
select id, account_id, state, code from activation
where id = any($1::bigint[]) and id >= $2::bigint and id <= $3::bigint and number_id is not null;

-- name: keys_of_leases
-- What never changes about leases (a number once it is there); read unlocked, to know what to lock (engine 1.2). The
-- shelf only where the number is another lease's: its pool and service. The tier only where it is limited, the lease took one
-- of it, and that may be given back: what was delivered is never cancelled; on which count it was taken is asked under the
-- lock. Looked up, not joined: a join that was planned in a young bank reads whole tables. $2 and $3 as in `statuses`.
select id, account_id, number_id,
  case when group_id is not null then (select n.pool_id from number n where n.id = number_id) end,
  service_id,
  case when state in (0, 1, 2, 5) then (
    select o.id from offer o
    where o.id = offer_id and o.remaining is not null and coalesce(counted, o.limited_since <= created_at, true)
  ) end
from activation where id = any($1::bigint[]) and id >= $2::bigint and id <= $3::bigint;

-- name: lock_activations
-- Lock activations in id order. Joined, so that each id meets its own partition only.
select a.id from unnest($1::bigint[]) w(id) join activation a on a.id = w.id order by a.id for no key update of a;

-- name: read_leases
-- Locked activations as the rules see them, and the time of this batch. The account's own rate of cashback is looked up for
-- those that may be done next: they were delivered.
select a.id, a.account_id, a.service_id, a.number_id, a.hold_id, a.state, a.ended_by, a.tries, a.cancel_from, a.due_at,
  a.created_at, c.retry, a.code, su.asked, a.kind, a.origin, a.group_id, a.forward, a.forward_to,
  a.price, case when a.state in (3, 4) then (select cu.cashback_bp from customer cu where cu.id = a.account_id) end as cashback_bp,
  bank_now() as batch_at
from activation a join country c on c.id = a.country_id join supplier su on su.id = a.supplier_id
where a.id = any($1::bigint[]) and a.id >= $2::bigint and a.id <= $3::bigint;

-- name: lock_leases
-- Lock activations in id order and read them as in `read_leases`, in one statement, for those who have the time of their batch:
-- what may change is of the locked rows, which are read again after a wait; countries and suppliers are set by operators.
select a.id, a.account_id, a.service_id, a.number_id, a.hold_id, a.state, a.ended_by, a.tries, a.cancel_from, a.due_at,
  a.created_at, c.retry, a.code, su.asked, a.kind, a.origin, a.group_id, a.forward, a.forward_to,
  a.price, case when a.state in (3, 4) then (select cu.cashback_bp from customer cu where cu.id = a.account_id) end as cashback_bp
from unnest($1::bigint[]) w(id) join activation a on a.id = w.id
join country c on c.id = a.country_id join supplier su on su.id = a.supplier_id
order by a.id for no key update of a;

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
-- Delivered messages: new state, the code that shows, the message behind it (null: as before). Counts what it changed, and
-- names those whose accounts want to hear of it.
with changed as (
  update activation a set state = c.state, code = c.code, message_id = coalesce(c.message_id, a.message_id)
  from unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::text[], $5::bigint[]) c(id, was, state, code, message_id)
  where a.id = c.id and a.state = c.was returning a.id, a.account_id, a.country_id, a.service_id, a.supplier_id, a.created_at, c.was
), tallied as (
  insert into tally_move (day, country_id, service_id, supplier_id, delivered)
  select (created_at at time zone 'utc')::date, country_id, service_id, supplier_id, count(*) from changed
  where was not in (3, 4) group by 1, 2, 3, 4
)
select count(*), array(
  select w.id from changed w
  where exists (
    select from hook h where h.account_id = w.account_id and h.off_reason is null and h.removed_at is null and not h.rents
  )
) from changed;

-- name: due_activations
-- Live activations whose time is over, as many as one sweep takes; without those that could not be ended lately.
select id from activation where state < 8 and due_at <= $1 and id <> all($3::bigint[]) order by due_at, id limit $2;

-- name: activation_view
-- One activation as its customer may see it, with the message behind its code: looked up, for a join that was planned in a
-- young bank reads all messages.
select a.id, a.account_id, a.country_id, a.service_id, op.name as operator, a.e164, a.price, a.currency, a.state, a.created_at,
  a.cancel_from, a.due_at, a.code, m.text, m.received_at, a.kind, a.origin, a.discount_bp, a.forward, a.group_id as "group",
  m.sender, coalesce(m.parsings, 0) as parsings, case when m.recorded then m.id end as recording_id
from activation a join operator op on op.id = a.operator_id
left join lateral (select id, text, received_at, sender, parsings, recorded from message where id = a.message_id limit 1) m on true
where a.id = $1 and a.account_id = $2 and a.number_id is not null;

-- name: live_views
-- The live activations of one account, newest first, with the messages behind their codes. Rows are compared, as in `history`.
select a.id, a.account_id, a.country_id, a.service_id, op.name as operator, a.e164, a.price, a.currency, a.state, a.created_at,
  a.cancel_from, a.due_at, a.code, m.text, m.received_at, a.kind, a.origin, a.discount_bp, a.forward, a.group_id as "group"
from activation a join operator op on op.id = a.operator_id
left join lateral (select text, received_at from message where id = a.message_id limit 1) m on true
where (a.account_id, a.id) > ($1::bigint, 0) and (a.account_id, a.id) < ($1 + 1, 0) and a.state between 1 and 7
order by a.account_id desc, a.id desc limit $2;
