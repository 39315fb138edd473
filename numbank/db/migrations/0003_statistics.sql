-- Statistics of sales, the turnover behind loyalty ranks, refunds, and how far the bans by rules have looked.
-- oldest code: 3

-- sales: kept, not counted. Moves are inserted where leases begin and get their first message, then folded. ---------
-- `day` is the UTC day on which the lease began, for its delivery too: delivered is never more than leased.
create table tally_move (
  id bigint generated always as identity primary key,
  day date not null,
  country_id int not null,
  service_id int not null,
  supplier_id int not null,
  leased int not null default 0,
  delivered int not null default 0
);
create table tally (
  service_id int not null,
  day date not null,
  country_id int not null,
  supplier_id int not null,
  leased bigint not null default 0,
  delivered bigint not null default 0,
  primary key (service_id, day, country_id, supplier_id)
) with (fillfactor = 50);
create index tally_day on tally (day);
insert into tally (service_id, day, country_id, supplier_id, leased, delivered)
select service_id, (created_at at time zone 'utc')::date, country_id, supplier_id, count(*), count(*) filter (where state in (3, 4, 8))
from activation where number_id is not null group by 1, 2, 3, 4;

-- Where the lease ids were at a time: finds the leases of a span of time without an index on it.
create table lease_mark (at timestamptz primary key, lease_id bigint not null);

-- turnover: what was posted less what was refunded, per account. -----------------------------------------------------
create table turnover_move (
  id bigint generated always as identity primary key,
  account_id bigint not null,
  amount bigint not null
);
update customer c set turnover = h.amount
from (select account_id, sum(cash + cashback) as amount from hold where state = 1 group by 1) h where c.id = h.account_id;

-- refunds: once per hold. --------------------------------------------------------------------------------------------
alter table hold add column refunded_at timestamptz;

-- bans by rules: the newest lease that a ban looked at, so that none is set twice for the same leases. ----------------
alter table ban add column last_lease_id bigint;
create index ban_by_rule on ban (account_id, end_user, last_lease_id) where by_rule;
-- How far the judge has come: who leased since then is looked at next.
create table judged_upto (
  one boolean primary key default true check (one),
  lease_id bigint not null
);

