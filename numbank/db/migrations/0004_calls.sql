-- Calls: a message may be a call, its recording is kept, its transcript written again; errands for suppliers.
-- oldest code: 2

-- messages ---------------------------------------------------------------------------------------------------------
-- A call's caller is the sender, its transcript the text. Partitions keep checks of their own, so theirs go one by one.
do $$
declare part regclass;
begin
  alter table message drop constraint message_fate_check;
  for part in select inhrelid from pg_inherits where inhparent = 'message'::regclass loop
    execute format('alter table %s drop constraint if exists message_fate_check', part);
  end loop;
end $$;
alter table message
  add constraint message_fate_check check (fate between 0 and 5),
  add column kind smallint not null default 0 check (kind in (0, 1)), -- SMS, call
  add column language text, -- BCP 47, of a call's transcript
  add column parsings smallint not null default 0 check (parsings >= 0), -- how often its customer asked for another transcript
  add column recorded boolean not null default false; -- its audio is kept in `recording`

-- What a supplier recorded: fetched once, kept for parseCall in another language, erased with the texts.
create table recording (
  message_id bigint primary key,
  url text not null, -- the supplier's
  state smallint not null default 0 check (state between 0 and 3), -- to fetch, kept, given up, erased
  audio bytea,
  content_type text not null default '',
  transcript text not null, -- the supplier's own, and its language
  language text,
  tries smallint not null default 0,
  next_try_at timestamptz, -- null: nothing is due
  at timestamptz not null,
  check ((state = 1) = (audio is not null)),
  check (state = 0 or next_try_at is null)
);
alter table recording alter column audio set storage external; -- audio does not get smaller by compressing
create index recording_due on recording (next_try_at) where next_try_at is not null;

-- Transcripts to be written: by a customer's parseCall, or by the bank for a recording without one. Gone when done.
create table parse_task (
  id bigint generated always as identity primary key,
  message_id bigint not null,
  lease_id bigint not null,
  language text not null, -- BCP 47
  tries smallint not null default 0,
  next_try_at timestamptz not null
);
create index parse_task_due on parse_task (next_try_at, id);
create index parse_task_message on parse_task (message_id);

-- errands ----------------------------------------------------------------------------------------------------------
-- What a supplier shall do for a lease: pass a message on, place a call. Never deleted: it is the log too.
create table errand (
  id bigint generated always as identity primary key,
  kind smallint not null check (kind in (0, 1)), -- pass on, call out
  lease_id bigint not null,
  supplier_id int not null,
  message_id bigint, -- what is passed on
  e164 bigint not null, -- the number of the lease
  target bigint not null,
  state smallint not null default 0 check (state between 0 and 3), -- open, done, refused, given up
  tries smallint not null default 0,
  next_try_at timestamptz,
  at timestamptz not null,
  ended_at timestamptz,
  reason text not null default '',
  check ((kind = 0) = (message_id is not null)),
  check ((state = 0) = (next_try_at is not null)),
  check ((state = 0) = (ended_at is null))
);
create index errand_due on errand (next_try_at, id) where state = 0;
create index errand_lease on errand (lease_id, id);
create unique index errand_message on errand (message_id) where message_id is not null;
create unique index errand_call on errand (lease_id) where kind = 1 and state = 0;

-- the simulator ----------------------------------------------------------------------------------------------------
alter table simulated_message
  add column kind smallint not null default 0,
  add column language text;
-- What the simulator did for leases: passed on and called out, where a test or an operator can see it.
create table simulated_errand (
  errand_id bigint primary key,
  kind smallint not null,
  e164 bigint not null,
  target bigint not null,
  sender text not null,
  text text not null,
  at timestamptz not null default now()
);
