-- What makes the bank lawful to run: the audit log of operators' acts, services denied for sale, regions, retention.
-- oldest code: 2

-- audit: who did what, in the transaction that did it. Kept for ever, like the journal. ----------------------------
create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  act text not null check (act ~ '^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+$'), -- group.verb
  subject text not null,
  details jsonb not null default '{}'
);
create index audit_at on audit (at, id);
create index audit_act on audit (act, id);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'restrict_violation';
end $$;
create trigger audit_is_append_only before update or delete on audit for each row execute function refuse_audit_change();
create trigger audit_is_not_emptied before truncate on audit for each statement execute function refuse_audit_change();

-- services denied for sale: the default list of policy/data/denied.csv, and what the operator lifted or added. ---------
create table denied_service (
  service_id int primary key references service (id),
  denied boolean not null, -- false: lifted knowingly; stays, so that the default list does not come back
  reason text not null,
  changed_at timestamptz not null default now()
);

-- regions: which client addresses are served. A subject is a network, two letters of a country, `unknown` or `all`. -----
create table region_rule (
  subject text primary key,
  allowed boolean not null,
  reason text not null default '',
  added_at timestamptz not null default now()
);

insert into version (topic) values ('policy');

-- retention: how far the erasing of texts, codes and targets has come in each table. -------------------------------------
-- `days` is what the bank erased by when it looked last; null: it keeps for ever, or never looked.
create table retention (
  topic text primary key,
  upto bigint not null default 0, -- everything up to this id is erased
  days real check (days > 0),
  looked_at timestamptz
);
insert into retention (topic) values ('message'), ('activation'), ('errand'), ('simulated_errand');
