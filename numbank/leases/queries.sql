-- What all kinds of lease share: how many of them accounts have. The tables are those of the slices.

-- name: live_leases
-- How many live leases accounts have, counted up to a limit each. Rows are compared, as in `history`: the planner would take
-- the index of what is due, and walk through everybody's.
select w.account_id, (
  select count(*) from (
    select from activation a
    where (a.account_id, a.id) > (w.account_id, 0) and (a.account_id, a.id) < (w.account_id + 1, 0) and a.state < 8
    order by a.account_id, a.id limit w.most
  ) live
)
from unnest($1::bigint[], $2::int[]) w(account_id, most);

-- name: leases_lately
-- How many leases accounts began within 60 s, counted up to a limit each; orders that brought no number are none. Rows are
-- compared, as in `history`. The mark of an earlier hour ends the walk (statistics.sql): what began since it lies above it.
select w.account_id, (
  select count(*) from (
    select a.created_at from activation a
    where (a.account_id, a.id) > (w.account_id, mark.lease_id) and (a.account_id, a.id) < (w.account_id + 1, 0)
      and (a.number_id is not null or a.state = 0)
    order by a.account_id desc, a.id desc limit w.most
  ) latest where latest.created_at > bank_now() - interval '60 s'
)
from (
  select coalesce((select lease_id from lease_mark where at <= bank_now() - interval '2 minutes' order by at desc limit 1), 0)
) mark(lease_id), unnest($1::bigint[], $2::int[]) w(account_id, most);
