-- What grows for ever and was one table: the audit log. And no partition of what is kept for ever can be emptied.
-- oldest code: 12
-- Code before this writes acts by naming their columns, and goes on beside it.

-- What says that all acts fit into the first partition is looked up beforehand: attaching would read the whole log while nobody
-- may write or read it. The room up to the bound is for acts that come before the rest is done.
do $$ begin if not exists (select from pg_constraint where conname = 'audit_1_ids' and conrelid = 'audit'::regclass) then
  execute format('alter table audit add constraint audit_1_ids check (id >= 1 and id < %s) not valid',
    (select 1 + 20000000 * (1 + (coalesce(max(id), 0) + 10000000) / 20000000) from audit)); end if; end $$;
alter table audit validate constraint audit_1_ids;

-- then in one transaction

create or replace function add_partition(grown text, size bigint) returns void language plpgsql as $$
declare
  low bigint;
  guard text := case grown when 'entry' then 'refuse_change' when 'audit' then 'refuse_audit_change' end;
begin
  select upto into strict low from growth where parent = grown for update;
  -- Made apart and attached: "partition of" would lock the table against all readers and writers.
  execute format('create table %I (like %I including defaults including constraints) %s', grown || '_' || low, grown,
                 case when grown in ('activation', 'hold') then 'with (fillfactor = 80)' else '' end);
  if guard is not null then
    -- Triggers of rows reach every partition by themselves, those of statements do not.
    execute format('create trigger %I before truncate on %I for each statement execute function %I()',
                   grown || '_is_not_emptied', grown || '_' || low, guard);
  end if;
  execute format('alter table %I attach partition %I for values from (%s) to (%s)', grown, grown || '_' || low, low, low + size);
  update growth set upto = low + size where parent = grown;
end $$;

do $$
declare part regclass;
begin
  for part in select inhrelid from pg_inherits where inhparent = 'entry'::regclass loop
    execute format('create trigger entry_is_not_emptied before truncate on %s for each statement execute function refuse_change()', part);
  end loop;
end $$;

-- audit: what there is becomes the first partition. ------------------------------------------------------------------
alter table audit rename to audit_1;
alter index audit_pkey rename to audit_1_pkey;
alter index audit_at rename to audit_1_at_id_idx;
alter index audit_act rename to audit_1_act_id_idx;
alter table audit_1 alter column id drop identity;
drop trigger audit_is_append_only on audit_1;
drop trigger audit_is_not_emptied on audit_1;

create sequence audit_id;
select setval('audit_id', max(id)) from audit_1 having max(id) is not null;
create table audit (
  id bigint primary key default nextval('audit_id'),
  at timestamptz not null default now(),
  actor text not null,
  act text not null constraint audit_act_check check (act ~ '^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+$'), -- group.verb
  subject text not null,
  details jsonb not null default '{}'
) partition by range (id);
create index audit_at on audit (at, id);
create index audit_act on audit (act, id);

do $$
declare upto bigint;
begin
  select substring(pg_get_constraintdef(oid) from '< ''?(\d+)')::bigint into strict upto from pg_constraint
  where conname = 'audit_1_ids' and conrelid = 'audit_1'::regclass;
  execute format('alter table audit attach partition audit_1 for values from (1) to (%s)', upto);
  alter table audit_1 drop constraint audit_1_ids;
  insert into growth (parent, sequence, upto) values ('audit', 'audit_id', upto);
end $$;

create trigger audit_is_append_only before update or delete on audit for each row execute function refuse_audit_change();
create trigger audit_is_not_emptied before truncate on audit for each statement execute function refuse_audit_change();
create trigger audit_is_not_emptied before truncate on audit_1 for each statement execute function refuse_audit_change();

-- archive: a partition that is being copied refuses changes, as long as the archiver lives (db/archive.py). ------------
-- It holds this lock in its session: when it dies the lock is free, and everything may be changed again.
create function being_archived() returns trigger language plpgsql as $$
begin
  if not pg_try_advisory_xact_lock_shared(1852142177) then
    raise exception '% is just being archived', tg_table_name using errcode = 'object_in_use';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;
