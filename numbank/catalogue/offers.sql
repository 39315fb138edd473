-- The tiers of offers as the operator sets them: one row is one price of (country, service, kind, supplier, operator or any).

-- name: any_operator
-- A supplier that has to be asked has no pool to tell the operator: `any` must exist in the country for it.
insert into operator (country_id, name) select $1, 'any' from supplier where id = $2 and asked on conflict do nothing;

-- name: other_prices
-- Remove all tiers of an offer but that of one price.
delete from offer where country_id = $1 and service_id = $2 and kind = $3 and supplier_id = $4 and operator_id is not distinct from $5
  and price <> $6;

-- name: put_tier
-- A tier with its count (null: no limit) and mark; one at the same price is changed. A new count is of what is leased from
-- now on: this has the row's lock when it draws an id, and so have leases that are counted. The time is for leases of which it
-- is not known whether they were (0013_counted_after.sql).
insert into offer (country_id, service_id, kind, supplier_id, operator_id, price, remaining, regular)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (country_id, service_id, kind, supplier_id, operator_id, price) do update
set remaining = excluded.remaining, regular = excluded.regular,
  limited_since = case when offer.remaining is distinct from excluded.remaining then bank_now() else offer.limited_since end,
  limited_after = case
    when offer.remaining is distinct from excluded.remaining then nextval('lease_id') else offer.limited_after
  end
where (offer.remaining, offer.regular) is distinct from (excluded.remaining, excluded.regular);

-- name: unmark_tiers
-- One tier of an offer is the regular one.
update offer set regular = false where country_id = $1 and service_id = $2 and kind = $3 and supplier_id = $4
  and operator_id is not distinct from $5 and price <> $6 and regular;

-- name: remove_tier
-- Remove a tier; nothing comes back when there is none at this price.
delete from offer where country_id = $1 and service_id = $2 and kind = $3 and supplier_id = $4 and operator_id is not distinct from $5
  and price = $6 returning id;

-- name: list_tiers
-- The tiers of a country, of one service or all, and of one kind or all; the cheapest first.
select o.id, o.country_id as country, s.code as service, o.kind, su.name as supplier, coalesce(op.name, 'any') as operator,
  o.price, o.remaining as count, o.regular
from offer o join service s on s.id = o.service_id join supplier su on su.id = o.supplier_id left join operator op on op.id = o.operator_id
where o.country_id = $1 and ($2::int is null or o.service_id = $2) and ($3::smallint is null or o.kind = $3)
order by s.code, o.kind, su.name, 6, o.price limit $4;

-- name: set_terms
-- What goes with all tiers of a service in a country; null leaves what is there, less than 0 takes it away: the settings count.
insert into offer_terms (country_id, service_id, forward_surcharge, reactivation_price)
values ($1, $2, case when $3::bigint >= 0 then $3 end, case when $4::bigint >= 0 then $4 end)
on conflict (country_id, service_id) do update set
  forward_surcharge = case when $3::bigint is null then offer_terms.forward_surcharge when $3 >= 0 then $3 end,
  reactivation_price = case when $4::bigint is null then offer_terms.reactivation_price when $4 >= 0 then $4 end
returning forward_surcharge, reactivation_price;
