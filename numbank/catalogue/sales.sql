-- Sales per UTC day, country, service and supplier: kept, not counted (0003_statistics.sql).

-- name: tally_lock
-- One node folds at a time; the others let it.
select pg_try_advisory_xact_lock(1952541804);

-- name: fold_tally
-- Fold the oldest movements into the sales per day, a bounded number at a time; gives how many.
with taken as (
  delete from tally_move where id in (select id from tally_move order by id limit $1)
  returning day, country_id, service_id, supplier_id, leased, delivered
), kept as (
  insert into tally as t (service_id, day, country_id, supplier_id, leased, delivered)
  select service_id, day, country_id, supplier_id, sum(leased), sum(delivered) from taken group by 1, 2, 3, 4
  on conflict (service_id, day, country_id, supplier_id)
  do update set leased = t.leased + excluded.leased, delivered = t.delivered + excluded.delivered
)
select count(*) from taken;

-- name: sales
-- Leases and deliveries of a service per country in the last days, today among them.
select country_id, sum(leased)::bigint, sum(delivered)::bigint from tally
where service_id = $1 and day > (bank_now() at time zone 'utc')::date - $2::int group by 1 order by 1;

-- name: all_sales
-- Leases and deliveries per country and service in the last days, today among them.
select country_id, service_id, sum(leased)::bigint, sum(delivered)::bigint from tally
where day > (bank_now() at time zone 'utc')::date - $1::int group by 1, 2;
