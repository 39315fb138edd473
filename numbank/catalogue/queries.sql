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

-- name: set_active
-- Switch a supplier on or off.
update supplier set active = $2 where name = $1 and active <> $2;

-- name: supplier_named
-- A supplier that exists.
select id, kind from supplier where name = $1;

-- name: tell_price_lists
-- The tiers of a country changed in a way that no trigger sees.
select offers_changed(array[$1::int]);

-- name: price_versions
-- How often the tiers and the stock of each country changed; country -1 stands for all of them.
select country_id, sum(offers)::bigint, sum(stock)::bigint from (
  select country_id, value as offers, 0 as stock from offer_version union all select country_id, 0, value from stock_version
) v group by country_id;

-- name: services_offered
-- The services that have a tier in a country, in order.
select service_id from offer where country_id = $1 group by 1 order by 1;

-- name: tiers
-- The tiers of a country for services from $2 to $3: service, kind, supplier, operator or 0, price, offer, regular, whether
-- they are limited, whether the supplier has to be asked; what belongs to one service and kind stands together.
select o.service_id, o.kind, o.supplier_id, coalesce(o.operator_id, 0), o.price, o.id, o.regular, o.remaining is not null, sp.asked
from offer o join supplier sp on sp.id = o.supplier_id and sp.active
where o.country_id = $1 and o.service_id between $2 and $3
order by o.service_id, o.kind, o.supplier_id, o.operator_id, o.price;

-- name: tiers_of_service
-- The same for one service in all countries, the country first.
select o.country_id, o.service_id, o.kind, o.supplier_id, coalesce(o.operator_id, 0), o.price, o.id, o.regular,
  o.remaining is not null, sp.asked
from offer o join supplier sp on sp.id = o.supplier_id and sp.active
where o.country_id = any(array(select id from country)) and o.service_id = $1
order by o.country_id, o.service_id, o.kind, o.supplier_id, o.operator_id, o.price;

-- name: tiers_left
-- What is left of limited tiers.
select id, remaining from offer where id = any($1::bigint[]) and remaining is not null;

-- name: stock_of_country
-- The pools of a country with their free numbers, and what of these each service cannot have: used for it, or resting for it.
select p.supplier_id, p.operator_id, p.abilities, coalesce(s.free, 0), w.services, w.gone
from pool p join supplier sp on sp.id = p.supplier_id and not sp.asked left join stock s on s.pool_id = p.id
cross join lateral (
  select coalesce(array_agg(w.service_id), '{}') as services, coalesce(array_agg(w.withheld - w.busy), '{}') as gone
  from shelf_stock w where w.pool_id = p.id and w.withheld > w.busy
) w
where p.country_id = $1;

-- name: stock_of_service
-- The same for one service in all countries.
select p.country_id, p.supplier_id, p.operator_id, p.abilities, coalesce(s.free, 0), w.withheld - w.busy
from pool p join supplier sp on sp.id = p.supplier_id and not sp.asked left join stock s on s.pool_id = p.id
left join shelf_stock w on w.pool_id = p.id and w.service_id = $1 and w.withheld > w.busy;
