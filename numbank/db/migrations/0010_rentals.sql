-- Rentals: a number for hours, its terms, its messages in order; rates to show prices in other currencies.
-- oldest code: 10
-- A number is held by a rental under minus its id (leases/refs.py): older code would take its messages for unmatched ones.

-- What a term costs in a country, in 1/10,000; terms between two rows are interpolated (rent/terms.py).
create table rent_term (
  country_id int not null references country (id),
  service_id int not null references service (id),
  hours smallint not null check (hours between 1 and 1344),
  price bigint not null check (price >= 0),
  primary key (country_id, service_id, hours)
);

-- How many units of a currency one unit of the bank's currency is; to show prices only, nothing is booked by it.
create table rate (
  currency smallint primary key check (currency between 1 and 999), -- ISO 4217 numeric
  rate numeric not null check (rate > 0),
  changed_at timestamptz not null default now()
);

create sequence rent_id start 100000000 maxvalue 9223372036854775807;
create table rent (
  id bigint primary key,
  account_id bigint not null,
  country_id int not null,
  service_id int not null, -- `full`: everything that comes to the number
  supplier_id int not null,
  operator_id int not null,
  number_id bigint not null,
  e164 bigint not null,
  currency smallint not null,
  hours smallint not null check (hours between 1 and 1344), -- in all, with what it was extended by
  price bigint not null check (price >= 0), -- in all
  state smallint not null, -- rent/states.py
  ended_by smallint,
  tries smallint not null default 0,
  calls boolean not null default false, -- incomingCall
  hook_id bigint, -- where its messages are told
  parent_id bigint, -- the finished rental that it goes on with
  messages int not null default 0 check (messages >= 0),
  created_at timestamptz not null,
  cancel_until timestamptz not null,
  ends_at timestamptz not null,
  due_at timestamptz not null, -- when the sweep looks next: the end of the time for a cancel, then the end
  ended_at timestamptz,
  check ((state >= 8) = (ended_at is not null))
) partition by range (id);
create index rent_live on rent (account_id, id) where state < 8;
create index rent_account on rent (account_id, id);
create index rent_due on rent (due_at, id) where state < 8;

-- What was charged: at the purchase, then once per extension. All holds of a rental end the same way.
create table rent_charge (
  rent_id bigint not null,
  hold_id bigint not null,
  hours smallint not null, -- by so many
  price bigint not null,
  at timestamptz not null,
  primary key (rent_id, hold_id)
) partition by range (rent_id);

-- The messages of a rental in the order in which they were handed over; `place` counts from 1, so that pages are exact.
create table rent_message (
  rent_id bigint not null,
  place int not null check (place > 0),
  message_id bigint not null,
  service_id int, -- the service that the message names; null: none
  primary key (rent_id, place)
) partition by range (rent_id);
create index rent_message_message on rent_message using brin (message_id) with (autosummarize = on);

insert into growth (parent, sequence, upto) values
  ('rent', 'rent_id', 100000000), ('rent_charge', 'rent_id', 100000000), ('rent_message', 'rent_id', 100000000);
select add_partition(parent, 20000000) from growth where parent in ('rent', 'rent_charge', 'rent_message');

-- A refund of a part: a number that was lost gives back what the time that was left has cost, if the operator wants it so.
alter table hold add column refunded_part bigint;

-- Endpoints that rentals name in `url`: one per account and address, told of rentals alone, outside of the account's own limit.
-- `used_at` is when a rental was last seen to name one.
alter table hook add column rents boolean not null default false;
alter table hook add column used_at timestamptz check (rents = (used_at is not null));
create unique index hook_rents on hook (account_id, md5(url)) where rents and removed_at is null;
create index hook_idle on hook (used_at, id) where rents and removed_at is null;
