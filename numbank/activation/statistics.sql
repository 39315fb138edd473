-- Where leases are in time, sales per partner, and how well somebody's leases go.

-- name: mark_leases
-- Note how far the lease ids are now, once an hour; gives how many marks were made.
with made as (
  insert into lease_mark (at, lease_id)
  select date_trunc('milliseconds', bank_now()), case when is_called then last_value else last_value - 1 end from lease_id
  where not exists (select from lease_mark where at > bank_now() - interval '1 hour') on conflict do nothing returning 1
)
select count(*) from made;

-- name: lease_span
-- Lease ids between which everything lies that began from $1 to $2. A mark is true for what began a minute before or after:
-- no transaction lives that long.
select coalesce((select max(lease_id) from lease_mark where at <= $1::timestamptz - interval '1 minute'), 0),
  coalesce((select lease_id from lease_mark where at >= $2::timestamptz + interval '1 minute' order by at limit 1), 9223372036854775807);

-- name: partners
-- Leases with a ref since a lease id: per ref and account how many, how many got a message, what they cost (less refunds).
-- The refs are found one after the other through the index, so that other leases cost nothing.
with recursive partner(ref) as (
  (select min(ref) from activation where ref is not null)
  union all
  select (select min(a.ref) from activation a where a.ref > partner.ref) from partner where partner.ref is not null
)
select p.ref, a.account_id, count(*), count(*) filter (where a.state in (3, 4, 8)),
  coalesce(sum(a.price) filter (where a.state in (3, 4, 8) and h.refunded_at is null), 0)::bigint
from partner p join activation a on a.ref = p.ref left join hold h on h.id = a.hold_id
where a.id > $1 and a.created_at >= $2 and a.number_id is not null group by 1, 2 order by 1, 2;

-- name: start_judging
-- The judge begins with the leases to come; locks the mark, so that one node judges at a time.
insert into judged_upto (lease_id)
select case when is_called then last_value else last_value - 1 end from lease_id
on conflict do nothing;

-- name: judged_upto
-- How far the judge has come; nothing while another node is at it.
select lease_id from judged_upto for update skip locked;

-- name: recent_buyers
-- Who leased since a lease id: account, end user if there is one, the newest lease, how many, and which of them live; a
-- bounded number of leases at a time.
select account_id, end_user, max(id), count(*), coalesce(array_agg(id) filter (where state < 8), '{}') from (
  select id, account_id, end_user, state from activation where id > $1 order by id limit $2
) recent group by 1, 2 order by 1, 2;

-- name: ended_buyers
-- Which of these leases have ended, and whose they are.
select account_id, end_user, id from activation where id = any($1::bigint[]) and state >= 8;

-- name: living
-- The newest leases that live, by the end of their time.
select id from activation where state < 8 order by due_at desc, id desc limit $1;

-- name: judge_to
-- The judge has come so far.
update judged_upto set lease_id = $1;

-- name: account_records
-- The last $3 leases of accounts that ended, each after a lease ($2): how many, how many got a message, the newest. Rows are
-- compared as in `history`.
select w.account_id, r.leases, r.delivered, r.newest from unnest($1::bigint[], $2::bigint[]) w(account_id, seen) cross join lateral (
  select count(*) as leases, count(*) filter (where state = 8) as delivered, max(id) as newest from (
    select id, state from activation
    where (account_id, id) > (w.account_id, w.seen) and (account_id, id) < (w.account_id + 1, 0) and state >= 8 and number_id is not null
    order by account_id desc, id desc limit $3
  ) last
) r;

-- name: end_user_records
-- The same of end users.
select w.account_id, w.end_user, r.leases, r.delivered, r.newest
from unnest($1::bigint[], $2::uuid[], $3::bigint[]) w(account_id, end_user, seen) cross join lateral (
  select count(*) as leases, count(*) filter (where state = 8) as delivered, max(id) as newest from (
    select id, state from activation
    where account_id = w.account_id and (end_user, id) > (w.end_user, w.seen) and end_user <= w.end_user and state >= 8
      and number_id is not null
    order by end_user desc, id desc limit $4
  ) last
) r;

-- name: end_users
-- The end users of an account by name, at most $3, each with the last $2 of its leases: how many, how many are over, how many
-- of those got a message, when the newest began, and until when it is banned.
select u.name, r.leases, r.ended, r.delivered, r.newest,
  (select max(b.until) from ban b where b.account_id = u.account_id and b.end_user = u.digest and b.lifted_at is null
    and b.until > bank_now()) as banned_until
from (select account_id, digest, name from end_user where account_id = $1 order by account_id, digest limit $3) u
cross join lateral (
  select count(*) as leases, count(*) filter (where state >= 8) as ended, count(*) filter (where state = 8) as delivered,
    max(created_at) as newest
  from (
    select id, state, created_at from activation
    where account_id = u.account_id and end_user = u.digest and number_id is not null
    order by account_id desc, end_user desc, id desc limit $2
  ) last
) r order by u.name;
