-- The operator's side of rentals: terms, and a look at what is rented.

-- name: lock_countries
-- Tables of terms are changed one after the other in a country.
select id from country where id = any($1::int[]) order by id for no key update;

-- name: open_countries
-- Rentals are sold in these countries from now on.
update country set rent = true where id = any($1::int[]) and not rent;

-- name: tables
-- The terms of (country, service), whether rentals are sold there or not.
select t.country_id, t.service_id, t.hours::int, t.price from unnest($1::int[], $2::int[]) k(country_id, service_id)
join rent_term t on t.country_id = k.country_id and t.service_id = k.service_id order by 1, 2, 3;

-- name: put_terms
-- Set terms, new or changed.
insert into rent_term (country_id, service_id, hours, price) select * from unnest($1::int[], $2::int[], $3::smallint[], $4::bigint[])
on conflict (country_id, service_id, hours) do update set price = excluded.price;

-- name: remove_terms
-- Remove a term, or all terms of a country and service; counts what went.
with gone as (
  delete from rent_term where country_id = $1 and service_id = $2 and ($3::int is null or hours = $3) returning 1
)
select count(*) from gone;

-- name: listed
-- Terms for the operator.
select t.country_id, s.code, t.hours::int, t.price from rent_term t join service s on s.id = t.service_id
where ($1::int is null or t.country_id = $1) and ($2::text is null or s.code = $2)
order by t.country_id, s.code, t.hours limit $3;

-- name: rentals
-- The newest rentals of a customer, or of everybody; with those that are over, or without.
select r.id, r.account_id as customer, r.country_id as country, s.code as service, r.e164 as number, r.hours::int as hours, r.price,
  r.currency::int as currency, r.state::int as state, r.messages, r.calls, r.hook_id is not null as told, r.parent_id as parent,
  r.created_at, r.ends_at, r.ended_at
from rent r join service s on s.id = r.service_id
where ($1::bigint is null or r.account_id = $1) and ($2 or r.state < 8) order by r.id desc limit $3;

-- name: rental
-- One rental, as in `rentals`.
select r.id, r.account_id as customer, r.country_id as country, s.code as service, r.e164 as number, r.hours::int as hours, r.price,
  r.currency::int as currency, r.state::int as state, r.messages, r.calls, r.hook_id is not null as told, r.parent_id as parent,
  r.created_at, r.ends_at, r.ended_at
from rent r join service s on s.id = r.service_id where r.id = $1;

-- name: charged
-- What was charged for a rental, the first charge first.
select c.at, c.hours::int, c.price, case h.state when 0 then 'held' when 1 then 'posted' else 'voided' end as hold
from rent_charge c join hold h on h.id = c.hold_id where c.rent_id = $1 order by c.at, c.hold_id;
