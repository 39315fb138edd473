-- Lines of numbers, and numbers that their last customer takes again. All numbers are locked.

-- name: lines
-- State and line of locked numbers.
select id, e164, state, offline from number where id = any($1::bigint[]) order by id;

-- name: disconnect
-- Lines went off: free and resting numbers are offline at once, leased ones with their last lease. The counts follow.
with line as (
  select id, pool_id, state, last_service_id from number where id = any($1::bigint[]) and state in (0, 1, 2) and not offline
), off as (
  update number n set offline = true, state = case when n.state = 1 then 1 else 3 end, rests_until = null from line l where n.id = l.id
)
insert into stock_move (pool_id, service_id, free, busy)
select pool_id, null, -count(*), 0 from line where state = 0 group by 1
union all
select pool_id, last_service_id, 0, -count(*) from line where state = 2 group by 1, 2;

-- name: quarantine
-- Numbers are gone: nobody gets them again. Counts those on which there was no lease. The counts of stock follow.
with line as (
  select id, pool_id, state, last_service_id from number where id = any($1::bigint[]) and state <> 1
), gone as (
  update number n set state = 4, offline = false, rests_until = null from line l where n.id = l.id returning 1
), moved as (
  insert into stock_move (pool_id, service_id, free, busy)
  select pool_id, null, -count(*), 0 from line where state = 0 group by 1
  union all
  select pool_id, last_service_id, 0, -count(*) from line where state = 2 and last_service_id is not null group by 1, 2
)
select count(*) from gone;

-- name: connect
-- Lines are on again. What was offline rests first, for what was sent to it meanwhile comes now; the rest sweep frees it.
with line as (
  select id, pool_id, state, last_service_id from number where id = any($1::bigint[]) and state in (1, 3) and offline
), connected as (
  update number n set offline = false, state = case when n.state = 1 then 1 else 2 end,
    rests_until = case when n.state = 3 then bank_now() + $2::interval end
  from line l where n.id = l.id
)
insert into stock_move (pool_id, service_id, busy)
select pool_id, last_service_id, count(*) from line where state = 3 and last_service_id is not null group by 1, 2;

-- name: found
-- Numbers that were gone are back: each rests first, and the rest sweep frees it. Gives those that were gone.
with line as (
  select id, pool_id, last_service_id from number where id = any($1::bigint[]) and state = 4
), found as (
  update number n set state = 2, rests_until = bank_now() + $2::interval from line l where n.id = l.id returning n.id
), moved as (
  insert into stock_move (pool_id, service_id, busy)
  select pool_id, last_service_id, count(*) from line where last_service_id is not null group by 1, 2
)
select id from found;

-- name: take_again
-- Give free or resting numbers to leases of services that they served before; counts how many could be had. Their use
-- stays as it is; they are busy for this service from now on, and no longer for the one that they rested from.
with again as (
  select * from unnest($1::bigint[], $2::bigint[], $3::int[]) g(number_id, lease_id, service_id)
), line as (
  select n.id, n.pool_id, n.state, n.last_service_id, g.service_id from again g join number n on n.id = g.number_id and n.state in (0, 2)
), taken as (
  update number n set state = 1, holder = g.lease_id, rests_until = null, last_service_id = g.service_id
  from again g where n.id = g.number_id and n.state in (0, 2) returning 1
), moved as (
  insert into stock_move (pool_id, service_id, free, busy)
  select pool_id, null, -count(*), 0 from line where state = 0 group by 1
  union all
  select pool_id, last_service_id, 0, -count(*) from line where state = 2 and last_service_id is not null group by 1, 2
  union all
  select pool_id, service_id, 0, count(*) from line group by 1, 2
)
select count(*) from taken;
