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

-- name: set_offer
-- Set the price of an offer. A supplier that has to be asked has no pool to tell the operator: `any` must exist for it.
with named as (
  insert into operator (country_id, name) select $1, 'any' from supplier where id = $4 and asked and $3::int is null
  on conflict do nothing
), dearer as (
  delete from offer where country_id = $1 and service_id = $2 and operator_id is not distinct from $3 and supplier_id = $4
    and kind = 0 and price <> $5
)
insert into offer (country_id, service_id, operator_id, supplier_id, kind, price) values ($1, $2, $3, $4, 0, $5)
on conflict do nothing;

-- name: prices_of_country
-- What each service costs in a country (the regular price: the cheapest) and how many numbers are left at it; an operator's
-- own price beats that of any operator. $2 limits it to some operators, empty means all. Free numbers are summed per supplier first, then the few shelves of a
-- service take their share off: the same as summing over all pools of each of thousands of offers.
with pools as (
  select p.id, p.supplier_id, p.operator_id, coalesce(s.free, 0) as free from pool p left join stock s on s.pool_id = p.id
  where p.country_id = $1 and p.abilities & 1 = 1 and ($2::int[] = '{}' or p.operator_id = any($2::int[]))
    and not exists (select from supplier sp where sp.id = p.supplier_id and sp.asked)
), free as (
  select supplier_id, operator_id, grouping(operator_id) = 1 as whole, sum(free) as free, count(*) as pools from pools
  group by grouping sets ((supplier_id), (supplier_id, operator_id))
), gone as (
  select p.supplier_id, p.operator_id, grouping(p.operator_id) = 1 as whole, w.service_id,
    sum(p.free - greatest(0, p.free - (w.withheld - w.busy))) as gone
  from pools p join shelf_stock w on w.pool_id = p.id
  group by grouping sets ((p.supplier_id, w.service_id), (p.supplier_id, p.operator_id, w.service_id))
), offered as (
  select o.service_id, o.supplier_id, o.operator_id, o.price, coalesce(f.free - coalesce(g.gone, 0), 0) as available,
    coalesce(f.pools, 0) as pools
  from offer o
  join supplier sp on sp.id = o.supplier_id and sp.active
  left join free f on f.supplier_id = o.supplier_id
    and f.whole = (o.operator_id is null) and (f.whole or f.operator_id = o.operator_id)
  left join gone g on g.supplier_id = o.supplier_id and g.service_id = o.service_id
    and g.whole = (o.operator_id is null) and (g.whole or g.operator_id = o.operator_id)
  where o.country_id = $1 and o.kind = 0
    and ($2::int[] = '{}' or o.operator_id is null or o.operator_id = any($2::int[]))
), own as (
  select service_id, price, pools,
    available - case when operator_id is null then coalesce(sum(available) filter (where operator_id is not null) over same, 0)
      else 0 end as available,
    pools - case when operator_id is null then coalesce(sum(pools) filter (where operator_id is not null) over same, 0)
      else 0 end as left_over
  from offered window same as (partition by supplier_id, service_id)
), regular as (
  -- A price of any operator that is left without a pool, because each has its own, is nobody's price.
  select service_id, price, available, min(price) over (partition by service_id) as cost from own
  where pools = 0 or left_over > 0
)
select service_id, cost, (sum(available) filter (where price = cost))::bigint as count
from regular group by service_id, cost order by service_id;
