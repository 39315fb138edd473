-- Countries, services, operators, suppliers, offers and what is left of them.

-- name: insert_countries
-- Countries that are not there yet; what an operator edited stays.
insert into country (id, iso2, dialing_prefix, rus, eng, chn, es, visible, retry, rent, multi_service)
select * from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[],
  $9::boolean[], $10::boolean[], $11::boolean[]) on conflict do nothing;

-- name: insert_services
-- Services that are not there yet.
insert into service (code, name_en, name_ru, name_es, name_cn, aliases, forward_capable)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[])
on conflict do nothing;

-- name: insert_operators
-- Operators that are not there yet.
insert into operator (country_id, name) select * from unnest($1::int[], $2::text[]) on conflict do nothing;

-- name: countries
-- All countries by id.
select id, iso2, dialing_prefix, rus, eng, chn, es, visible, retry, rent, multi_service from country order by id;

-- name: services
-- All services by code.
select id, code, name_en, name_ru, name_es, name_cn, aliases, forward_capable from service order by code;

-- name: operators
-- All operators by country and name.
select id, country_id, name from operator order by country_id, name;

-- name: operator_of
-- The operator of a country by name; made when it is new.
insert into operator (country_id, name) values ($1, $2)
on conflict (country_id, name) do update set name = excluded.name returning id;

-- name: supplier_of
-- A supplier by name; made when it is new.
with made as (insert into supplier (name, kind) values ($1, $2) on conflict do nothing returning id)
select id from made union all select id from supplier where name = $1 limit 1;

-- name: supplier_named
-- A supplier that exists.
select id, kind from supplier where name = $1;

-- name: set_offer
-- Set the price of an offer.
insert into offer (country_id, service_id, operator_id, supplier_id, kind, price) values ($1, $2, $3, $4, 0, $5)
on conflict (country_id, service_id, kind, supplier_id, operator_id) do update set price = excluded.price;

-- name: stock_of_country
-- What each service costs in a country and how many numbers are left for it, per price, cheapest first.
select o.service_id, o.price, p.operator_id,
  greatest(0, coalesce(s.free, 0) - coalesce(w.withheld - w.busy, 0))::bigint as available
from offer o
left join pool p on p.country_id = o.country_id and p.supplier_id = o.supplier_id
  and (o.operator_id is null or o.operator_id = p.operator_id) and p.abilities & 1 = 1
left join stock s on s.pool_id = p.id
left join shelf_stock w on w.pool_id = p.id and w.service_id = o.service_id
where o.country_id = $1 and o.kind = 0 order by o.service_id, o.price;
