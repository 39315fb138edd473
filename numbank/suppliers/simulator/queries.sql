-- The simulator: its stock, and the messages that it is going to send.

-- name: plan_messages
-- Messages to come; ids follow the order of the list, so that what is due at once is sent in order.
insert into simulated_message (due_at, e164, foreign_id, sender, text, kind, language)
select due_at, e164, foreign_id, sender, body, kind, language
from unnest($1::timestamptz[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::text[])
  with ordinality m(due_at, e164, foreign_id, sender, body, kind, language, place) order by place;

-- name: do_errand
-- An errand that was done, at most once.
insert into simulated_errand (errand_id, kind, e164, target, sender, text) values ($1, $2, $3, $4, $5, $6)
on conflict (errand_id) do nothing;

-- name: own_leases
-- The leases of this supplier among some, with the time of this batch and how many messages each has had.
select a.id, a.country_id, a.service_id, a.e164, bank_now() as at,
  (select count(*) from message m where m.lease_id = a.id) as messages
from activation a where a.id = any($1::bigint[]) and a.supplier_id = $2 order by a.id;

-- name: take_due
-- Due messages for one sender: put off by $2 seconds, so that another node sends them should this one die.
with due as (
  select id from simulated_message where due_at <= bank_now() order by due_at, id limit $1 for update skip locked
)
update simulated_message m set due_at = bank_now() + make_interval(secs => $2) from due where m.id = due.id
returning m.id, m.e164, m.foreign_id, m.sender, m.text, m.kind, m.language;

-- name: waiting_mailboxes
-- Leases of mailboxes on these domains that have waited longer than $2 seconds for their first mail, by their ends.
select id, email, site, created_at from mailbox
where state = 1 and created_at <= bank_now() - make_interval(secs => $2)
  and split_part(email, '@', 2) = any($1::text[]) and id <> all($3::bigint[])
order by due_at, id limit $4;

-- name: switch_domains
-- Sell on these domains, or do not.
update mail_domain set active = $2 where name = any($1::text[]) and active <> $2;

-- name: forget_sent
-- Messages that the bank has taken.
delete from simulated_message where id = any($1::bigint[]);

-- name: stock_lock
-- One node stocks up at a time; waits.
select pg_advisory_lock(1936289141);

-- name: stock_unlock
-- Let the next node stock up.
select pg_advisory_unlock(1936289141);

-- name: try_stock_lock
-- One node stocks up at a time; the others let it.
select pg_try_advisory_xact_lock(1936289141);

-- name: add_any_operators
-- An operator `any` for those of these countries that have none; counts what was added.
with added as (
  insert into operator (country_id, name)
  select c.id, 'any' from unnest($1::int[]) c(id) where not exists (select from operator o where o.country_id = c.id)
  order by 1 on conflict do nothing returning 1
)
select count(*) from added;

-- name: stocked
-- How many numbers for activations this supplier has in each country.
select country_id, sum(last_seq)::bigint from pool where supplier_id = $1 and abilities & 8 = 0 group by 1;

-- name: stocked_for_rent
-- How many numbers that can be rented this supplier has in each country.
select country_id, sum(last_seq)::bigint from pool where supplier_id = $1 and abilities & 8 <> 0 group by 1;

-- name: service_id
-- The id of a service.
select id from service where code = $1;

-- name: to_rent
-- The regular prices of some services in those of these countries that have no terms at all.
select o.country_id, o.service_id, min(o.price) from offer o join service s on s.id = o.service_id and s.code = any($2::text[])
where o.country_id = any($1::int[]) and o.supplier_id = $3 and o.kind = 0 and o.regular
  and not exists (select from rent_term t where t.country_id = o.country_id)
group by 1, 2 order by 1, 2;

-- name: stocked_in
-- How many numbers for activations this supplier has in one country.
select coalesce(sum(last_seq), 0)::bigint from pool where supplier_id = $1 and country_id = $2 and abilities & 8 = 0;

-- name: unpriced
-- Which of these countries lack offers of this supplier. The newest service stands for all: they are priced together.
select c.id from unnest($1::int[]) c(id)
where not exists (
  select from offer o where o.country_id = c.id and o.service_id = $2 and o.kind = 0 and o.supplier_id = $3
) order by 1;

-- name: price
-- Offers for every pair of a country and a service. Levels are in thousandths; the price is 0.05 to 3.00 in whole cents. It
-- is the regular one of services that have other tiers ($6).
insert into offer (country_id, service_id, supplier_id, kind, price, regular)
select c.id, s.id, $5, 0, 100 * (5 + 295 * c.level * s.level / 1000000), s.id = any($6::int[])
from unnest($1::int[], $2::int[]) c(id, level) cross join unnest($3::int[], $4::int[]) s(id, level) order by 1, 2
on conflict do nothing;

-- name: price_more
-- Further tiers of some services, in hundredths of the regular price and whole cents, and calls; a count of null has no end.
insert into offer (country_id, service_id, supplier_id, kind, price, remaining)
select o.country_id, o.service_id, o.supplier_id, t.kind, greatest(100, o.price * t.share / 10000 * 100), t.remaining
from offer o cross join unnest($4::smallint[], $5::int[], $6::bigint[]) t(kind, share, remaining)
where o.country_id = any($1::int[]) and o.service_id = any($2::int[]) and o.supplier_id = $3 and o.kind = 0 and o.regular
order by 1, 2, 4, 5 on conflict do nothing;

-- name: set_more_terms
-- What forwarding and a reactivation cost for some services: $4, and a share of the regular price in hundredths.
insert into offer_terms (country_id, service_id, forward_surcharge, reactivation_price)
select o.country_id, o.service_id, $4, greatest(100, o.price * $5 / 10000 * 100) from offer o
where o.country_id = any($1::int[]) and o.service_id = any($2::int[]) and o.supplier_id = $3 and o.kind = 0 and o.regular
on conflict do nothing;

-- name: walked_pools
-- Pools of this supplier in which some service has looked at more than half of the numbers.
select p.country_id, p.operator_id, p.abilities, p.last_seq
from pool p join shelf s on s.pool_id = p.id
where p.supplier_id = $1
group by p.id having 2 * max(s.hi - s.start + s.lo) > p.last_seq order by p.id limit $2;
