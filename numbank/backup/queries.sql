-- What a backup has to know of a database.

-- name: snapshot
-- The moment that a backup shows, for pg_dump to see the same.
select pg_export_snapshot() as id, now() as as_of, pg_is_in_recovery() as standby;

-- name: parted
-- The tables that have parts, as a list; null when there is none.
select string_agg(c.oid::regclass::text, ', ' order by c.relname) from pg_class c
where c.relkind = 'p' and not c.relispartition;

-- name: bank_is_here
-- Whether there is a bank at all.
select to_regclass('migration');

-- name: tables
-- Every table that is no partition, and how many tables with rows of their own there are in and below it.
select format('%I.%I', n.nspname, c.relname) as name,
  (select count(*) from pg_partition_tree(c.oid) where isleaf) as leaves
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by 1;

-- name: role_settings
-- What the role was given for this database, as `name=value`.
select coalesce((
  select setconfig from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
  where d.datname = current_database() and s.setrole = (select oid from pg_roles where rolname = current_user)
), '{}');

-- name: set_role_setting
-- Gives the role one of them again.
select format('alter role current_user in database %I set %I = %L', current_database(), $1::text, $2::text);

-- name: set_role_list
-- The same for a setting that is a list.
select format('alter role current_user in database %I set %I = %s', current_database(), $1::text, $2::text);

-- name: migration
-- Where the schema stands, and what code it needs.
select max(number) as number, max(oldest_code) as oldest_code from migration;

-- name: sequences_of_growth
-- The sequences whose ids somebody outside may have seen.
select distinct sequence from growth order by 1;

-- name: skip_ids
-- Moves a sequence on.
select setval($1::text::regclass, coalesce(s.last_value, s.start_value) + $2::bigint)
from pg_sequences s where s.schemaname = current_schema() and s.sequencename = $1::text
  and coalesce(s.last_value, s.start_value) + $2::bigint < s.max_value;

-- name: alone
-- One restore into a database at a time; lasts as long as the connection.
select pg_try_advisory_lock(1852404325);

-- name: things
-- Something in the database that is not the server's own; no row in an empty one.
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
order by c.relname = 'restoring' desc, 1 limit 1;

-- name: schemas
-- The schemas that are not the server's own.
select quote_ident(nspname) from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' order by 1;
