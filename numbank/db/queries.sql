-- Housekeeping of the machine room.

-- name: growth_lock
-- One node makes partitions at a time.
select pg_advisory_xact_lock(1735552887);

-- name: growth
-- A growing table's sequence, and how far its partitions reach.
select sequence, upto from growth where parent = $1;

-- name: next_of
-- About the next value of a sequence.
select coalesce(last_value + 1, start_value) from pg_sequences
where schemaname = current_schema() and sequencename = $1;

-- name: add_partition
-- One more partition behind the last.
select add_partition($1, $2);

-- name: forget_batches
-- Forget the marks of batches older than an hour, a bounded number at a time.
with old as (
  delete from batch_done where id in (select id from batch_done where at < now() - interval '1 hour' order by at limit $1)
  returning 1
)
select count(*) from old;

-- name: lease_ids
-- How far the ids of leases are.
select sequencename::text, start_value, max_value, last_value from pg_sequences
where schemaname = current_schema() and sequencename = any($1::text[]) order by 1;

-- name: bank_now
-- The bank's time: the database's, moved by the offset of a test clock.
select bank_now();

-- name: seal_check
-- The known text that was sealed with the key of the secrets file; no row while nothing was ever sealed.
select sealed from seal_check;

-- name: add_seal_check
-- The check value of a bank that seals for the first time.
insert into seal_check (sealed) values ($1) on conflict do nothing;

-- name: change_seal_check
-- The check value under a new key.
update seal_check set sealed = $1;

-- name: outgrown
-- Tables that have more than twice the rows that their plans were made for; those of a big bank are left to the server.
select quote_ident(s.relname) from pg_stat_user_tables s join pg_class c on c.oid = s.relid
where s.schemaname = current_schema() and s.n_live_tup > 200 + 2 * greatest(c.reltuples, 0) and c.reltuples < 1000000
order by 1 limit $1;
