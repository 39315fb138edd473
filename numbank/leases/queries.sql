-- What all kinds of lease share: how many of them accounts have. The tables are those of the slices.

-- name: live_leases
-- How many live leases of all kinds accounts have, of each kind counted up to a limit. Rows are compared, as in `history`: the
-- planner would take the index of what is due, and walk through everybody's.
select w.account_id, (
  select count(*) from (
    select from activation a
    where (a.account_id, a.id) > (w.account_id, 0) and (a.account_id, a.id) < (w.account_id + 1, 0) and a.state < 8
    order by a.account_id, a.id limit w.most
  ) live
) + (
  select count(*) from (
    select from rent r
    where (r.account_id, r.id) > (w.account_id, 0) and (r.account_id, r.id) < (w.account_id + 1, 0) and r.state < 8
    order by r.account_id, r.id limit w.most
  ) live
) + (
  select count(*) from (
    select from mailbox b
    where (b.account_id, b.id) > (w.account_id, 0) and (b.account_id, b.id) < (w.account_id + 1, 0) and b.state < 8
    order by b.account_id, b.id limit w.most
  ) live
)
from unnest($1::bigint[], $2::int[]) w(account_id, most);

-- name: leases_lately
-- How many leases of all kinds accounts began within 60 s, of each kind counted up to a limit; orders that brought no number
-- are none. Of rentals and mailboxes the newest are looked at, as many as the limit says, and no further. Rows are compared, as in `history`. The mark of an earlier hour ends the walk (statistics.sql): what began since it lies above it.
select w.account_id, (
  select count(*) from (
    select a.created_at from activation a
    where (a.account_id, a.id) > (w.account_id, mark.lease_id) and (a.account_id, a.id) < (w.account_id + 1, 0)
      and (a.number_id is not null or a.state = 0)
    order by a.account_id desc, a.id desc limit w.most
  ) latest where latest.created_at > bank_now() - interval '60 s'
) + (
  select count(*) from (
    select r.created_at from rent r
    where (r.account_id, r.id) > (w.account_id, 0) and (r.account_id, r.id) < (w.account_id + 1, 0)
    order by r.account_id desc, r.id desc limit w.most
  ) latest where latest.created_at > bank_now() - interval '60 s'
) + (
  select count(*) from (
    select b.created_at from mailbox b
    where (b.account_id, b.id) > (w.account_id, 0) and (b.account_id, b.id) < (w.account_id + 1, 0)
    order by b.account_id desc, b.id desc limit w.most
  ) latest where latest.created_at > bank_now() - interval '60 s'
)
from (
  select coalesce((select lease_id from lease_mark where at <= bank_now() - interval '2 minutes' order by at desc limit 1), 0)
) mark(lease_id), unnest($1::bigint[], $2::int[]) w(account_id, most);
