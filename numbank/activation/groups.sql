-- Several leases on one number: number.holder is the first, the others name it in group_id. States: activation/states.py.

-- name: members
-- The live leases on numbers, by the lease that holds them, the holder's own first; the numbers are locked. The sum keeps the
-- planner from the indexes of live leases, all of which it would read.
select id as root, id from activation where id = any($1::bigint[]) and state + 0 < 8
union all
select group_id, id from activation where group_id = any($1::bigint[]) and state + 0 < 8
order by 1, 2;

-- name: save_targets
-- Where leases are forwarded to from now on.
update activation a set forward_to = t.target
from unnest($1::bigint[], $2::bigint[]) t(id, target) where a.id = t.id and a.state + 0 < 8;

-- name: parents
-- Leases that a customer goes back to, with their numbers' places and suppliers; what of it may change is read once more
-- under the locks. Of other customers' leases nothing is read: it would take longer than to find none.
select a.id, a.account_id, a.country_id, a.service_id, a.supplier_id, a.operator_id, op.name as operator, a.number_id, a.e164, a.kind,
  a.state, coalesce(a.group_id, a.id) as root, a.end_user, a.ref, a.language, n.pool_id, su.active and not su.asked as at_hand
from activation a join operator op on op.id = a.operator_id join supplier su on su.id = a.supplier_id
join lateral (select pool_id from number where id = a.number_id limit 1) n on true
where a.id = any($1::bigint[]) and a.account_id = any($2::bigint[]);

-- name: served_before
-- Which (parent, number, service) were served before: bought for that parent at any time, or the number is used for it.
-- Lateral: two `exists` with an `or` between would be hashed from whole tables.
select k.parent_id, k.service_id from unnest($1::bigint[], $2::bigint[], $3::int[]) k(parent_id, number_id, service_id)
left join lateral (
  select number_id from use where number_id = k.number_id and service_id = k.service_id limit 1
) u on true
left join lateral (
  select a.id from activation a where a.parent_id = k.parent_id and a.origin = 2 and a.service_id = k.service_id limit 1
) a on true
where u.number_id is not null or a.id is not null;

-- name: insert_further
-- Leases on numbers that are held already or taken in the same transaction, and their place in the statistics.
with made as (
  insert into activation (
    id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164, hold_id, price, currency, kind, tries,
    origin, group_id, parent_id, offer_id, counted, surcharge, discount_bp, forward, forward_to, end_user, ref, language, state,
    created_at, cancel_from, due_at
  )
  select id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164, hold_id, price, currency, kind, tries,
    origin, group_id, parent_id, offer_id, counted, surcharge, discount_bp, forward, forward_to, end_user, ref, language, 1,
    $28::timestamptz, $28::timestamptz + make_interval(secs => early_cancel_s), $28::timestamptz + make_interval(secs => life_s)
  from unnest(
    $1::bigint[], $2::bigint[], $3::int[], $4::int[], $5::int[], $6::int[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
    $11::smallint[], $12::smallint[], $13::smallint[], $14::smallint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::boolean[],
    $19::bigint[], $20::smallint[], $21::boolean[], $22::bigint[], $23::uuid[], $24::text[], $25::text[], $26::float8[], $27::float8[]
  ) n(id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164, hold_id, price, currency, kind, tries,
      origin, group_id, parent_id, offer_id, counted, surcharge, discount_bp, forward, forward_to, end_user, ref, language,
      early_cancel_s, life_s)
  returning country_id, service_id, supplier_id, created_at
)
insert into tally_move (day, country_id, service_id, supplier_id, leased)
select (created_at at time zone 'utc')::date, country_id, service_id, supplier_id, count(*) from made group by 1, 2, 3, 4;

-- name: renewable
-- What is to be known of numbers that a customer wants again: state, line, and whose lease held each last.
select n.id, n.state, (select account_id from activation where id = n.last_holder) from number n where n.id = any($1::bigint[]);

-- name: renewal_prices
-- What a reactivation costs now, per parent: the price of the service's terms, else the regular one of the offers that fit
-- the number; no row where it is not offered any more.
select k.parent_id, coalesce(t.reactivation_price, o.regular, o.cheapest)
from unnest($1::bigint[], $2::int[], $3::int[], $4::int[], $5::int[], $6::smallint[])
  k(parent_id, country_id, service_id, supplier_id, operator_id, kind)
join lateral (
  select min(price) filter (where regular) as regular, min(price) as cheapest from offer
  where country_id = k.country_id and service_id = k.service_id and kind = k.kind and supplier_id = k.supplier_id
    and (operator_id is null or operator_id = k.operator_id)
) o on o.cheapest is not null
left join offer_terms t on t.country_id = k.country_id and t.service_id = k.service_id;
