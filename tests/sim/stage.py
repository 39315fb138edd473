"""The database in which one process plays world after world: cleared before each, its connections are kept.

A world must not see what was before it, not even in the order in which rows lie on disk: every table that a world may write
is emptied, which gives it new files, and what stood in it at first is put back in the same order; sequences count from where
they did; and plans, which depend on how big tables were when they were made, are thrown away.
"""

from __future__ import annotations

import asyncpg

from numbank.db.pg_cluster import ROLE, SUPERUSER
from numbank.db.pool import CLERK
from tests.sim.line import Line

CONNECTIONS = 4
NO_LIMITS = {"idle_in_transaction_session_timeout": "0", "lock_timeout": "0", "statement_timeout": "0"}
SESSION = CLERK | NO_LIMITS | {"synchronous_commit": "off"}
# Looks are planned once, for tables of any size: no look-ups row by row.
PLAIN = {
    "statement_timeout": "0", "jit": "off", "plan_cache_mode": "force_generic_plan", "enable_nestloop": "off",
    "synchronous_commit": "off",
}  # fmt: skip
TIDY_EVERY = 20

# Tables of this kind are never written by a world; should one be, it says so.
CONSTANT = (
    "country", "denied_service", "denied_site", "growth", "migration", "operator", "rent_term", "retention",
    "service", "version",
)  # fmt: skip

# Once, when the town is ready: what stands in every table, in its order, and where the sequences are.
KEEP = """
create schema stock;
create function stock.constant() returns trigger language plpgsql as
$$ begin raise exception 'table % is constant in a world', tg_relid::regclass; end $$;
do $do$ declare t record; filled boolean; sums text; begin
  for t in
    select c.oid::regclass::text as name, c.relname, c.oid from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by c.relname
  loop
    if t.relname = any ('{CONSTANT}') then
      execute format('create trigger constant before insert or update or delete or truncate on %s'
        ' for each statement execute function stock.constant()', t.name);
      continue;
    end if;
    execute format('select exists (select from %s)', t.name) into filled;
    if filled then
      execute format('create table stock.%I as table %s', t.relname, t.name);
    end if;
  end loop;
  create table stock.sequences as
    select s.seqrelid::regclass as name, coalesce(pg_sequence_last_value(s.seqrelid), s.seqstart) as at,
      pg_sequence_last_value(s.seqrelid) is not null as used
    from pg_sequence s join pg_class c on c.oid = s.seqrelid where c.relnamespace = 'public'::regnamespace;
  select string_agg(format('insert into public.%I (%s) overriding system value select %s from stock.%I',
    c.relname, k.columns, k.columns, c.relname), '; ' order by c.relname) into sums
  from pg_class c cross join lateral (
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns from pg_attribute a
    join pg_class p on p.oid = a.attrelid
    where p.relnamespace = 'public'::regnamespace and p.relname = c.relname and a.attnum > 0 and not a.attisdropped
      and a.attgenerated = ''
  ) k
  where c.relnamespace = 'stock'::regnamespace and c.relkind = 'r' and c.relname <> 'sequences';
  execute format($sql$
    create function stock.clear() returns void language plpgsql set session_replication_role = replica as $body$
    begin
      execute (select 'truncate ' || string_agg(c.oid::regclass::text, ', ' order by c.relname) from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> all ('{CONSTANT}')
          -- One that was counted while it was empty is planned for differently than one that never was.
          and (pg_relation_size(c.oid) > 0 or c.reltuples >= 0 or exists (select from pg_constraint f
            where f.conrelid = c.oid and f.contype = 'f')));
      %s;
      perform setval(name, at, used) from stock.sequences;
    end $body$ $sql$, sums);
end $do$
""".replace("CONSTANT", ",".join(CONSTANT))


async def keep_stock(dsn: str) -> None:
    """The database holds the town: from now on it can be brought back to this."""
    connection = await asyncpg.connect(_above(dsn))
    try:
        await connection.execute(KEEP)
    finally:
        await connection.close()


def _above(dsn: str) -> str:
    """As who may switch triggers off for a moment: to empty the journal, which the bank itself cannot."""
    return dsn.replace(f"//{ROLE}@", f"//{SUPERUSER}@")


class Stage:
    """`lines`: what stands behind the nodes' connections. `observer`: who looks at the tables, and proves them."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._worlds = 0
        self.lines: list[Line] = []
        self.observer = Line.open(_above(dsn), PLAIN)

    def clear(self) -> None:
        """Ready for a world. Connections that a world left in the middle of something are opened anew."""
        for line in [line for line in self.lines if line.busy]:
            line.close()
            self.lines.remove(line)
        for line in self.lines:
            line.execute("rollback; discard plans")
        while len(self.lines) < CONNECTIONS:
            self.lines.append(Line.open(self._dsn, SESSION))
        if self._worlds % TIDY_EVERY == 0:
            self.observer.execute("vacuum pg_class")
            self.observer.execute("checkpoint")
        self._worlds += 1
        self.observer.execute("discard plans")
        self.observer.execute("select stock.clear()")

    def close(self) -> None:
        """No more worlds."""
        for line in (*self.lines, self.observer):
            line.close()
