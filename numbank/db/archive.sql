-- Old partitions: what they weigh, whether they are at rest, and how one is copied to another disk.

-- name: partitions
-- Every partition of the growing tables: its ids [low, high), its disk ('' is the database's own), what it weighs.
select g.parent, c.relname as name, (regexp_match(b.bounds, 'FROM \(''?(\d+)''?\)'))[1]::bigint as low,
  (regexp_match(b.bounds, 'TO \(''?(\d+)''?\)'))[1]::bigint as high, g.sequence,
  coalesce(t.spcname, '') as tablespace, pg_total_relation_size(c.oid) as bytes,
  case when c.reltuples > 0 then c.reltuples::bigint when pg_relation_size(c.oid) = 0 then 0 end as rows,
  coalesce(c.reloptions @> '{fillfactor=100}', false) as packed
from growth g join pg_inherits i on i.inhparent = to_regclass(g.parent) join pg_class c on c.oid = i.inhrelid
left join pg_tablespace t on t.oid = c.reltablespace cross join lateral (select pg_get_expr(c.relpartbound, c.oid) as bounds) b
order by 1, 3;

-- name: archive_lock
-- One archiver at a time. While it is held, triggers of partitions that are being copied note every change.
select pg_try_advisory_lock(1852142177);

-- name: archive_unlock
-- Changes are noted no more.
select pg_advisory_unlock(1852142177);

-- name: indexes_of
-- The indexes of a growing table: how each is made, its key if it is one, and the name of its part on a partition.
select pg_get_indexdef(i.indexrelid) as made, pg_get_constraintdef(k.oid) as key, p.relname as name
from pg_index i left join pg_constraint k on k.conindid = i.indexrelid and k.contype = 'p'
join pg_inherits h on h.inhparent = i.indexrelid join pg_class p on p.oid = h.inhrelid
join pg_index pi on pi.indexrelid = p.oid and pi.indrelid = to_regclass($2) where i.indrelid = to_regclass($1)
order by k.oid is null, 3;

-- name: columns_of
-- The columns of a growing table, as a list for statements.
select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
where attrelid = to_regclass($1) and attnum > 0 and not attisdropped;

-- name: triggers_of
-- Triggers of statements on a partition: they do not come from its table.
select pg_get_triggerdef(oid) from pg_trigger where tgrelid = to_regclass($1) and not tgisinternal and tgparentid = 0 and tgtype & 1 = 0;

-- name: has_tablespace
-- Whether there is such a disk.
select exists (select from pg_tablespace where spcname = $1);

-- name: left_behind
-- What an archiver left when it was stopped: triggers on partitions first, then copies and notes.
select c.relname as name, t.tgname as trigger from pg_class c
left join pg_trigger t on t.tgrelid = c.oid and t.tgname in ('noted_for_archive', 'being_archived')
where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
  and (t.oid is not null or not c.relispartition and (c.relname like '%\_packed' or c.relname like '%\_noted'))
order by t.oid is null, 1;
