-- The proofs of the stock. A check gives one row per thing looked at: null when it is right, else what is wrong.
-- Behind the bookmark of a shelf are the seqs (start, hi] and (0, lo]; number states: supply/shelf.py.

-- name: numbers
-- A number is leased if and only if it has a holder, rests if and only if it has an end of rest, is offline or leased if its
-- line is not connected, and is in its pool's range.
select case
    when p.id is null then format('number %s: pool %s does not exist', n.id, n.pool_id)
    when n.seq not between 1 and p.last_seq then format('number %s has seq %s in a pool of %s', n.id, n.seq, p.last_seq)
    when n.state not between 0 and 4 then format('number %s is in state %s', n.id, n.state)
    when (n.state = 1) <> (n.holder is not null) then format('number %s in state %s is held by %s', n.id, n.state, n.holder)
    when (n.state = 2) <> (n.rests_until is not null) then format('number %s in state %s rests until %s', n.id, n.state, n.rests_until)
    when n.offline and n.state not in (1, 3) or not n.offline and n.state = 3
      then format('number %s in state %s is connected: %s', n.id, n.state, not n.offline)
    when n.state = 1 and n.last_service_id is null then format('number %s in state %s serves nothing', n.id, n.state)
  end
from number n left join pool p on p.id = n.pool_id where n.id >= $1 and n.id < $2;

-- name: pool_slices
-- Pools from first to last that have about four times $1 numbers; what is counted of a pool is counted in one snapshot.
select low, (lead(low, 1, 2147483648) over (order by low) - 1)::int from (
  select -2147483648 as low
  union
  select min(id) from (select id, sum(last_seq) over (order by id) / (4 * $1::bigint) as slice from pool) p where slice > 0 group by slice
) slice order by low;

-- name: seqs
-- The seqs of each pool are dense from 1 to its last.
select case when count(n.id) <> p.last_seq or min(n.seq) <> 1 or max(n.seq) <> p.last_seq
    then format('pool %s of %s has %s numbers from %s to %s', p.id, p.last_seq, count(n.id), min(n.seq), max(n.seq)) end
from pool p left join number n on n.pool_id = p.id where p.id between $1 and $2 group by p.id, p.last_seq;

-- name: shelves
-- Every shelf lies in its pool and has its count row, every pool has its stock row, and no count row stands alone.
select case
    when s.pool_id is null then format('count row of pool %s and service %s has no shelf', k.pool_id, k.service_id)
    when p.id is null then format('shelf of service %s: pool %s does not exist', s.service_id, s.pool_id)
    when k.pool_id is null then format('shelf of pool %s and service %s has no count row', s.pool_id, s.service_id)
    when not (0 <= s.lo and s.lo <= s.start and s.start <= s.hi and s.hi <= p.last_seq)
      then format('shelf of pool %s and service %s has start %s, hi %s, lo %s of %s', s.pool_id, s.service_id, s.start, s.hi, s.lo, p.last_seq)
  end
from shelf s full join shelf_stock k on k.pool_id = s.pool_id and k.service_id = s.service_id left join pool p on p.id = s.pool_id
union all
select case
    when k.pool_id is null then format('pool %s has no stock row', p.id)
    when p.id is null then format('stock row of pool %s, which does not exist', k.pool_id)
  end
from pool p full join stock k on k.pool_id = p.id;

-- name: shelf_slices
-- What lies behind the bookmarks, in slices of about $1 seqs: of each the pools, services and windows (from, to] of seqs.
with stretch as (
  select s.pool_id, s.service_id, p.last_seq, r.low, r.high
  from shelf s join pool p on p.id = s.pool_id cross join lateral (values (0, s.lo), (s.start, s.hi)) r(low, high)
  where r.high > r.low
), piece as (
  select s.pool_id, s.service_id, f.low::int, case when f.low + $1 < least(s.high, s.last_seq) then (f.low + $1)::int else s.high end as high
  from stretch s cross join lateral generate_series(s.low, greatest(least(s.high, s.last_seq) - 1, s.low), $1::bigint) f(low)
), sized as (
  select *, sum(1 + high - low) over (order by pool_id, service_id, low) / $1::bigint as slice from piece
)
select array_agg(pool_id), array_agg(service_id), array_agg(low), array_agg(high) from sized group by slice order by slice;

-- name: behind
-- Every seq behind a bookmark is in exactly one of use, pile and passed. The bookmark may have moved since the slices were made.
with place as materialized (
  select n.pool_id, s.service_id, n.seq, n.id
  from unnest($1::int[], $2::int[], $3::int[], $4::int[]) w(pool_id, service_id, low, high)
  join shelf s on s.pool_id = w.pool_id and s.service_id = w.service_id
  cross join lateral (select id, pool_id, seq from number where pool_id = w.pool_id and seq > w.low and seq <= w.high offset 0) n
  where n.seq > s.start and n.seq <= s.hi or n.seq <= s.lo
)
select case when (u.number_id is not null)::int + (l.seq is not null)::int + (w.number_id is not null)::int <> 1
    then format('seq %s of pool %s, behind the bookmark of service %s, is in %s', p.seq, p.pool_id, p.service_id, coalesce(nullif(
      concat_ws(' and ', case when u.number_id is not null then 'use' end, case when l.seq is not null then 'pile' end,
        case when w.number_id is not null then 'passed' end), ''), 'none of use, pile and passed')) end
from place p
left join lateral (select number_id from use where number_id = p.id and service_id = p.service_id offset 0) u on true
left join lateral (select seq from pile where pool_id = p.pool_id and service_id = p.service_id and seq = p.seq offset 0) l on true
left join lateral (select number_id from passed where number_id = p.id and service_id = p.service_id offset 0) w on true;

-- name: uses
-- Every use is of a number that exists, behind the bookmark of its shelf; what asked suppliers gave never had one, and a
-- number that was shared may have served a further service ahead of it.
select case
    when n.id is null then format('use of number %s, which does not exist', u.number_id)
    when s.pool_id is null then format('number %s is used for service %s, which has no shelf in pool %s', n.id, u.service_id, n.pool_id)
    when not coalesce(su.asked, false) and not n.shared and not (n.seq > s.start and n.seq <= s.hi or n.seq <= s.lo)
      then format('seq %s of pool %s is used for service %s ahead of the bookmark', n.seq, n.pool_id, u.service_id)
  end
from use u left join number n on n.id = u.number_id and n.id >= $1 and n.id < $2 left join shelf s on s.pool_id = n.pool_id and s.service_id = u.service_id
left join pool p on p.id = n.pool_id left join supplier su on su.id = p.supplier_id
where u.number_id >= $1 and u.number_id < $2;

-- name: waiting
-- Every passed row is of a number that exists, behind the bookmark of its shelf.
select case
    when n.id is null then format('number %s was passed by, but does not exist', w.number_id)
    when s.pool_id is null then format('number %s waits for service %s, which has no shelf in pool %s', n.id, w.service_id, n.pool_id)
    when not (n.seq > s.start and n.seq <= s.hi or n.seq <= s.lo)
      then format('seq %s of pool %s waits for service %s ahead of the bookmark', n.seq, n.pool_id, w.service_id)
  end
from passed w left join number n on n.id = w.number_id and n.id >= $1 and n.id < $2 left join shelf s on s.pool_id = n.pool_id and s.service_id = w.service_id
where w.number_id >= $1 and w.number_id < $2;

-- name: wakeups
-- No free number waits in passed without a time: its wake-up would be lost.
select case when n.state = 0 and w.not_before is null
    then format('number %s is free but waits for service %s without a time', n.id, w.service_id) end
from passed w join number n on n.id = w.number_id and n.id >= $1 and n.id < $2 where w.number_id >= $1 and w.number_id < $2;

-- name: piles
-- Every seq on a pile is a number of its pool, behind the bookmark of its shelf.
select case
    when s.pool_id is null then format('pile of pool %s and service %s has no shelf', l.pool_id, l.service_id)
    when n.id is null then format('seq %s on the pile of pool %s does not exist', l.seq, l.pool_id)
    when not (l.seq > s.start and l.seq <= s.hi or l.seq <= s.lo)
      then format('seq %s of pool %s is on the pile of service %s ahead of the bookmark', l.seq, l.pool_id, l.service_id)
  end
from pile l left join shelf s on s.pool_id = l.pool_id and s.service_id = l.service_id
left join number n on n.pool_id = l.pool_id and n.seq = l.seq
where l.pool_id between $1 and $2;

-- name: free_counts
-- The kept count of a pool's free numbers with the movements that are not folded yet is their real number.
select case when kept <> free then format('pool %s counts %s free numbers, there are %s', pool_id, kept, free) end
from (
  select pool_id, sum(kept) as kept, sum(free) as free from (
    select pool_id, free as kept, 0 as free from stock where pool_id between $1 and $2
    union all
    select pool_id, free, 0 from stock_move where pool_id between $1 and $2
    union all
    select pool_id, 0, count(*) from number where pool_id between $1 and $2 and state = 0 group by pool_id
  ) line group by pool_id
) pool;

-- name: withheld_counts
-- A shelf's kept count of withheld numbers with its movements is that of the used ones and those that rest for the service.
-- One snapshot could not count years of uses. It does not have to: what lies behind a bookmark is used, on the pile or passed by
-- (`behind`), so what is not withheld of it is counted; and uses ahead of one are of numbers that were shared, or asked for.
with roaming as materialized (
  select n.id, n.pool_id, n.seq from pool p join supplier su on su.id = p.supplier_id join number n on n.pool_id = p.id
  where p.id between $1 and $2 and (n.shared or su.asked)
)
select case when kept <> withheld
    then format('shelf of pool %s and service %s counts %s withheld numbers, there are %s', pool_id, service_id, kept, withheld) end
from (
  select pool_id, service_id, sum(kept) as kept, sum(withheld) as withheld from (
    select pool_id, service_id, withheld as kept, 0 as withheld from shelf_stock where pool_id between $1 and $2
    union all
    select pool_id, service_id, withheld, 0 from stock_move where pool_id between $1 and $2 and service_id is not null
    union all
    select pool_id, service_id, 0, hi - start + lo from shelf where pool_id between $1 and $2
    union all
    select pool_id, service_id, 0, -count(*) from pile where pool_id between $1 and $2 group by pool_id, service_id
    union all
    select n.pool_id, w.service_id, 0, -count(*) from passed w join number n on n.id = w.number_id
    where n.pool_id between $1 and $2 and w.not_before is null group by n.pool_id, w.service_id
    union all
    select n.pool_id, u.service_id, 0, count(*)
    from roaming n cross join lateral (select service_id from use where number_id = n.id offset 0) u
    left join shelf s on s.pool_id = n.pool_id and s.service_id = u.service_id
    where not coalesce(n.seq > s.start and n.seq <= s.hi or n.seq <= s.lo, false) group by n.pool_id, u.service_id
  ) line group by pool_id, service_id
) shelf;

-- name: busy_counts
-- A shelf's kept count of busy numbers with its movements is that of the leased and resting ones that served it last.
select case when kept <> busy
    then format('shelf of pool %s and service %s counts %s busy numbers, there are %s', pool_id, service_id, kept, busy) end
from (
  select pool_id, service_id, sum(kept) as kept, sum(busy) as busy from (
    select pool_id, service_id, busy as kept, 0 as busy from shelf_stock where pool_id between $1 and $2
    union all
    select pool_id, service_id, busy, 0 from stock_move where pool_id between $1 and $2 and service_id is not null
    union all
    select pool_id, last_service_id, 0, count(*) from number
    where pool_id between $1 and $2 and state in (1, 2) and last_service_id is not null group by pool_id, last_service_id
  ) line group by pool_id, service_id
) shelf;

-- name: counts
-- No kept count is negative, and every movement that is not folded yet has the count row that it belongs to.
select case when free < 0 then format('pool %s counts %s free numbers', pool_id, free) end from stock
union all
select case when withheld < 0 or busy < 0 then format('shelf of pool %s and service %s counts %s withheld, %s busy',
    pool_id, service_id, withheld, busy) end from shelf_stock
union all
select case
    when k.pool_id is null then format('a movement of pool %s has no stock row', m.pool_id)
    when m.service_id is not null and s.pool_id is null then format('a movement of pool %s and service %s has no count row', m.pool_id, m.service_id)
  end
from (select distinct pool_id, service_id from stock_move) m left join stock k on k.pool_id = m.pool_id
left join shelf_stock s on s.pool_id = m.pool_id and s.service_id = m.service_id;
