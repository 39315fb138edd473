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

-- name: give_to_tiers
-- Leases that were counted by tiers that are locked were cancelled; a tier that is gone, has no limit any more, or a new count
-- since then, needs nothing. A movement of nothing tells the price lists of their countries.
with given as (
  update offer o set remaining = o.remaining + b.n
  from (
    select q.id, count(*) as n from unnest($1::bigint[], $2::bigint[]) c(tier_id, lease_id)
    cross join lateral (
      select id from offer where id = c.tier_id and coalesce(limited_after < c.lease_id, true) limit 1
    ) q group by 1
  ) b
  where o.id = b.id and o.id = any($1) and o.remaining is not null returning o.country_id
)
insert into stock_move (pool_id, free)
select (select p.id from pool p where p.country_id = g.country_id order by p.id limit 1), 0
from (select distinct country_id from given) g where exists (select from pool p where p.country_id = g.country_id);
