-- What the bank knows of codes and services: the looks of codes and their senders as finished leases had them, and what
-- operators say about services. No code and no text is in here.
-- oldest code: 12

-- How often the codes of a service looked so; halved now and then, so that a service may change its habits.
create table code_habit (
  service_id int not null,
  length smallint not null check (length between 1 and 64),
  letters boolean not null,
  times bigint not null check (times > 0),
  primary key (service_id, length, letters)
);

-- Who sent the codes of a service. Below five accounts there is only a digest, with the accounts that met it.
create table code_sender (
  service_id int not null,
  digest uuid not null,
  sender text,
  accounts bigint[] not null,
  seen_at timestamptz not null,
  primary key (service_id, digest),
  check (cardinality(accounts) between case when sender is null then 1 else 0 end and case when sender is null then 4 else 0 end)
);

create index code_sender_nameless on code_sender (seen_at) where sender is null;
create index code_sender_known on code_sender (seen_at) where sender is not null;

-- How far leases are learned from; its lock lets one node learn at a time.
create table code_learned (lease_id bigint not null);
insert into code_learned values (0);

-- What operators say about services: templates, senders, names. An empty country is every country.
create table code_hint (
  service_id int not null references service (id),
  kind text not null check (kind in ('template', 'sender', 'name')),
  country text not null check (country ~ '^([A-Z]{2})?$'),
  text text not null check (text <> ''),
  added_at timestamptz not null default now(),
  primary key (service_id, kind, country, text)
);
insert into version (topic) values ('codes');
