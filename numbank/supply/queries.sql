-- Shelves, numbers and stock. The invariant that `verify` proves: every seq behind a bookmark is in exactly one of
-- use, pile, passed (engine 2).

-- name: pool_sizes
-- The last seq of pools: what a new shelf's start is spread over.
select id, last_seq from pool where id = any($1::int[]);

-- name: make_shelves
-- New shelves with their counts; a neighbour may have been faster.
with made as (
  insert into shelf (pool_id, service_id, start, hi)
  select p, s, start, start from unnest($1::int[], $2::int[], $3::int[]) g(p, s, start) order by p, s
  on conflict do nothing returning pool_id, service_id
)
insert into shelf_stock (pool_id, service_id) select pool_id, service_id from made;

-- name: lock_shelves
-- Lock shelves in order; those that are missing are not in the answer.
select s.pool_id, s.service_id from shelf s join unnest($1::int[], $2::int[]) g(p, s) on s.pool_id = g.p and s.service_id = g.s
order by s.pool_id, s.service_id for no key update of s;

-- name: read_shelves
-- Locked shelves with the size of their pools.
select s.pool_id, s.service_id, s.start, s.hi, s.lo, p.last_seq
from unnest($1::int[], $2::int[]) g(pool_id, service_id)
join shelf s on s.pool_id = g.pool_id and s.service_id = g.service_id join pool p on p.id = s.pool_id;

-- name: read_stocked
-- Locked shelves with the size of their pools and the first rows of their piles, as many as each wants.
select s.pool_id, s.service_id, s.start, s.hi, s.lo, p.last_seq, x.seqs, x.tries
from unnest($1::int[], $2::int[], $3::int[]) g(pool_id, service_id, want)
join shelf s on s.pool_id = g.pool_id and s.service_id = g.service_id join pool p on p.id = s.pool_id
cross join lateral (
  select array_agg(seq) as seqs, array_agg(tries) as tries from (
    select seq, tries from pile where pool_id = g.pool_id and service_id = g.service_id order by seq limit g.want
  ) first
) x;

-- name: read_piles
-- The next rows of piles behind a seq, as many as each group wants.
select g.p, g.s, x.seq, x.tries from unnest($1::int[], $2::int[], $3::int[], $4::int[]) g(p, s, want, after)
cross join lateral (
  select seq, tries from pile where pool_id = g.p and service_id = g.s and seq > g.after order by seq limit g.want
) x;

-- name: lock_candidates
-- Lock candidates that nobody else holds, in id order, with their state and whether they were used for the service. No
-- `exists` there: planned in a young bank it would be hashed from all uses.
select c.p, c.s, n.seq, n.id, n.e164, n.state,
  coalesce((select true from use u where u.number_id = n.id and u.service_id = c.s), false) as used
from unnest($1::int[], $2::int[], $3::int[]) c(p, s, seq) join number n on n.pool_id = c.p and n.seq = c.seq
order by n.id for no key update of n skip locked;

-- name: save_numbers
-- Give claimed numbers to their leases and remember the use; counts how many were still free.
with claimed as (
  select * from unnest($1::bigint[], $2::bigint[], $3::int[]) c(number_id, lease_id, service_id)
), given as (
  update number n set state = 1, holder = c.lease_id, last_service_id = c.service_id
  from claimed c where n.id = c.number_id and n.state = 0 returning 1
), used as (
  insert into use (number_id, service_id) select number_id, service_id from claimed
)
select count(*) from given;

-- name: not_for
-- Which services these locked numbers cannot serve too: they were used for them, or rest for them.
select n.id, s.id from unnest($1::bigint[]) n(id) cross join unnest($2::int[]) s(id)
left join lateral (select number_id from use where number_id = n.id and service_id = s.id limit 1) u on true
left join lateral (select number_id from passed where number_id = n.id and service_id = s.id limit 1) w on true
where u.number_id is not null or w.number_id is not null;

-- name: save_also
-- Claimed numbers serve further services from now on: they are used for them, which the counts withhold.
with claimed as (
  select * from unnest($1::int[], $2::bigint[], $3::int[]) c(pool_id, number_id, service_id)
), used as (
  insert into use (number_id, service_id) select number_id, service_id from claimed order by 1, 2
), marked as (
  update number n set shared = true from (select distinct number_id from claimed) c where n.id = c.number_id
)
insert into stock_move (pool_id, service_id, withheld) select pool_id, service_id, count(*) from claimed group by 1, 2;

-- name: save_shelves
-- Move bookmarks, tidy piles, remember who was passed by, and count what moved. What somebody else holds goes to the pile
-- unseen, but not where it was used ahead of the bookmark; nobody uses it for this service meanwhile, the shelf is locked.
with moved as (
  update shelf s set hi = m.hi, lo = m.lo from unnest($1::int[], $2::int[], $3::int[], $4::int[]) m(p, s, hi, lo)
  where s.pool_id = m.p and s.service_id = m.s
), taken as (
  delete from pile d using unnest($5::int[], $6::int[], $7::int[]) t(p, s, seq)
  where d.pool_id = t.p and d.service_id = t.s and d.seq = t.seq
), piled as (
  insert into pile (pool_id, service_id, seq)
  select t.p, t.s, t.seq from unnest($8::int[], $9::int[], $10::int[]) t(p, s, seq)
  join number n on n.pool_id = t.p and n.seq = t.seq
  left join lateral (select number_id from use where number_id = n.id and service_id = t.s limit 1) u on true
  where u.number_id is null order by 1, 2, 3 on conflict do nothing
), waiting as (
  insert into passed (number_id, service_id, tries)
  select n, s, tries from unnest($11::bigint[], $12::int[], $13::smallint[]) t(n, s, tries) order by 1, 2 on conflict do nothing
)
insert into stock_move (pool_id, service_id, free, withheld, busy)
select p, s, -n, n, n from unnest($14::int[], $15::int[], $16::int[]) t(p, s, n);

-- name: numbers_by_e164
-- The numbers behind telephone numbers; unlocked, to know what to lock. A number's identity never changes.
select n.id, n.e164, p.supplier_id from number n join pool p on p.id = n.pool_id where n.e164 = any($1::bigint[]);

-- name: lock_numbers
-- Lock numbers in id order: the gate to everything that happens to their leases. Which lease holds each now, and whether
-- others may share it, comes from the locked row itself: a row that had to be waited for is read again after the wait.
select id, holder, shared from number where id = any($1::bigint[]) order by id for no key update;

-- name: rest_numbers
-- A lease ended: its number rests before it can be leased again, or is offline from now on. Counts how many were held
-- by their lease.
with ended as (
  select * from unnest($1::bigint[], $2::bigint[]) e(number_id, lease_id)
), rested as (
  update number n set state = case when n.offline then 3 else 2 end, holder = null, last_holder = e.lease_id,
    rests_until = case when not n.offline then $3::timestamptz end
  from ended e where n.id = e.number_id and n.holder = e.lease_id returning n.pool_id, n.last_service_id, n.offline
), gone as (
  insert into stock_move (pool_id, service_id, busy)
  select pool_id, last_service_id, -count(*) from rested where offline group by 1, 2
)
select count(*) from rested;

-- name: give_back_unused
-- Numbers that received nothing may serve the same service again later: no longer used, but resting for it.
with back as (
  select * from unnest($1::bigint[], $2::int[], $3::smallint[]) b(number_id, service_id, tries)
), unused as (
  delete from use u using back b where u.number_id = b.number_id and u.service_id = b.service_id
)
insert into passed (number_id, service_id, not_before, tries) select number_id, service_id, $4, tries from back order by 1, 2
on conflict (number_id, service_id) do update set not_before = excluded.not_before, tries = excluded.tries;

-- name: lock_rested
-- Numbers whose rest is over, as many as one sweep takes; those that somebody else holds are left for later.
select id from number where state = 2 and rests_until <= $1 order by rests_until, id limit $2 for no key update skip locked;

-- name: waiting_for
-- How many services wait for each of these numbers.
select number_id, count(*) from passed where number_id = any($1::bigint[]) group by 1;

-- name: free_numbers
-- Rested numbers become free: what waited for them goes to the pile, the counts follow.
with freed as (
  update number n set state = 0, rests_until = null from pool p
  where n.id = any($1::bigint[]) and n.state = 2 and p.id = n.pool_id
  returning n.id, n.pool_id, n.seq, n.last_service_id
), woken as (
  delete from passed w using freed f where w.number_id = f.id and (w.not_before is null or w.not_before <= $2)
  returning f.pool_id, w.service_id, f.seq, w.tries, w.not_before
), piled as (
  insert into pile (pool_id, service_id, seq, tries) select pool_id, service_id, seq, tries from woken order by 1, 2, 3
  on conflict do nothing
)
insert into stock_move (pool_id, service_id, free, withheld, busy)
select pool_id, null, count(*), 0, 0 from freed group by 1
union all
select pool_id, last_service_id, 0, 0, -count(*) from freed where last_service_id is not null group by 1, 2
union all
select pool_id, service_id, 0, -count(*), 0 from woken where not_before is not null group by 1, 2;

-- name: lock_service_rested
-- Free numbers that rested for one service long enough; locked like all others, so that no wake-up is lost. Those that
-- are not free wake with their number. The list is made once, as an array: a plan of young tables would make it for each
-- number, and hold the locks for a second meanwhile.
select n.id from number n where n.state = 0 and n.id = any(array(
  select d.number_id from passed d join number f on f.id = d.number_id and f.state = 0
  where d.not_before <= $1 order by d.not_before limit $2
)) order by n.id for no key update skip locked;

-- name: wake_service_rested
-- They go to the pile, and are no longer withheld.
with woken as (
  delete from passed d using number n
  where d.number_id = any($1::bigint[]) and d.not_before <= $2 and n.id = d.number_id and n.state = 0
  returning n.pool_id, d.service_id, n.seq, d.tries
), piled as (
  insert into pile (pool_id, service_id, seq, tries) select pool_id, service_id, seq, tries from woken order by 1, 2, 3
  on conflict do nothing
)
insert into stock_move (pool_id, service_id, withheld) select pool_id, service_id, -count(*) from woken group by 1, 2;

-- name: fold_lock
-- One node folds at a time; the others let it.
select pg_try_advisory_xact_lock(1851749475);

-- name: fold_stock
-- Fold the oldest stock movements into the counts, a bounded number at a time, and mark their countries for the price lists;
-- the rows were made with their pool and shelf.
with taken as (
  delete from stock_move where id in (select id from stock_move order by id limit $1) returning pool_id, service_id, free, withheld, busy
), pools as (
  update stock s set free = s.free + t.free
  from (select pool_id, sum(free)::bigint as free from taken group by 1 having sum(free) <> 0) t where t.pool_id = s.pool_id
), shelves as (
  update shelf_stock s set withheld = s.withheld + t.withheld, busy = s.busy + t.busy
  from (
    select pool_id, service_id, sum(withheld)::bigint as withheld, sum(busy)::bigint as busy from taken
    where service_id is not null group by 1, 2
  ) t
  where s.pool_id = t.pool_id and s.service_id = t.service_id
), told as (
  insert into stock_version (country_id)
  select p.country_id from pool p where p.id in (select pool_id from taken) group by 1 order by 1
  on conflict (country_id) do update set value = stock_version.value + 1
)
select count(*) from taken;

-- name: pool_of
-- The pool for a supplier, country, operator and abilities; made when it is new.
with made as (
  insert into pool (supplier_id, country_id, operator_id, abilities) values ($1, $2, $3, $4)
  on conflict (country_id, supplier_id, operator_id, abilities) do update set abilities = excluded.abilities returning id
), counted as (
  insert into stock (pool_id) select id from made on conflict do nothing
)
select id from made;

-- name: lock_pool
-- Hold a pool while numbers are added, so that seqs stay dense.
select last_seq from pool where id = $1 for no key update;

-- name: taken_e164
-- Which of these telephone numbers the bank has already.
select e164 from number where e164 = any($1::bigint[]);

-- name: add_numbers
-- New free numbers behind the last seq of their locked pool.
with added as (
  insert into number (pool_id, seq, e164)
  select $1, $2 + row_number() over (order by ordinality), e164 from unnest($3::bigint[]) with ordinality n(e164, ordinality)
  returning 1
), grown as (
  update pool set last_seq = last_seq + (select count(*) from added) where id = $1
)
insert into stock_move (pool_id, free) select $1, count(*) from added;

-- name: lock_identities
-- Hold telephone numbers that may have no row yet, in order, until the transaction ends.
select pg_advisory_xact_lock(1735816814, key) from (select key from unnest($1::int[]) key order by key) k;

-- name: make_still_shelves
-- Shelves with their counts for the pools of given numbers; their bookmarks never move, for nothing is claimed there.
with wanted as (
  select distinct n.pool_id, g.service_id from unnest($1::bigint[], $2::int[]) g(number_id, service_id) join number n on n.id = g.number_id
  join pool p on p.id = n.pool_id join supplier su on su.id = p.supplier_id and su.asked
), made as (
  insert into shelf (pool_id, service_id, start, hi) select pool_id, service_id, 0, 0 from wanted order by 1, 2
  on conflict do nothing returning pool_id, service_id
)
insert into shelf_stock (pool_id, service_id) select pool_id, service_id from made;

-- name: given_numbers
-- Locked numbers with their owners and states, and whether they were used for the service.
select n.id, n.e164, p.supplier_id, n.state,
  coalesce((select true from use u where u.number_id = n.id and u.service_id = g.service_id), false) as used, g.service_id
from unnest($1::bigint[], $2::int[]) g(number_id, service_id) join number n on n.id = g.number_id join pool p on p.id = n.pool_id;

-- name: take_given
-- Give locked numbers of asked suppliers to their leases and remember the use; counts how many were free.
with given as (
  select * from unnest($1::bigint[], $2::bigint[], $3::int[]) g(number_id, lease_id, service_id)
), taken as (
  update number n set state = 1, holder = g.lease_id, last_service_id = g.service_id
  from given g where n.id = g.number_id and n.state = 0 returning n.pool_id, g.service_id
), used as (
  insert into use (number_id, service_id) select number_id, service_id from given
), moved as (
  insert into stock_move (pool_id, service_id, free, withheld, busy)
  select pool_id, service_id, -count(*), count(*), count(*) from taken group by 1, 2
)
select count(*) from taken;

-- name: give_back_given
-- Given numbers that received nothing are no longer used for the service.
with unused as (
  delete from use u using unnest($1::bigint[], $2::int[]) b(number_id, service_id)
  where u.number_id = b.number_id and u.service_id = b.service_id returning u.number_id, u.service_id
)
insert into stock_move (pool_id, service_id, withheld)
select n.pool_id, u.service_id, -count(*) from unused u join number n on n.id = u.number_id group by 1, 2;

-- name: open_acquisitions
-- Suppliers that are going to be asked; $4 is when an answer is given up if nobody comes back with one.
insert into acquisition (lease_id, supplier_id, asked_at, next_try_at)
select lease_id, supplier_id, $3, $4 from unnest($1::bigint[], $2::int[]) o(lease_id, supplier_id)
returning lease_id, id;

-- name: lock_acquisitions
-- Lock acquisitions in id order.
select id from acquisition where id = any($1::bigint[]) order by id for no key update;

-- name: read_acquisitions
-- Locked acquisitions.
select id, supplier_id, state, asked_at from acquisition where id = any($1::bigint[]);

-- name: known_references
-- Which references of suppliers name something that is held or being released.
select distinct a.supplier_id, a.reference from unnest($1::int[], $2::text[]) w(supplier_id, reference)
join acquisition a on a.supplier_id = w.supplier_id and a.reference = w.reference and a.state in (1, 4);

-- name: save_answers
-- What suppliers answered; what has an outcome is due to be released at once. Counts what was open to an answer.
with answered as (
  update acquisition a set state = n.state, reference = n.reference, e164 = n.e164, cost = n.cost, outcome = n.outcome,
    next_try_at = case when n.outcome is not null then $7::timestamptz end
  from unnest($1::bigint[], $2::smallint[], $3::text[], $4::bigint[], $5::bigint[], $6::smallint[])
    n(id, state, reference, e164, cost, outcome)
  where a.id = n.id and a.state in (0, 3) returning 1
)
select count(*) from answered;

-- name: close_acquisitions
-- Leases ended: what was held for them is due to be released. Counts what was held.
with closed as (
  update acquisition a set state = 4, outcome = e.outcome, next_try_at = $3
  from unnest($1::bigint[], $2::smallint[]) e(lease_id, outcome) where a.lease_id = e.lease_id and a.state = 1 returning 1
)
select count(*) from closed;

-- name: give_up_asking
-- Questions that nobody came back from: their node is gone, nobody knows what the supplier did. Counts them.
with late as (
  select id from acquisition where state = 0 and next_try_at <= $1 order by next_try_at limit $2 for no key update skip locked
), unknown as (
  update acquisition set state = 3, next_try_at = null where id in (select id from late) and state = 0 returning 1
)
select count(*) from unknown;

-- name: take_releases
-- Releases that are due at the suppliers of this node ($1), each pushed forward beyond the end of its call ($3) by a pause
-- that doubles from $4 to $5 seconds, so that no other node makes the same call meanwhile.
with due as (
  select id from acquisition where state = 4 and next_try_at <= bank_now() and supplier_id = any($1::int[])
  order by next_try_at limit $2 for no key update skip locked
)
update acquisition a set release_tries = release_tries + 1,
  next_try_at = bank_now() + make_interval(secs => $3::float8 + least($5::float8, $4::float8 * 2 ^ least(release_tries, 30)))
from due where a.id = due.id
returning a.id, a.supplier_id, a.reference, a.outcome, a.release_tries;

-- name: save_releases
-- Releases that are final.
update acquisition set state = 5, next_try_at = null where id = any($1::bigint[]) and state = 4;

-- name: give_up_releases
-- Releases that were tried often enough; they stay as they are, for the operator to see.
update acquisition set next_try_at = null where id = any($1::bigint[]) and state = 4;
