-- Tiers of offers that are limited in number.

-- name: lock_tiers
-- Lock tiers in id order; what is left is read by the next statement (engine 1.1).
select id from offer where id = any($1::bigint[]) order by id for no key update;

-- name: left_of
-- How many locked tiers have left; null without a limit.
select id, remaining from offer where id = any($1::bigint[]);

-- name: take_from_tiers
-- Leases begin at limited tiers that are locked. Counts the tiers that had enough.
with taken as (
  update offer o set remaining = o.remaining - t.n from unnest($1::bigint[], $2::bigint[]) t(id, n)
  where o.id = t.id and o.remaining >= t.n returning 1
)
select count(*) from taken;

-- name: lock_limited
-- Lock those of some tiers that are limited, in id order.
select id from offer where id = any($1::bigint[]) and remaining is not null order by id for no key update;

-- name: give_to_tiers
-- Leases at limited tiers that are locked were cancelled. A movement of nothing tells the price lists of their countries.
with given as (
  update offer o set remaining = o.remaining + b.n from unnest($1::bigint[], $2::bigint[]) b(id, n)
  where o.id = b.id and o.remaining is not null returning o.country_id
)
insert into stock_move (pool_id, free)
select (select p.id from pool p where p.country_id = g.country_id order by p.id limit 1), 0
from (select distinct country_id from given) g where exists (select from pool p where p.country_id = g.country_id);
