-- archive: while a partition is copied its changes are noted, and made in the copy too before it takes its place (db/archive.py).
-- The archiver holds this lock in its session: when it dies the lock is free, its copy is worth nothing, and nothing is noted.
-- oldest code: 12
-- An archiver of code before this refuses changes by being_archived(), which stays for it.
create function note_for_archive() returns trigger language plpgsql as $$
begin
  if not pg_try_advisory_xact_lock_shared(1852142177) then
    -- No id is ever changed.
    execute format('insert into %I (id) values ($1)', tg_table_name || '_noted') using case tg_op when 'DELETE' then old.id else new.id end;
  end if;
  return null;
end $$;
