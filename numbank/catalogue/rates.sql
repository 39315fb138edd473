-- Rates of currencies, to show prices only.

-- name: rates
-- All rates; there are no more than currencies.
select currency, rate, changed_at from rate order by currency;

-- name: put_rates
-- Set rates, new or changed.
insert into rate (currency, rate) select currency, rate from unnest($1::smallint[], $2::numeric[]) r(currency, rate)
order by 1 on conflict (currency) do update set rate = excluded.rate, changed_at = now();

-- name: remove_rate
-- Remove a rate; no row when there is none.
delete from rate where currency = $1 returning currency;
