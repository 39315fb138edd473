-- Numbers that serve several services at once. The shelves of the services and the numbers are locked, so that no
-- bookmark goes by meanwhile. Such a use may lie ahead of its bookmark, which drops what is used when it gets there.

-- name: share_numbers
-- Mark numbers as used for further services: out of piles and waits, counted as withheld where they were not before.
-- Gives how often each was given back unused for that service.
with wanted as (
  select w.number_id, w.service_id, n.pool_id, n.seq
  from unnest($1::bigint[], $2::int[]) w(number_id, service_id) join number n on n.id = w.number_id
), off_pile as (
  delete from pile d using wanted w where d.pool_id = w.pool_id and d.service_id = w.service_id and d.seq = w.seq
  returning w.number_id, w.service_id, d.tries
), off_wait as (
  delete from passed d using wanted w where d.number_id = w.number_id and d.service_id = w.service_id
  returning d.number_id, d.service_id, d.tries, d.not_before
), used as (
  insert into use (number_id, service_id) select number_id, service_id from wanted
), marked as (
  update number set shared = true where id in (select number_id from wanted) and not shared
), moved as (
  insert into stock_move (pool_id, service_id, withheld)
  select w.pool_id, w.service_id, count(*) - count(o.not_before)
  from wanted w left join off_wait o on o.number_id = w.number_id and o.service_id = w.service_id
  group by 1, 2 having count(*) > count(o.not_before)
)
select w.number_id, w.service_id, coalesce(p.tries, o.tries, 0)::smallint
from wanted w left join off_pile p on p.number_id = w.number_id and p.service_id = w.service_id
left join off_wait o on o.number_id = w.number_id and o.service_id = w.service_id;

-- name: use_again
-- Numbers behind the bookmarks of services serve them once more: out of piles and waits, counted as withheld where they were
-- not before. Gives how often each was given back unused.
with wanted as (
  select w.number_id, w.service_id, n.pool_id, n.seq
  from unnest($1::bigint[], $2::int[]) w(number_id, service_id) join number n on n.id = w.number_id
), off_pile as (
  delete from pile d using wanted w where d.pool_id = w.pool_id and d.service_id = w.service_id and d.seq = w.seq
  returning w.number_id, w.service_id, d.tries
), off_wait as (
  delete from passed d using wanted w where d.number_id = w.number_id and d.service_id = w.service_id
  returning d.number_id, d.service_id, d.tries, d.not_before
), used as (
  insert into use (number_id, service_id) select number_id, service_id from wanted
), moved as (
  insert into stock_move (pool_id, service_id, withheld)
  select w.pool_id, w.service_id, count(*) - count(o.not_before)
  from wanted w left join off_wait o on o.number_id = w.number_id and o.service_id = w.service_id
  group by 1, 2 having count(*) > count(o.not_before)
)
select w.number_id, w.service_id, coalesce(p.tries, o.tries, 0)::smallint
from wanted w left join off_pile p on p.number_id = w.number_id and p.service_id = w.service_id
left join off_wait o on o.number_id = w.number_id and o.service_id = w.service_id;

-- name: give_back_shared
-- Numbers that received nothing for a further service: behind the bookmark they rest for it, ahead they are only unused.
with back as (
  select b.*, n.pool_id, n.seq > s.start and n.seq <= s.hi or n.seq <= s.lo as behind
  from unnest($1::bigint[], $2::int[], $3::smallint[]) b(number_id, service_id, tries) join number n on n.id = b.number_id
  join shelf s on s.pool_id = n.pool_id and s.service_id = b.service_id
), unused as (
  delete from use u using back b where u.number_id = b.number_id and u.service_id = b.service_id
), waiting as (
  insert into passed (number_id, service_id, not_before, tries) select number_id, service_id, $4, tries from back where behind
  order by 1, 2
)
insert into stock_move (pool_id, service_id, withheld)
select pool_id, service_id, -count(*) from back where not behind group by 1, 2;
