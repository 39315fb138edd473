-- getNumber row by row: what an application without a counter sends for one lease, on the same tables and indexes.
--
-- Fair to both sides: separate prepared statements, as an application sends them (a server function would move the
-- application into the database), but each as good as we can write it. One statement locks and reads where that is
-- safe (a single row is read again after the wait), ids come back from the inserts that take them, the offer is read
-- before the account is locked, and the bookmark of the shelf finds the number by one index probe.
-- In its favour: no orderId, no mark for a lost commit, no rounding off of a refusal, no HTTP and no Python.
-- The locks come in the bank's order: account, shelf, number.
\set account random(:first_account, :last_account)
\set service random(:first_service, :last_service)
begin;
select currency, cash from account where id = :account for no key update \gset
select o.id as offer, o.price, p.id as pool, p.supplier_id as supplier, p.operator_id as operator
from offer o
join pool p on p.country_id = o.country_id and p.supplier_id = o.supplier_id
  and (o.operator_id is null or o.operator_id = p.operator_id)
left join stock s on s.pool_id = p.id
left join shelf_stock w on w.pool_id = p.id and w.service_id = o.service_id
where o.country_id = :country and o.service_id = :service and o.kind = 0 and p.abilities & 1 = 1
order by o.price, coalesce(s.free, 0) - coalesce(w.withheld - w.busy, 0) <= 0, p.id limit 1 \gset
select hi from shelf where pool_id = :pool and service_id = :service for no key update \gset
-- Lateral, with a limit of its own: always one probe of two indexes. An `exists` becomes an anti-join over the whole pool, or
-- is hashed from all that the service has used, whichever the planner likes in a bank of this size.
select n.id as number, n.e164 as phone, n.seq from number n
left join lateral (select number_id from use where number_id = n.id and service_id = :service limit 1) u on true
where n.pool_id = :pool and n.seq > :hi and n.state = 0 and u.number_id is null
order by n.seq limit 1 for no key update of n skip locked \gset
insert into hold (id, account_id, cash, cashback) values (nextval('hold_id'), :account, :price, 0) returning id as hold \gset
insert into entry (kind, debit, credit, currency, amount, hold_id) values (2, 2 * :account, -2, :currency, :price, :hold);
update account set cash = cash - :price where id = :account;
insert into activation (
  id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164, hold_id, price, currency, state, tries,
  created_at, cancel_from, due_at, offer_id
) values (
  nextval('lease_id'), :account, :country, :service, :supplier, :operator, :number, :phone, :hold, :price, :currency, 1, 0,
  now(), now() + interval '120 s', now() + interval '1200 s', :offer
) returning id as lease \gset
update number set state = 1, holder = :lease, last_service_id = :service where id = :number and state = 0;
insert into use (number_id, service_id) values (:number, :service);
-- A number that the bookmark goes by without taking it must stay findable; rare, so it costs nothing here.
\if :seq > :hi + 1
insert into passed (number_id, service_id)
select n.id, :service::int from number n where n.pool_id = :pool and n.seq > :hi and n.seq < :seq
  and not exists (select from use u where u.number_id = n.id and u.service_id = :service)
on conflict do nothing;
\endif
update shelf set hi = :seq where pool_id = :pool and service_id = :service;
insert into tally_move (day, country_id, service_id, supplier_id, leased)
values ((now() at time zone 'utc')::date, :country, :service, :supplier, 1);
insert into stock_move (pool_id, service_id, free, withheld, busy) values (:pool, :service, -1, 1, 1);
commit;
