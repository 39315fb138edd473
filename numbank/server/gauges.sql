-- What /metrics tells of the whole bank; every node reads it, some times a minute.

-- name: clock
-- The database's clock, and how far the schema is.
select clock_timestamp() as at, (select max(number) from migration) as migration;

-- name: live_leases
-- Leases of each kind that run.
select 'activation' as kind, count(*) from activation where state < 8
union all select 'rent', count(*) from rent where state < 8
union all select 'mailbox', count(*) from mailbox where state < 8;

-- name: overdue_leases
-- How long the lease waits that should have been looked at first, in seconds; 0 when none does.
select greatest(0, extract(epoch from bank_now() - least(
  (select min(due_at) from activation where state < 8), (select min(due_at) from rent where state < 8),
  (select min(due_at) from mailbox where state < 8)
)))::float8;

-- name: money
-- What customers have and what is held, in 1/10,000 of the currency.
select 'cash' as kind, currency, coalesce(sum(cash), 0)::bigint as amount from account group by currency
union all select 'cashback', currency, coalesce(sum(cashback), 0)::bigint from account group by currency
union all
select 'held', $1::smallint, coalesce(sum(cash + cashback), 0)::bigint from hold where state = 0;

-- name: free_numbers
-- Numbers of each supplier that can be leased now: none of one that is off.
select s.name, s.active, coalesce(sum(t.free) filter (where s.active), 0)::bigint as free
from supplier s join pool p on p.supplier_id = s.id left join stock t on t.pool_id = p.id group by s.name, s.active;

-- name: hooks_due
-- Webhooks that are due, and for how many seconds the oldest of them.
select count(*), coalesce(extract(epoch from bank_now() - min(due_at)), 0)::float8 as age_s
from delivery where state = 0 and due_at <= bank_now();

-- name: room
-- How many ids each growing table has partitions for, beyond those that were given.
select g.parent, g.upto - coalesce(s.last_value, s.start_value) as ids
from growth g join pg_sequences s on s.sequencename = g.sequence and s.schemaname = current_schema();

-- name: last_acts
-- When the last backup and the last proof ended, and what they said.
select distinct on (act) act, extract(epoch from at)::float8 as at, (details ->> 'differences')::bigint as differences
from audit where act in ('bank.backup', 'bank.verify') order by act, id desc;
