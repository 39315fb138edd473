-- What the operator edits in the reference tables, and the list of suppliers.

-- name: suppliers
-- All suppliers with what they have: numbers, how many of them are free, and tiers.
select s.id, s.name, s.kind, s.active, s.asked,
  (select coalesce(sum(p.last_seq), 0)::bigint from pool p where p.supplier_id = s.id) as numbers,
  (select coalesce(sum(k.free), 0)::bigint from pool p join stock k on k.pool_id = p.id where p.supplier_id = s.id) as free
from supplier s order by s.id;

-- name: set_supplier_active
-- Switch a supplier on or off; no row when there is none of that name.
update supplier set active = $2 where name = $1 returning id;

-- name: edit_country
-- Change what is not null; no row when there is no such country.
update country set visible = coalesce($2, visible), retry = coalesce($3, retry), multi_service = coalesce($4, multi_service)
where id = $1 returning id, eng, visible, retry, multi_service;

-- name: edit_service
-- Change what is not null; no row when there is no such service.
update service set forward_capable = coalesce($2, forward_capable), name_en = coalesce($3, name_en), aliases = coalesce($4, aliases)
where code = $1 returning code, name_en, aliases, forward_capable;

-- name: add_service
-- A service of the operator's own; no row when the code is taken.
insert into service (code, name_en, name_ru, name_es, name_cn, aliases, forward_capable) values ($1, $2, '', '', '', $3, false)
on conflict do nothing returning code, name_en, aliases, forward_capable;
